"""Features as CSV, by the rules of the download of the same layer (``serving.downloads.sheet``): what it says of the
byte order mark, of quotes and of formulas holds here.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import shapely

from geoportal.ogc.formats.chosen import Batch, Chosen
from geoportal.serving.crs import CRS84
from geoportal.serving.downloads.contents import as_texts, free_name
from geoportal.serving.downloads.sheet import BOM, harmless
from geoportal.serving.downloads.wkt import wkt_texts


def write(chosen: Chosen) -> Iterator[bytes]:
    """Header and lines (RFC 4180). Places are WKT (OGC 06-103r4) in the reference system of the answer and its axis
    order: CSV has no rule of its own, so ``Content-Crs`` tells (OGC 18-058r1 /req/crs/ogc-crs-header-value). Points
    have lon and lat (CRS84) besides.
    """
    names = chosen.column_names
    places = _places(chosen, names)
    alone = len(names) + len(places) == 1  # a line without anything is no line
    yield (BOM + _lines([[harmless(name) for name in [*names, *places]]])).encode()
    for batch in chosen.batches():
        columns = [_cells(kind, values) for kind, values in zip(chosen.column_types, batch.columns, strict=True)]
        if places:
            columns.append(list(wkt_texts(batch.shapes_as_written)))
        if len(places) > 1:
            columns += _lon_lat(batch)
        if alone:
            columns = [["" if value is None else value for value in columns[0]]]
        yield _lines(zip(*columns, strict=True)).encode()


def _lines(rows: Any) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_STRINGS, lineterminator="\r\n").writerows(rows)
    return text.getvalue()


def _cells(kind: str, values: list[Any]) -> list[Any]:
    if kind in ("integer", "number"):
        return [value if not isinstance(value, str) else harmless(value) for value in values]
    if kind == "boolean":
        return [None if value is None else ("true" if value else "false") for value in values]
    return [value if value is None else harmless(value) for value in as_texts(values)]


def _places(chosen: Chosen, names: list[str]) -> list[str]:
    """The names of the columns for places: the same on every page, so by what the whole layer is."""
    if not chosen.placed:
        return []
    added: list[str] = []
    for wanted in ("wkt", "lon", "lat") if chosen.serving.summary.geometry_type == "Point" else ("wkt",):
        added.append(free_name(wanted, [*names, *added]))
    return added


def _lon_lat(batch: Batch) -> list[list[float | None]]:
    points = batch.shapes if batch.chosen.crs == CRS84 else batch.chosen.serving.shapes(batch.rows, CRS84)
    columns = np.column_stack([shapely.get_x(points), shapely.get_y(points)]) + 0.0
    return [[None if np.isnan(value) else value for value in side] for side in columns.T.tolist()]
