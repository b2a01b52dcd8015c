"""Create key pairs, intents and blocked keys."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "key_pairs",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("holder_id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("delegation_id", sa.Uuid(), nullable=True),
        sa.Column(
            "environment",
            sa.Enum("sandbox", "production", name="environment", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("name_key", sa.String(length=1024), nullable=False),
        sa.Column("api_key", sa.String(length=32), nullable=False),
        sa.Column("spki", sa.LargeBinary(), nullable=False),
        sa.Column("spki_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("bits", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "pending",
                "active",
                "retiring",
                "lapsed",
                "retired",
                "revoked",
                "compromised",
                name="keystate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "origin",
            sa.Enum(
                "server",
                "upload",
                "browser",
                "command",
                name="keyorigin",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("made_by_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("activated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("retiring_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("replaces_id", sa.Uuid(), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_by_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("(holder_id = tenant_id) = (delegation_id IS NULL)", name=op.f("ck_key_pairs_holder")),
        sa.ForeignKeyConstraint(["holder_id"], ["tenants.id"], name=op.f("fk_key_pairs_holder_id")),
        sa.ForeignKeyConstraint(["made_by_id"], ["people.id"], name=op.f("fk_key_pairs_made_by_id")),
        sa.ForeignKeyConstraint(["revoked_by_id"], ["people.id"], name=op.f("fk_key_pairs_revoked_by_id")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "contract_id"],
            ["contracts.tenant_id", "contracts.id"],
            name=op.f("fk_key_pairs_tenant_id_contract_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "delegation_id"],
            ["delegations.tenant_id", "delegations.id"],
            name=op.f("fk_key_pairs_tenant_id_delegation_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "replaces_id"],
            ["key_pairs.tenant_id", "key_pairs.id"],
            name=op.f("fk_key_pairs_tenant_id_replaces_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_key_pairs_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_key_pairs")),
    )
    op.create_index("ix_key_pairs_delegation", "key_pairs", ["tenant_id", "delegation_id"], unique=False)
    op.create_index("ix_key_pairs_holder", "key_pairs", ["holder_id", "state", "id"], unique=False)
    op.create_index("ix_key_pairs_list", "key_pairs", ["tenant_id", "environment", "id"], unique=False)
    op.create_index("uq_key_pairs_api_key", "key_pairs", ["api_key"], unique=True)
    op.create_index(
        "uq_key_pairs_name",
        "key_pairs",
        ["tenant_id", "holder_id", "environment", "name_key"],
        unique=True,
        sqlite_where=sa.text("state IN ('pending', 'active')"),
        postgresql_where=sa.text("state IN ('pending', 'active')"),
    )
    op.create_index("uq_key_pairs_spki_sha256", "key_pairs", ["spki_sha256"], unique=True)
    op.create_table(
        "key_intents",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("holder_id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("delegation_id", sa.Uuid(), nullable=True),
        sa.Column(
            "environment",
            sa.Enum("sandbox", "production", name="environment", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column(
            "origin",
            sa.Enum(
                "server",
                "upload",
                "browser",
                "command",
                name="keyorigin",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("nonce", sa.LargeBinary(length=32), nullable=False),
        sa.Column("spki", sa.LargeBinary(), nullable=True),
        sa.Column("key_pair_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("discarded_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["holder_id"], ["tenants.id"], name=op.f("fk_key_intents_holder_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_key_intents_person_id")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "contract_id"],
            ["contracts.tenant_id", "contracts.id"],
            name=op.f("fk_key_intents_tenant_id_contract_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "delegation_id"],
            ["delegations.tenant_id", "delegations.id"],
            name=op.f("fk_key_intents_tenant_id_delegation_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "key_pair_id"],
            ["key_pairs.tenant_id", "key_pairs.id"],
            name=op.f("fk_key_intents_tenant_id_key_pair_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_key_intents_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_key_intents")),
    )
    op.create_index("uq_key_intents_public_id", "key_intents", ["public_id"], unique=True)
    op.create_table(
        "blocked_keys",
        sa.Column("spki_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=False),
        sa.Column("blocked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("spki_sha256", name=op.f("pk_blocked_keys")),
    )


def downgrade() -> None:
    op.drop_table("blocked_keys")
    op.drop_table("key_intents")
    op.drop_table("key_pairs")
