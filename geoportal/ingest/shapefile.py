"""What the parts of a shapefile say of themselves: the table's header, its text encoding, the reference system.

GDAL takes the encoding from rules of its own and swallows what it cannot decode. So text is read as plain bytes
(Latin-1 loses nothing) and decoded here. Order: .cpg, .cst, the language byte of the .dbf; else UTF-8 if every value
is UTF-8, else Windows-1252 with a note. The language byte 0x57 ("ANSI") is written by everybody and means nothing.
A .cpg that the text contradicts (all of it is UTF-8 where another is stated, or most of it is none where UTF-8 is) does
not hold, and that is said.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from geoportal.ingest.refusal import Note, refuse, shown

_ROWS = 65536
_LANGUAGE_BYTES: dict[int, str] = {
    0x01: "cp437",
    0x02: "cp850",
    0x03: "cp1252",
    0x04: "mac_roman",
    0x08: "cp865",
    0x09: "cp437",
    0x0A: "cp850",
    0x0B: "cp437",
    0x0D: "cp437",
    0x0E: "cp850",
    0x0F: "cp437",
    0x10: "cp850",
    0x11: "cp437",
    0x12: "cp850",
    0x13: "cp932",
    0x14: "cp850",
    0x15: "cp437",
    0x16: "cp850",
    0x17: "cp865",
    0x18: "cp437",
    0x19: "cp437",
    0x1A: "cp850",
    0x1B: "cp437",
    0x1C: "cp863",
    0x1D: "cp850",
    0x1F: "cp852",
    0x22: "cp852",
    0x23: "cp852",
    0x24: "cp860",
    0x25: "cp850",
    0x26: "cp866",
    0x37: "cp850",
    0x40: "cp852",
    0x4D: "cp936",
    0x4E: "cp949",
    0x4F: "cp950",
    0x50: "cp874",
    0x58: "cp1252",
    0x59: "cp1252",
    0x64: "cp852",
    0x65: "cp866",
    0x66: "cp865",
    0x67: "cp861",
    0x6A: "cp737",
    0x6B: "cp857",
    0x6C: "cp863",
    0x78: "cp950",
    0x79: "cp949",
    0x7A: "cp936",
    0x7B: "cp932",
    0x7C: "cp874",
    0x86: "cp737",
    0x87: "cp852",
    0x88: "cp857",
    0xC8: "cp1250",
    0xC9: "cp1251",
    0xCA: "cp1254",
    0xCB: "cp1253",
    0xCC: "cp1257",
}


_SEVERAL_BYTES = frozenset((
    "cp932", "cp936", "cp949", "cp950", "big5", "big5hkscs", "gbk", "gb2312", "gb18030", "euc_kr", "euc_jp",
    "shift_jis",
))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Table:
    """The .dbf of a shapefile. ``records`` is what the header claims, ``held`` what the file has room for."""

    path: Path
    records: int
    held: int
    header_bytes: int
    record_bytes: int
    language: int
    text_fields: tuple[tuple[str, int, int], ...]  # name, offset in the record, width
    fields: int


@dataclass(frozen=True, slots=True)
class Encoding:
    """How the text of a shapefile is to be decoded: a Python codec; plain = ASCII throughout, nothing to decode."""

    codec: str
    plain: bool = False


def read_table(path: Path, max_fields: int) -> Table:
    """The header of a .dbf. Raises a refusal when it is none, or has more than ``max_fields`` fields."""
    size = path.stat().st_size
    with path.open("rb") as stream:
        head = stream.read(32)
        if len(head) < 32:
            raise refuse("source-unreadable", reason="dbf")
        records = int.from_bytes(head[4:8], "little")
        header_bytes = int.from_bytes(head[8:10], "little")
        record_bytes = int.from_bytes(head[10:12], "little")
        descriptions = stream.read(max(0, header_bytes - 32))
    text_fields, offset, count = [], 1, 0
    for start in range(0, len(descriptions) - 31, 32):
        item = descriptions[start : start + 32]
        if item[0] in (0x0D, 0):
            break
        count += 1
        kind, width = chr(item[11]), item[16]
        if kind == "C":
            width += item[17] << 8  # long text: the decimals byte is the high byte of the width
            text_fields.append((item[:11].split(b"\0")[0].decode("latin-1"), offset, width))
        offset += width
    if count > max_fields:
        raise refuse("fields-too-many", count=count, limit=max_fields)
    held = max(0, size - header_bytes) // record_bytes if record_bytes else 0
    return Table(path, records, held, header_bytes, record_bytes, head[29], tuple(text_fields), count)


def shapes_in(path: Path) -> int:
    """How many shapes a .shx lists."""
    return max(0, path.stat().st_size - 100) // 8


def read_encoding(parts: Mapping[str, Path], table: Table) -> tuple[Encoding, list[Note]]:
    """How the text is encoded, and what must be said of it: encoding-assumed, text-nul-padded."""
    plain, high, invalid, padded = _look_at_text(table)
    utf8 = not invalid
    notes: list[Note] = []
    if padded:
        notes.append(("text-nul-padded", {"fields": sorted(padded)[:20], "count": sum(padded.values())}))
    stated = _stated(parts)
    codec = stated or _LANGUAGE_BYTES.get(table.language)
    if plain:
        return Encoding("ascii", plain=True), notes
    if codec is None and utf8:
        return Encoding("utf-8"), notes
    if codec is not None and (found := _contradicted(codec, high, invalid)):
        stated_otherwise = {"reason": "stated-otherwise", "encoding": _shown(found), "stated": _shown(codec)}
        notes.append(("encoding-assumed", stated_otherwise))
        return Encoding(found), notes
    if codec is None:
        notes.append(("encoding-assumed", {"encoding": "Windows-1252"}))
        return Encoding("cp1252"), notes
    return Encoding(codec), notes


def _contradicted(codec: str, high: int, invalid: int) -> str | None:
    """The encoding that the text is in where it cannot be the one that is stated; None where it can.

    Text of another encoding is UTF-8 by chance in very few values, and hardly ever in all of several.
    """
    if codec == "utf-8":
        return "cp1252" if 2 * invalid > high else None
    return "utf-8" if high and not invalid and codec not in _SEVERAL_BYTES else None


def _shown(codec: str) -> str:
    return codec.upper() if codec.startswith("utf") else codec.replace("cp125", "Windows-125")


def _stated(parts: Mapping[str, Path]) -> str | None:
    """The encoding that a .cpg or .cst names, as a Python codec."""
    for suffix in (".cpg", ".cst"):
        if suffix in parts:
            text = parts[suffix].read_bytes()[:100].decode("latin-1").strip(" \0\t\r\n\xef\xbb\xbf")
            if codec := codec_of(text):
                return codec
    return None


def codec_of(text: str) -> str | None:
    """The Python codec of a code page as shapefiles write it: 'UTF-8', '1252', 'ANSI 1250', '88592', 'LDID/87',
    '65001'.
    """
    name = text.strip().upper()
    if match := re.fullmatch(r"LDID/(\d+)", name):
        return _LANGUAGE_BYTES.get(int(match.group(1)))
    digits = re.sub(r"[^0-9]", "", name)
    if digits == "65001" or re.fullmatch(r"UTF-?8.*", name):
        return "utf-8"
    if match := re.fullmatch(r"(?:ISO[- ]?)?8859[-_]?(\d{1,2})", name):
        return _known(f"iso8859-{match.group(1)}")
    if re.fullmatch(r"(?:ANSI|OEM|CP|WINDOWS|DOS|MSDOS)?[- _]?\d{3,5}", name):
        return _known(f"cp{digits}")
    return _known(name)


def _known(name: str) -> str | None:
    try:
        found = codecs.lookup(name)
    except (LookupError, ValueError):
        return None
    # Codecs of Python that are no text encodings (rot13, zlib) and those that are no superset of ASCII have no place
    # in a .dbf.
    return found.name if found._is_text_encoding and "utf-16" not in found.name and "utf-32" not in found.name else None


def _look_at_text(table: Table) -> tuple[bool, int, int, dict[str, int]]:
    """Whether all text is ASCII, how many values (and names) are not, how many of those are not UTF-8, and which fields
    hold NUL bytes (field: number of values).
    """
    plain, count, invalid = True, 0, 0
    padded: dict[str, int] = {}
    names = b" ".join(name.encode("latin-1") for name, _, _ in table.text_fields)
    if not names.isascii():
        plain, count, invalid = False, 1, int(not _is_utf8(names + b" "))
    rows = min(table.records, table.held)
    if not rows or not table.text_fields or table.record_bytes < 1:
        return plain, count, invalid, padded
    records = np.memmap(table.path, np.uint8, "r", table.header_bytes, (rows, table.record_bytes))
    for start in range(0, rows, _ROWS):
        block = records[start : start + _ROWS]
        for name, offset, width in table.text_fields:
            column = np.ascontiguousarray(block[:, offset : offset + width])
            if not column.size:
                continue
            has_nul = (column == 0).any(axis=1)
            if has_nul.any():
                padded[shown(name)] = padded.get(shown(name), 0) + int(has_nul.sum())
            high = (column > 127).any(axis=1)
            if high.any():
                plain = False
                count += int(high.sum())
                invalid += sum(not _is_utf8(bytes(row)) for row in column[high])
    return plain, count, invalid, padded


def _is_utf8(value: bytes) -> bool:
    """Whether the bytes of a whole field are UTF-8; a last character is forgiven that was cut by the field's width."""
    text = value.split(b"\0")[0].rstrip(b" ")
    try:
        text.decode("utf-8")
    except UnicodeDecodeError as error:
        return len(text) == len(value) and error.reason == "unexpected end of data"
    return True


def decoded(value: bytes, codec: str) -> str | None:
    """Bytes of a field as text, None where they are no text in that encoding. A character cut by the field's width is
    left out.
    """
    try:
        return value.decode(codec)
    except UnicodeDecodeError as error:
        if codec == "utf-8" and error.reason == "unexpected end of data":
            return value[: error.start].decode(codec)
        return None
