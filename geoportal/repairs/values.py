"""Values of a layer as JSON and back, exactly, and the digests that say whether anything differs.

A digest covers what a feature *is*: its geometry as ISO WKB (little endian), its values, the names, types and order of
the fields, the reference system. How a program packed that into a file does not matter: QGIS changes a GeoPackage by
looking at it.
"""

from __future__ import annotations

import base64
import datetime
import hashlib
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas
    from numpy.typing import NDArray

    from geoportal.model.layer import Layer

DTYPES = frozenset({"str", "object", "int64", "Int64", "float64", "bool", "boolean", "datetime64[ms, UTC]"})
"""How a column of attributes may be held in memory (see ``ingest.columns``)."""
_UNITS = ("datetime64[s, UTC]", "datetime64[us, UTC]", "datetime64[ns, UTC]")


def encode(value: Any) -> Any:
    """A value as JSON: null, boolean, number and text as they are; dates, instants, bytes as an object of one key."""
    match value:
        case None | bool() | str():
            return value
        case np.generic():
            return encode(value.item())
        case int():
            # Readers of JSON take numbers as doubles: beyond 2^53 the last digits would be lost.
            return value if abs(value) <= 2**53 else {"integer": str(value)}
        case float():
            if math.isnan(value):
                return None
            return value if math.isfinite(value) else {"number": repr(value)}
        case datetime.datetime():
            return None if value != value else {"instant": value.isoformat()}
        case datetime.date():
            return {"date": value.isoformat()}
        case bytes():
            return {"bytes": base64.b64encode(value).decode()}
        case _ if _is_missing(value):
            return None
        case _:
            raise TypeError(f"a value of type {type(value).__name__} has no place in a layer")


def decode(value: Any) -> Any:
    """The value of its JSON; ValueError for JSON that stands for none."""
    match value:
        case None | bool() | int() | float() | str():
            return value
        case {"integer": str(text)} if len(value) == 1 and len(text) <= 20:
            return int(text)
        case {"number": "inf" | "-inf" as text} if len(value) == 1:
            return float(text)
        case {"instant": str(text)} if len(value) == 1:
            import pandas

            return pandas.Timestamp(datetime.datetime.fromisoformat(text))
        case {"date": str(text)} if len(value) == 1:
            return datetime.date.fromisoformat(text)
        case {"bytes": str(text)} if len(value) == 1:
            return base64.b64decode(text, validate=True)
        case _:
            raise ValueError("not a value")


def listed(column: pandas.Series[Any]) -> list[Any]:
    """The values of a column as Python objects, None where there is none."""
    return [None if missing else value for value, missing in zip(column.astype(object), column.isna(), strict=True)]


def kept_dtype(column: pandas.Series[Any]) -> str:
    """The name of how a column is held, one of DTYPES."""
    name = str(column.dtype)
    return "datetime64[ms, UTC]" if name in _UNITS else name if name in DTYPES else "object"


def wkb(geometries: NDArray[Any]) -> NDArray[Any]:
    """Geometries as ISO WKB, little endian, None where there is none."""
    return np.asarray(shapely.to_wkb(geometries, flavor="iso", byte_order=1), dtype=object)


def digest_of(value: Any) -> str:
    """The sha256 of one geometry (WKB) or of one value."""
    import orjson

    return hashlib.sha256(value if isinstance(value, bytes) else orjson.dumps(encode(value))).hexdigest()


def layer_digest(layer: Layer) -> str:
    """The sha256 of a whole layer: reference system, fields, every geometry and every value, in their order."""
    import orjson

    frame = layer.frame
    total = hashlib.sha256()
    fields = [[field.name, field.type] for field in layer.fields]
    total.update(orjson.dumps([layer.crs, fields, len(frame), layer.geometry_type is not None]))
    for field in layer.fields:
        total.update(orjson.dumps([encode(value) for value in listed(frame[field.name])]))
    if layer.geometry_type is not None:
        total.update(_joined(wkb(np.asarray(frame.geometry.to_numpy(), dtype=object))))
    return total.hexdigest()


def _joined(parts: Iterable[bytes | None]) -> bytes:
    """Byte strings in one, each with its length before it, so that no two lists give the same."""
    return b"".join(b"-" if part is None else b"%d:" % len(part) + part for part in parts)


def _is_missing(value: Any) -> bool:
    import pandas

    return value is pandas.NA or value is pandas.NaT
