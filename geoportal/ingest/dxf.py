"""Drawings (DXF, text and binary): entities in drawing coordinates, with layer, colour and text; never a reference
system.

GDAL reads the entities. Before it does, our own pass over the group codes counts them, finds the unit of the drawing,
and the entities that GDAL would leave out without a word (a SPLINE that only has fit points makes it skip).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
from pyogrio.raw import read_arrow

from geoportal.ingest import gdal
from geoportal.ingest.refusal import Note, refuse, shown
from geoportal.ingest.source import Source

DRIVER = "DXF"
BINARY = b"AutoCAD Binary DXF\r\n\x1a\0"

# What the DXF driver of GDAL makes features of; VERTEX, SEQEND and ATTRIB are parts of others, VIEWPORT and SUN draw
# nothing.
_READ = frozenset((
    "POINT", "LINE", "LWPOLYLINE", "POLYLINE", "CIRCLE", "ELLIPSE", "ARC", "SPLINE", "HELIX", "3DFACE", "SOLID",
    "TRACE", "HATCH", "TEXT", "MTEXT", "INSERT", "DIMENSION", "LEADER", "MULTILEADER", "MLEADER", "ATTRIB", "ATTDEF",
))  # fmt: skip
_PARTS = frozenset(("VERTEX", "SEQEND", "VIEWPORT", "SUN", "ENDSEC", "ENDBLK"))
_METRES = 6
_UNITS = {
    1: "inch", 2: "foot", 3: "mile", 4: "millimetre", 5: "centimetre", 6: "metre", 7: "kilometre", 8: "microinch",
    9: "mil", 10: "yard", 11: "angstrom", 12: "nanometre", 13: "micrometre", 14: "decimetre", 15: "decametre",
    16: "hectometre", 17: "gigametre", 18: "astronomical-unit", 19: "light-year", 20: "parsec", 21: "us-foot",
}  # fmt: skip
_CODEPOINT = re.compile(r"\\U\+([0-9A-Fa-f]{4})")
_COLOUR = r"c:(?P<colour>#[0-9a-fA-F]{6})"


@dataclass(frozen=True, slots=True)
class Drawing:
    """What a drawing says of itself: its unit ($INSUNITS), how many entities of each kind, and what will not read."""

    unit: int | None
    entities: dict[str, int]
    splines: tuple[str, ...]  # layer and handle of splines without control points

    @property
    def unread(self) -> dict[str, int]:
        """Entities that have a shape or a picture and that are not read, by kind."""
        return {kind: n for kind, n in sorted(self.entities.items()) if kind not in _READ | _PARTS}


def find_sources(path: Path, stem: str, max_fields: int) -> list[Source]:
    """The one layer of a drawing. A drawing has no reference system to state."""
    return [Source(name=stem, driver=DRIVER, path=path, notes=notes_of(look(path)), read=read)]


def look(path: Path) -> Drawing:
    """One pass over the group codes of a drawing, text or binary. Raises a refusal where they are none."""
    with path.open("rb") as stream:
        head = stream.read(len(BINARY))
        if head == BINARY:
            pairs = _binary_pairs(stream)
        else:
            stream.seek(0)
            pairs = _text_pairs(stream)
        return _drawing(pairs)


def _drawing(pairs: Iterator[tuple[int, bytes]]) -> Drawing:
    unit: int | None = None
    entities: Counter[str] = Counter()
    splines: list[str] = []
    section, variable = b"", b""
    spline: dict[int, bytes] | None = None
    for code, value in pairs:
        if code == 0:
            if spline is not None and _count(spline.get(73)) == 0:
                splines.append(f"{_name(spline.get(8))} ({_name(spline.get(5)) or '?'})")
            spline = None
            if value == b"ENDSEC":
                section = b""
            elif section in (b"ENTITIES", b"BLOCKS") and value not in (b"BLOCK", b"ENDBLK"):
                if section == b"ENTITIES":
                    entities[_name(value).upper()] += 1
                spline = {} if value == b"SPLINE" else None
            elif value == b"EOF":
                break
        elif code == 2 and not section:
            section = value
        elif section == b"HEADER":
            if code == 9:
                variable = value
            elif code == 70 and variable == b"$INSUNITS":
                unit = _count(value)
        elif spline is not None and code in (5, 8, 73):
            spline[code] = value
    return Drawing(unit, dict(entities), tuple(splines))


def _name(value: bytes | None) -> str:
    return shown((value or b"").decode("utf-8", "replace"), 60)


def _count(value: bytes | None) -> int:
    try:
        return int(value or 0)
    except ValueError:
        return 0


def _text_pairs(stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    while True:
        pair = [line.strip() for line in islice(stream, 2)]
        if len(pair) < 2:
            return
        try:
            yield int(pair[0]), pair[1]
        except ValueError:
            raise refuse("source-unreadable", reason="dxf") from None


def _binary_pairs(stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Group codes of two bytes (before R13: one, with 255 as the sign of two), values by the kind of their code."""
    content = stream.read()
    wide = content[1:2] == b"\0"  # the first group is 0 SECTION
    at = 0
    while at + 1 < len(content):
        code = int.from_bytes(content[at : at + 2], "little") if wide else content[at]
        at += 2 if wide else 1
        if not wide and code == 255:
            code, at = int.from_bytes(content[at : at + 2], "little"), at + 2
        size = _value_bytes(code)
        if size is None:
            end = content.find(b"\0", at)
            if end < 0:
                return
            yield code, content[at:end]
            at = end + 1
        elif size == 0:
            at += 1 + content[at] if at < len(content) else 1
        else:
            value = content[at : at + size]
            yield code, str(int.from_bytes(value, "little", signed=True)).encode() if size < 8 else b""
            at += size


