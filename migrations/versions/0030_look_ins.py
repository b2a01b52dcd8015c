"""Look-ins: who of the vendor's staff reads a tenant's pages, why, and until when."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

NOT_ENDED = sa.text("ended_at IS NULL")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "look_ins",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("ends_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.CheckConstraint("ends_at > started_at", name=op.f("ck_look_ins_term")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_look_ins")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_look_ins_tenant_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_look_ins_person_id")),
        sa.UniqueConstraint("public_id", name=op.f("uq_look_ins_public_id")),
    )
    _create_index("uq_look_ins_running", ["tenant_id", "person_id"], unique=True)
    _create_index("ix_look_ins_due", ["ends_at"])


def downgrade() -> None:
    op.drop_table("look_ins")


def _create_index(name: str, columns: list[str], *, unique: bool = False) -> None:
    op.create_index(name, "look_ins", columns, unique=unique, sqlite_where=NOT_ENDED, postgresql_where=NOT_ENDED)
