"""The portal signs what it says about each environment with a key of its own."""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

CURRENT = sa.text("retired_at IS NULL")
CHECK = "ck_signing_keys_purpose"


def upgrade() -> None:
    # One may have been made from the command line; nothing was ever signed with it.
    op.execute("DELETE FROM signing_keys WHERE purpose = 'bundle'")
    _exchange("purpose IN ('evidence', 'bundle')", "purpose IN ('evidence', 'bundle_production', 'bundle_sandbox')")


def downgrade() -> None:
    op.execute("DELETE FROM signing_keys WHERE purpose <> 'evidence'")
    _exchange("purpose IN ('evidence', 'bundle_production', 'bundle_sandbox')", "purpose IN ('evidence', 'bundle')")


def _exchange(before: str, after: str) -> None:
    op.drop_index("uq_signing_keys_current", "signing_keys")
    with op.batch_alter_table("signing_keys", copy_from=_table(before)) as batch:
        batch.drop_constraint(op.f(CHECK), type_="check")
        batch.create_check_constraint(op.f(CHECK), sa.text(after))
    op.create_index(
        "uq_signing_keys_current",
        "signing_keys",
        ["purpose"],
        unique=True,
        sqlite_where=CURRENT,
        postgresql_where=CURRENT,
    )


def _table(check: str) -> sa.Table:
    moment = sa.DateTime(timezone=True)
    return sa.Table(
        "signing_keys",
        sa.MetaData(),
        sa.Column("key_id", sa.String(length=32), nullable=False),
        sa.Column("purpose", sa.String(length=32), nullable=False),
        sa.Column("public", sa.LargeBinary(length=32), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("retired_at", moment, nullable=True),
        sa.CheckConstraint(check, name=op.f(CHECK)),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_signing_keys")),
    )
