"""Index key pairs by holder in the orders in which they are listed."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

HELD = sa.text("delegation_id IS NOT NULL")


def upgrade() -> None:
    op.drop_index("ix_key_pairs_holder", table_name="key_pairs")
    op.create_index("ix_key_pairs_holder", "key_pairs", ["holder_id", "tenant_id", "id"], unique=False)
    op.create_index(
        "ix_key_pairs_held", "key_pairs", ["holder_id", "id"], unique=False, sqlite_where=HELD, postgresql_where=HELD
    )


def downgrade() -> None:
    op.drop_index("ix_key_pairs_held", table_name="key_pairs")
    op.drop_index("ix_key_pairs_holder", table_name="key_pairs")
    op.create_index("ix_key_pairs_holder", "key_pairs", ["holder_id", "state", "id"], unique=False)
