"""Spreadsheets (XLSX, XLSM): every visible sheet that holds something is a layer.

Values are those that the file stores. Texts stay texts, dates become dates; numbers in a column of codes become text as
shown, and codes that look as if they lost a zero are told, never mended. Formulas without a stored result, errors,
merged cells in the data and hidden sheets are told.
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from geoportal.ingest import archive
from geoportal.ingest.delimited import Cells
from geoportal.ingest.headers import LOOKED_AT, find_header
from geoportal.ingest.numerals import is_code_name
from geoportal.ingest.refusal import Note, few, refuse, shown
from geoportal.ingest.source import Source
from geoportal.ingest.tables import source_of
from geoportal.ingest.workbook import Grid, Workbook, cell_name

_FEW = 10
MAX_BYTES = 2 << 30
"""How much the parts of a workbook may unpack to: the memory of the child sets a closer limit."""


def find_sheets(path: Path, stem: str, max_fields: int) -> list[Source]:
    """The layers of a workbook in the order of its sheets.

    Raises a refusal: archive-unsafe, archive-damaged, source-unsafe (entities), source-unreadable, no-layer,
    fields-too-many.
    """
    with archive.judged(path, MAX_BYTES) as members:
        book = Workbook(members)
        wanted = [sheet for sheet in book.sheets if not sheet.hidden] or book.sheets
        found = [(sheet.name or stem, book.read(sheet)) for sheet in wanted]
    sources = [source_of(_cells(grid, max_fields), path, name, max_fields) for name, grid in found if grid.rows]
    if not sources:
        raise refuse("no-layer", files=[shown(sheet.name) for sheet in book.sheets][:_FEW])
    if hidden := [shown(sheet.name) for sheet in book.sheets if sheet not in wanted]:
        note: Note = ("table-sheets-hidden", {"names": few(hidden), "count": len(hidden)})
        sources[0] = replace(sources[0], notes=(*sources[0].notes, note))
    return sources


def _cells(grid: Grid, max_fields: int) -> Cells:
    numbers = sorted(grid.rows)
    least = min(min(row) for row in grid.rows.values())
    width = max(max(row) for row in grid.rows.values()) + 1 - least
    if width > max_fields:
        raise refuse("fields-too-many", count=width, limit=max_fields)
    top = numbers[:LOOKED_AT]
    head = [[grid.rows[number].get(least + at) for at in range(width)] for number in top]
    spans = _spread(head, top, least, grid)
    header = find_header(head, spans)
    names, data = list(header.names), numbers[header.first :]
    notes: list[Note] = [
        (
            "table-layout",
            {"encoding": "XLSX", "reason": "worksheet", "row": top[header.first - 1] if header.first else 0},
        ),
        *header.notes,
    ]
    if not any(names):
        names = [f"field_{at + 1}" for at in range(width)]
    columns: list[Any] = []
    for at in range(width):
        column, told = _column([grid.rows[number].get(least + at) for number in data], names[at])
        columns.append(column)
        notes += told
    notes += _grid_notes(grid, data[0] if data else None)
    kept = [at for at in range(width) if names[at] or columns[at].null_count < len(data)]
    used = [columns[at] for at in kept]
    return Cells(tuple(names[at] for at in kept), used, np.array(data, dtype=np.int64), "", _together(notes))


def _spread(head: list[list[Any]], numbers: Sequence[int], least: int, grid: Grid) -> list[tuple[int, int]]:
    """Write the value of merged cells into all of them, where they could be header, and return the rows they cover."""
    place = {number: at for at, number in enumerate(numbers)}
    spans = []
    for first_row, first_column, last_row, last_column in grid.merged[:1000]:
        value = grid.rows.get(first_row, {}).get(first_column)
        rows = [at for number, at in place.items() if first_row <= number <= last_row]
        if first_row not in place or not isinstance(value, str):
            continue
        if first_row == last_row and len(grid.rows[first_row]) == 1:
            continue  # alone in its row: a title
        for at in rows:
            for column in range(max(first_column - least, 0), min(last_column - least + 1, len(head[at]))):
                head[at][column] = value
        if rows and last_row > first_row:
            spans.append((rows[0], rows[-1]))
    return spans


def _column(values: list[Any], name: str) -> tuple[Any, list[Note]]:
    """A column by what its cells are: all of one kind, or text."""
    kinds = {type(value) for value in values if value is not None}
    if not kinds:
        return pa.nulls(len(values), pa.string()), []
    if kinds <= {int, float}:
        if is_code_name(name):
            return _codes(values, name)
        if kinds == {int}:
            return pa.array(values, pa.int64()), []
        return pa.array([None if value is None else float(value) for value in values], pa.float64()), []
    if kinds == {bool}:
        return pa.array(values, pa.bool_()), []
    if kinds == {datetime.date}:
        return pa.array(values, pa.date32()), []
    return pa.array([_written(value) for value in values], pa.string()), []


def _codes(values: list[Any], name: str) -> tuple[Any, list[Note]]:
    """Codes that were typed as numbers, as text; those that are shorter than most may have lost a zero."""
    texts = [_written(value) for value in values]
    decimals = [None if text is None else len(text.partition(".")[2]) for text in texts]
    usual = Counter(number for number in decimals if number is not None).most_common(1)[0][0]
    damaged = [at for at, number in enumerate(decimals) if number is not None and number < usual]
    params: dict[str, Any] = {"fields": [shown(name)]}
    if damaged:
        listed = few(texts[at] for at in damaged)
        params |= {"values": listed, "count": len(damaged), "features": [str(at + 1) for at in damaged[:1000]]}
    return pa.array(texts, pa.string()), [("table-codes-as-numbers", params)]


def _written(value: Any) -> str | None:
    """A value as text: numbers as a spreadsheet shows them, dates in ISO form, truth in small letters."""
    match value:
        case None:
            return None
        case bool():
            return "true" if value else "false"
        case float():
            return repr(value)
        case datetime.date():
            return value.isoformat()
        case _:
            return str(value)


def _grid_notes(grid: Grid, first_data_row: int | None) -> list[Note]:
    found: list[Note] = []
    if grid.valueless:
        found.append(("table-cells-without-value", {"cells": few(grid.valueless), "count": len(grid.valueless)}))
    inside = [area for area in grid.merged if first_data_row is not None and area[2] >= first_data_row]
    if inside:
        ranges = [f"{cell_name(a, b)}:{cell_name(c, d)}" for a, b, c, d in inside]
        found.append(("table-merged-cells", {"cells": few(ranges), "count": len(inside)}))
    return found


def _together(notes: list[Note]) -> list[Note]:
    """One note on codes that are numbers, whichever columns hold them."""
    codes = [params for rule, params in notes if rule == "table-codes-as-numbers"]
    if len(codes) < 2:
        return notes
    fields = [name for params in codes for name in params["fields"]]
    worst = max(codes, key=lambda params: int(params.get("count", 0)))
    rest = [note for note in notes if note[0] != "table-codes-as-numbers"]
    return [*rest, ("table-codes-as-numbers", {**worst, "fields": fields})]
