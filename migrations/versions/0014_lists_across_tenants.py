"""Index what the vendor's console and the worker list across tenants."""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

BY_STATE = ("allotment_requests", "delegations", "key_pairs")


def upgrade() -> None:
    op.create_index("ix_tenants_standing", "tenants", ["standing", "name_key", "id"], unique=False)
    op.create_index("ix_contracts_ends_at", "contracts", ["ends_at", "tenant_id", "id"], unique=False)
    for table in BY_STATE:
        op.create_index(f"ix_{table}_state", table, ["state", "tenant_id", "id"], unique=False)
    op.drop_index("ix_entitlements_service_code", table_name="entitlements")
    op.create_index("ix_entitlements_service_code", "entitlements", ["service_code", "tenant_id", "id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_entitlements_service_code", table_name="entitlements")
    op.create_index("ix_entitlements_service_code", "entitlements", ["service_code", "id"], unique=False)
    for table in BY_STATE:
        op.drop_index(f"ix_{table}_state", table_name=table)
    op.drop_index("ix_contracts_ends_at", table_name="contracts")
    op.drop_index("ix_tenants_standing", table_name="tenants")
