"""Which rows: filters and orders over the columns of rows.sqlite, read-only, bounded in time, values always bound.

Orders put features without a value last, whichever the direction, and break ties by row: a page is the same each time
it is asked for.
"""

from __future__ import annotations

import math
import re
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from datetime import time as clock
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from geoportal.errors import BadRequest
from geoportal.serving.connections import Connections
from geoportal.serving.summary import ServedField, Summary

Rows = NDArray[np.int32]
Bound = str | int | float

FEW = 2_000  # up to so many rows of a box (or a twentieth of all) are handed to SQL; more are cut out of its answer
_BATCH = 5_000
_BIGGEST = 2**63
_INTEGER = re.compile(r"[+-]?[0-9]{1,40}")
_NUMBER = re.compile(r"[+-]?([0-9]{1,40}(\.[0-9]{0,400})?|\.[0-9]{1,400})([eE][+-]?[0-9]{1,3})?")


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition in SQL over the columns of rows.sqlite, with bound values and the functions that it calls.

    ``functions`` maps a name to the number of its arguments and the function; they belong to one question.
    """

    text: str
    parameters: tuple[Bound, ...] = ()
    functions: Mapping[str, tuple[int, Callable[..., Any]]] = field(default_factory=dict)


def together(conditions: Sequence[Condition]) -> Condition | None:
    """The condition that all of these hold; None where there are none."""
    if len(conditions) < 2:
        return conditions[0] if conditions else None
    return Condition(
        " AND ".join(f"({one.text})" for one in conditions),
        tuple(value for one in conditions for value in one.parameters),
        {name: function for one in conditions for name, function in one.functions.items()},
    )


@dataclass(frozen=True, slots=True)
class Question:
    """Exact values of columns, all of which must hold, a further condition, and an order in SQL; the names of the
    columns are our own.
    """

    columns: tuple[str, ...] = ()
    parameters: tuple[Bound, ...] = ()
    order: str = "row"
    condition: Condition | None = None

    @property
    def empty(self) -> bool:
        """Whether it asks for everything in the order of the layer."""
        return not self.columns and self.order == "row" and self.condition is None

    @property
    def chooses(self) -> bool:
        """Whether some rows may not match."""
        return bool(self.columns) or self.condition is not None

    def without_values(self) -> Question:
        """The rest of it, once the rows with the values are known."""
        if not self.columns:
            return self
        return replace(self, columns=(), parameters=self.parameters[len(self.columns) :])

    def called_on(self, connection: sqlite3.Connection) -> None:
        """Make the functions of the condition known to a connection, in place of those of an earlier question."""
        for name, (count, function) in self.condition.functions.items() if self.condition else ():
            connection.create_function(name, count, function, deterministic=True)

    def where(self, word: str = " WHERE ", mark: str = "") -> str:
        """The condition in SQL, introduced by ``word``; nothing when there is none."""
        terms = [f"{mark}{column} = ?" for column in self.columns]
        if self.condition is not None:
            terms.append(f"({self.condition.text})")
        return word + " AND ".join(terms) if terms else ""


EVERYTHING = Question()


def question(
    summary: Summary,
    properties: Sequence[tuple[str, object]],
    sortby: Sequence[tuple[str, int]],
    condition: Condition | None = None,
) -> Question:
    """The question made of exact values and a condition, all of which must hold, and an order; BadRequest says what is
    unfit.
    """
    if not properties and not sortby and condition is None:
        return EVERYTHING
    asked = [(_queryable(summary, name, name), value) for name, value in properties]
    terms = [
        f"{_queryable(summary, name, 'sortby').column} {'DESC' if direction < 0 else 'ASC'} NULLS LAST"
        for name, direction in sortby
    ]
    return Question(
        columns=tuple(str(field.column) for field, _ in asked),
        # In the order of ``where``: the values of the columns first.
        parameters=(
            *(typed(field, value) for field, value in asked),
            *(condition.parameters if condition else ()),
        ),
        order=", ".join([*terms, "row"]),
        condition=condition,
    )


def _queryable(summary: Summary, name: str, parameter: str) -> ServedField:
    field = summary.field_named(name)
    if field is None or not field.queryable:
        raise BadRequest(f"{parameter}: there is no field {name[:100]!r} to ask for", parameter=parameter)
    return field


def typed(field: ServedField, value: object) -> Bound:
    """A value as the column stores it; BadRequest names the parameter when it is not of the field's type."""
    text = value if isinstance(value, str) else orjson.dumps(value, default=str).decode().strip('"')
    try:
        match field.type:
            case "integer":
                number = int(_matching(_INTEGER, text))
                return number if -_BIGGEST <= number < _BIGGEST else float(number)
            case "number":
                real = float(_matching(_NUMBER, text))
                if not math.isfinite(real):
                    raise ValueError(text)
                return real
            case "boolean":
                return {"true": 1, "false": 0}[text.strip().lower()]
            case "date":
                return date.fromisoformat(text.strip()).isoformat()
            case "date-time":
                return stored_instant(datetime.fromisoformat(text.strip()))
            case "time":
                return clock.fromisoformat(text.strip()).isoformat()
            case _:
                text.encode("utf-8")
                return text
    except (ValueError, KeyError, OverflowError) as error:
        raise BadRequest(
            f"{field.name}: {text[:100]!r} is not a value of type {field.type}", parameter=field.name
        ) from error


