"""Which reports of uses have come, so that one which comes again counts once."""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "use_reports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_use_reports")),
    )
    op.create_index("ix_use_reports_received_at", "use_reports", ["received_at"])


def downgrade() -> None:
    op.drop_table("use_reports")
