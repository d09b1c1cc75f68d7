"""The fault GeoPackage: every place of every finding as a row that QGIS shows with its colour, shape and sentence.

Tables ``titik``, ``garis`` and ``luas`` (points, lines, areas) in the layer's own reference system; an unknown one
stays unknown. Every occurrence is a row of ``titik``, also one without a place (its geometry is null then), and one
with a shape is a row of ``garis`` or ``luas`` as well. Where a file has layers in several systems, the second has
``titik_2`` and so on.
"""

from __future__ import annotations

import sqlite3
import warnings
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson

from geoportal.checks import texts
from geoportal.language import text
from geoportal.model.report import Finding, Occurrence, Report
from geoportal.reports import qgis
from geoportal.reports.target import whole

if TYPE_CHECKING:
    import pyarrow

FIELDS: Final = ("rule", "severity", "feature", "related", "message", "hint", "params", "layer")
"""The columns of each table; ``message`` says what is wrong in this place, ``params`` is JSON."""
TABLES: Final = {"titik": "Point", "garis": "MultiLineString", "luas": "MultiPolygon"}
GEOMETRY: Final = "geom"
CRS84: Final = "OGC:CRS84"

Row = tuple[Finding, Occurrence]


def write_faults(report: Report, target: Path, language: str) -> int:
    """Write the fault GeoPackage of a report that holds all its places; returns the number of rows of ``titik``.

    BadRequest where ``target`` is a folder. The file is written whole or not at all.
    """
    groups = rows_by_crs(report)
    with whole(target) as path:
        for number, (crs, rows) in enumerate(groups, start=1):
            suffix = "" if number == 1 else f"_{number}"
            for kind, table in tables_of(rows, language).items():
                if number == 1 or table.num_rows:
                    _write(path, kind + suffix, kind, table, crs)
        _add_styles(path, language)
    return sum(len(rows) for _, rows in groups)


def rows_by_crs(report: Report) -> list[tuple[str | None, list[Row]]]:
    """Every finding with each of its occurrences, by the reference system of its layer; a finding without any is a row
    of its own, and one about the file stands with the first layer.
    """
    crs_of = {layer.name: layer.crs for layer in report.layers}
    first = report.layers[0].crs if report.layers else None
    groups: dict[str | None, list[Row]] = {first: []}
    for finding in report.findings:
        rows = groups.setdefault(crs_of.get(finding.layer, first) if finding.layer else first, [])
        rows.extend((finding, item) for item in finding.occurrences or (Occurrence(),))
    return list(groups.items())


def tables_of(rows: list[Row], language: str) -> dict[str, pyarrow.Table]:
    """The rows as the three tables, geometry as WKB in the layer's own coordinates."""
    import numpy as np
    import shapely

    points = np.full(len(rows), None, dtype=object)
    placed = np.array([at for at, (_, item) in enumerate(rows) if item.where], dtype=np.intp)
    if placed.size:
        points[placed] = shapely.points(np.array([rows[at][1].where for at in placed], dtype=float))
    shaped = np.array([at for at, (_, item) in enumerate(rows) if item.geometry], dtype=np.intp)
    shapes = shapely.from_geojson([orjson.dumps(rows[at][1].geometry).decode() for at in shaped])
    said = _sayer(language)
    tables = {"titik": _table(rows, points, said)}
    for kind, dimension, together in (
        ("garis", 1, shapely.multilinestrings),
        ("luas", 2, shapely.multipolygons),
    ):
        numbers, parts = _parts(shapes, dimension)
        chosen, back = np.unique(numbers, return_inverse=True)
        gathered = np.asarray(together(parts, indices=back)) if len(parts) else np.empty(0, dtype=object)
        tables[kind] = _table([rows[shaped[at]] for at in chosen], gathered, said)
    return tables


def _parts(shapes: Any, dimension: int) -> tuple[Any, Any]:
    """The single lines or areas that shapes are made of, and the number of the shape that each belongs to."""
    import numpy as np
    import shapely

    parts, outer = shapely.get_parts(np.asarray(shapes, dtype=object), return_index=True)
    parts, inner = shapely.get_parts(parts, return_index=True)  # those of a collection have parts themselves
    chosen = (shapely.get_dimensions(parts) == dimension) & ~shapely.is_empty(parts)
    return outer[inner][chosen], shapely.force_2d(parts[chosen])


def _sayer(language: str) -> Callable[[Row], tuple[str, str]]:
    """A function that says of a row what is wrong there and what to do; what holds for a finding is said once."""
    about: dict[int, tuple[str, str]] = {}

    def say(row: Row) -> tuple[str, str]:
        finding, item = row
        if id(finding) not in about:
            about[id(finding)] = texts.message(finding, language), texts.hint(finding, language)
        message, hint = about[id(finding)]
        return texts.occurrence(finding, item, language) or message, hint

    return say


def _table(rows: Iterable[Row], shapes: Any, said: Callable[[Row], tuple[str, str]]) -> pyarrow.Table:
    import pyarrow as pa
    import shapely

    columns: dict[str, list[Any]] = {name: [] for name in FIELDS}
    for finding, item in rows:
        message, hint = said((finding, item))
        values = (
            finding.rule, str(finding.severity), item.feature, item.related, message, hint,
            orjson.dumps(item.params or finding.params).decode(), finding.layer,
        )  # fmt: skip
        for name, value in zip(FIELDS, values, strict=True):
            columns[name].append(value)
    arrays = [pa.array(columns[name], pa.string()) for name in FIELDS]
    fields = [pa.field(name, pa.string()) for name in FIELDS]
    arrays.append(pa.array(shapely.to_wkb(shapes, flavor="iso"), pa.binary()))
    fields.append(pa.field(GEOMETRY, pa.binary(), metadata={"ARROW:extension:name": "geoarrow.wkb"}))
    return pa.table(arrays, schema=pa.schema(fields))


def _write(path: Path, name: str, kind: str, table: pyarrow.Table, crs: str | None) -> None:
    from pyogrio.raw import write_arrow

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that the reference system is unknown is known
        write_arrow(
            table,
            str(path),
            layer=name,
            driver="GPKG",
            geometry_name=GEOMETRY,
            geometry_type=TABLES[kind],
            # A GeoPackage always holds x before y, so there CRS84 and EPSG:4326 are one, and every program knows the
            # second.
            crs="EPSG:4326" if crs == CRS84 else crs,
            layer_options={"FID": "fid", "GEOMETRY_NAME": GEOMETRY},
        )


def _add_styles(path: Path, language: str) -> None:
    """Lay a style beside each table, which QGIS takes by itself when the file is opened."""
    description = text("reports", "qgis.description", language)
    with closing(sqlite3.connect(path)) as file, file:
        names = [name for (name,) in file.execute("SELECT table_name FROM gpkg_geometry_columns ORDER BY rowid")]
        file.execute(qgis.CREATE)
        file.execute(qgis.REGISTER)
        for name in names:
            style = qgis.style_of(name.split("_")[0], language)
            file.execute(qgis.INSERT, (name, GEOMETRY, qgis.STYLE_NAME, style, description))
