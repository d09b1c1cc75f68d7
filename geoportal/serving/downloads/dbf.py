"""dBase III tables in UTF-8, the attributes of a Shapefile: what the format can say exactly, exactly.

Our own writer: GDAL's prints numbers with 15 decimals whatever their size, and cannot say what it cut.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from geoportal.serving.columns import Values
from geoportal.serving.downloads.contents import as_texts

LONGEST = 254
"""Bytes of a text (dBase III has one byte for the width)."""

MOST_FIELDS = 255
EXACT = 10**17
"""Whole numbers below this keep their digits in the programs that read a DBF: 18 characters with the sign."""

_REAL = 24


@dataclass(frozen=True, slots=True)
class DbfColumn:
    """One column as it is written: name, type letter, width, decimals, and every cell padded to the width.

    ``cut`` counts texts that were longer than 254 bytes; ``as_text`` says that numbers or instants are written as text;
    ``blank`` that texts without letters are there, which read as no value; ``trimmed`` counts blanks at the end.
    """

    name: str
    letter: bytes
    width: int
    decimals: int
    cells: np.ndarray
    cut: int = 0
    longest: int = 0
    as_text: bool = False
    blank: int = 0
    trimmed: int = 0


def column(name: str, kind: str, values: Values) -> DbfColumn:
    """The column for JSON values of a type (words of ``model.layer.Field``)."""
    match kind:
        case "integer" if all(value is None or abs(value) < EXACT for value in values):
            texts = [b"" if value is None else b"%d" % value for value in values]
            return _numeric(name, b"N", max(map(len, texts), default=0) or 1, 0, texts)
        case "number":
            texts = [b"" if value is None else repr(float(value)).encode() for value in values]
            return _numeric(name, b"N", _REAL, 15, texts)
        case "boolean":
            cells = np.array([b"?" if value is None else (b"T" if value else b"F") for value in values], dtype="S1")
            return DbfColumn(name, b"L", 1, 0, cells)
        case "date" if all(value is None or _is_date(value) for value in values):
            dates = [b" " * 8 if value is None else value.replace("-", "").encode() for value in values]
            return DbfColumn(name, b"D", 8, 0, np.array(dates, dtype="S8"))
        case _:
            return _textual(name, kind, values)


def write_dbf(path: Path, columns: Sequence[DbfColumn], rows: np.ndarray, date: tuple[int, int, int]) -> None:
    """Write the cells of these rows. ``date`` (year, month, day) is what the header calls the last update."""
    count = len(rows)
    record = 1 + sum(each.width for each in columns)
    year, month, day = date
    with path.open("wb") as file:
        file.write(
            struct.pack(
                "<BBBBIHH20x", 3, max(0, min(year - 1900, 255)), month, day, count, 33 + 32 * len(columns), record
            )
        )
        for each in columns:
            file.write(struct.pack("<11sc4xBB14x", each.name.encode("ascii"), each.letter, each.width, each.decimals))
        file.write(b"\r")
        dtype = np.dtype([("deleted", "S1"), *((f"c{n}", f"S{each.width}") for n, each in enumerate(columns))])
        for start in range(0, count, 10_000):
            part = rows[start : start + 10_000]
            block = np.zeros(len(part), dtype=dtype)
            block["deleted"] = b" "
            for number, each in enumerate(columns):
                block[f"c{number}"] = each.cells[part]
            file.write(block.tobytes())
        file.write(b"\x1a")


def size_of(columns: Sequence[DbfColumn], count: int) -> int:
    """Bytes that a table of ``count`` rows takes."""
    return 34 + 32 * len(columns) + count * (1 + sum(each.width for each in columns))


def _numeric(name: str, letter: bytes, width: int, decimals: int, texts: list[bytes]) -> DbfColumn:
    cells = np.array([text.rjust(width) for text in texts], dtype=f"S{width}")
    return DbfColumn(name, letter, width, decimals, cells)


def _textual(name: str, kind: str, values: Values) -> DbfColumn:
    texts = as_texts(values)
    raw = [b"" if text is None else text.encode("utf-8", "replace").replace(b"\0", b" ") for text in texts]
    longest = max(map(len, raw), default=0)
    width = max(1, min(longest, LONGEST))
    cut = sum(len(value) > LONGEST for value in raw) if longest > LONGEST else 0
    cells = np.array([_cut(value).ljust(width) for value in raw], dtype=f"S{width}")
    return DbfColumn(
        name,
        b"C",
        width,
        0,
        cells,
        cut=cut,
        longest=longest,
        as_text=kind != "string",
        blank=sum(text is not None and not text.strip() for text in texts),
        trimmed=sum(text is not None and text != text.rstrip(" ") and bool(text.strip()) for text in texts),
    )


def _cut(value: bytes) -> bytes:
    """At most 254 bytes, and never half a letter."""
    if len(value) <= LONGEST:
        return value
    return value[:LONGEST].decode("utf-8", "ignore").encode()


def _is_date(value: Any) -> bool:
    return isinstance(value, str) and len(value) == 10 and value[4] == value[7] == "-" and value[:4].isdigit()
