"""Webhooks: endpoints, their secrets, what is sent to them, and each attempt."""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
ENDPOINTS, SECRETS = "webhook_endpoints", "webhook_secrets"
DELIVERIES, ATTEMPTS = "webhook_deliveries", "webhook_attempts"
WAITING = sa.text("state = 'waiting'")


def upgrade() -> None:
    _create_endpoints()
    _create_secrets()
    _create_deliveries()
    _create_attempts()


def downgrade() -> None:
    for table in (ATTEMPTS, DELIVERIES, SECRETS, ENDPOINTS):
        op.drop_table(table)


def _create_endpoints() -> None:
    op.create_table(
        ENDPOINTS,
        *_ids(),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("url", sa.String(length=1000), nullable=False),
        sa.Column("description", sa.String(length=255), nullable=False),
        sa.Column("events", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("state", _one_of("endpointstate", "active", "paused", "removed"), nullable=False),
        sa.Column("paused_because", _one_of("pause", "by_person", "gone", "failing"), nullable=True),
        sa.Column("created_by_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("removed_at", MOMENT, nullable=True),
        sa.Column("failing_since", MOMENT, nullable=True),
        sa.Column("read_seq", sa.BigInteger(), nullable=False),
        sa.Column("last_number", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        *_keys(ENDPOINTS),
        sa.ForeignKeyConstraint(["created_by_id"], ["people.id"], name=op.f(f"fk_{ENDPOINTS}_created_by_id")),
        sa.UniqueConstraint("public_id", name=op.f(f"uq_{ENDPOINTS}_public_id")),
    )
    op.create_index("ix_webhook_endpoints_state", ENDPOINTS, ["state", "tenant_id"])


def _create_secrets() -> None:
    op.create_table(
        SECRETS,
        *_ids(),
        sa.Column("endpoint_id", sa.Uuid(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("asked_as", sa.String(length=32), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("ends_at", MOMENT, nullable=True),
        *_keys(SECRETS),
        _of(SECRETS, "endpoint_id", ENDPOINTS),
    )
    op.create_index("ix_webhook_secrets_endpoint_id", SECRETS, ["tenant_id", "endpoint_id"])
    op.create_index("uq_webhook_secrets_asked_as", SECRETS, ["tenant_id", "asked_as"], unique=True)


def _create_deliveries() -> None:
    op.create_table(
        DELIVERIES,
        *_ids(),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("endpoint_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("message", sa.String(length=40), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=True),
        sa.Column("event", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=100), nullable=False),
        sa.Column("state", _one_of("deliverystate", "waiting", "delivered", "dead", "dropped"), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", MOMENT, nullable=True),
        sa.Column("leased_until", MOMENT, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("settled_at", MOMENT, nullable=True),
        sa.Column("last_status", sa.Integer(), nullable=True),
        sa.Column("last_problem", sa.String(length=32), nullable=True),
        sa.Column("last_ms", sa.Integer(), nullable=True),
        *_keys(DELIVERIES),
        _of(DELIVERIES, "endpoint_id", ENDPOINTS),
        sa.UniqueConstraint("public_id", name=op.f(f"uq_{DELIVERIES}_public_id")),
    )
    op.create_index("uq_webhook_deliveries_number", DELIVERIES, ["tenant_id", "endpoint_id", "number"], unique=True)
    op.create_index("ix_webhook_deliveries_due_at", DELIVERIES, ["due_at"])
    op.create_index("ix_webhook_deliveries_settled_at", DELIVERIES, ["settled_at"])
    op.create_index(
        "ix_webhook_deliveries_subject",
        DELIVERIES,
        ["tenant_id", "endpoint_id", "subject", "number"],
        sqlite_where=WAITING,
        postgresql_where=WAITING,
    )


def _create_attempts() -> None:
    op.create_table(
        ATTEMPTS,
        *_ids(),
        sa.Column("delivery_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("took_ms", sa.Integer(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("problem", sa.String(length=32), nullable=True),
        sa.Column("answer", sa.Text(), nullable=False),
        *_keys(ATTEMPTS),
        _of(ATTEMPTS, "delivery_id", DELIVERIES, ondelete="CASCADE"),
    )
    op.create_index("ix_webhook_attempts_delivery_id", ATTEMPTS, ["tenant_id", "delivery_id"])


def _ids() -> list[sa.Column[sa.Uuid]]:
    return [sa.Column(name, sa.Uuid(), nullable=False) for name in ("tenant_id", "id")]


def _keys(table: str) -> list[sa.Constraint]:
    return [
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f(f"pk_{table}")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f(f"fk_{table}_tenant_id")),
    ]


def _of(table: str, column: str, other: str, **options: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", column],
        [f"{other}.tenant_id", f"{other}.id"],
        name=op.f(f"fk_{table}_tenant_id_{column}"),
        **options,
    )


def _one_of(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)
