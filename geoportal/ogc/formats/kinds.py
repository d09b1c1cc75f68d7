"""The type that a column of an answer really has: the one of its field, or text where a value is not of that type.

The same decision as in the downloads of the layer (``serving.downloads.contents.Column``), made before the first byte,
since a file says its types before its values. Integers are judged by the whole layer, so that all pages agree.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from geoportal.ogc.formats.chosen import Chosen
from geoportal.serving.summary import ServedField

_INT64 = 2**63
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT = re.compile(rf"{_DATE.pattern}(T[0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}(\.[0-9]{{1,6}})?)?(Z)?")
_ALWAYS_TEXT = frozenset({"string", "time", "json"})


def kinds_of(chosen: Chosen) -> list[str]:
    """The type of each column of ``Chosen.column_names``; lists, objects and times of day are ``string`` in files."""
    fields: list[ServedField | None] = [each.field for each in chosen.attributes]
    if chosen.id_name:
        fields.insert(0, None)
    kinds = ["string" if field is None or field.type in _ALWAYS_TEXT else field.type for field in fields]
    for number, field in enumerate(fields):
        if field is not None and field.type == "integer" and not (_fits(field.least) and _fits(field.greatest)):
            kinds[number] = "string"
    zoned = [field is not None and field.zoned for field in fields]
    doubtful = [number for number, kind in enumerate(kinds) if kind != "string"]
    for batch in chosen.batches() if doubtful else ():
        for number in doubtful:
            kind = kinds[number]
            if kind != "string" and not all(
                value is None or _CHECKS[kind](value, zoned[number]) for value in batch.columns[number]
            ):
                kinds[number] = "string"
    return kinds


def _fits(value: Any) -> bool:
    return value is None or (isinstance(value, int) and -_INT64 <= value < _INT64)


def _is_integer(value: Any, _: bool) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and -_INT64 <= value < _INT64


def _is_number(value: Any, _: bool) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_boolean(value: Any, _: bool) -> bool:
    return isinstance(value, bool)


def _is_date(value: Any, _: bool) -> bool:
    return isinstance(value, str) and _DATE.fullmatch(value) is not None and _reads(date.fromisoformat, value)


def _is_instant(value: Any, zoned: bool) -> bool:
    found = _INSTANT.fullmatch(value) if isinstance(value, str) else None
    return found is not None and bool(found[3]) == zoned and _reads(datetime.fromisoformat, value)


def _is_binary(value: Any, _: bool) -> bool:
    return isinstance(value, str) and _reads(lambda text: base64.b64decode(text, validate=True), value)


def _reads(reader: Callable[[str], Any], text: str) -> bool:
    try:
        reader(text)
    except (ValueError, binascii.Error):
        return False
    return True


_CHECKS: dict[str, Callable[[Any, bool], bool]] = {
    "integer": _is_integer,
    "number": _is_number,
    "boolean": _is_boolean,
    "date": _is_date,
    "date-time": _is_instant,
    "binary": _is_binary,
}
