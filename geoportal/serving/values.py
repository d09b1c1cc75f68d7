"""Which rows have a value, without SQL: for each field that has an index in rows.sqlite, its values and their rows.

File ``values.index`` (little-endian, each part at a multiple of 8): the length of a head, a head in JSON that says
where the parts of each column lie, and the parts. ``keys`` are the values, in order: int64 or float64, for texts the
first 64 bits of their BLAKE2b; ``spans`` int32 (values, 2) where the rows of each start and end among ``rows``, int32.
The rows of one value are in the order of the layer.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from geoportal.serving.summary import ServedField

VALUES = "values.index"
_UNIT = 8
_KEYS = {"integer": "<i8", "boolean": "<i8", "number": "<f8"}
_TEXT = "<u8"

Rows = NDArray[np.int32]
Parts = dict[str, NDArray[Any]]


def write_values(folder: Path, rows: Path, fields: Sequence[ServedField]) -> bool:
    """Write the index over the rows in the SQLite file ``rows``; False where no field has an index there."""
    path = folder / VALUES
    path.unlink(missing_ok=True)
    columns: dict[str, Parts] = {}
    with closing(sqlite3.connect(f"{rows.resolve().as_uri()}?mode=ro", uri=True)) as connection:
        indexed = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'index'")}
        for field in fields:
            if field.queryable and f"rows_{field.column}" in indexed:
                parts = _parts(connection, str(field.column), _KEYS.get(field.type, _TEXT))
                if parts is not None:
                    columns[str(field.column)] = parts
    if not columns:
        return False
    head: dict[str, dict[str, list[object]]] = {}
    at = 0
    for column, parts in columns.items():
        for name, part in parts.items():
            head.setdefault(column, {})[name] = [at, len(part), part.dtype.str]
            at += _padded(part.nbytes)
    text = orjson.dumps(head)
    text += b" " * (_padded(len(text)) - len(text))
    with path.open("wb") as file:
        file.write(len(text).to_bytes(_UNIT, "little") + text)
        for parts in columns.values():
            for part in parts.values():
                file.write(part.tobytes() + bytes(_padded(part.nbytes) - part.nbytes))
    return True


def _parts(connection: sqlite3.Connection, column: str, dtype: str) -> Parts | None:
    """The parts of a column; None where a value is not of its kind (a whole number beyond 64 bits), or two look alike.

    Both questions go along the index, whose order is that of the values, then of the rows.
    """
    along = f"FROM rows INDEXED BY rows_{column} WHERE {column} IS NOT NULL"
    counted = connection.execute(f"SELECT {column}, count(*) {along} GROUP BY {column}").fetchall()
    # One text of all rows: four times as fast as a tuple for each of half a million.
    (listed,) = connection.execute(f"SELECT group_concat(row, ' ') {along}").fetchone()
    rows = np.fromstring(listed or "", dtype="<i4", sep=" ")
    values = [value for value, _ in counted]
    kind = {"<i8": int, "<f8": float}.get(dtype, str)
    if not all(type(value) is kind for value in values):
        return None
    keys = np.array([hashed(value) for value in values] if dtype == _TEXT else values, dtype=dtype)
    ends = np.cumsum([count for _, count in counted], dtype="<i4") if counted else np.empty(0, dtype="<i4")
    spans = np.column_stack([np.append(np.int32(0), ends)[:-1], ends]).astype("<i4")
    order = np.argsort(keys, kind="stable")
    keys, spans = keys[order], spans[order]
    if (keys[1:] == keys[:-1]).any():
        return None
    return {"keys": keys, "spans": spans.reshape(-1), "rows": rows}


def hashed(text: str) -> int:
    """The key of a text."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little")


@dataclass(frozen=True, slots=True, eq=False)
class Values:
    """The index of one layer, mapped."""

    columns: dict[str, Parts]

    @classmethod
    def of(cls, data: Any) -> Values:
        """The index in the mapped bytes of its file."""
        length = int.from_bytes(data[:_UNIT], "little")
        head = orjson.loads(data[_UNIT : _UNIT + length])
        base = _UNIT + length
        return cls(
            {
                column: {
                    name: np.frombuffer(data, dtype=dtype, count=count, offset=base + at)
                    for name, (at, count, dtype) in parts.items()
                }
                for column, parts in head.items()
            }
        )

    def rows(self, column: str, value: str | int | float) -> Rows | None:
        """The rows with a value as rows.sqlite stores it, in order; None where the index does not tell."""
        parts = self.columns.get(column)
        if parts is None:
            return None
        keys = parts["keys"]
        key: np.generic
        match keys.dtype.kind, value:
            case "u", str():
                key = np.uint64(hashed(value))
            case "i", int():
                key = np.int64(value)
            case "f", int() | float():
                key = np.float64(value)
                if key != value:  # a whole number that a float does not hold
                    return None
            case _:
                return None
        place = int(keys.searchsorted(key))
        if place == len(keys) or keys[place] != key:
            return parts["rows"][:0]
        start, end = parts["spans"][2 * place : 2 * place + 2].tolist()
        return parts["rows"][start:end]


def _padded(length: int) -> int:
    return -(-length // _UNIT) * _UNIT
