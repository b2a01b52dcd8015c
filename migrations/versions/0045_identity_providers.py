"""Identity providers of tenants, whom they name, and what their word is worth to a session."""

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "identity_providers",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("issuer", sa.String(1000), nullable=False),
        sa.Column("client_id", sa.String(255), nullable=False),
        sa.Column("client_secret", sa.Text(), nullable=False),
        sa.Column(
            "mode",
            sa.Enum(
                "off", "optional", "enforced", name="providermode", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("asks_second", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_identity_providers_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_identity_providers")),
        sa.UniqueConstraint("tenant_id", name=op.f("uq_identity_providers_tenant_id")),
    )
    op.create_table(
        "provider_identities",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("membership_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("issuer", sa.String(1000), nullable=False),
        sa.Column("subject", sa.String(255), nullable=False),
        sa.Column("label", sa.String(255), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_provider_identities_tenant_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_provider_identities_person_id")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "membership_id"],
            ["memberships.tenant_id", "memberships.id"],
            name=op.f("fk_provider_identities_tenant_id_membership_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_provider_identities")),
        sa.UniqueConstraint(
            "tenant_id", "issuer", "subject", name=op.f("uq_provider_identities_tenant_id_issuer_subject")
        ),
        sa.UniqueConstraint("tenant_id", "membership_id", name=op.f("uq_provider_identities_tenant_id_membership_id")),
    )
    op.create_table(
        "used_states",
        sa.Column("state_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("forgotten_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("state_hash", name=op.f("pk_used_states")),
    )
    op.add_column("tenants", sa.Column("requires_provider", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("sessions", sa.Column("is_own", sa.Boolean(), nullable=False, server_default=sa.true()))
    for table in ("sessions", "pending_sign_ins"):
        name = op.f(f"fk_{table}_vouched_by_id")
        with op.batch_alter_table(table) as batch:
            batch.add_column(sa.Column("vouched_by_id", sa.Uuid(), nullable=True))
            batch.create_foreign_key(name, "tenants", ["vouched_by_id"], ["id"])


def downgrade() -> None:
    for table in ("pending_sign_ins", "sessions"):
        with op.batch_alter_table(table) as batch:
            batch.drop_constraint(op.f(f"fk_{table}_vouched_by_id"), type_="foreignkey")
            batch.drop_column("vouched_by_id")
    op.drop_column("sessions", "is_own")
    op.drop_column("tenants", "requires_provider")
    op.drop_table("used_states")
    op.drop_table("provider_identities")
    op.drop_table("identity_providers")
