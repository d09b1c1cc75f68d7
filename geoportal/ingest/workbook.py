"""The XML inside a workbook (XLSX, XLSM): sheets, shared texts and formats; values as they are stored, no formula run.

The archive gate has judged every member before one is read (``archive.judged``), members are read as streams and never
unpacked, and no part may have a document type, so that entities neither expand nor reach for files. Part names are
looked up among the members, never as paths.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from string import ascii_uppercase
from typing import Any
from xml.parsers import expat

from lxml import etree

from geoportal.ingest.refusal import refuse, shown

MOST_ROWS, MOST_COLUMNS = 1_048_576, 16_384
_STEP = 1 << 16
_BOOK, _RELATIONS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"
_TEXTS, _STYLES = "xl/sharedStrings.xml", "xl/styles.xml"
_BUILT_IN_DATES = frozenset((*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)))
_COLUMNS: dict[str, int] = {
    first + second + third: number
    for number, (first, second, third) in enumerate(
        (a, b, c)
        for a, b, c in [
            *(("", "", x) for x in ascii_uppercase),
            *(("", x, y) for x in ascii_uppercase for y in ascii_uppercase),
            *((x, y, z) for x in ascii_uppercase for y in ascii_uppercase for z in ascii_uppercase),
        ]
    )
}
"""Column letters to numbers from 0, in the order of a spreadsheet."""

_CELL = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet that a workbook names: its title, the member that holds it, and whether people see it."""

    name: str
    part: str
    hidden: bool


@dataclass(slots=True)
class Grid:
    """The cells of one sheet by row number (from 1) and column (from 0); what of them has no value; merged ranges as
    (first row, first column, last row, last column).
    """

    rows: dict[int, dict[int, Any]] = field(default_factory=dict)
    valueless: list[str] = field(default_factory=list)
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)


