"""Which rows of a table are its header: titles above it, a header of several lines, or none at all; each is told."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from geoportal.ingest.refusal import Note, shown

LOOKED_AT = 50
"""How many rows from the top may hold the header."""

_DEEPEST = 6
_NUMBER = re.compile(r"[+-]?(?:\d+[.,]?\d*|[.,]\d+)(?:[.,]\d+)*\s*%?")
_VALUE = re.compile(
    r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}.{0,20}|(?:SRID=\d+;)?(?:POINT|LINESTRING|POLYGON|MULTI\w+)\s*Z?M?\s*\(.*|\{.*\}",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Header:
    """The names of the columns ('' where there is none), and the position of the first row that is data."""

    names: tuple[str, ...]
    first: int
    notes: list[Note] = field(default_factory=list)


def find_header(rows: Sequence[Sequence[Any]], spans: Sequence[tuple[int, int]] = ()) -> Header:
    """The header among the first rows of a table (cells are text, values of a spreadsheet, or None).

    ``spans`` are the rows (first, last) that merged cells cover: a header goes on as long as one of them does.
    """
    rows = rows[:LOOKED_AT]
    filled = [sum(not _blank(cell) for cell in row) for row in rows]
    width = max((len(row) for row in rows), default=0)
    most = max(filled, default=0)
    if not most:
        return Header(("",) * width, len(rows))
    start = next(at for at, count in enumerate(filled) if count >= max(min(2, most), most / 2))
    titles = [
        " ".join(str(cell) for cell in row if not _blank(cell))
        for row, n in zip(rows[:start], filled, strict=False)
        if n
    ]
    notes: list[Note] = []
    if titles:
        notes.append(("table-title-rows", {"titles": [shown(title) for title in titles[:5]], "count": len(titles)}))
    if not _is_header(rows[start]) or (most == 1 and len(rows) == 1):
        return Header(("",) * width, start, [*notes, ("table-without-header", {})])
    depth = _depth(rows[start:], [(a - start, b - start) for a, b in spans])
    lines = [[str(cell).strip() if not _blank(cell) else "" for cell in row] for row in rows[start : start + depth]]
    lines = [line + [""] * (width - len(line)) for line in lines]
    if depth > 1:
        notes.append(("table-header-lines", {"lines": depth}))
        lines = [_carried(line) if not spans and at < depth - 1 else line for at, line in enumerate(lines)]
    names = tuple(" ".join(dict.fromkeys(part for part in parts if part)) for parts in zip(*lines, strict=True))
    return Header(tuple(" ".join(name.split()) for name in names), start + depth, notes)


def _blank(cell: Any) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


def is_value(cell: Any) -> bool:
    """Whether a cell holds what only data holds: a number, a date, a geometry."""
    if not isinstance(cell, str):
        return cell is not None
    text = cell.strip()
    return len(text) > 1000 or bool((len(text) < 50 and _NUMBER.fullmatch(text)) or _VALUE.fullmatch(text))


def _is_year(cell: Any) -> bool:
    return bool(re.fullmatch(r"(?:19|20)\d\d(?:\.0)?", str(cell).strip()))


def _is_header(row: Sequence[Any]) -> bool:
    """A row of names. Numbers in it are years, or fewer than half."""
    cells = [cell for cell in row if not _blank(cell)]
    values = [cell for cell in cells if is_value(cell)]
    if len(values) < len(cells) and all(map(_is_year, values)):
        return True
    return 2 * len(values) < len(cells)


def _depth(rows: Sequence[Sequence[Any]], spans: Sequence[tuple[int, int]]) -> int:
    """How many lines the header has: as far as merged cells that begin in it reach, or a second line of names below
    gaps.
    """
    depth, grown = 1, True
    while grown and depth < _DEEPEST:
        last = max((b for a, b in spans if 0 <= a < depth), default=0)
        grown = last + 1 > depth
        depth = max(depth, min(last + 1, _DEEPEST))
    if depth > 1:
        return depth
    if len(rows) < 3:
        return 1
    first, second, third = ([*row, *[None] * (max(map(len, rows[:3])) - len(row))] for row in rows[:3])
    gaps = [at for at, cell in enumerate(first) if _blank(cell)]
    named = [at for at, cell in enumerate(second) if not _blank(cell)]
    below_gaps = bool(gaps) and set(gaps) <= set(named) and not _blank(first[0])
    partial = len(named) < len(second)
    names_only = all(not is_value(second[at]) or _is_year(second[at]) for at in named)
    values_below = any(is_value(third[at]) for at in named)
    return 2 if below_gaps and partial and names_only and values_below else 1


def _carried(line: list[str]) -> list[str]:
    """A line of group names with each name over the gaps to its right."""
    carried: list[str] = []
    for cell in line:
        carried.append(cell or (carried[-1] if carried else ""))
    return carried
