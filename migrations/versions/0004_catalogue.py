"""Create the catalogue: services and editions."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "services",
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_services")),
    )
    op.create_table(
        "editions",
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "licence",
                "partner",
                "integrator",
                name="contractkind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("projects", sa.Integer(), nullable=False),
        sa.Column("production_spaces", sa.Integer(), nullable=False),
        sa.Column("testing_spaces", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "projects >= 0 AND production_spaces >= 0 AND testing_spaces >= 0", name=op.f("ck_editions_allotment")
        ),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_editions")),
    )
    op.create_table(
        "edition_services",
        sa.Column("edition_code", sa.String(length=40), nullable=False),
        sa.Column("service_code", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["edition_code"], ["editions.code"], name=op.f("fk_edition_services_edition_code")),
        sa.ForeignKeyConstraint(["service_code"], ["services.code"], name=op.f("fk_edition_services_service_code")),
        sa.PrimaryKeyConstraint("edition_code", "service_code", name=op.f("pk_edition_services")),
    )


def downgrade() -> None:
    op.drop_table("edition_services")
    op.drop_table("editions")
    op.drop_table("services")
