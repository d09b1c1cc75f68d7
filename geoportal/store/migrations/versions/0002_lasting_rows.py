"""Rows that say what happened can neither be changed nor deleted: events, versions and revisions of records.

The triggers are SQLite's; a register in PostgreSQL would say the same by functions.
"""

from alembic import op

revision = "0002"
down_revision = "0001"

LASTING = ("events", "records", "versions")


def upgrade() -> None:
    for table in LASTING:
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} are never changed or deleted'); END"
            )
