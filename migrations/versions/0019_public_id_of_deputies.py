"""Give each deputy a public id: an inner one stood in addresses, and tells when its row was made."""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("deputies", sa.Column("public_id", sa.String(length=32), nullable=True))
    deputies = sa.table("deputies", sa.column("id", sa.Uuid()), sa.column("public_id", sa.String()))
    connection = op.get_bind()
    for (row_id,) in connection.execute(sa.select(deputies.c.id)).all():
        named = deputies.update().where(deputies.c.id == row_id)
        connection.execute(named.values(public_id=f"dep_{secrets.token_hex(10)}"))
    with op.batch_alter_table("deputies") as batch:
        batch.alter_column("public_id", existing_type=sa.String(length=32), nullable=False)
    op.create_index("uq_deputies_public_id", "deputies", ["public_id"], unique=True)


def downgrade() -> None:
    op.drop_index("uq_deputies_public_id", "deputies")
    with op.batch_alter_table("deputies") as batch:
        batch.drop_column("public_id")
