"""Columns of a frame as JSON values, whichever of its many forms the frame holds a type of field in.

Integers stay integers, numbers that are none become null, dates and times are ISO 8601 (``Z`` where the zone is known),
bytes are base64, lists and objects are lists and objects. Build side: the values are pandas series.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

Values = list[Any]


def json_values(series: Any, kind: str) -> Values:
    """The values of a series as a field of type ``kind`` has them in JSON; None for all that says "no value"."""
    if kind in ("date", "date-time") and series.dtype.kind == "M":
        return _instants(series, kind)
    if kind == "number" and series.dtype == np.float32:
        return _short_floats(series.to_numpy())
    plain = isinstance(series.dtype, np.dtype) and series.dtype.kind
    if (kind, plain) in (("integer", "i"), ("integer", "u"), ("boolean", "b"), ("number", "i")):
        found: Values = series.tolist()
        return [float(value) for value in found] if kind == "number" else found
    if kind == "string" and (texts := _plain_texts(series)) is not None:
        return texts
    convert = _CONVERTERS[kind]
    return [
        None if missing else convert(value)
        for value, missing in zip(series.tolist(), series.isna().tolist(), strict=True)
    ]


def knows_zone(values: Values) -> bool:
    """Whether date-times, as ``json_values`` gave them, are in UTC."""
    return any(value is not None and value.endswith("Z") for value in values)


def _instants(series: Any, kind: str) -> Values:
    zone = ""
    if getattr(series.dt, "tz", None) is not None:
        series = series.dt.tz_convert("UTC").dt.tz_localize(None)
        zone = "Z"
    instants: NDArray[Any] = series.to_numpy()
    missing = np.isnat(instants)
    if kind == "date":
        texts = np.datetime_as_string(instants, unit="D").tolist()
        return [None if gone else text for text, gone in zip(texts, missing.tolist(), strict=True)]
    whole = bool((instants[~missing] == instants[~missing].astype("datetime64[s]")).all())
    texts = np.datetime_as_string(instants, unit="s" if whole else "us").tolist()
    if not whole:
        texts = [text.rstrip("0").rstrip(".") for text in texts]
    return [None if gone else text + zone for text, gone in zip(texts, missing.tolist(), strict=True)]


def _short_floats(numbers: NDArray[np.float32]) -> Values:
    # 1.1 in four bytes is 1.1, not 1.100000023841858: orjson writes the fewest digits that give the four bytes back.
    found: Values = orjson.loads(orjson.dumps(np.ascontiguousarray(numbers), option=orjson.OPT_SERIALIZE_NUMPY))
    return found


def _plain_texts(series: Any) -> Values | None:
    """The values of a column that holds nothing but text that can be written, and gaps; else None."""
    texts = [None if missing else value for value, missing in zip(series.tolist(), series.isna().tolist(), strict=True)]
    try:
        "".join(text for text in texts if text is not None).encode("utf-8")
    except (TypeError, UnicodeEncodeError):
        return None
    return texts


def _text(value: Any) -> str | None:
    text = value if isinstance(value, str) else str(value)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:  # half a surrogate pair cannot be written; the rest can
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _integer(value: Any) -> int | float | None:
    if isinstance(value, float):
        return int(value) if value.is_integer() else _number(value)
    number = int(value)
    return number if -(2**63) <= number < 2**64 else float(number)


def _number(value: Any) -> float | None:
    number = float(value)
    return number if math.isfinite(number) else None


def _date(value: Any) -> str | None:
    if isinstance(value, datetime):
        return value.date().isoformat()
    return value.isoformat() if isinstance(value, date) else _text(value)


def _date_time(value: Any) -> str | None:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return _text(value)
    if not isinstance(value, datetime):
        return _date(value)
    zone = ""
    if value.tzinfo is not None:
        value, zone = value.astimezone(UTC).replace(tzinfo=None), "Z"
    text = str(value.isoformat())
    return (text.rstrip("0") if "." in text else text) + zone


def _time(value: Any) -> str | None:
    return str(value.isoformat()) if isinstance(value, time) else _text(value)


def _binary(value: Any) -> str:
    return base64.b64encode(bytes(value)).decode()


def _structure(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        value = value.tolist()
    text = value if isinstance(value, str) else orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS, default=str)
    try:
        found = orjson.loads(text)
        orjson.dumps([found])  # reads deeper nesting than it writes
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        return _text(value)
    return found


_CONVERTERS: dict[str, Callable[[Any], Any]] = {
    "string": _text,
    "integer": _integer,
    "number": _number,
    "boolean": bool,
    "date": _date,
    "date-time": _date_time,
    "time": _time,
    "binary": _binary,
    "json": _structure,
}
