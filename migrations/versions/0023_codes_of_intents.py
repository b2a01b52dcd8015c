"""A key intent can carry the hash of a one-time code, by which a command line finishes it."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("key_intents", sa.Column("code_hash", sa.LargeBinary(length=32), nullable=True))
    op.create_index("uq_key_intents_code_hash", "key_intents", ["code_hash"], unique=True)


def downgrade() -> None:
    op.drop_index("uq_key_intents_code_hash", "key_intents")
    op.drop_column("key_intents", "code_hash")
