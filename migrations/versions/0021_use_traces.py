"""Create traces of use; let installations be discovered and claim a data space."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

CLAIMS = ("primary", "waiting", "colliding", "declared", "dismissed", "merged")
CLAIM_CHECK = "ck_installations_claim"
SEEN = (
    ("cloud_id", sa.String(length=128)),
    ("client_edition", sa.String(length=64)),
    ("client_version", sa.String(length=64)),
    ("first_seen_at", sa.DateTime(timezone=True)),
    ("last_seen_at", sa.DateTime(timezone=True)),
    ("alarmed_at", sa.DateTime(timezone=True)),
    ("alarm_closed_at", sa.DateTime(timezone=True)),
    ("chosen_at", sa.DateTime(timezone=True)),
)


def upgrade() -> None:
    _index_attached("detached_at IS NULL", is_there=True)
    with op.batch_alter_table("installations") as batch:
        batch.alter_column("address", existing_type=sa.String(length=2000), nullable=True)
        batch.add_column(sa.Column("claim", sa.String(length=32), nullable=False, server_default="primary"))
        for name, kind in SEEN:
            batch.add_column(sa.Column(name, kind, nullable=True))
    with op.batch_alter_table("installations") as batch:
        batch.alter_column("claim", existing_type=sa.String(length=32), server_default=None)
        batch.create_check_constraint(op.f(CLAIM_CHECK), sa.column("claim").in_(CLAIMS))
    _index_attached("detached_at IS NULL AND claim = 'primary'", is_there=False)
    op.create_index("ix_installations_space", "installations", ["tenant_id", "data_space_id"])
    op.create_index("ix_installations_cloud", "installations", ["tenant_id", "cloud_id"])
    _create_use_clients()
    _create_key_uses()
    _create_sightings()


def _index_attached(condition: str, *, is_there: bool) -> None:
    if is_there:
        op.drop_index("uq_installations_attached", "installations")
        return
    op.create_index(
        "uq_installations_attached",
        "installations",
        ["tenant_id", "data_space_id"],
        unique=True,
        sqlite_where=sa.text(condition),
        postgresql_where=sa.text(condition),
    )


def _held(table: str) -> list[sa.schema.SchemaItem]:
    """What every row has that a holder of keys may see, too."""
    environments = ("sandbox", "production")
    return [
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("holder_id", sa.Uuid(), nullable=False),
        sa.Column(
            "environment",
            sa.Enum(*environments, name="environment", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f(f"pk_{table}")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f(f"fk_{table}_tenant_id")),
        sa.ForeignKeyConstraint(["holder_id"], ["tenants.id"], name=op.f(f"fk_{table}_holder_id")),
    ]


def _at_home(table: str, column: str, of: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", column], [f"{of}.tenant_id", f"{of}.id"], name=op.f(f"fk_{table}_tenant_id_{column}")
    )


def _create_use_clients() -> None:
    op.create_table(
        "use_clients",
        *_held("use_clients"),
        sa.Column("edition", sa.String(length=64), nullable=True),
        sa.Column("version", sa.String(length=64), nullable=True),
        sa.Column("words", sa.String(length=255), nullable=False),
        sa.Column("network", sa.String(length=64), nullable=False),
        sa.Column("cloud_id", sa.String(length=128), nullable=True),
        sa.Column("identity", sa.String(length=160), nullable=False),
    )
    op.create_index("ix_use_clients_holder", "use_clients", ["holder_id", "tenant_id"])


def _create_key_uses() -> None:
    op.create_table(
        "key_uses",
        *_held("key_uses"),
        sa.Column("key_pair_id", sa.Uuid(), nullable=False),
        sa.Column("data_space_id", sa.Uuid(), nullable=True),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("listed", sa.Boolean(), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        _at_home("key_uses", "key_pair_id", "key_pairs"),
        _at_home("key_uses", "data_space_id", "data_spaces"),
        _at_home("key_uses", "client_id", "use_clients"),
    )
    op.create_index("ix_key_uses_key", "key_uses", ["tenant_id", "key_pair_id", "last_at"])
    op.create_index("ix_key_uses_space", "key_uses", ["tenant_id", "data_space_id", "day"])
    op.create_index("ix_key_uses_holder", "key_uses", ["holder_id", "tenant_id"])


def _create_sightings() -> None:
    op.create_table(
        "sightings",
        *_held("sightings"),
        sa.Column("key_pair_id", sa.Uuid(), nullable=False),
        sa.Column("data_space_id", sa.Uuid(), nullable=False),
        sa.Column("installation_id", sa.Uuid(), nullable=False),
        sa.Column("identity", sa.String(length=160), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        _at_home("sightings", "key_pair_id", "key_pairs"),
        _at_home("sightings", "data_space_id", "data_spaces"),
        _at_home("sightings", "installation_id", "installations"),
    )
    op.create_index("ix_sightings_installation", "sightings", ["tenant_id", "installation_id", "last_at"])
    op.create_index("ix_sightings_space", "sightings", ["tenant_id", "data_space_id"])
    op.create_index("ix_sightings_key", "sightings", ["tenant_id", "key_pair_id", "last_at"])
    op.create_index("ix_sightings_holder", "sightings", ["holder_id", "tenant_id"])


def downgrade() -> None:
    """Claims and shops without an address have no place in the older schema: they are detached and named by nothing."""
    for table in ("sightings", "key_uses", "use_clients"):
        op.drop_table(table)
    op.drop_index("ix_installations_cloud", "installations")
    op.drop_index("ix_installations_space", "installations")
    _index_attached("", is_there=True)
    op.execute("UPDATE installations SET detached_at = attached_at WHERE claim <> 'primary' AND detached_at IS NULL")
    op.execute("UPDATE installations SET address = '' WHERE address IS NULL")
    with op.batch_alter_table("installations") as batch:
        batch.drop_constraint(op.f(CLAIM_CHECK), type_="check")
        for name, _kind in reversed(SEEN):
            batch.drop_column(name)
        batch.drop_column("claim")
        batch.alter_column("address", existing_type=sa.String(length=2000), nullable=False)
    _index_attached("detached_at IS NULL", is_there=False)
