"""Personal tokens, what asks for one by a device code, and where a leaked credential was found."""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
TOKENS, DEVICES, CREDENTIALS = "personal_tokens", "device_requests", "service_credentials"


def upgrade() -> None:
    op.add_column(CREDENTIALS, sa.Column("leaked_at", MOMENT, nullable=True))
    op.add_column(CREDENTIALS, sa.Column("leaked_where", sa.Text(), nullable=True))
    _create_tokens()
    op.create_index("uq_personal_tokens_asked_as", TOKENS, ["tenant_id", "asked_as"], unique=True)
    op.create_index("ix_personal_tokens_membership_id", TOKENS, ["tenant_id", "membership_id", "id"])
    _create_device_requests()
    op.create_index("ix_device_requests_expires_at", DEVICES, ["expires_at"])


def downgrade() -> None:
    op.drop_table(DEVICES)
    op.drop_table(TOKENS)
    with op.batch_alter_table(CREDENTIALS) as credentials:
        credentials.drop_column("leaked_where")
        credentials.drop_column("leaked_at")


def _create_tokens() -> None:
    op.create_table(
        TOKENS,
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("membership_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("hint", sa.String(length=16), nullable=False),
        sa.Column("scopes", sa.String(length=255), nullable=False),
        sa.Column("asked_as", sa.String(length=32), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("last_used_at", MOMENT, nullable=True),
        sa.Column("last_used_for", sa.String(length=100), nullable=True),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("ended_by_id", sa.Uuid(), nullable=True),
        sa.Column("leaked_at", MOMENT, nullable=True),
        sa.Column("leaked_where", sa.Text(), nullable=True),
        sa.CheckConstraint("expires_at > created_at", name=op.f(f"ck_{TOKENS}_term")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f(f"pk_{TOKENS}")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f(f"fk_{TOKENS}_tenant_id")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "membership_id"],
            ["memberships.tenant_id", "memberships.id"],
            name=op.f(f"fk_{TOKENS}_tenant_id_membership_id"),
        ),
        sa.ForeignKeyConstraint(["ended_by_id"], ["people.id"], name=op.f(f"fk_{TOKENS}_ended_by_id")),
        sa.UniqueConstraint("public_id", name=op.f(f"uq_{TOKENS}_public_id")),
        sa.UniqueConstraint("digest", name=op.f(f"uq_{TOKENS}_digest")),
    )


def _create_device_requests() -> None:
    op.create_table(
        DEVICES,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("device_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("user_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("machine", sa.String(length=255), nullable=False),
        sa.Column("scopes", sa.String(length=255), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("interval_seconds", sa.Integer(), nullable=False),
        sa.Column("polled_at", MOMENT, nullable=True),
        sa.Column("decided_at", MOMENT, nullable=True),
        sa.Column("decided_by_id", sa.Uuid(), nullable=True),
        sa.Column("tenant_id", sa.Uuid(), nullable=True),
        sa.Column("token_id", sa.Uuid(), nullable=True),
        sa.Column("fetched_at", MOMENT, nullable=True),
        sa.CheckConstraint("(tenant_id IS NULL) = (token_id IS NULL)", name=op.f(f"ck_{DEVICES}_token")),
        sa.CheckConstraint("token_id IS NULL OR decided_at IS NOT NULL", name=op.f(f"ck_{DEVICES}_decided")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{DEVICES}")),
        sa.ForeignKeyConstraint(["decided_by_id"], ["people.id"], name=op.f(f"fk_{DEVICES}_decided_by_id")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "token_id"],
            [f"{TOKENS}.tenant_id", f"{TOKENS}.id"],
            name=op.f(f"fk_{DEVICES}_tenant_id_token_id"),
        ),
        sa.UniqueConstraint("device_hash", name=op.f(f"uq_{DEVICES}_device_hash")),
        sa.UniqueConstraint("user_hash", name=op.f(f"uq_{DEVICES}_user_hash")),
    )
