"""Requests to the vendor: for editions and services too, with their decisions; and data spaces beyond an allotment."""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
COUNTED = ("project", "production_space", "testing_space")
KEPT = (
    "tenant_id, id, public_id, contract_id, project_id, wish, amount, reason, state, asked_by_id, created_at, closed_at"
)
SURPLUS = "surplus IN ('open', 'kept', 'let_go')"


def upgrade() -> None:
    _create_contract_requests()
    # Copied, since SQLite does not rename the constraints of a table. What was approved so far was approved in full.
    op.execute(
        f"INSERT INTO contract_requests ({KEPT}, version, granted) "
        f"SELECT {KEPT}, 1, CASE state WHEN 'approved' THEN amount END FROM allotment_requests"
    )
    op.drop_table("allotment_requests")
    op.add_column("data_spaces", sa.Column("surplus_since", MOMENT, nullable=True))
    # Its checks come with the column: SQLite adds none to a table that is there.
    op.add_column(
        "data_spaces",
        sa.Column(
            "surplus",
            sa.String(length=32),
            sa.CheckConstraint(SURPLUS, name=op.f("ck_data_spaces_surplus")),
            sa.CheckConstraint(
                "(surplus IS NULL) = (surplus_since IS NULL)", name=op.f("ck_data_spaces_surplus_since")
            ),
            nullable=True,
        ),
    )


def downgrade() -> None:
    op.drop_column("data_spaces", "surplus")
    op.drop_column("data_spaces", "surplus_since")
    _create_allotment_requests()
    # Requests for editions and services have no place there; a part that was granted becomes what was asked for.
    op.execute(
        f"INSERT INTO allotment_requests ({KEPT}) "
        f"SELECT {KEPT.replace('amount', 'COALESCE(granted, amount)')} FROM contract_requests "
        "WHERE wish IN ('project', 'production_space', 'testing_space')"
    )
    op.drop_table("contract_requests")


def _create_contract_requests() -> None:
    table = "contract_requests"
    op.create_table(
        table,
        *_columns("wish", *COUNTED, "edition", "service"),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("edition_code", sa.String(length=40), nullable=True),
        sa.Column("service_code", sa.String(length=40), nullable=True),
        sa.Column("reopens_id", sa.Uuid(), nullable=True),
        sa.Column("granted", sa.Integer(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("decided_by_id", sa.Uuid(), nullable=True),
        *_keys(table),
        sa.CheckConstraint(
            "(wish IN ('production_space', 'testing_space')) = (project_id IS NOT NULL)",
            name=op.f(f"ck_{table}_project"),
        ),
        sa.CheckConstraint("(wish = 'edition') = (edition_code IS NOT NULL)", name=op.f(f"ck_{table}_edition")),
        sa.CheckConstraint("(wish = 'service') = (service_code IS NOT NULL)", name=op.f(f"ck_{table}_service")),
        sa.CheckConstraint("(state = 'approved') = (granted IS NOT NULL)", name=op.f(f"ck_{table}_granted")),
        sa.CheckConstraint("granted > 0 AND granted <= amount", name=op.f(f"ck_{table}_part")),
        sa.ForeignKeyConstraint(["edition_code"], ["editions.code"], name=op.f(f"fk_{table}_edition_code")),
        sa.ForeignKeyConstraint(["service_code"], ["services.code"], name=op.f(f"fk_{table}_service_code")),
        sa.ForeignKeyConstraint(["decided_by_id"], ["people.id"], name=op.f(f"fk_{table}_decided_by_id")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "reopens_id"],
            [f"{table}.tenant_id", f"{table}.id"],
            name=op.f(f"fk_{table}_tenant_id_reopens_id"),
        ),
    )
    op.create_index("uq_contract_requests_public_id", table, ["public_id"], unique=True)
    op.create_index("uq_contract_requests_reopens", table, ["tenant_id", "reopens_id"], unique=True)
    op.create_index("ix_contract_requests_contract", table, ["tenant_id", "contract_id"])
    op.create_index("ix_contract_requests_state", table, ["state", "created_at", "tenant_id", "id"])
    op.create_index("ix_contract_requests_created_at", table, ["created_at", "tenant_id", "id"])


def _create_allotment_requests() -> None:
    table = "allotment_requests"
    op.create_table(
        table,
        *_columns("allotmentwish", *COUNTED),
        *_keys(table),
        sa.CheckConstraint("(wish = 'project') = (project_id IS NULL)", name=op.f(f"ck_{table}_project")),
    )
    op.create_index("uq_allotment_requests_public_id", table, ["public_id"], unique=True)
    op.create_index("ix_allotment_requests_state", table, ["state", "tenant_id", "id"])


def _columns(check: str, *wishes: str) -> list[sa.Column]:
    states = ("waiting", "withdrawn", "approved", "refused")
    return [
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=True),
        sa.Column("wish", _words(check, *wishes), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", _words("requeststate", *states), nullable=False),
        sa.Column("asked_by_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("closed_at", MOMENT, nullable=True),
    ]


def _keys(table: str) -> list[sa.Constraint]:
    return [
        sa.CheckConstraint("amount > 0", name=op.f(f"ck_{table}_amount")),
        sa.ForeignKeyConstraint(["asked_by_id"], ["people.id"], name=op.f(f"fk_{table}_asked_by_id")),
        *(
            sa.ForeignKeyConstraint(
                ["tenant_id", f"{other}_id"],
                [f"{other}s.tenant_id", f"{other}s.id"],
                name=op.f(f"fk_{table}_tenant_id_{other}_id"),
            )
            for other in ("contract", "project")
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f(f"fk_{table}_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f(f"pk_{table}")),
    ]


def _words(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)
