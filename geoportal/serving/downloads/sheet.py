"""CSV for spreadsheets and programs: comma, point, UTF-8; what a spreadsheet would run as a formula is made harmless.

The file starts with a byte order mark: Excel takes a CSV without one for the old code page of Windows and breaks every
letter beyond ASCII, while QGIS, GDAL, pandas and LibreOffice pass over it. Separator and decimal mark stay those of RFC
4180 and of every program, also where Excel runs in Indonesian (``;`` and decimal comma): what is written for one
country's spreadsheet reads wrongly everywhere else. How such an Excel opens it is said beside the file.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from geoportal.serving.crs import DECIMALS_DEGREES
from geoportal.serving.downloads.contents import Contents, as_texts, free_name
from geoportal.serving.downloads.geojson import moved
from geoportal.serving.downloads.notes import Note
from geoportal.serving.downloads.wkt import wkt_texts

BOM = "\ufeff"
LONGEST_CELL = 32_767
"""Characters that a cell of Excel holds."""

_TRIGGERS = "=+-@\t\r\n＝＋－＠"
_NUMBER = re.compile(r"[+-]?[0-9]+([.,][0-9]+)*([eE][+-]?[0-9]+)?")
_INSIDE = re.compile(r"([;\t\r\n])(?=[=+\-@＝＋－＠])")


def harmless(text: str) -> str:
    """A text that no spreadsheet runs: led by an apostrophe where it starts as formulas do and is not a mere number.

    Also behind ``;``, tab and line end, where a spreadsheet with another separator would start a new cell.
    """
    if text[:1] in _TRIGGERS and text and not _NUMBER.fullmatch(text):
        text = "'" + text
    return _INSIDE.sub(r"\1'", text) if ";" in text or "\t" in text or "\n" in text or "\r" in text else text


def write_rows(path: Path, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write a CSV: text in quotes, numbers bare, nothing at all for no value."""
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(BOM)
        writer = csv.writer(file, quoting=csv.QUOTE_STRINGS, lineterminator="\r\n")
        writer.writerow([harmless(name) for name in header])
        writer.writerows(rows)


def write(contents: Contents, path: Path) -> list[Note]:
    """Write the attributes, then the geometry as WKT in the source's reference system, and for points lon and lat
    (CRS84).
    """
    tamed = 0
    columns: list[list[Any]] = []
    for field, values in zip(contents.fields, contents.values, strict=True):
        if field.type in ("integer", "number"):
            columns.append([value if not isinstance(value, str) else harmless(value) for value in values])
        elif field.type == "boolean":
            columns.append([None if value is None else ("true" if value else "false") for value in values])
        else:
            texts = as_texts(values)
            safe = [value if value is None else harmless(value) for value in texts]
            tamed += sum(before != after for before, after in zip(texts, safe, strict=True))
            columns.append(safe)
    names = list(contents.names)
    header = [*names, *_places(contents)]
    tamed += sum(harmless(name) != name for name in names)
    longest = 0
    if not contents.is_table:
        wkt = wkt_texts(contents.geometries)
        columns.append(wkt)
        longest = max((len(text) for text in wkt if text), default=0)
        if has_points(contents):
            columns += _lon_lat(contents)
    if len(columns) == 1:  # a line without anything is no line
        columns = [["" if value is None else value for value in columns[0]]]
    write_rows(path, header, zip(*columns, strict=True))
    notes = [Note("excel")]
    if tamed:
        notes.append(Note("formulas", count=tamed))
    if longest > LONGEST_CELL:
        notes.append(Note("long-cells", longest=longest, most=LONGEST_CELL))
    if not contents.is_table:
        notes.append(Note("wkt-column", name=_places(contents)[0]))
        if has_points(contents):
            lon, lat = _places(contents)[1:]
            notes.append(Note("lon-lat", lon=lon, lat=lat))
            notes += moved(contents)
            if contents.solid:
                notes.append(Note("flat-lon-lat", count=contents.solid))
    return notes + contents.renamed() + contents.texts("json", "time", "binary")


def reopen(contents: Contents, path: Path) -> None:
    """Read the file line by line; RuntimeError where it does not hold every feature with every column."""
    limit = csv.field_size_limit(2**31 - 1)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = csv.reader(file, strict=True)
            header = next(lines)
            wide, count = len(header), 0
            for line in lines:
                count += 1
                if len(line) != wide:
                    raise RuntimeError(f"row {count} of the CSV of {contents.dataset_id} has {len(line)} cells")
    finally:
        csv.field_size_limit(limit)
    expected = [harmless(name) for name in contents.names] + _places(contents)
    if header != expected or count != len(contents):
        raise RuntimeError(f"the CSV of {contents.dataset_id} reads as {count} rows with {header}")


def has_points(contents: Contents) -> bool:
    """Whether all features with a place are single points."""
    kinds = shapely.get_type_id(contents.geometries)
    kinds = kinds[kinds >= 0]
    return bool(len(kinds)) and bool((kinds == 0).all())


def _places(contents: Contents) -> list[str]:
    """The names of the columns that hold places."""
    if contents.is_table:
        return []
    names = list(contents.names)
    added: list[str] = []
    for wanted in ("wkt", "lon", "lat") if has_points(contents) else ("wkt",):
        added.append(free_name(wanted, [*names, *added]))
    return added


def _lon_lat(contents: Contents) -> list[list[float | None]]:
    coordinates, owners = shapely.get_coordinates(contents.geometries, return_index=True)
    placed = np.round(contents.summary.operation.transform(coordinates), DECIMALS_DEGREES) + 0.0
    found: list[list[float | None]] = [[None] * len(contents), [None] * len(contents)]
    for owner, (lon, lat) in zip(owners.tolist(), placed.tolist(), strict=True):
        if np.isfinite(lon) and np.isfinite(lat):
            found[0][owner], found[1][owner] = lon, lat
    return found
