"""Index contracts by kind, so that the few that are no licences are found among the many that are."""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_contracts_kind", "contracts", ["kind", "ends_at", "tenant_id", "id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_contracts_kind", table_name="contracts")
