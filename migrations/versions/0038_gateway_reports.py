"""What the gateway's workers report of themselves, when each knew of a change, and what probes measured."""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
WORKERS, APPLIED, PROBES = "gateway_workers", "gateway_applied", "gateway_probes"


def upgrade() -> None:
    op.create_table(
        WORKERS,
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("kind", _one_of("workerkind", "app", "gateway"), nullable=False),
        sa.Column("state", _one_of("workerstate", "loading", "ready", "cut_off"), nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("ready_at", MOMENT, nullable=True),
        sa.Column("seen_at", MOMENT, nullable=False),
        sa.Column("fresh_at", MOMENT, nullable=True),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("is_listening", sa.Boolean(), nullable=False),
        *(_number(name) for name in ("keys", "poll_ms", "cut_off_seconds", "changes")),
        *(sa.Column(name, sa.Integer(), nullable=True) for name in ("p50_ms", "p99_ms", "max_ms")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{WORKERS}")),
    )
    op.create_index("ix_gateway_workers_seen_at", WORKERS, ["seen_at"])
    op.create_table(
        APPLIED,
        sa.Column("worker_id", sa.String(length=16), nullable=False),
        sa.Column("version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.Column("applied_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("worker_id", "version", name=op.f(f"pk_{APPLIED}")),
    )
    op.create_index("ix_gateway_applied_changed_at", APPLIED, ["changed_at"])
    op.create_table(
        PROBES,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("probed_at", MOMENT, nullable=False),
        sa.Column("address", sa.String(length=255), nullable=False),
        *(_number(name) for name in ("workers", "rounds", "p50_ms", "p99_ms", "max_ms", "within_ms")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{PROBES}")),
    )
    op.create_index("ix_gateway_probes_probed_at", PROBES, ["probed_at"])


def downgrade() -> None:
    for table in (PROBES, APPLIED, WORKERS):
        op.drop_table(table)


def _one_of(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, native_enum=False, create_constraint=True, length=32, name=name)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False)
