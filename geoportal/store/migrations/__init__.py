"""How the register's tables came about: Alembic revisions, run by the program itself at start (no alembic.ini).

Phase: penyimpanan. Imported by ``store.register`` alone. Alembic is imported only when there is something to do, so
that a worker or a short command does not pay for it. A new revision: a file in ``versions/``, its id at the end of
``REVISIONS``, the change in ``tables``.
"""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

REVISIONS = ("0001", "0002", "0003")
"""All revisions, oldest first; a test holds this list against the files."""

FOLDER = Path(__file__).parent


def revision_of(conn: sa.Connection) -> str | None:
    """The revision of the register that ``conn`` is open on, None where it is still empty."""
    if not sa.inspect(conn).has_table("alembic_version"):
        return None
    found: str | None = conn.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one_or_none()
    return found


def upgrade(conn: sa.Connection, target: str = "head") -> None:
    """Run the revisions up to ``target`` inside the transaction of ``conn``; a dangling reference undoes them all."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = conn
    command.upgrade(config, target)
    broken = conn.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
    if broken:
        raise RuntimeError(f"revision {target} leaves references without a row: {broken[:3]}")
