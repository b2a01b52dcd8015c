"""Create entitlements."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "entitlements",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("service_code", sa.String(length=40), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("suspended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["service_code"], ["services.code"], name=op.f("fk_entitlements_service_code")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "contract_id"],
            ["contracts.tenant_id", "contracts.id"],
            name=op.f("fk_entitlements_tenant_id_contract_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_entitlements_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_entitlements")),
    )
    op.create_index("ix_entitlements_service_code", "entitlements", ["service_code", "id"], unique=False)
    op.create_index(
        "uq_entitlements_service", "entitlements", ["tenant_id", "contract_id", "service_code"], unique=True
    )


def downgrade() -> None:
    op.drop_table("entitlements")
