"""What shops say about their data spaces, which key created a project, and the versions by which doors keep fresh."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "change_versions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_change_versions")),
    )
    op.create_table(
        "data_space_features",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("data_space_id", sa.Uuid(), nullable=False),
        sa.Column("service_code", sa.String(length=40), nullable=False),
        sa.Column("switched_on_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["service_code"], ["services.code"], name=op.f("fk_data_space_features_service_code")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "project_id", "data_space_id"],
            ["data_spaces.tenant_id", "data_spaces.project_id", "data_spaces.id"],
            name=op.f("fk_data_space_features_tenant_id_project_id_data_space_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_data_space_features_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_data_space_features")),
        sa.UniqueConstraint(
            "tenant_id",
            "data_space_id",
            "service_code",
            name=op.f("uq_data_space_features_tenant_id_data_space_id_service_code"),
        ),
    )
    op.add_column("data_spaces", sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("data_spaces", sa.Column("cloud_project", sa.String(length=64), nullable=True))
    op.add_column("data_spaces", sa.Column("cleanup_asked_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("projects", sa.Column("created_through", sa.String(length=64), nullable=True))


def downgrade() -> None:
    op.drop_column("projects", "created_through")
    op.drop_column("data_spaces", "cleanup_asked_at")
    op.drop_column("data_spaces", "cloud_project")
    op.drop_column("data_spaces", "changed_at")
    op.drop_table("data_space_features")
    op.drop_table("change_versions")
