"""Who lost all second factors: requests for their removal, links that stop them, and the password until then."""

import sqlalchemy as sa
from alembic import op

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None

CHECK = "ck_mailed_tokens_mailpurpose"
BEFORE = "purpose IN ('reset', 'stop_recovery')"
AFTER = "purpose IN ('reset', 'stop_asked', 'stop_vouched')"
OUTCOMES = ("done", "stopped", "refused", "lapsed")


def upgrade() -> None:
    moment, is_open = sa.DateTime(timezone=True), sa.text("closed_at IS NULL")
    outcome = sa.Enum(*OUTCOMES, name="recoveryoutcome", native_enum=False, create_constraint=True, length=32)
    op.create_table(
        "factor_recoveries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("asked_at", moment, nullable=False),
        sa.Column("vouched_by_id", sa.Uuid(), nullable=True),
        sa.Column("vouched_in_id", sa.Uuid(), nullable=True),
        sa.Column("vouched_at", moment, nullable=True),
        sa.Column("due_at", moment, nullable=True),
        sa.Column("outcome", outcome, nullable=True),
        sa.Column("closed_at", moment, nullable=True),
        sa.Column("closed_by_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("(outcome IS NULL) = (closed_at IS NULL)", name=op.f("ck_factor_recoveries_closed")),
        sa.CheckConstraint("(vouched_at IS NULL) = (due_at IS NULL)", name=op.f("ck_factor_recoveries_vouched")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_factor_recoveries_person_id")),
        sa.ForeignKeyConstraint(["vouched_by_id"], ["people.id"], name=op.f("fk_factor_recoveries_vouched_by_id")),
        sa.ForeignKeyConstraint(["vouched_in_id"], ["tenants.id"], name=op.f("fk_factor_recoveries_vouched_in_id")),
        sa.ForeignKeyConstraint(["closed_by_id"], ["people.id"], name=op.f("fk_factor_recoveries_closed_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_factor_recoveries")),
    )
    op.create_index(
        "uq_factor_recoveries_open",
        "factor_recoveries",
        ["person_id"],
        unique=True,
        sqlite_where=is_open,
        postgresql_where=is_open,
    )
    op.add_column("people", sa.Column("former_hash", sa.String(255), nullable=True))
    op.add_column("people", sa.Column("recovered_at", moment, nullable=True))
    _exchange(BEFORE, AFTER)


def downgrade() -> None:
    op.execute("DELETE FROM mailed_tokens WHERE purpose <> 'reset'")
    _exchange(AFTER, BEFORE)
    op.drop_column("people", "recovered_at")
    op.drop_column("people", "former_hash")
    op.drop_table("factor_recoveries")


def _exchange(before: str, after: str) -> None:
    with op.batch_alter_table("mailed_tokens", copy_from=_table(before)) as batch:
        batch.drop_constraint(op.f(CHECK), type_="check")
        batch.create_check_constraint(op.f(CHECK), sa.text(after))


def _table(check: str) -> sa.Table:
    moment = sa.DateTime(timezone=True)
    return sa.Table(
        "mailed_tokens",
        sa.MetaData(),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("expires_at", moment, nullable=False),
        sa.CheckConstraint(check, name=op.f(CHECK)),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_mailed_tokens_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mailed_tokens")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_mailed_tokens_token_hash")),
        sa.UniqueConstraint("person_id", "purpose", name=op.f("uq_mailed_tokens_person_id_purpose")),
    )
