"""Mail domains of accounts, and who joins by the word of an identity provider."""

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "mail_domains",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(253), nullable=False),
        sa.Column("token", sa.String(64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("looked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("proven_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_mail_domains_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_mail_domains")),
        sa.UniqueConstraint("tenant_id", "name", name=op.f("uq_mail_domains_tenant_id_name")),
    )
    op.create_index(
        "uq_mail_domains_proven",
        "mail_domains",
        ["name"],
        unique=True,
        sqlite_where=sa.text("proven_at IS NOT NULL"),
        postgresql_where=sa.text("proven_at IS NOT NULL"),
    )
    joining = sa.Enum("nobody", "domain", name="joining", native_enum=False, create_constraint=True, length=32)
    with op.batch_alter_table("identity_providers") as batch:
        batch.add_column(sa.Column("joining", joining, nullable=False, server_default="nobody"))


def downgrade() -> None:
    with op.batch_alter_table("identity_providers") as batch:
        batch.drop_constraint(op.f("ck_identity_providers_joining"), type_="check")
        batch.drop_column("joining")
    op.drop_index("uq_mail_domains_proven", table_name="mail_domains")
    op.drop_table("mail_domains")
