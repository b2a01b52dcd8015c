"""Service credentials: with what the vendor's services ask about calls, and when each was last used."""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
TABLE, USES = "service_credentials", "service_credential_uses"


def upgrade() -> None:
    _create_credentials()
    op.create_index("uq_service_credentials_replaces", TABLE, ["tenant_id", "replaces_id"], unique=True)
    op.create_index("uq_service_credentials_asked_as", TABLE, ["tenant_id", "asked_as"], unique=True)
    op.create_table(
        USES,
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("last_used_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f(f"pk_{USES}")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f(f"fk_{USES}_tenant_id")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "id"], [f"{TABLE}.tenant_id", f"{TABLE}.id"], name=op.f(f"fk_{USES}_tenant_id_id")
        ),
    )


def downgrade() -> None:
    op.drop_table(USES)
    op.drop_table(TABLE)


def _create_credentials() -> None:
    op.create_table(
        TABLE,
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("service_code", sa.String(length=40), nullable=True),
        sa.Column("secret_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("asked_as", sa.String(length=32), nullable=True),
        sa.Column("replaces_id", sa.Uuid(), nullable=True),
        sa.Column("created_by_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=True),
        sa.Column("ends_at", MOMENT, nullable=True),
        sa.Column("revoked_at", MOMENT, nullable=True),
        sa.Column("revoked_by_id", sa.Uuid(), nullable=True),
        sa.Column("revoked_reason", sa.Text(), nullable=True),
        sa.CheckConstraint("expires_at > created_at", name=op.f(f"ck_{TABLE}_term")),
        sa.CheckConstraint("(revoked_at IS NULL) = (revoked_reason IS NULL)", name=op.f(f"ck_{TABLE}_revoked")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f(f"pk_{TABLE}")),
        *(
            sa.ForeignKeyConstraint([column], [other], name=op.f(f"fk_{TABLE}_{column}"))
            for column, other in {
                "tenant_id": "tenants.id",
                "service_code": "services.code",
                "created_by_id": "people.id",
                "revoked_by_id": "people.id",
            }.items()
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "replaces_id"],
            [f"{TABLE}.tenant_id", f"{TABLE}.id"],
            name=op.f(f"fk_{TABLE}_tenant_id_replaces_id"),
        ),
        sa.UniqueConstraint("public_id", name=op.f(f"uq_{TABLE}_public_id")),
        sa.UniqueConstraint("secret_hash", name=op.f(f"uq_{TABLE}_secret_hash")),
    )
