"""CSV, TSV and their kin, read by our own code: encoding, delimiter and header are found, and everything stays text.

No row is lost: short rows end in gaps, cells beyond the header get columns of their own, and both are told with their
row numbers. Rows of a file are counted in lines, as an editor shows them.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from geoportal.ingest.headers import find_header
from geoportal.ingest.refusal import Note, few, refuse

DELIMITERS = (",", ";", "\t", "|")
_SAMPLE_ROWS = 200
_SAMPLE_BYTES = 1 << 20
_LONGEST_CELL = 256 << 20
_CHUNK = 50_000
_STEP = 1 << 20
_NAMED = 1000


@dataclass(frozen=True, slots=True)
class Cells:
    """A table before it is understood: names ('' where there is none), one Arrow array a column (text, or a
    spreadsheet's own types; null = blank), and the number of each row in the file.
    """

    names: tuple[str, ...]
    columns: list[Any]
    rows: NDArray[Any]
    delimiter: str = ""
    notes: list[Note] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Coding:
    """How the bytes of a file are to be read: codec, what is done with errors, and the marks that were counted."""

    codec: str
    errors: str = "strict"
    assumed: bool = False
    nuls: int = 0
    quotes: int = 0


def read_cells(path: Path, max_fields: int) -> Cells:
    """The cells of a delimited text file. Raises a refusal: format-not-supported for text that is no table,
    fields-too-many, source-empty.
    """
    coding = _coding(path)
    csv.field_size_limit(_LONGEST_CELL)
    delimiter, sample = _dialect(path, coding)
    header = find_header(sample)
    notes: list[Note] = []
    if coding.assumed:
        notes.append(("encoding-assumed", {"encoding": coding.codec, "fields": []}))
    if coding.nuls:
        notes.append(("text-nul-padded", {"fields": [], "count": coding.nuls}))
    quoting = True
    # Cells beyond the last name are beyond the header.
    width = max((at + 1 for at, name in enumerate(header.names) if name), default=len(header.names))
    table = _Table(width, max_fields)
    if not table.fill(_rows(path, coding, delimiter, quoting), header.first) and coding.quotes % 2:
        # A quote that is opened and never closed swallows the rest of the file: then quotes are no marks here.
        line = table.opened
        quoting = False
        table = _Table(width, max_fields)
        table.fill(_rows(path, coding, delimiter, quoting), header.first)
        notes.append(("reader-message", {"message": f"a quote is opened in row {line} and never closed"}))
    columns, rows = table.done()
    names = [*header.names[:width], *[""] * (len(columns) - width)]
    if not any(header.names):
        names = [f"field_{at + 1}" for at in range(len(columns))]
    kept = [at for at, column in enumerate(columns) if names[at] or column.null_count < len(column)]
    layout = {"encoding": _SHOWN.get(coding.codec, coding.codec), "reason": _WORDS[delimiter], "row": header.first}
    notes += [("table-layout", layout), *header.notes, *table.notes()]
    return Cells(tuple(names[at] for at in kept), [columns[at] for at in kept], rows, delimiter, notes)


_WORDS = {",": "delimiter-comma", ";": "delimiter-semicolon", "\t": "delimiter-tab", "|": "delimiter-bar"}
_SHOWN = {"utf-8": "UTF-8", "utf-8-sig": "UTF-8", "utf-16": "UTF-16"}


def _coding(path: Path) -> _Coding:
    """The encoding of a file: its mark, else UTF-8 where all of it is, else what Windows in the West would write."""
    with path.open("rb") as stream:
        start = stream.read(4)
    for mark, codec in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if start.startswith(mark):
            known = _Coding(codec)
            counted = _counted(path, known)
            return counted or replace(_counted(path, replace(known, errors="replace")) or known, assumed=True)
    for codec in ("utf-8", "windows-1252", "iso-8859-1"):
        if counted := _counted(path, _Coding(codec, assumed=codec != "utf-8")):
            return counted
    raise refuse("source-unreadable", reason="encoding")  # Latin-1 reads any byte: never reached


def _counted(path: Path, coding: _Coding) -> _Coding | None:
    """The coding with its marks counted, None where the file does not follow it."""
    decoder = codecs.getincrementaldecoder(coding.codec)(coding.errors)
    nuls = quotes = 0
    try:
        with path.open("rb") as stream:
            while chunk := stream.read(_STEP):
                text = decoder.decode(chunk)
                nuls, quotes = nuls + text.count("\0"), quotes + text.count('"')
            decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return None
    return replace(coding, nuls=nuls, quotes=quotes)


def _rows(path: Path, coding: _Coding, delimiter: str, quoting: bool) -> Iterator[tuple[int, list[str]]]:
    """The rows of a file with the line on which each begins."""
    with path.open(encoding=coding.codec, errors=coding.errors, newline="") as stream:
        lines: Iterator[str] = iter(stream)
        if coding.nuls:
            lines = (line.replace("\0", "") for line in stream)
        reader = csv.reader(lines, delimiter=delimiter, quoting=csv.QUOTE_MINIMAL if quoting else csv.QUOTE_NONE)
        before = 0
        try:
            for row in reader:
                yield before + 1, row
                before = reader.line_num
        except csv.Error as error:
            raise refuse("source-unreadable", reason="reader", message=f"row {before + 1}: {error}") from error


def _dialect(path: Path, coding: _Coding) -> tuple[str, list[list[str]]]:
    """The delimiter under which the first rows agree best on how many cells they have, and these rows."""
    best: tuple[float, int, str, list[list[str]]] | None = None
    for delimiter in DELIMITERS:
        rows = []
        for _, row in _rows(path, coding, delimiter, quoting=True):
            rows.append(row)
            if len(rows) == _SAMPLE_ROWS:
                break
        lengths = [len(row) for row in rows if any(cell.strip() for cell in row)]
        if not lengths:
            raise refuse("source-empty")
        usual = max(set(lengths), key=lambda length: (lengths.count(length), length))
        if usual < 2:
            continue
        share = lengths.count(usual) / len(lengths)
        if best is None or (share, usual) > best[:2]:
            best = share, usual, delimiter, rows
    if best is None or best[0] < 0.5:
        raise refuse("format-not-supported", kind="text")
    return best[2], best[3]


class _Table:
    """Rows on their way into columns, a chunk at a time, so that the text of a large file is not held as objects."""

    def __init__(self, width: int, max_fields: int) -> None:
        self._named, self._width, self._most = width, width, max_fields
        self._chunks: list[list[Any]] = []
        self._lines: list[NDArray[Any]] = []
        self._short: list[tuple[int, int]] = []
        self._long: list[tuple[int, int]] = []
        self._count = 0
        self.blank = 0
        self.opened = 0

    def fill(self, rows: Iterator[tuple[int, list[str]]], first: int) -> bool:
        """Take in the rows from number ``first`` on (blank ones do not count as data); False where the last row runs
        over several lines, as it does when a quote was never closed.
        """
        waiting: list[list[str]] = []
        lines: list[int] = []
        last: list[str] = []
        for number, (line, row) in enumerate(rows):
            if number < first:
                continue
            if not any(row) or not any(map(str.strip, row)):
                self.blank += 1
                continue
            if len(row) != self._named:
                row = self._fitted(row, line)
            waiting.append(row)
            lines.append(line)
            self._count += 1
            last, self.opened = row, line
            if len(waiting) == _CHUNK:
                self._store(waiting, lines)
                waiting, lines = [], []
        if waiting:
            self._store(waiting, lines)
        return not any("\n" in cell or "\r" in cell for cell in last)

    def _fitted(self, row: list[str], line: int) -> list[str]:
        """A row with the cells that the header has, and those beyond it that hold something."""
        if len(row) < self._named:
            self._short.append((self._count + 1, line))
            return row + [""] * (self._named - len(row))
        while len(row) > self._named and not row[-1].strip():
            row.pop()
        if len(row) > self._named:
            self._long.append((self._count + 1, line))
            self._width = max(self._width, len(row))
            if self._width > self._most:
                raise refuse("fields-too-many", count=self._width, limit=self._most)
        return row

    def _store(self, rows: list[list[str]], lines: list[int]) -> None:
        if self._width > self._named:
            rows = [row + [""] * (self._width - len(row)) for row in rows]
        self._chunks.append([_text_column(cells) for cells in zip(*rows, strict=True)])
        self._lines.append(np.array(lines, dtype=np.int64))

    def done(self) -> tuple[list[Any], NDArray[Any]]:
        """The columns, and the line of each row."""
        if self._width > self._most:
            raise refuse("fields-too-many", count=self._width, limit=self._most)
        columns = []
        for at in range(self._width):
            parts = [
                chunk[at] if at < len(chunk) else pa.nulls(len(lines), pa.string())
                for chunk, lines in zip(self._chunks, self._lines, strict=True)
            ]
            columns.append(pa.concat_arrays(parts) if parts else pa.array([], pa.string()))
        return columns, np.concatenate(self._lines) if self._lines else np.empty(0, dtype=np.int64)

    def notes(self) -> list[Note]:
        """What must be said of rows that are shorter or longer than the header."""
        found: list[Note] = []
        ragged = sorted({*self._short, *self._long})
        if ragged:
            params = {"short": len(self._short), "long": len(self._long), "cells": self._named, "count": len(ragged)}
            rows = few(line for _, line in ragged)
            found.append(
                ("table-rows-ragged", {**params, "rows": rows, "features": [str(n) for n, _ in ragged[:_NAMED]]})
            )
        return found


def _text_column(cells: Any) -> Any:
    """Cells as text, null where there is nothing but blanks."""
    column = pa.array(cells, pa.string())
    return pc.if_else(
        pc.equal(pc.utf8_length(pc.utf8_trim_whitespace(column)), 0), pa.scalar(None, pa.string()), column
    )
