"""Hand-offs: envelope keys, sealed copies of private keys, who has a copy, and codes for the command line."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

LIVE = sa.text("state IN ('offered', 'opened')")
CURRENT = sa.text("replaced_at IS NULL")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "envelope_keys",
        *_owned(),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("public", sa.LargeBinary(length=32), nullable=False),
        sa.Column("kept", _words("kept", "browser", "file"), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("usable_at", MOMENT, nullable=False),
        sa.Column("replaced_at", MOMENT, nullable=True),
        *_keys_of("envelope_keys", person_id="people"),
        sa.UniqueConstraint("public_id", name=op.f("uq_envelope_keys_public_id")),
    )
    op.create_index("uq_envelope_keys_public", "envelope_keys", ["public"], unique=True)
    _create_partial("uq_envelope_keys_current", "envelope_keys", ["tenant_id", "person_id"], CURRENT, unique=True)
    op.create_table(
        "hand_offs",
        *_owned(),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("receiver_id", sa.Uuid(), nullable=False),
        sa.Column("key_pair_id", sa.Uuid(), nullable=False),
        sa.Column("delegation_id", sa.Uuid(), nullable=False),
        sa.Column("to_person_id", sa.Uuid(), nullable=False),
        sa.Column("to_public", sa.LargeBinary(length=32), nullable=False),
        sa.Column("environment", _words("environment", "sandbox", "production"), nullable=False),
        sa.Column(
            "state",
            _words("handoffstate", "offered", "opened", "done", "withdrawn", "lapsed", "frozen"),
            nullable=False,
        ),
        sa.Column("code_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("nonce", sa.LargeBinary(length=32), nullable=False),
        sa.Column("envelope", sa.LargeBinary(), nullable=True),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("given_by_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("lapses_at", MOMENT, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("opened_at", MOMENT, nullable=True),
        sa.Column("opened_by_id", sa.Uuid(), nullable=True),
        sa.Column("done_at", MOMENT, nullable=True),
        sa.Column("closed_at", MOMENT, nullable=True),
        sa.CheckConstraint("receiver_id <> tenant_id", name=op.f("ck_hand_offs_two_parties")),
        sa.CheckConstraint(
            "(envelope IS NULL) = (state NOT IN ('offered', 'opened'))", name=op.f("ck_hand_offs_envelope")
        ),
        *_keys_of(
            "hand_offs", receiver_id="tenants", to_person_id="people", given_by_id="people", opened_by_id="people"
        ),
        _to_own("hand_offs", "key_pair_id", "key_pairs"),
        _to_own("hand_offs", "delegation_id", "delegations"),
        sa.UniqueConstraint("public_id", name=op.f("uq_hand_offs_public_id")),
    )
    op.create_index("uq_hand_offs_code_hash", "hand_offs", ["code_hash"], unique=True)
    _create_partial("uq_hand_offs_live", "hand_offs", ["tenant_id", "key_pair_id"], LIVE, unique=True)
    op.create_index("ix_hand_offs_receiver", "hand_offs", ["receiver_id", "id"])
    _create_partial("ix_hand_offs_due", "hand_offs", ["lapses_at"], LIVE)
    op.create_table(
        "hand_off_intents",
        *_owned(),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("receiver_id", sa.Uuid(), nullable=False),
        sa.Column("key_pair_id", sa.Uuid(), nullable=False),
        sa.Column("delegation_id", sa.Uuid(), nullable=False),
        sa.Column("to_person_id", sa.Uuid(), nullable=False),
        sa.Column("to_public", sa.LargeBinary(length=32), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("lapses_at", MOMENT, nullable=False),
        *_keys_of("hand_off_intents", receiver_id="tenants", to_person_id="people", person_id="people"),
        _to_own("hand_off_intents", "key_pair_id", "key_pairs"),
        _to_own("hand_off_intents", "delegation_id", "delegations"),
        sa.UniqueConstraint("public_id", name=op.f("uq_hand_off_intents_public_id")),
    )
    op.create_index("ix_hand_off_intents_pair", "hand_off_intents", ["tenant_id", "key_pair_id"])
    op.create_table(
        "key_copies",
        *_owned(),
        sa.Column("key_pair_id", sa.Uuid(), nullable=False),
        sa.Column("holder_id", sa.Uuid(), nullable=False),
        sa.Column("hand_off_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("rotation_due_at", MOMENT, nullable=True),
        *_keys_of("key_copies", holder_id="tenants"),
        _to_own("key_copies", "key_pair_id", "key_pairs"),
        _to_own("key_copies", "hand_off_id", "hand_offs"),
        sa.UniqueConstraint("tenant_id", "key_pair_id", "holder_id", name="uq_key_copies"),
    )
    op.create_index("ix_key_copies_holder", "key_copies", ["holder_id", "tenant_id"])
    op.create_table(
        "command_codes",
        *_owned(),
        sa.Column("code_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("purpose", _words("purpose", "enrol", "seal", "open"), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        *_keys_of("command_codes", person_id="people"),
    )
    op.create_index("uq_command_codes_code_hash", "command_codes", ["code_hash"], unique=True)
    op.create_index("ix_command_codes_expires_at", "command_codes", ["expires_at"])


def downgrade() -> None:
    for table in ("command_codes", "key_copies", "hand_off_intents", "hand_offs", "envelope_keys"):
        op.drop_table(table)


def _owned() -> list[Any]:
    return [sa.Column("tenant_id", sa.Uuid(), nullable=False), sa.Column("id", sa.Uuid(), nullable=False)]


def _keys_of(table: str, **others: str) -> list[Any]:
    to_one = {"tenant_id": "tenants"} | others
    return [
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f(f"pk_{table}")),
        *(
            sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}"))
            for column, other in to_one.items()
        ),
    ]


def _to_own(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", column], [f"{other}.tenant_id", f"{other}.id"], name=op.f(f"fk_{table}_tenant_id_{column}")
    )


def _words(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def _create_partial(
    name: str, table: str, columns: list[str], condition: sa.TextClause, *, unique: bool = False
) -> None:
    op.create_index(name, table, columns, unique=unique, sqlite_where=condition, postgresql_where=condition)
