"""Find old uses of keys, and the uses that refer to a client."""

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_key_uses_day", "key_uses", ["day"])
    op.create_index("ix_key_uses_client", "key_uses", ["tenant_id", "client_id"])


def downgrade() -> None:
    op.drop_index("ix_key_uses_client", table_name="key_uses")
    op.drop_index("ix_key_uses_day", table_name="key_uses")
