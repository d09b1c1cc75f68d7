"""The first register: datasets, their records, versions and publications, tokens, and the trail of events."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    counters = op.create_table(
        "counters",
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("value", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_counters"),
    )
    op.bulk_insert(counters, [{"name": "generation", "value": 0}])
    op.create_table(
        "datasets",
        sa.Column("dataset_id", sa.String(64), nullable=False),
        sa.Column("classification", sa.String(16), nullable=False),
        sa.Column("opd", sa.JSON, nullable=False),
        sa.Column("stage", sa.String(16), nullable=False),
        sa.Column("specification", sa.JSON, nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.PrimaryKeyConstraint("dataset_id", name="pk_datasets"),
        sa.CheckConstraint(
            "classification IN ('PUBLIC', 'GOVERNMENT', 'PRIVATE', 'IGSTRATEGIS')",
            name=op.f("ck_datasets_classification"),
        ),
        sa.CheckConstraint("stage IN ('draft', 'published', 'withdrawn')", name=op.f("ck_datasets_stage")),
    )
    op.create_table(
        "records",
        sa.Column("dataset_id", sa.String(64), nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("content", sa.JSON, nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.PrimaryKeyConstraint("dataset_id", "revision", name="pk_records"),
        sa.ForeignKeyConstraint(["dataset_id"], ["datasets.dataset_id"], name="fk_records_dataset_id"),
    )
    op.create_table(
        "versions",
        sa.Column("dataset_id", sa.String(64), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("source_name", sa.Text, nullable=False),
        sa.Column("features", sa.Integer, nullable=False),
        sa.Column("crs", sa.Text),
        sa.Column("geometry_type", sa.Text),
        sa.Column("verdict", sa.String(32), nullable=False),
        sa.Column("gate", sa.String(16)),
        sa.Column("spec", sa.Text),
        sa.Column("note", sa.Text),
        sa.Column("same_as", sa.Integer),
        sa.Column("idempotency_key", sa.Text),
        sa.PrimaryKeyConstraint("dataset_id", "number", name="pk_versions"),
        sa.ForeignKeyConstraint(["dataset_id"], ["datasets.dataset_id"], name="fk_versions_dataset_id"),
        sa.ForeignKeyConstraint(
            ["dataset_id", "same_as"], ["versions.dataset_id", "versions.number"], name="fk_versions_dataset_id_same_as"
        ),
        sa.UniqueConstraint("dataset_id", "idempotency_key", name="uq_versions_dataset_id_idempotency_key"),
        sa.CheckConstraint("number >= 1", name=op.f("ck_versions_number")),
    )
    op.create_table(
        "publications",
        sa.Column("sequence", sa.Integer, nullable=False),
        sa.Column("dataset_id", sa.String(64), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("build", sa.String(32), nullable=False),
        sa.Column("specification", sa.JSON, nullable=False),
        sa.Column("override", sa.Text),
        sa.Column("published_at", sa.DateTime, nullable=False),
        sa.Column("published_by", sa.Text, nullable=False),
        sa.Column("ended_at", sa.DateTime),
        sa.Column("retired", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("sequence", name="pk_publications"),
        sa.ForeignKeyConstraint(
            ["dataset_id", "number"],
            ["versions.dataset_id", "versions.number"],
            name="fk_publications_dataset_id_number",
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_publications_dataset_id_number", "publications", ["dataset_id", "number"])
    op.create_index(
        "uq_publications_current",
        "publications",
        ["dataset_id"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "tokens",
        sa.Column("sequence", sa.Integer, nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("prefix", sa.String(16), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("classes", sa.JSON, nullable=False),
        sa.Column("datasets", sa.JSON, nullable=False),
        sa.Column("opd", sa.Text),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("expires_at", sa.DateTime, nullable=False),
        sa.Column("revoked_at", sa.DateTime),
        sa.PrimaryKeyConstraint("sequence", name="pk_tokens"),
        sa.UniqueConstraint("prefix", name="uq_tokens_prefix"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "uq_tokens_live_name",
        "tokens",
        ["name"],
        unique=True,
        sqlite_where=sa.text("revoked_at IS NULL"),
        postgresql_where=sa.text("revoked_at IS NULL"),
    )
    op.create_table(
        "events",
        sa.Column("sequence", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("opd", sa.Text),
        sa.Column("system_user", sa.Text),
        sa.Column("action", sa.String(64), nullable=False),
        sa.Column("dataset_id", sa.String(64)),
        sa.Column("facts", sa.Text, nullable=False),
        sa.Column("prev_hash", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name="pk_events"),
    )
    op.create_index("ix_events_dataset_id", "events", ["dataset_id"])
