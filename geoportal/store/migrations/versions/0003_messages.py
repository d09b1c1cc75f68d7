"""What readers write to the node: reports of a mistake and requests for access, and what was answered."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "messages",
        sa.Column("number", sa.String(16), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("dataset_id", sa.String(64)),
        sa.Column("dataset_version", sa.Integer),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("feature", sa.Text),
        sa.Column("longitude", sa.Float),
        sa.Column("latitude", sa.Float),
        sa.Column("wanted", sa.Text),
        sa.Column("sender", sa.Text),
        sa.Column("agency", sa.Text),
        sa.Column("contact", sa.Text),
        sa.Column("removed", sa.Integer, nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_messages"),
        sa.ForeignKeyConstraint(["dataset_id"], ["datasets.dataset_id"], name="fk_messages_dataset_id"),
        sa.CheckConstraint("kind IN ('mistake', 'access')", name=op.f("ck_messages_kind")),
    )
    op.create_index("ix_messages_created_at", "messages", ["created_at"])
    op.create_table(
        "answers",
        sa.Column("sequence", sa.Integer, nullable=False),
        sa.Column("number", sa.String(16), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("answered_by", sa.Text, nullable=False),
        sa.Column("answered_at", sa.DateTime, nullable=False),
        sa.PrimaryKeyConstraint("sequence", name="pk_answers"),
        sa.ForeignKeyConstraint(["number"], ["messages.number"], name="fk_answers_number"),
        sa.CheckConstraint(
            "status IN ('received', 'checking', 'fixed', 'granted', 'rejected')", name=op.f("ck_answers_status")
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_answers_number", "answers", ["number"])
