"""Calls of scripts that carried an Idempotency-Key, and what they were answered."""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "keyed_calls",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("caller", sa.String(64), nullable=False),
        sa.Column("key_sha256", sa.LargeBinary(32), nullable=False),
        sa.Column("call_sha256", sa.LargeBinary(32), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_keyed_calls_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_keyed_calls")),
        sa.UniqueConstraint(
            "tenant_id", "caller", "key_sha256", name=op.f("uq_keyed_calls_tenant_id_caller_key_sha256")
        ),
    )
    op.create_index("ix_keyed_calls_begun_at", "keyed_calls", ["begun_at"])


def downgrade() -> None:
    op.drop_table("keyed_calls")
