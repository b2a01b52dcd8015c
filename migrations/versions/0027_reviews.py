"""Reviews: campaigns, their reviewers, the frozen lines, and what the two sides of a delegation are asked."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "review_campaigns",
        *_owned(),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("subject", _words("reviewsubject", "entitlements", "delegations", "keys"), nullable=False),
        sa.Column("filters", sa.JSON(), nullable=False),
        sa.Column(
            "state", _words("campaignstate", "preparing", "open", "closing", "closed", "abandoned"), nullable=False
        ),
        sa.Column("silence", _words("silence", "keep", "end"), nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("recurs_days", sa.Integer(), nullable=True),
        sa.Column("follows_id", sa.Uuid(), nullable=True),
        sa.Column("expected", sa.Integer(), nullable=False),
        sa.Column("frozen", sa.Integer(), nullable=False),
        sa.Column("applied", sa.Integer(), nullable=False),
        sa.Column("warnings_sent", sa.Integer(), nullable=False),
        sa.Column("telling", _words("telling", "opened", "warned", "applied"), nullable=True),
        sa.Column("told_to", sa.String(length=12), nullable=False),
        sa.Column("created_by_id", sa.Uuid(), nullable=False),
        sa.Column("created_by_label", sa.String(length=255), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("opened_at", MOMENT, nullable=True),
        sa.Column("closing_at", MOMENT, nullable=True),
        sa.Column("closed_at", MOMENT, nullable=True),
        sa.Column("closed_by_id", sa.Uuid(), nullable=True),
        sa.Column("closed_by_label", sa.String(length=255), nullable=True),
        sa.Column("abandoned_at", MOMENT, nullable=True),
        sa.Column("evidence_portal", sa.Text(), nullable=True),
        sa.Column("evidence_signature", sa.Text(), nullable=True),
        sa.Column("evidence_key_id", sa.String(length=64), nullable=True),
        sa.CheckConstraint("recurs_days IS NULL OR recurs_days > 0", name=op.f("ck_review_campaigns_recurs")),
        *_keys_of("review_campaigns", created_by_id="people", closed_by_id="people"),
        _to_own("review_campaigns", "follows_id", "review_campaigns"),
        sa.UniqueConstraint("public_id", name=op.f("uq_review_campaigns_public_id")),
    )
    op.create_index("ix_review_campaigns_state", "review_campaigns", ["tenant_id", "state", "id"])
    op.create_table(
        "review_reviewers",
        *_owned(),
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("membership_id", sa.Uuid(), nullable=False),
        sa.Column("is_fallback", sa.Boolean(), nullable=False),
        sa.Column("called_at", MOMENT, nullable=True),
        *_keys_of("review_reviewers"),
        _to_own("review_reviewers", "campaign_id", "review_campaigns"),
        _to_own("review_reviewers", "membership_id", "memberships"),
        sa.UniqueConstraint("tenant_id", "campaign_id", "membership_id", name="uq_review_reviewers"),
    )
    op.create_table(
        "review_lines",
        *_owned(),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("owner_account_id", sa.String(length=12), nullable=False),
        sa.Column("owner_name", sa.String(length=255), nullable=False),
        sa.Column("holder_account_id", sa.String(length=12), nullable=True),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("subject_public_id", sa.String(length=64), nullable=False),
        sa.Column("label", sa.String(length=255), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("reviewed_before_at", MOMENT, nullable=True),
        sa.Column("warnings", sa.Integer(), nullable=False),
        sa.Column("decision", _words("decision", "keep", "narrow", "end"), nullable=True),
        sa.Column("narrow_to", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decided_by_id", sa.Uuid(), nullable=True),
        sa.Column("decided_by_label", sa.String(length=255), nullable=True),
        sa.Column("decided_at", MOMENT, nullable=True),
        sa.Column("seconds_taken", sa.Integer(), nullable=True),
        sa.Column("bulk_size", sa.Integer(), nullable=True),
        sa.Column(
            "outcome",
            _words("outcome", "kept", "narrowed", "ended", "kept_in_use", "not_warned", "unchanged", "not_applied"),
            nullable=True,
        ),
        sa.Column("outcome_code", sa.String(length=64), nullable=True),
        sa.Column("applied_at", MOMENT, nullable=True),
        *_keys_of("review_lines", owner_id="tenants", decided_by_id="people"),
        _to_own("review_lines", "campaign_id", "review_campaigns"),
    )
    op.create_index("uq_review_lines_position", "review_lines", ["tenant_id", "campaign_id", "position"], unique=True)
    op.create_index("ix_review_lines_decision", "review_lines", ["tenant_id", "campaign_id", "decision", "position"])
    op.create_index("ix_review_lines_subject", "review_lines", ["tenant_id", "subject_id"])
    op.create_table(
        "review_answers",
        *_owned(),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.Column("asked_id", sa.Uuid(), nullable=False),
        sa.Column("side", _words("side", "owner", "integrator"), nullable=False),
        sa.Column("campaign_name", sa.String(length=100), nullable=False),
        sa.Column("other_name", sa.String(length=255), nullable=False),
        sa.Column("delegation_public_id", sa.String(length=32), nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("answer", _words("answer", "needed", "not_needed"), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("answered_by_id", sa.Uuid(), nullable=True),
        sa.Column("answered_by_label", sa.String(length=255), nullable=True),
        sa.Column("answered_at", MOMENT, nullable=True),
        sa.Column("asked_at", MOMENT, nullable=True),
        sa.Column("closed_at", MOMENT, nullable=True),
        *_keys_of("review_answers", asked_id="tenants", answered_by_id="people"),
        _to_own("review_answers", "campaign_id", "review_campaigns"),
        _to_own("review_answers", "line_id", "review_lines"),
        sa.UniqueConstraint("public_id", name=op.f("uq_review_answers_public_id")),
        sa.UniqueConstraint("tenant_id", "line_id", "side", name="uq_review_answers_side"),
    )
    op.create_index("ix_review_answers_asked", "review_answers", ["asked_id", "id"])
    op.create_index("ix_review_answers_campaign", "review_answers", ["tenant_id", "campaign_id", "answer"])


def downgrade() -> None:
    for table in ("review_answers", "review_lines", "review_reviewers", "review_campaigns"):
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


def _to_own(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", column], [f"{other}.tenant_id", f"{other}.id"], name=op.f(f"fk_{table}_tenant_id_{column}")
    )


def _words(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)