class Workbook:
    """A workbook in an open archive that has passed the gate."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        """Read the list of sheets, the texts and the formats. Raises a refusal (source-unsafe, source-unreadable)."""
        self._archive = archive
        self._parts = set(archive.namelist())
        for part in (_RELATIONS, _BOOK, _TEXTS, _STYLES):
            self._refuse_document_type(part)
        relations = {
            str(element.get("Id")): posixpath.normpath(posixpath.join("/xl", str(element.get("Target", ""))))[1:]
            for element in self._elements(_RELATIONS, "Relationship")
            if str(element.get("Type", "")).rsplit("/", 1)[-1] == "worksheet"
        }
        self.sheets: list[Sheet] = []
        self._counts_from_1904 = False
        for element in self._elements(_BOOK, "sheet", "workbookPr"):
            if _local(element) == "workbookPr":
                self._counts_from_1904 = str(element.get("date1904", "0")).lower() in ("1", "true")
                continue
            part = next((relations.get(str(value), "") for key, value in element.items() if key.endswith("}id")), "")
            if part in self._parts:
                hidden = element.get("state", "visible") != "visible"
                self.sheets.append(Sheet(str(element.get("name", "")), part, hidden))
        self._texts = [_text_of(element) for element in self._elements(_TEXTS, "si")]
        self._dates = self._date_formats()

    def read(self, sheet: Sheet) -> Grid:
        """The cells of a sheet that hold something, as int, float, bool, date or text."""
        reader = _SheetReader(self._value)
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = _refused(sheet.part)
        parser.StartElementHandler, parser.EndElementHandler = reader.start, reader.end
        parser.CharacterDataHandler = reader.characters
        try:
            with self._archive.open(sheet.part) as stream:
                while chunk := stream.read(_STEP):
                    parser.Parse(chunk, False)
                parser.Parse(b"", True)
        except (expat.ExpatError, LookupError, ValueError) as error:  # also an encoding that nobody knows
            raise refuse("source-unreadable", reason="reader", message=shown(str(error), 200)) from error
        return reader.grid

    def _value(self, kind: str | None, style: str | None, text: str | None, formula: bool) -> tuple[Any, bool]:
        """What a cell holds, and whether it should hold something and does not (an error, a formula never run)."""
        if kind is None or kind == "n":
            return self._number(text, style) if text else (None, formula)
        if kind == "s":
            if text is None:
                return None, False
            at = _int(text)
            return (self._texts[at] or None, False) if 0 <= at < len(self._texts) else (None, True)
        if kind == "e":
            return None, True
        if text is None:
            return None, formula
        if kind == "b":
            return text.strip() in ("1", "true"), False
        return text or None, False  # inlineStr; str: the result of a formula; d: a date in ISO form

    def _number(self, text: str, style: str | None) -> tuple[Any, bool]:
        try:
            value = float(text)
        except ValueError:
            return text, False
        if value != value or value in (float("inf"), float("-inf")):
            return None, True
        if style is not None and _int(style) in self._dates:
            return self._date(value), False
        return (int(value) if value.is_integer() and abs(value) < 2**53 else value), False

    def _date(self, value: float) -> Any:
        """A serial number as a date; with a time as ISO text without zone, for the file knows none."""
        days = int(value // 1)
        if self._counts_from_1904:
            start = date(1904, 1, 1)
        elif days >= 61:
            start = date(1899, 12, 30)
        elif 1 <= days < 60:
            start = date(1899, 12, 31)  # Excel believes that 1900 had a 29 February
        else:
            return _clock(round(value * 86400)) if 0 <= value < 1 else value
        try:
            day = start + timedelta(days=days)
        except OverflowError:
            return value
        seconds = round((value - days) * 86400)
        if seconds >= 86400:
            day, seconds = day + timedelta(days=1), 0
        return f"{day.isoformat()}T{_clock(seconds)}" if seconds else day

    def _date_formats(self) -> frozenset[int]:
        """The cell styles that show a number as a date."""
        codes: dict[int, bool] = {}
        found: list[bool] = []
        for table in self._elements(_STYLES, "numFmts", "cellXfs"):
            for element in table:
                number = _int(element.get("numFmtId"))
                if _local(table) == "numFmts":
                    codes[number] = _shows_date(str(element.get("formatCode", "")))
                else:
                    found.append(codes.get(number, number in _BUILT_IN_DATES))
        return frozenset(at for at, is_date in enumerate(found) if is_date)

    def _elements(self, part: str, *names: str) -> Iterator[Any]:
        """The elements of these local names in a part, one at a time; what was seen is forgotten."""
        if part not in self._parts:
            return
        tags = [f"{{*}}{name}" for name in names]
        try:
            with self._archive.open(part) as stream:
                for _, element in etree.iterparse(stream, events=("end",), tag=tags, **_SAFE):
                    yield element
                    element.clear(keep_tail=False)
                    while element.getprevious() is not None:
                        del element.getparent()[0]
        except etree.XMLSyntaxError as error:
            raise refuse("source-unreadable", reason="reader", message=shown(str(error), 200)) from error

    def _refuse_document_type(self, part: str) -> None:
        """Refuse XML with a document type, by expat, which reads no further than the root element."""
        if part not in self._parts:
            return
        ended: list[bool] = []
        parser = expat.ParserCreate()
        parser.StartDoctypeDeclHandler = _refused(part)
        parser.StartElementHandler = lambda *_: ended.append(True)
        try:
            with self._archive.open(part) as stream:
                while not ended and (chunk := stream.read(_STEP)):
                    parser.Parse(chunk, False)
        except (expat.ExpatError, LookupError, ValueError) as error:  # also an encoding that nobody knows
            raise refuse("source-unreadable", reason="reader", message=shown(str(error), 200)) from error


class _SheetReader:
    """Hears the elements of a sheet and fills its grid; a million cells make too many objects for a tree."""

    def __init__(self, value: Callable[[str | None, str | None, str | None, bool], tuple[Any, bool]]) -> None:
        self.grid = Grid()
        self._value_of = value
        self._prefix: str | None = None
        self._row, self._column = 0, -1
        self._cells: dict[int, Any] = {}
        self._kind: str | None = None
        self._style: str | None = None
        self._text: list[str] | None = None
        self._formula = self._listening = self._reading = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins. Prefixes are those of the root."""
        if self._prefix is None:
            self._prefix = name[: name.rfind(":") + 1]
        name = name.removeprefix(self._prefix)
        if name == "c":
            self._kind, self._style = attributes.get("t"), attributes.get("s")
            self._text, self._formula = None, False
            letters = attributes.get("r", "").rstrip("0123456789")
            self._column = _COLUMNS.get(letters, MOST_COLUMNS) if letters else self._column + 1
            if self._column >= MOST_COLUMNS:
                raise refuse("source-unreadable", reason="reader", message=f"row {self._row}")
        elif name == "v" or (name == "t" and not self._reading):
            self._listening = True
            self._text = self._text or []
        elif name == "f":
            self._formula = True
        elif name == "rPh":
            self._reading = True  # how a text is read aloud is no part of it
        elif name == "row":
            given = _int(attributes.get("r"))
            self._row = given if given > 0 else self._row + 1
            self._column, self._cells = -1, {}
            if self._row > MOST_ROWS:
                raise refuse("source-unreadable", reason="reader", message=f"row {self._row}")
        elif name == "mergeCell":
            corners = _CELL.findall(attributes.get("ref", ""))
            if len(corners) == 2 and all(letters in _COLUMNS for letters, _ in corners):
                (a, first), (b, last) = corners
                self.grid.merged.append((int(first), _COLUMNS[a], int(last), _COLUMNS[b]))

    def characters(self, text: str) -> None:
        """Some of the text of an element."""
        if self._listening and self._text is not None:
            self._text.append(text)

    def end(self, name: str) -> None:
        """An element ends."""
        name = name.removeprefix(self._prefix or "")
        if name in ("v", "t"):
            self._listening = False
        elif name == "c":
            text = None if self._text is None else "".join(self._text)
            value, missing = self._value_of(self._kind, self._style, text, self._formula)
            if missing:
                self.grid.valueless.append(cell_name(self._row, self._column))
            elif value is not None:
                self._cells[self._column] = value
        elif name == "rPh":
            self._reading = False
        elif name == "row" and self._cells:
            self.grid.rows[self._row] = self._cells


