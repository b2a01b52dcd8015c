"""Create requests for a larger allotment."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "allotment_requests",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=True),
        sa.Column(
            "wish",
            sa.Enum(
                "project",
                "production_space",
                "testing_space",
                name="allotmentwish",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "waiting",
                "withdrawn",
                "approved",
                "refused",
                name="requeststate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("asked_by_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(wish = 'project') = (project_id IS NULL)", name=op.f("ck_allotment_requests_project")),
        sa.CheckConstraint("amount > 0", name=op.f("ck_allotment_requests_amount")),
        sa.ForeignKeyConstraint(["asked_by_id"], ["people.id"], name=op.f("fk_allotment_requests_asked_by_id")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "contract_id"],
            ["contracts.tenant_id", "contracts.id"],
            name=op.f("fk_allotment_requests_tenant_id_contract_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "project_id"],
            ["projects.tenant_id", "projects.id"],
            name=op.f("fk_allotment_requests_tenant_id_project_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_allotment_requests_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_allotment_requests")),
    )
    op.create_index("uq_allotment_requests_public_id", "allotment_requests", ["public_id"], unique=True)


def downgrade() -> None:
    op.drop_table("allotment_requests")
