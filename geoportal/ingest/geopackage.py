"""What a GeoPackage says of itself, asked with SQLite in read-only, immutable, distrustful mode before GDAL opens it.

Only tables of gpkg_contents are layers. Views can compute anything (a view of one line took 1.8 GB), triggers are not
ours to run, and neither is needed: both are left alone.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from geoportal.ingest.crs import identify
from geoportal.ingest.refusal import Note, refuse, shown

_APPLICATION_IDS = {0x47503130, 0x47503131, 0x47504B47}  # GP10, GP11, GPKG
_UNDEFINED = {-1, 0}  # srs_id of "undefined cartesian" and "undefined geographic" (OGC 12-128r18, 1.1.2.1.2)
_LARGEST_VALUE = 256 << 20


@dataclass(frozen=True, slots=True)
class FeatureTable:
    """A layer of a GeoPackage: its table, whether it has geometry, its reference system, and what to say of it."""

    table: str
    has_geometry: bool
    crs: str | None
    notes: tuple[Note, ...]


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    # immutable: no journal is replayed and nothing is written beside the file; the layer is what stands in the file.
    connection = sqlite3.connect(f"file:{quote(str(path))}?mode=ro&immutable=1", uri=True)
    try:
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LARGEST_VALUE)
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA cell_size_check = ON")
        connection.execute("PRAGMA mmap_size = 0")
        yield connection
    finally:
        connection.close()


def feature_tables(path: Path, max_fields: int) -> list[FeatureTable]:
    """The layers of a GeoPackage, features before attribute tables; attribute tables only where there are no features.

    Raises a refusal: format-not-supported (other SQLite), source-unreadable (damaged), fields-too-many, no-layer.
    """
    try:
        with _opened(path) as connection:
            return _listed(connection, max_fields)
    except (sqlite3.DatabaseError, OverflowError, UnicodeDecodeError) as error:
        if isinstance(error, sqlite3.OperationalError) and "memory" in str(error):
            raise MemoryError from error
        raise refuse("source-unreadable", reason="damaged", message=shown(str(error))) from error


def _listed(connection: sqlite3.Connection, max_fields: int) -> list[FeatureTable]:
    kinds = dict(connection.execute("SELECT name, type FROM sqlite_master WHERE type IN ('table', 'view')"))
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    if "gpkg_contents" not in kinds or kinds["gpkg_contents"] != "table":
        kind = "MBTiles" if "tiles" in kinds else "SpatiaLite" if "geometry_columns" in kinds else "SQLite"
        if application in _APPLICATION_IDS:
            raise refuse("no-layer", files=[])
        raise refuse("format-not-supported", kind=kind)
    answer = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if answer != "ok":
        raise refuse("source-unreadable", reason="damaged", message=shown(str(answer)))
    listed = connection.execute(
        "SELECT c.table_name, c.data_type, c.srs_id FROM gpkg_contents c ORDER BY c.rowid"
    ).fetchall()
    views = [name for name, kind, _ in listed if kind in ("features", "attributes") and kinds.get(name) == "view"]
    notes = _unlisted(views)
    for wanted in ("features", "attributes"):
        names = [(name, srs) for name, kind, srs in listed if kind == wanted and kinds.get(name) == "table"]
        if names:
            return [_table(connection, str(n), srs, wanted == "features", max_fields, notes) for n, srs in names]
    if any(kind in ("tiles", "2d-gridded-coverage") for _, kind, _ in listed):
        raise refuse("format-not-supported", kind="GeoPackage (tiles)")
    raise refuse("no-layer", files=[shown(str(name)) for name in views][:10])


def _unlisted(views: list[Any]) -> tuple[Note, ...]:
    if not views:
        return ()
    names = ", ".join(shown(str(name)) for name in views[:5])
    return (("reader-message", {"message": f"GeoPackage: {len(views)} view(s) not read: {names}"}),)


def _table(
    connection: sqlite3.Connection, name: str, srs_id: Any, spatial: bool, max_fields: int, notes: tuple[Note, ...]
) -> FeatureTable:
    # table_xinfo also counts generated and hidden columns.
    quoted = '"' + name.replace('"', '""') + '"'
    columns = len(connection.execute(f"PRAGMA table_xinfo({quoted})").fetchall())
    if columns - 1 - spatial > max_fields:
        raise refuse("fields-too-many", count=columns - 1 - spatial, limit=max_fields, layer=shown(name))
    if not spatial:
        return FeatureTable(name, False, None, notes)
    row = connection.execute("SELECT srs_id FROM gpkg_geometry_columns WHERE table_name = ?", (name,)).fetchone()
    crs, found = _crs(connection, row[0] if row else srs_id)
    return FeatureTable(name, row is not None, crs, (*notes, *found))


def _crs(connection: sqlite3.Connection, srs_id: Any) -> tuple[str | None, list[Note]]:
    """The reference system of a table. The definition decides; organisation and number are only its label."""
    if srs_id is None or srs_id in _UNDEFINED:
        return None, []
    cursor = connection.execute("SELECT * FROM gpkg_spatial_ref_sys WHERE srs_id = ?", (srs_id,))
    values = cursor.fetchone()
    if values is None:
        return None, [("reader-message", {"message": f"GeoPackage: srs_id {shown(str(srs_id))} is not in the file"})]
    row = dict(zip((column[0] for column in cursor.description), values, strict=True))
    label = f"{row.get('organization')}:{row.get('organization_coordsys_id')}".upper()
    # WKT 2 is written where WKT 1 cannot say it (extension gpkg_crs_wkt).
    definitions = [row.get("definition_12_063"), row.get("definition")]
    texts = [text for text in definitions if isinstance(text, str) and text.strip().lower() not in ("", "undefined")]
    if not texts:
        return identify(label)
    return identify(texts[0])