_SAFE: dict[str, Any] = {
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    "huge_tree": False,
    "remove_comments": True,
    "remove_pis": True,
}


def _local(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]


def _text_of(element: Any) -> str:
    """The text of a string with its runs; readings for the ear (rPh) are left out."""
    if len(element) == 1 and len(element[0]) == 0:
        return element[0].text or ""
    return "".join(
        part.text or ""
        for part in element.iter("{*}t")
        if not any(_local(parent) == "rPh" for parent in part.iterancestors())
    )


def _int(text: str | None) -> int:
    """A whole number of at most nine digits; -1 for anything else."""
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 10 else -1


def _refused(part: str) -> Callable[..., None]:
    def declared(*_: Any) -> None:
        raise refuse("source-unsafe", reason="doctype", member=part)

    return declared


def _shows_date(code: str) -> bool:
    """Whether a number format shows dates or times: y, m, d, h or s outside of quotes, colours and locales."""
    plain = re.sub(r'"[^"]*"|\\.|_.|\*.|\[(?!(?:h+|m+|s+)\])[^\]]*\]', "", code.split(";")[0].casefold())
    return "general" not in plain and bool(re.search(r"[ymdhs]", plain))


def _clock(seconds: int) -> str:
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def cell_name(row: int, column: int) -> str:
    """A cell as people name it: row from 1, column from 0 (``cell_name(3, 1)`` is B3)."""
    letters, number = "", column + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row}"
