"""Writing rows.sqlite: one row a feature, a column a field under a name of ours, an index where people will ask."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson

from geoportal.serving.summary import SCALAR, ServedField

_AFFINITY = {"integer": "INTEGER", "boolean": "INTEGER", "number": "REAL"}
_MOST_COLUMNS = 1_500  # SQLite holds 2,000; fields beyond are served, and cannot be asked for
_MOST_INDEXES = 64
_LONGEST_INDEXED = 300  # characters: longer text is read, not looked up
_BOUNDED = frozenset({"integer", "number", "date", "date-time", "time"})
_BIGGEST = 2**63


def with_columns(fields: Sequence[ServedField]) -> tuple[ServedField, ...]:
    """The fields with the columns they get: c0, c1 ...; none for binary values."""
    return tuple(
        replace(field, column=f"c{number}" if field.type != "binary" and number < _MOST_COLUMNS else None)
        for number, field in enumerate(fields)
    )


class RowTable:
    """rows.sqlite while it is written: no journal, for nobody reads it yet; who finishes the build syncs the file."""

    def __init__(self, path: Path, fields: Sequence[ServedField]) -> None:
        self._fields = fields
        self._kept = [number for number, field in enumerate(fields) if field.column]
        path.unlink(missing_ok=True)
        # It is filled by one thread and finished by another, never by both at once.
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        for statement in ("journal_mode=OFF", "synchronous=OFF", "locking_mode=EXCLUSIVE", "cache_size=-65536"):
            self._connection.execute(f"PRAGMA {statement}")
        columns = "".join(f", {field.column} {_AFFINITY.get(field.type, 'TEXT')}" for field in fields if field.column)
        self._connection.execute(f"CREATE TABLE rows (row INTEGER PRIMARY KEY, fid TEXT NOT NULL{columns})")
        self._connection.execute("BEGIN")

    def add(self, start: int, fids: Sequence[str], columns: Sequence[Sequence[Any]]) -> None:
        """Append features from row ``start``; ``columns`` hold one list of JSON values for each field."""
        stored = [_stored(columns[number], self._fields[number]) for number in self._kept]
        marks = ", ".join("?" * (2 + len(stored)))
        self._connection.executemany(
            f"INSERT INTO rows VALUES ({marks})", zip(range(start, start + len(fids)), fids, *stored, strict=True)
        )

    def finish(self, *, ids: bool = True) -> tuple[ServedField, ...]:
        """Index, analyse and close; return the fields with what is now known of their values. ``ids``: index these."""
        connection = self._connection
        connection.execute("COMMIT")
        if ids:
            connection.execute("CREATE UNIQUE INDEX rows_fid ON rows (fid)")
        indexed = 0
        known = []
        for field in self._fields:
            if not field.column:
                known.append(field)
                continue
            column = field.column
            if field.queryable and indexed < _MOST_INDEXES and self._short(field):
                connection.execute(f"CREATE INDEX rows_{column} ON rows ({column})")
                indexed += 1
            (valued, total) = connection.execute(f"SELECT count({column}), count(*) FROM rows").fetchone()
            least = greatest = None
            if field.type in _BOUNDED:
                (least,) = connection.execute(f"SELECT min({column}) FROM rows").fetchone()
                (greatest,) = connection.execute(f"SELECT max({column}) FROM rows").fetchone()
            if field.type == "date-time" and field.zoned and least is not None:
                least, greatest = f"{least}Z", f"{greatest}Z"
            known.append(replace(field, nulls=total - valued, least=least, greatest=greatest))
        connection.execute("PRAGMA analysis_limit=1000")
        connection.execute("ANALYZE")
        connection.close()
        return tuple(known)

    def close(self) -> None:
        """Give up: close without finishing."""
        self._connection.close()

    def _short(self, field: ServedField) -> bool:
        if field.type != "string":
            return True
        (longest,) = self._connection.execute(f"SELECT max(length({field.column})) FROM rows").fetchone()
        return (longest or 0) <= _LONGEST_INDEXED


def _stored(values: Sequence[Any], field: ServedField) -> Iterable[Any]:
    match field.type:
        case "date-time":
            return [value if value is None else _without_zone(value) for value in values]
        case "json":
            return [value if value is None else orjson.dumps(value).decode() for value in values]
        case "integer":
            return [value if value is None or -_BIGGEST <= value < _BIGGEST else float(value) for value in values]
        case kind if kind in SCALAR:
            return values
    raise AssertionError(f"a column of type {field.type} is not stored")


def _without_zone(value: str) -> str:
    return value.removesuffix("Z")