def _matching(pattern: re.Pattern[str], text: str) -> str:
    if not pattern.fullmatch(text):
        raise ValueError(text)
    return text


def stored_instant(instant: datetime) -> str:
    """A date and time as rows.sqlite keeps it: UTC where the zone is known, no ``Z``, no idle zeros: sorts as time."""
    if instant.tzinfo is not None:
        instant = instant.astimezone(UTC).replace(tzinfo=None)
    text = instant.isoformat()
    return text.rstrip("0") if "." in text else text


def row_of(connections: Connections, fid: str) -> int | None:
    """The row of a feature id, None if no feature has it."""
    with connections.use() as connection:
        try:
            found = connection.execute("SELECT row FROM rows WHERE fid = ?", (fid,)).fetchone()
        except UnicodeEncodeError:  # half a surrogate pair: no feature's id
            return None
    return None if found is None else int(found[0])


def fids_of(connections: Connections, rows: Sequence[int]) -> list[str]:
    """The feature ids of rows, in the order given."""
    with connections.use() as connection:
        return [str(connection.execute("SELECT fid FROM rows WHERE row = ?", (row,)).fetchone()[0]) for row in rows]


def page(connections: Connections, asked: Question, offset: int, limit: int) -> tuple[Rows, int]:
    """One page of the rows that match, and the exact number of all."""
    with connections.use() as connection:
        asked.called_on(connection)
        rows = _array(
            connection.execute(
                f"SELECT row FROM rows{asked.where()} ORDER BY {asked.order} LIMIT ? OFFSET ?",
                (*asked.parameters, limit + 1, min(offset, _BIGGEST - 1)),
            ).fetchall()
        )
        if len(rows) <= limit and (len(rows) or not offset):
            return rows, offset + len(rows)
        counted = connection.execute(f"SELECT count(*) FROM rows{asked.where()}", asked.parameters).fetchone()[0]
    return rows[:limit], int(counted)


def page_among(
    connections: Connections, asked: Question, among: Rows, count: int, offset: int, limit: int
) -> tuple[Rows, int]:
    """One page of the rows of ``among`` (in layer order) that match, and how many do; ``count`` is the layer's."""
    if len(among) <= max(FEW, count // 20):
        rows = _few(connections, asked, among)
        return rows[offset : offset + limit], len(rows)
    mask = np.zeros(count, dtype=np.bool_)
    mask[among] = True
    matched = None if asked.chooses else len(among)
    kept: list[Rows] = []
    seen = 0
    with connections.use() as connection:
        asked.called_on(connection)
        cursor = connection.execute(f"SELECT row FROM rows{asked.where()} ORDER BY {asked.order}", asked.parameters)
        while batch := cursor.fetchmany(_BATCH):
            rows = _array(batch)
            rows = rows[mask[rows]]
            kept.append(rows[max(0, offset - seen) : max(0, offset + limit - seen)])
            seen += len(rows)
            if matched is not None and seen >= offset + limit:
                break
        cursor.close()
    return np.concatenate(kept) if kept else among[:0], seen if matched is None else matched


def _few(connections: Connections, asked: Question, among: Rows) -> Rows:
    # Unary plus keeps the planner on the rows handed over: it cannot know how few they are.
    given = orjson.dumps(among, option=orjson.OPT_SERIALIZE_NUMPY).decode()
    with connections.use() as connection:
        asked.called_on(connection)
        return _array(
            connection.execute(
                f"SELECT row FROM rows WHERE row IN (SELECT value FROM json_each(?))"
                f"{asked.where(' AND ', '+')} ORDER BY {asked.order}",
                (given, *asked.parameters),
            ).fetchall()
        )


def _array(rows: list[tuple[int]]) -> Rows:
    return np.fromiter((row[0] for row in rows), dtype=np.int32, count=len(rows))
