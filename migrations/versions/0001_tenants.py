"""Create tenants."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "tenants",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.String(length=12), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("name_key", sa.String(length=1024), nullable=False),
        sa.Column(
            "standing",
            sa.Enum(
                "good", "past_due", "suspended", name="standing", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("is_vendor", sa.Boolean(), nullable=False),
        sa.Column("request_code_hash", sa.LargeBinary(length=32), nullable=True),
        sa.Column("request_code_made_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "length(account_id) = 12 AND substr(account_id, 1, 3) = 'MAG'", name=op.f("ck_tenants_account_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tenants")),
        sa.UniqueConstraint("account_id", name=op.f("uq_tenants_account_id")),
        sa.UniqueConstraint("request_code_hash", name=op.f("uq_tenants_request_code_hash")),
    )
    op.create_index("ix_tenants_name_key", "tenants", ["name_key", "id"], unique=False)
    op.create_index(
        "uq_tenants_vendor",
        "tenants",
        ["is_vendor"],
        unique=True,
        sqlite_where=sa.text("is_vendor"),
        postgresql_where=sa.text("is_vendor"),
    )


def downgrade() -> None:
    op.drop_table("tenants")
