"""Create delegations and proposals to widen them."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "delegations",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("integrator_id", sa.Uuid(), nullable=True),
        sa.Column("integrator_account_id", sa.String(length=12), nullable=False),
        sa.Column(
            "started_by",
            sa.Enum("owner", "integrator", name="started_by", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "requested",
                "offered",
                "active",
                "paused",
                "declined",
                "withdrawn",
                "lapsed",
                "ended",
                name="delegationstate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "paused_by",
            sa.Enum("owner", "integrator", name="paused_by", native_enum=False, create_constraint=True, length=32),
            nullable=True,
        ),
        sa.Column("environments", sa.String(length=255), nullable=False),
        sa.Column("rights", sa.String(length=255), nullable=False),
        sa.Column("all_projects", sa.Boolean(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lapses_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "ended_by",
            sa.Enum("owner", "integrator", name="ended_by", native_enum=False, create_constraint=True, length=32),
            nullable=True,
        ),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "integrator_id IS NULL OR integrator_id <> tenant_id", name=op.f("ck_delegations_two_parties")
        ),
        sa.ForeignKeyConstraint(["integrator_id"], ["tenants.id"], name=op.f("fk_delegations_integrator_id")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_delegations_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_delegations")),
        sa.UniqueConstraint("public_id", name=op.f("uq_delegations_public_id")),
    )
    op.create_index("ix_delegations_integrator_id", "delegations", ["integrator_id", "state", "id"], unique=False)
    op.create_index(
        "uq_delegations_open",
        "delegations",
        ["tenant_id", "integrator_account_id"],
        unique=True,
        sqlite_where=sa.text("state IN ('requested', 'offered', 'active', 'paused')"),
        postgresql_where=sa.text("state IN ('requested', 'offered', 'active', 'paused')"),
    )
    op.create_table(
        "delegation_projects",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("delegation_id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "delegation_id"],
            ["delegations.tenant_id", "delegations.id"],
            name=op.f("fk_delegation_projects_tenant_id_delegation_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "project_id"],
            ["projects.tenant_id", "projects.id"],
            name=op.f("fk_delegation_projects_tenant_id_project_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_delegation_projects_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_delegation_projects")),
        sa.UniqueConstraint(
            "tenant_id",
            "delegation_id",
            "project_id",
            name=op.f("uq_delegation_projects_tenant_id_delegation_id_project_id"),
        ),
    )
    op.create_table(
        "delegation_proposals",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("delegation_id", sa.Uuid(), nullable=False),
        sa.Column("integrator_id", sa.Uuid(), nullable=False),
        sa.Column(
            "proposed_by",
            sa.Enum("owner", "integrator", name="side", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "waiting",
                "accepted",
                "declined",
                "withdrawn",
                name="proposalstate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("environments", sa.String(length=255), nullable=False),
        sa.Column("rights", sa.String(length=255), nullable=False),
        sa.Column("all_projects", sa.Boolean(), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["integrator_id"], ["tenants.id"], name=op.f("fk_delegation_proposals_integrator_id")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "delegation_id"],
            ["delegations.tenant_id", "delegations.id"],
            name=op.f("fk_delegation_proposals_tenant_id_delegation_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_delegation_proposals_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_delegation_proposals")),
        sa.UniqueConstraint("public_id", name=op.f("uq_delegation_proposals_public_id")),
    )
    op.create_index(
        "ix_delegation_proposals_integrator_id", "delegation_proposals", ["integrator_id", "state"], unique=False
    )
    op.create_index(
        "uq_delegation_proposals_waiting",
        "delegation_proposals",
        ["tenant_id", "delegation_id"],
        unique=True,
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_table(
        "proposal_projects",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("proposal_id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "project_id"],
            ["projects.tenant_id", "projects.id"],
            name=op.f("fk_proposal_projects_tenant_id_project_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "proposal_id"],
            ["delegation_proposals.tenant_id", "delegation_proposals.id"],
            name=op.f("fk_proposal_projects_tenant_id_proposal_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_proposal_projects_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_proposal_projects")),
        sa.UniqueConstraint(
            "tenant_id", "proposal_id", "project_id", name=op.f("uq_proposal_projects_tenant_id_proposal_id_project_id")
        ),
    )


def downgrade() -> None:
    op.drop_table("proposal_projects")
    op.drop_table("delegation_proposals")
    op.drop_table("delegation_projects")
    op.drop_table("delegations")
