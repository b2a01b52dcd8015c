"""Let the console find people, projects and shops by their beginning, and what ends soon; note each week's digest.

The schema first, then what fills it: rows that are there get their keys as the portal would have written them.
"""

import unicodedata
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

ROWS_AT_ONCE = 1000
LONGEST_KEY = 512
BLANKS = frozenset("\u115f\u1160\u3164\uffa0\u17b4\u17b5\u2800\u034f")
# Sorted by code point on both databases, so that what begins alike lies together whatever the server's locale.
BY_CODE_POINT = {"people": ("email_key", 320), "projects": ("name_key", 1024)}
INDEXES = {
    "ix_people_name_key": ("people", ["name_key", "id"]),
    "ix_projects_name_key": ("projects", ["name_key", "tenant_id", "id"]),
    "ix_installations_address_key": ("installations", ["address_key", "tenant_id", "id"]),
    "ix_installations_claim": ("installations", ["claim", "tenant_id", "id"]),
    "ix_delegations_ends_at": ("delegations", ["ends_at", "tenant_id", "id"]),
    "ix_entitlements_ends_at": ("entitlements", ["ends_at", "tenant_id", "id"]),
    "ix_key_pairs_expires_at": ("key_pairs", ["expires_at", "tenant_id", "id"]),
}
EXPIRES = sa.text("expires_at IS NOT NULL")
CONDITIONS = {"ix_key_pairs_expires_at": EXPIRES}


def upgrade() -> None:
    op.add_column("people", sa.Column("name_key", _key(), nullable=False, server_default=sa.text("''")))
    op.add_column("people", sa.Column("wants_digest", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.add_column("installations", sa.Column("address_key", _key(), nullable=True))
    for table, (column, length) in BY_CODE_POINT.items():
        _collate(table, column, length, "C")
    _fill("people", ("id",), "name", "name_key", _same_name)
    _fill("installations", ("tenant_id", "id"), "address", "address_key", _address_key)
    for name, (table, columns) in INDEXES.items():
        condition = CONDITIONS.get(name)
        op.create_index(name, table, columns, sqlite_where=condition, postgresql_where=condition)
    op.create_table(
        "digests",
        sa.Column("week", sa.Date(), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("mails", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("week", name=op.f("pk_digests")),
    )


def downgrade() -> None:
    op.drop_table("digests")
    for name, (table, _columns) in INDEXES.items():
        op.drop_index(name, table_name=table)
    for table, (column, length) in BY_CODE_POINT.items():
        _collate(table, column, length, "default")
    op.drop_column("installations", "address_key")
    op.drop_column("people", "wants_digest")
    op.drop_column("people", "name_key")


def _key() -> Any:
    return sa.String(1024).with_variant(sa.String(1024, collation="C"), "postgresql")


def _collate(table: str, column: str, length: int, collation: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f'ALTER TABLE {table} ALTER COLUMN {column} TYPE varchar({length}) COLLATE "{collation}"')


def _fill(table: str, keyed_by: tuple[str, ...], column: str, key: str, made: Callable[[str], str]) -> None:
    """Portion by portion, in the order of the primary key: a million rows do not fit into memory, and without the whole
    of the key each portion and each row would be looked for in all of the table.
    """
    rows = sa.table(table, *(sa.column(name, sa.Uuid()) for name in keyed_by), sa.column(column), sa.column(key))
    identity = [rows.c[name] for name in keyed_by]
    connection, after = op.get_bind(), None
    its = [part == sa.bindparam(f"row_{part.name}") for part in identity]
    set_key = rows.update().where(*its).values({key: sa.bindparam("made")})
    while True:
        portion = sa.select(*identity, rows.c[column]).order_by(*identity).limit(ROWS_AT_ONCE)
        found = connection.execute(portion if after is None else portion.where(_beyond(identity, after))).all()
        if not found:
            return
        named = [_named(keyed_by, row) | {"made": made(row[-1])} for row in found if row[-1] is not None]
        if named:
            connection.execute(set_key, named)
        after = found[-1][:-1]


def _beyond(identity: list[Any], after: Any) -> Any:
    values = [sa.literal(value, sa.Uuid()) for value in after]
    return sa.tuple_(*identity) > sa.tuple_(*values)


def _named(keyed_by: tuple[str, ...], row: Any) -> dict[str, Any]:
    return {f"row_{name}": value for name, value in zip(keyed_by, row[:-1], strict=True)}


def _same_name(name: str) -> str:
    text = unicodedata.normalize("NFKC", name)
    drawn = "".join(one for one in text if one not in BLANKS and unicodedata.category(one) != "Cf")
    return (drawn or text).casefold()[:LONGEST_KEY]


def _address_key(address: str) -> str:
    text = _same_name(address).strip()
    bare = text.removeprefix("https://").removeprefix("http://").removeprefix("www.")
    host, slash, path = bare.rstrip("/").partition("/")
    labels = [_unicode_label(label) for label in host.split(".")]
    return (".".join(labels) + slash + path)[:LONGEST_KEY]


def _unicode_label(label: str) -> str:
    try:
        return label.encode().decode("idna") if label.startswith("xn--") else label
    except UnicodeError:
        return label
