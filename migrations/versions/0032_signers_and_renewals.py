"""Changes of the signer of a partner contract, and contracts that follow on another one."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
WAITS = sa.text("state = 'waiting'")
STATES = ("waiting", "done", "stopped", "withdrawn", "lapsed")


def upgrade() -> None:
    op.create_table(
        "contract_renewals",
        *_owned(),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("successor_id", sa.Uuid(), nullable=False),
        sa.Column("agreed_ends_at", MOMENT, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("handed_over_at", MOMENT, nullable=True),
        sa.CheckConstraint("contract_id <> successor_id", name=op.f("ck_contract_renewals_two_contracts")),
        *_keys_of("contract_renewals"),
        _to_own("contract_renewals", "contract_id", "contracts"),
        _to_own("contract_renewals", "successor_id", "contracts"),
    )
    for name, column in (("contract", "contract_id"), ("successor", "successor_id")):
        op.create_index(f"uq_contract_renewals_{name}", "contract_renewals", ["tenant_id", column], unique=True)
    op.create_table(
        "signer_changes",
        *_owned(),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("membership_id", sa.Uuid(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(*STATES, name="signerchangestate", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by_vendor", sa.Boolean(), nullable=False),
        sa.Column("proposed_by_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("closed_at", MOMENT, nullable=True),
        *_keys_of("signer_changes", proposed_by_id="people"),
        _to_own("signer_changes", "contract_id", "contracts"),
        _to_own("signer_changes", "membership_id", "memberships"),
    )
    op.create_index("uq_signer_changes_public_id", "signer_changes", ["public_id"], unique=True)
    _create_waiting("uq_signer_changes_waiting", ["tenant_id", "contract_id"], unique=True)
    _create_waiting("ix_signer_changes_due", ["due_at", "tenant_id", "id"], unique=False)


def downgrade() -> None:
    op.drop_table("signer_changes")
    op.drop_table("contract_renewals")


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


def _create_waiting(name: str, columns: list[str], *, unique: bool) -> None:
    op.create_index(name, "signer_changes", columns, unique=unique, sqlite_where=WAITS, postgresql_where=WAITS)