def _value_bytes(code: int) -> int | None:
    """How long the value of a group is; None for text that ends with NUL, 0 for a chunk that begins with its length."""
    if 10 <= code <= 59 or 110 <= code <= 149 or 210 <= code <= 239 or 460 <= code <= 469 or 1010 <= code <= 1059:
        return 8
    if 60 <= code <= 79 or 170 <= code <= 179 or 270 <= code <= 289 or 370 <= code <= 389 or 400 <= code <= 409:
        return 2
    if code in range(1060, 1071):
        return 2
    if 90 <= code <= 99 or 420 <= code <= 429 or 440 <= code <= 459 or code == 1071:
        return 4
    if 160 <= code <= 169:
        return 8
    if 290 <= code <= 299:
        return 1
    return 0 if 310 <= code <= 319 or code == 1004 else None


def notes_of(drawing: Drawing) -> tuple[Note, ...]:
    """What must be said of a drawing before it is read: its unit where it is not the metre, entities left out."""
    notes: list[Note] = []
    if drawing.unit is not None and drawing.unit in _UNITS and drawing.unit != _METRES:
        notes.append(("drawing-unit", {"unit": _UNITS[drawing.unit]}))
    if unread := drawing.unread:
        kinds = [f"{shown(kind, 40)} ({count})" for kind, count in list(unread.items())[:20]]
        notes.append(("entities-unread", {"kinds": kinds, "count": sum(unread.values())}))
    return tuple(notes)


def read(source: Source) -> tuple[dict[str, Any], pa.Table]:
    """The entities with layer, line type, text and colour (#rrggbb), as pyogrio would give them.

    Raises a refusal that names the entity where GDAL left one out.
    """
    gdal.forget_errors()
    meta, table = read_arrow(str(source.path))
    failure = gdal.last_failure()
    # The style of a feature is no field of the layer; SQL gives it, row by row alike.
    _, styled = read_arrow(str(source.path), sql="SELECT OGR_STYLE FROM entities", sql_dialect="OGRSQL")
    if failure is not None or styled.num_rows != table.num_rows:
        splines = look(source.path).splines
        if splines:
            raise refuse("source-unreadable", reason="spline", message=None, entities=list(splines[:20]))
        raise refuse("source-unreadable", reason="dxf", message=shown(failure or "", 300))
    colours = pc.struct_field(pc.extract_regex(styled.column("OGR_STYLE").cast(pa.string()), _COLOUR), "colour")
    index = len(table.schema) - 1
    table = table.add_column(index, pa.field("Color", pa.string()), colours)
    return meta, _readable(table)


def _readable(table: pa.Table) -> pa.Table:
    r"""Characters that a drawing writes as \U+03B1, as characters."""
    for index, field in enumerate(table.schema):
        if not (pa.types.is_string(field.type) or pa.types.is_large_string(field.type)):
            continue
        column = table.column(index)
        if column.null_count == len(column) or not pc.any(pc.match_substring(column, "\\U+")).as_py():
            continue
        values = [
            None if value is None else _CODEPOINT.sub(lambda found: chr(int(found.group(1), 16)), value)
            for value in column.to_pylist()
        ]
        whole = [None if v is None else v.encode("utf-8", "replace").decode() for v in values]
        table = table.set_column(index, field, pa.chunked_array([pa.array(whole, field.type)]))
    return table
