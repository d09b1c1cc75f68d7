"""MapInfo tables (.tab with .dat, .map, .id) and interchange files (.mif with .mid), looked at before GDAL opens them.

Their headers are text. What points to other files (seamless tables, linked databases, rasters) is refused: GDAL would
follow it. Arcs, ellipses and texts on the map are counted here, because GDAL turns them into lines, areas and points
without a word. The reference system lies in the features and is read with them.
"""

from __future__ import annotations

import mmap
import re
import struct
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyogrio.raw import read_arrow

from geoportal.ingest.refusal import Note, refuse, shown
from geoportal.ingest.source import Source

DRIVER = "MapInfo File"
_HEADER = 1 << 20  # more than any header of text takes
_TYPE = re.compile(r'^\s*type\s+"?(\w+)"?(?:\s+charset\s+"([^"]*)")?', re.IGNORECASE | re.MULTILINE)
_FIELDS = re.compile(r"^\s*fields\s+(\d+)", re.IGNORECASE | re.MULTILINE)
_COLUMNS = re.compile(r"^\s*columns\s+(\d+)", re.IGNORECASE | re.MULTILINE)
_CHARSET = re.compile(r'^\s*!?charset\s+"?([\w.\-]+)"?', re.IGNORECASE | re.MULTILINE)
_SEAMLESS = re.compile(r'"\\IsSeamless"\s*=\s*"TRUE"', re.IGNORECASE)
_DATA = re.compile(rb"^[ \t]*data[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_OBJECT = re.compile(
    rb"^[ \t]*(none|point|line|pline|region|arc|text|rect|roundrect|ellipse|multipoint|collection)\b[ \t]*(\d*)",
    re.IGNORECASE | re.MULTILINE,
)
_NUMBER = re.compile(rb"^[ \t]*[-+]?(?:nan|inf)", re.IGNORECASE | re.MULTILINE)
_MAP_COOKIE = 42424242
# The first byte of an object in a .map says what it is; each kind has a form with short coordinates.
_ROUND = {0x0A, 0x0B, 0x16, 0x17, 0x19, 0x1A}
_TEXT = {0x10, 0x11}
_FALLBACK = "cp1252"


@dataclass(frozen=True, slots=True)
class _Looked:
    """What the parts say: rows by part, curved objects, texts on the map, and the character set."""

    claims: Mapping[str, int]
    curved: int
    texts: int
    charset: str
    has_geometry: bool
    notes: tuple[Note, ...] = ()


def find_sources(parts: Mapping[str, Path], stem: str, max_fields: int) -> list[Source]:
    """The one layer of a MapInfo table or interchange file, its parts given by suffix.

    Raises a refusal: source-unreadable (parts-missing, header), format-not-supported, source-unsafe (not-a-number),
    fields-too-many.
    """
    main = ".tab" if ".tab" in parts else ".mif"
    looked = _look_tab(parts, max_fields) if main == ".tab" else _look_mif(parts, max_fields)
    notes = list(looked.notes)
    if looked.curved:
        notes.append(("geometry-curved", {"count": looked.curved}))
    if looked.texts:
        notes.append(("content-not-kept", {"things": {"texts-on-map": looked.texts}, "count": looked.texts}))
    return [
        Source(
            name=stem,
            driver=DRIVER,
            path=parts[main],
            parts=dict(parts),
            has_geometry=looked.has_geometry,
            claims=looked.claims,
            notes=tuple(notes),
            reads_crs=True,
            read=partial(_read, neutral=looked.charset.casefold() in ("neutral", "")),
        )
    ]


def find_alone(path: Path, stem: str, max_fields: int) -> list[Source]:
    """A MapInfo file that came without the others: an interchange file may, a table may not."""
    if path.suffix.lower() != ".mif":
        raise refuse("source-unreadable", reason="parts-missing")
    return find_sources({".mif": path}, stem, max_fields)


def _look_tab(parts: Mapping[str, Path], max_fields: int) -> _Looked:
    text = _header_text(parts[".tab"])
    if not text.lstrip("\ufeff \t\r\n").lower().startswith("!table"):
        raise refuse("source-unreadable", reason="header")
    kind = _TYPE.search(text)
    if kind is None or _SEAMLESS.search(text) or kind.group(1).upper() not in ("NATIVE", "LINKED"):
        said = "seamless" if _SEAMLESS.search(text) else kind.group(1).upper() if kind else "?"
        raise refuse("format-not-supported", kind=f"MapInfo TAB ({shown(said, 20)})")
    if ".dat" not in parts or (".map" in parts) != (".id" in parts):
        raise refuse("source-unreadable", reason="parts-missing")
    fields = _FIELDS.search(text)
    _check_fields(int(fields.group(1)[:9]) if fields else 0, max_fields)
    rows = _rows_of_table(parts[".dat"])
    charset = kind.group(2) or (found.group(1) if (found := _CHARSET.search(text)) else "")
    if ".map" not in parts:
        return _Looked({"table": rows}, 0, 0, charset, has_geometry=False)
    objects = _objects_of_map(parts[".map"], parts[".id"])
    claims = {"table": rows, "shapes": objects.total()}
    return _Looked(claims, _several(objects, _ROUND), _several(objects, _TEXT), charset, has_geometry=True)


