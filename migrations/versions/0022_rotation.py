"""Rotate key pairs: how a retiring pair ends, one successor for each, and which pair an intent is to replace."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

ENDING = "ending IN ('held', 'hard', 'leak')"
RETIRING = "state <> 'retiring' OR (retiring_since IS NOT NULL AND retiring_until IS NOT NULL AND ending IS NOT NULL)"
ROTATION = "(replaces_id IS NULL) = (overlap_seconds IS NULL) AND (replaces_id IS NULL) = (ending IS NULL)"
NAME_TAKEN_BEFORE = sa.text("state IN ('pending', 'active')")
NAME_TAKEN = sa.text("state = 'active' OR (state = 'pending' AND replaces_id IS NULL)")
SUCCEEDS = sa.text("replaces_id IS NOT NULL AND state IN ('active', 'retiring')")
OF_NAME = ["tenant_id", "holder_id", "environment", "name_key"]


def upgrade() -> None:
    op.add_column("key_pairs", sa.Column("retiring_since", sa.DateTime(timezone=True), nullable=True))
    # Its checks come with the column: SQLite adds none to a table that is there.
    op.add_column(
        "key_pairs",
        sa.Column(
            "ending",
            sa.String(length=32),
            sa.CheckConstraint(ENDING, name=op.f("ck_key_pairs_keyending")),
            sa.CheckConstraint(RETIRING, name=op.f("ck_key_pairs_retiring")),
            nullable=True,
        ),
    )
    op.add_column("key_pairs", sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True))
    _replace_name_index(NAME_TAKEN)
    op.create_index(
        "uq_key_pairs_successor",
        "key_pairs",
        ["tenant_id", "replaces_id"],
        unique=True,
        sqlite_where=SUCCEEDS,
        postgresql_where=SUCCEEDS,
    )
    with op.batch_alter_table("key_intents", copy_from=_intents()) as batch:
        batch.add_column(sa.Column("replaces_id", sa.Uuid(), nullable=True))
        batch.add_column(sa.Column("overlap_seconds", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("ending", sa.String(length=32), nullable=True))
        batch.create_check_constraint(op.f("ck_key_intents_keyending"), ENDING)
        batch.create_check_constraint(op.f("ck_key_intents_rotation"), ROTATION)
        batch.create_foreign_key(
            op.f("fk_key_intents_tenant_id_replaces_id"),
            "key_pairs",
            ["tenant_id", "replaces_id"],
            ["tenant_id", "id"],
        )
    op.create_table(
        "key_notices",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key_pair_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "stops_in_30",
                "stops_in_7",
                "stops_in_1",
                "year_old",
                "held_open",
                name="noticekind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("about", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "key_pair_id"],
            ["key_pairs.tenant_id", "key_pairs.id"],
            name=op.f("fk_key_notices_tenant_id_key_pair_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_key_notices_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_key_notices")),
        sa.UniqueConstraint("tenant_id", "key_pair_id", "kind", "about", name="uq_key_notices"),
    )


def downgrade() -> None:
    op.drop_table("key_notices")
    with op.batch_alter_table("key_intents", copy_from=_intents(rotation=True)) as batch:
        batch.drop_constraint(op.f("fk_key_intents_tenant_id_replaces_id"), type_="foreignkey")
        batch.drop_constraint(op.f("ck_key_intents_rotation"), type_="check")
        batch.drop_constraint(op.f("ck_key_intents_keyending"), type_="check")
        for column in ("ending", "overlap_seconds", "replaces_id"):
            batch.drop_column(column)
    op.drop_index("uq_key_pairs_successor", "key_pairs")
    _replace_name_index(NAME_TAKEN_BEFORE)
    op.drop_column("key_pairs", "retired_at")
    op.drop_column("key_pairs", "ending")
    op.drop_column("key_pairs", "retiring_since")


def _replace_name_index(condition: sa.TextClause) -> None:
    op.drop_index("uq_key_pairs_name", "key_pairs")
    op.create_index(
        "uq_key_pairs_name",
        "key_pairs",
        OF_NAME,
        unique=True,
        sqlite_where=condition,
        postgresql_where=condition,
    )


def _intents(*, rotation: bool = False) -> sa.Table:
    """The table as it stands, so that SQLite's copy of it keeps its checks."""
    parts: list[sa.SchemaItem] = [
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("holder_id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("delegation_id", sa.Uuid(), nullable=True),
        sa.Column("environment", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("origin", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("nonce", sa.LargeBinary(length=32), nullable=False),
        sa.Column("spki", sa.LargeBinary(), nullable=True),
        sa.Column("key_pair_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("discarded_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("environment IN ('sandbox', 'production')", name=op.f("ck_key_intents_environment")),
        sa.CheckConstraint(
            "origin IN ('server', 'upload', 'browser', 'command')", name=op.f("ck_key_intents_keyorigin")
        ),
        sa.ForeignKeyConstraint(["holder_id"], ["tenants.id"], name=op.f("fk_key_intents_holder_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_key_intents_person_id")),
        _foreign_key("contract_id", "contracts"),
        _foreign_key("delegation_id", "delegations"),
        _foreign_key("key_pair_id", "key_pairs"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_key_intents_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_key_intents")),
    ]
    if rotation:
        parts += [
            sa.Column("replaces_id", sa.Uuid(), nullable=True),
            sa.Column("overlap_seconds", sa.Integer(), nullable=True),
            sa.Column("ending", sa.String(length=32), nullable=True),
            sa.CheckConstraint(ENDING, name=op.f("ck_key_intents_keyending")),
            sa.CheckConstraint(ROTATION, name=op.f("ck_key_intents_rotation")),
            _foreign_key("replaces_id", "key_pairs"),
        ]
    intents = sa.Table("key_intents", sa.MetaData(), *parts)
    sa.Index("uq_key_intents_public_id", intents.c.public_id, unique=True)
    return intents


def _foreign_key(column: str, table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", column],
        [f"{table}.tenant_id", f"{table}.id"],
        name=op.f(f"fk_key_intents_tenant_id_{column}"),
    )
