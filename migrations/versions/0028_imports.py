"""Imports: files with accounts and contracts, and what was found about each of their lines."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
STATES = ("checking", "checked", "applying", "applied", "failed", "discarded")
KINDS = ("problem", "new_tenant", "new_contract", "extended", "signer", "invited", "unchanged")


def upgrade() -> None:
    op.create_table(
        "imports",
        *_owned(),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("state", _words("importstate", *STATES), nullable=False),
        sa.Column("file_name", sa.String(length=255), nullable=False),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("failure", sa.String(length=64), nullable=True),
        sa.Column("given_by_id", sa.Uuid(), nullable=True),
        sa.Column("settled_by_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("checked_at", MOMENT, nullable=True),
        sa.Column("settled_at", MOMENT, nullable=True),
        sa.Column("leased_until", MOMENT, nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(content IS NULL) = (state IN ('applied', 'failed', 'discarded'))", name=op.f("ck_imports_content")
        ),
        sa.CheckConstraint("done >= 0 AND total > 0", name=op.f("ck_imports_progress")),
        *_keys_of("imports", given_by_id="people", settled_by_id="people"),
    )
    op.create_index("uq_imports_public_id", "imports", ["public_id"], unique=True)
    op.create_index("ix_imports_state", "imports", ["state", "tenant_id", "id"])
    op.create_table(
        "import_lines",
        *_owned(),
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("kind", _words("linekind", *KINDS), nullable=False),
        sa.Column("changed", sa.Boolean(), nullable=False),
        sa.Column("account", sa.String(length=12), nullable=True),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("edition", sa.String(length=40), nullable=True),
        sa.Column("details", sa.JSON(), nullable=False),
        *_keys_of("import_lines"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "import_id"],
            ["imports.tenant_id", "imports.id"],
            name=op.f("fk_import_lines_tenant_id_import_id"),
        ),
    )
    op.create_index("uq_import_lines_rank", "import_lines", ["tenant_id", "import_id", "rank", "line"], unique=True)
    op.create_index("ix_import_lines_kind", "import_lines", ["tenant_id", "import_id", "kind", "rank", "line"])


def downgrade() -> None:
    for table in ("import_lines", "imports"):
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


def _words(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)