def _look_mif(parts: Mapping[str, Path], max_fields: int) -> _Looked:
    path = parts[".mif"]
    text = _header_text(path)
    if not re.match(r"\s*version\s+\d+", text.lstrip("\ufeff"), re.IGNORECASE):
        raise refuse("source-unreadable", reason="header")
    columns = _COLUMNS.search(text)
    width = int(columns.group(1)[:9]) if columns else 0
    _check_fields(width, max_fields)
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
        if (begin := _DATA.search(data)) is None:
            raise refuse("source-unreadable", reason="truncated")
        if _NUMBER.search(data, begin.end()):
            raise refuse("source-unsafe", reason="not-a-number")
        objects = _objects_of_text(data, begin.end())
    claims = {"shapes": objects.total()}
    notes: list[Note] = []
    if ".mid" in parts:
        claims["table"] = _lines(parts[".mid"])
    elif width:
        notes.append(("table-missing", {}))
    charset = found.group(1) if (found := _CHARSET.search(text)) else ""
    curved = objects["arc"] + objects["ellipse"] + objects["roundrect"]
    return _Looked(claims, curved, objects["text"], charset, has_geometry=True, notes=tuple(notes))


def _header_text(path: Path) -> str:
    with path.open("rb") as stream:
        text = stream.read(_HEADER).decode("latin-1")
    return text[: found.start()] if (found := re.search(r"(?im)^[ \t]*data[ \t]*\r?$", text)) else text


def _check_fields(count: int, most: int) -> None:
    if count > most:
        raise refuse("fields-too-many", count=count, limit=most)


def _rows_of_table(path: Path) -> int:
    """How many rows a .dat holds: its header is that of a dBASE table, and must fit the file."""
    size = path.stat().st_size
    with path.open("rb") as stream:
        head = stream.read(32)
    if len(head) < 32:
        raise refuse("source-unreadable", reason="header")
    rows, header, width = struct.unpack("<LHH", head[4:12])
    if header < 33 or (rows and not width) or header + rows * width > size:
        raise refuse("source-unreadable", reason="header")
    return int(rows)


def _objects_of_map(map_path: Path, id_path: Path) -> Counter[int]:
    """The objects of a table by the number of their kind, 0 for a row without one; every offset is held to the file."""
    offsets = id_path.read_bytes()
    found: Counter[int] = Counter()
    with map_path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
        if len(data) < 512 or struct.unpack_from("<I", data, 0x100)[0] != _MAP_COOKIE:
            raise refuse("source-unreadable", reason="header")
        for (offset,) in struct.iter_unpack("<I", offsets[: len(offsets) // 4 * 4]):
            if offset >= len(data):
                raise refuse("source-unreadable", reason="truncated")
            found[data[offset] if offset else 0] += 1
    return found


def _objects_of_text(data: mmap.mmap, start: int) -> Counter[str]:
    """The objects of an interchange file by keyword; the parts of a collection are not objects of their own."""
    found: Counter[str] = Counter()
    inside = 0
    for item in _OBJECT.finditer(data, start):
        if inside:
            inside -= 1
            continue
        keyword = item.group(1).decode("ascii").lower()
        found[keyword] += 1
        if keyword == "collection":
            inside = min(int(item.group(2)[:3] or 0), 3)
    return found


def _several(objects: Counter[int], kinds: set[int]) -> int:
    return sum(count for kind, count in objects.items() if kind in kinds)


def _lines(path: Path) -> int:
    """How many rows a .mid holds: lines that end outside quotation marks."""
    count, open_quote, pending = 0, False, False
    with path.open("rb") as stream:
        for line in stream:
            open_quote ^= line.count(b'"') % 2 == 1
            pending = pending or bool(line.strip(b"\r\n"))
            if not open_quote:
                count += pending
                pending = False
    return count


def _read(source: Source, *, neutral: bool) -> tuple[dict[str, Any], pa.Table]:
    """As GDAL reads it; text of a file that names no character set is UTF-8, else Windows-1252, and that is said."""
    meta, table = read_arrow(str(source.path))
    notes: list[Note] = []
    if neutral:
        assumed: dict[str, int] = {}
        for index, field in enumerate(table.schema):
            if not pa.types.is_string(field.type):
                continue
            column, count = _decoded(table.column(index))
            if count:
                table = table.set_column(index, field, column)
                assumed[shown(field.name)] = count
        if assumed:
            params = {"encoding": "Windows-1252", "fields": sorted(assumed)[:20], "count": sum(assumed.values())}
            notes.append(("encoding-assumed", params))
    return {**meta, "notes": notes}, table


def _decoded(column: pa.ChunkedArray) -> tuple[pa.ChunkedArray, int]:
    try:
        column.validate(full=True)
    except pa.ArrowInvalid:
        raw = column.cast(pa.binary(), safe=False).to_pylist()
    else:
        return column, 0
    texts: list[str | None] = []
    count = 0
    for value in raw:
        try:
            texts.append(None if value is None else value.decode("utf-8"))
        except UnicodeDecodeError:
            texts.append(value.decode(_FALLBACK, "replace"))
            count += 1
    return pa.chunked_array([pa.array(texts, pa.string())]), count
