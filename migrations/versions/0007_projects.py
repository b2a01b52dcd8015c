"""Create projects, data spaces and installations."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "projects",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("public_id", sa.String(length=36), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("name_key", sa.String(length=1024), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["created_by_id"], ["people.id"], name=op.f("fk_projects_created_by_id")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "contract_id"],
            ["contracts.tenant_id", "contracts.id"],
            name=op.f("fk_projects_tenant_id_contract_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_projects_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_projects")),
        sa.UniqueConstraint("public_id", name=op.f("uq_projects_public_id")),
        sa.UniqueConstraint("tenant_id", "name_key", name=op.f("uq_projects_tenant_id_name_key")),
    )
    op.create_table(
        "data_spaces",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("public_id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column(
            "type",
            sa.Enum(
                "production", "testing", name="dataspacetype", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column(
            "environment",
            sa.Enum("sandbox", "production", name="environment", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("serves_both_sides", sa.Boolean(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("name_key", sa.String(length=1024), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "project_id"],
            ["projects.tenant_id", "projects.id"],
            name=op.f("fk_data_spaces_tenant_id_project_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_data_spaces_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_data_spaces")),
        sa.UniqueConstraint("public_id", name=op.f("uq_data_spaces_public_id")),
        sa.UniqueConstraint("tenant_id", "project_id", "id", name=op.f("uq_data_spaces_tenant_id_project_id_id")),
        sa.UniqueConstraint(
            "tenant_id", "project_id", "name_key", name=op.f("uq_data_spaces_tenant_id_project_id_name_key")
        ),
    )
    op.create_table(
        "installations",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("data_space_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("address", sa.String(length=2000), nullable=False),
        sa.Column(
            "side",
            sa.Enum("sandbox", "production", name="environment", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("attached_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("detached_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "project_id", "data_space_id"],
            ["data_spaces.tenant_id", "data_spaces.project_id", "data_spaces.id"],
            name=op.f("fk_installations_tenant_id_project_id_data_space_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_installations_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_installations")),
        sa.UniqueConstraint("public_id", name=op.f("uq_installations_public_id")),
    )
    op.create_index(
        "uq_installations_attached",
        "installations",
        ["tenant_id", "data_space_id"],
        unique=True,
        sqlite_where=sa.text("detached_at IS NULL"),
        postgresql_where=sa.text("detached_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_table("installations")
    op.drop_table("data_spaces")
    op.drop_table("projects")
