"""Text that is a number in every row becomes one; whatever might be a code stays text.

A column turns into integers or reals only when every value, written back, is the same text. Decimal commas and
thousands marks are taken for what they are only where nothing else is possible, and then told.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum, auto
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from geoportal.ingest.refusal import Note, shown

_INTEGER = r"^(0|-?[1-9][0-9]{0,18})$"
_REAL = r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?$"
_COMMA = r"^-?(0|[1-9][0-9]*)(,[0-9]+)?$"
_COMMA_AFTER_DOTS = r"^-?(0|[1-9][0-9]{0,2}(\.[0-9]{3})*|[1-9][0-9]*)(,[0-9]+)?$"
_GROUPS = {".": r"^-?[1-9][0-9]{0,2}(\.[0-9]{3})*$", ",": r"^-?[1-9][0-9]{0,2}(,[0-9]{3})*$"}
_TWO_GROUPS = {".": r"\.[0-9]{3}\.[0-9]{3}", ",": r",[0-9]{3},[0-9]{3}"}
_NOT_A_GROUP = r"^-?0,|,[0-9]{1,2}$|,[0-9]{4,}$|^-?[0-9]{4,},"
"""What a comma cannot be when it marks thousands: after 0, before other than three digits, after four or more."""

_TWO_AND_TWO = r"^[0-9]{2}\.[0-9]{2}$"
_GROUPED = r"^[+-]?[0-9]{1,3}(\.[0-9]{3})+,[0-9]+$|^[+-]?[0-9]{1,3}(\.[0-9]{3}){2,}$"
_LONG, _VERY_LONG = 10, 11
_CODE_WORDS = frozenset((
    "kode", "kd", "code", "codes", "fcode", "lcode", "nik", "nip", "npwp", "nuptk", "npsn", "nisn", "nokk", "kodepos",
    "postal", "zip", "telp", "telepon", "phone", "tel", "fax", "fips", "isbn", "imei", "nop", "nib",
))  # fmt: skip
_COUNT_WORDS = frozenset(("jumlah", "jml", "total", "banyak", "banyaknya", "count", "sum"))
_CODE_STARTS = ("kode", "kd", "code")
_CODE_ENDS = ("kode", "code", "fips")


class Form(Enum):
    """How the values of a column are written."""

    TEXT = auto()
    INTEGER = auto()
    REAL = auto()
    COMMA = auto()
    MAYBE_COMMA = auto()
    THOUSANDS_DOT = auto()
    THOUSANDS_COMMA = auto()
    MAYBE_THOUSANDS = auto()


@dataclass(frozen=True, slots=True)
class Typed:
    """Columns after typing: Arrow arrays, what must be said of them, and the decimal mark that the file shows."""

    columns: list[Any]
    notes: list[Note]
    decimal: str | None


def is_code_name(name: str) -> bool:
    """Whether a header says that its column holds codes: kode, KDEPUM, NIK, phone ... (Indonesian and English)."""
    words = [word for word in re.split(r"[^a-z]+", name.casefold()) if word]
    if not words or not _COUNT_WORDS.isdisjoint(words):
        return False  # "Jumlah KK" counts families
    return (
        not _CODE_WORDS.isdisjoint(words)
        or {"no", "kk"} <= set(words)
        or any(word.startswith(_CODE_STARTS) and not word.startswith("kdrt") for word in words)
        or "".join(words).endswith(_CODE_ENDS)
    )


def typed(names: Sequence[str], columns: Sequence[Any], delimiter: str) -> Typed:
    """Text columns (null = blank) as numbers where they are numbers in every row; other columns as they come.

    ``delimiter`` is the mark between the fields: where it is a semicolon, dots before three digits may be thousands.
    """
    forms = [_form(name, column, delimiter) for name, column in zip(names, columns, strict=True)]
    dots, commas = Form.REAL in forms, Form.COMMA in forms
    decimal = "," if commas and not dots else "." if dots and not commas else None
    if decimal == ",":
        # One column leaves no doubt, so the same mark elsewhere in the file means the same.
        again = {Form.MAYBE_COMMA: Form.COMMA, Form.MAYBE_THOUSANDS: Form.THOUSANDS_DOT}
        forms = [again.get(form, form) for form in forms]
    elif decimal == ".":
        forms = [Form.THOUSANDS_COMMA if form is Form.MAYBE_COMMA else form for form in forms]
    done: list[Any] = []
    told: dict[str, list[str]] = {"table-decimal-comma": [], "table-thousands": [], "table-numbers-ambiguous": []}
    for name, column, form in zip(names, columns, forms, strict=True):
        made = _made(column, form)
        done.append(column if made is None else made)
        rule = _TOLD.get(form)
        if rule is not None and (made is not None or rule == "table-numbers-ambiguous"):
            told[rule].append(shown(name))
    notes: list[Note] = [(rule, {"fields": found, "count": len(found)}) for rule, found in told.items() if found]
    return Typed(done, notes, decimal)


_TOLD = {
    Form.COMMA: "table-decimal-comma",
    Form.THOUSANDS_DOT: "table-thousands",
    Form.THOUSANDS_COMMA: "table-thousands",
    Form.MAYBE_COMMA: "table-numbers-ambiguous",
    Form.MAYBE_THOUSANDS: "table-numbers-ambiguous",
}


def _form(name: str, column: Any, delimiter: str) -> Form:
    if not pa.types.is_string(column.type) or column.null_count == len(column) or is_code_name(name):
        return Form.TEXT
    known = pc.unique(column.drop_null())
    first = known[0].as_py()
    if not first or not (first[0].isdigit() or (first[0] == "-" and first[1:2].isdigit())):
        return Form.TEXT

    def every(pattern: str) -> bool:
        return bool(pc.all(pc.match_substring_regex(known, pattern)).as_py())

    def some(pattern: str) -> bool:
        return bool(pc.any(pc.match_substring_regex(known, pattern)).as_py())

    if every(_INTEGER):
        lengths = pc.min_max(pc.utf8_length(known)).as_py()
        one_length = lengths["min"] == lengths["max"] >= _LONG
        return Form.TEXT if one_length or lengths["min"] >= _VERY_LONG else Form.INTEGER
    for mark, form in ((".", Form.THOUSANDS_DOT), (",", Form.THOUSANDS_COMMA)):
        if every(_GROUPS[mark]) and some(_TWO_GROUPS[mark]):
            return form
    if every(_REAL) and some(r"\."):
        if every(_TWO_AND_TWO):
            return Form.TEXT  # 11.01 may be a kabupaten
        if delimiter == ";" and every(_GROUPS["."]):
            return Form.MAYBE_THOUSANDS
        return Form.REAL
    if every(_COMMA) or every(_COMMA_AFTER_DOTS):
        return Form.COMMA if some(_NOT_A_GROUP) or some(r"\.") else Form.MAYBE_COMMA
    return Form.TEXT


def _made(column: Any, form: Form) -> Any:
    """The column as numbers, None where it stays text."""
    match form:
        case Form.INTEGER:
            return _integers(column)
        case Form.REAL:
            return _reals(column) if _written_alike(column) else None
        case Form.COMMA:
            plain = pc.replace_substring(pc.replace_substring(column, ".", ""), ",", ".")
            return _reals(plain)
        case Form.THOUSANDS_DOT:
            return _integers(pc.replace_substring(column, ".", ""))
        case Form.THOUSANDS_COMMA:
            return _integers(pc.replace_substring(column, ",", ""))
        case _:
            return None


def _integers(column: Any) -> Any:
    try:
        return pc.cast(column, pa.int64())
    except pa.ArrowInvalid:  # beyond 64 bits: it would not be the same number
        return None


def _written_alike(column: Any) -> bool:
    """Whether all fractions have one length, or none ends in a zero (but 1.0): else reals would not be written as they
    were.
    """
    fractions = pc.replace_substring_regex(column.drop_null(), r"^[^.]*\.?", "")
    lengths = pc.min_max(pc.utf8_length(fractions)).as_py()
    return lengths["min"] == lengths["max"] or not pc.any(pc.match_substring_regex(fractions, ".0$")).as_py()


def _reals(column: Any) -> Any:
    """Reals, None where a value has more digits than a real number keeps."""
    values = pc.cast(column, pa.float64())
    same = pc.equal(_plain(pc.cast(values, pa.string())), _plain(column))
    odd = pc.filter(pa.table([column, values], ["text", "value"]), pc.invert(same)).to_pydict()
    for text, value in zip(odd["text"], odd["value"], strict=True):
        if not np.isfinite(value) or Decimal(repr(value)) != Decimal(text):
            return None
    return values


def _plain(texts: Any) -> Any:
    """Numbers as text without the zeros at the end of a fraction."""
    return pc.replace_substring_regex(pc.replace_substring_regex(texts, r"(\.[0-9]*?)0+$", r"\1"), r"\.$", "")


def as_numbers(column: Any, *, commas: bool) -> NDArray[np.float64]:
    """Each value by itself as a number, NaN where it is none: for coordinates, where one bad row must not spoil all.

    ``commas``: a comma is the decimal mark (``116,99``; ``512.345,67``); else it never is.
    """
    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
        found: NDArray[np.float64] = pc.cast(column, pa.float64()).to_numpy(zero_copy_only=False)
        return found
    if not pa.types.is_string(column.type):
        return np.full(len(column), np.nan)
    texts = pc.utf8_trim_whitespace(column)
    if commas:
        grouped = pc.match_substring_regex(texts, _GROUPED)
        texts = pc.if_else(grouped, pc.replace_substring(texts, ".", ""), texts)
        texts = pc.replace_substring(texts, ",", ".")
    plain = pc.match_substring_regex(texts, r"^[+-]?[0-9]{1,15}(\.[0-9]*)?([eE][+-]?[0-9]{1,2})?$|^[+-]?\.[0-9]+$")
    texts = pc.if_else(plain, texts, pa.scalar(None, pa.string()))
    return np.asarray(pd.to_numeric(texts.to_pandas(), errors="coerce"), dtype=float)
