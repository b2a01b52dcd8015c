"""Passkeys, and the challenges that passkeys have answered."""

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "passkeys",
        sa.Column("factor_id", sa.Uuid(), nullable=False),
        sa.Column("user_handle", sa.LargeBinary(64), nullable=False),
        sa.Column("credential_id", sa.LargeBinary(1023), nullable=True),
        sa.Column("public_key", sa.LargeBinary(), nullable=True),
        sa.Column("suspected_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(credential_id IS NULL) = (public_key IS NULL)", name=op.f("ck_passkeys_whole")),
        sa.ForeignKeyConstraint(["factor_id"], ["second_factors.id"], name=op.f("fk_passkeys_factor_id")),
        sa.PrimaryKeyConstraint("factor_id", name=op.f("pk_passkeys")),
        sa.UniqueConstraint("credential_id", name=op.f("uq_passkeys_credential_id")),
    )
    op.create_table(
        "spent_challenges",
        sa.Column("challenge_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("challenge_hash", name=op.f("pk_spent_challenges")),
    )


def downgrade() -> None:
    op.drop_table("spent_challenges")
    op.execute("DELETE FROM passkeys")
    op.drop_table("passkeys")
    op.execute("DELETE FROM second_factors WHERE kind = 'passkey'")
