"""Sort the names of tenants by code point on PostgreSQL, as SQLite does, so that the index finds a name's beginning."""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute('ALTER TABLE tenants ALTER COLUMN name_key TYPE varchar(1024) COLLATE "C"')


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute('ALTER TABLE tenants ALTER COLUMN name_key TYPE varchar(1024) COLLATE "default"')
