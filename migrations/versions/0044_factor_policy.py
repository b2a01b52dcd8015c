"""Since when an account asks for a second factor, and since when a membership's role has given rights over keys."""

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("tenants", sa.Column("factor_asked_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("memberships", sa.Column("rights_since", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("memberships", "rights_since")
    op.drop_column("tenants", "factor_asked_at")
