"""Create contracts and deputies."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "contracts",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "licence",
                "partner",
                "integrator",
                name="contractkind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("edition_code", sa.String(length=40), nullable=False),
        sa.Column("signer_id", sa.Uuid(), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("kind = 'partner' OR signer_id IS NULL", name=op.f("ck_contracts_signer")),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_contracts_term")),
        sa.ForeignKeyConstraint(["edition_code"], ["editions.code"], name=op.f("fk_contracts_edition_code")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "signer_id"],
            ["memberships.tenant_id", "memberships.id"],
            name=op.f("fk_contracts_tenant_id_signer_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_contracts_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_contracts")),
    )
    op.create_index("uq_contracts_public_id", "contracts", ["public_id"], unique=True)
    op.create_table(
        "deputies",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("membership_id", sa.Uuid(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_deputies_dates")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "contract_id"],
            ["contracts.tenant_id", "contracts.id"],
            name=op.f("fk_deputies_tenant_id_contract_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "membership_id"],
            ["memberships.tenant_id", "memberships.id"],
            name=op.f("fk_deputies_tenant_id_membership_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_deputies_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_deputies")),
    )
    op.create_index("ix_deputies_contract", "deputies", ["tenant_id", "contract_id"], unique=False)
    op.create_index("ix_deputies_membership", "deputies", ["tenant_id", "membership_id"], unique=False)


def downgrade() -> None:
    op.drop_table("deputies")
    op.drop_table("contracts")
