"""Find a subject's events by its id or its label, newest first, without reading the tenant's whole record."""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_audit_events_subject", "audit_events")
    op.create_index("ix_audit_events_subject_id", "audit_events", ["tenant_id", "subject_id", "seq"])
    op.create_index("ix_audit_events_subject_label", "audit_events", ["tenant_id", "subject_label", "seq"])


def downgrade() -> None:
    op.drop_index("ix_audit_events_subject_label", "audit_events")
    op.drop_index("ix_audit_events_subject_id", "audit_events")
    op.create_index("ix_audit_events_subject", "audit_events", ["tenant_id", "subject_type", "subject_id"])
