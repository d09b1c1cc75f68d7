"""Attributes between Arrow and pandas without surprises: integers with gaps stay integers, codes stay text, dates
stay dates.

In a frame: string is pandas' text, integer int64 or Int64, number float64, boolean bool or boolean, date
``datetime.date``, date-time a timestamp in UTC, binary bytes, json and time text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import orjson
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from geoportal.ingest.refusal import Note, shown
from geoportal.ingest.shapefile import decoded
from geoportal.model.layer import ID_COLUMN, Field

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{3})?Z")


def free_name(wanted: str, taken: Sequence[str]) -> str:
    """``wanted``, or the first of ``wanted_2``, ``wanted_3`` ... that no column has; upper and lower case are one, as
    in SQLite.
    """
    folded = {name.casefold() for name in taken}
    name, number = wanted, 1
    while name.casefold() in folded:
        number += 1
        name = f"{wanted}_{number}"
    return name


def attribute_frame(
    table: pa.Table, codec: str | None, *, texts: bool
) -> tuple[pd.DataFrame, tuple[Field, ...], list[Note]]:
    """Attributes as a frame, their fields, and notes. ``codec`` decodes text that was read as Latin-1.

    ``texts`` is for formats without dates (JSON): a text column becomes a date or an instant where every value,
    written back, is the same text.
    """
    series: dict[str, pd.Series[Any]] = {}
    fields: list[Field] = []
    notes: list[Note] = []
    renamed: dict[str, str] = {}
    undecodable: dict[str, int] = {}
    mixed: list[str] = []
    for index, described in enumerate(table.schema):
        values = table.column(index)
        found = described.name if codec is None else (_recoded(described.name, codec) or described.name)
        # Two columns may not differ in case alone (SQLite), have no name, or take the name of ours.
        name = free_name(found or f"field_{index + 1}", [*series, ID_COLUMN])
        if name != found:
            renamed[shown(found)] = shown(name)
        column, kind, damaged = _column(values, codec, texts)
        if damaged:
            undecodable[shown(name)] = damaged
        if isinstance(values.type, pa.BaseExtensionType) and kind == "string" and column.notna().any():
            mixed.append(shown(name))
        series[name] = column
        width = (described.metadata or {}).get(b"GDAL:OGR:width")
        fields.append(Field(name, kind, int(width) if width and kind == "string" else None))
    if renamed:
        said = ", ".join(f"{old!r} -> {new!r}" for old, new in list(renamed.items())[:10])
        notes.append(("reader-message", {"message": f"columns renamed: {said}", "count": len(renamed)}))
    if mixed:
        said = f"values of several kinds are kept as text: {', '.join(mixed[:10])}"
        notes.append(("reader-message", {"message": said, "count": len(mixed)}))
    if undecodable:
        encoding = codec or "UTF-8"
        count = sum(undecodable.values())
        notes.append(("encoding-assumed", {"encoding": encoding, "fields": sorted(undecodable)[:20], "count": count}))
    frame = pd.DataFrame(series, index=pd.RangeIndex(table.num_rows))
    return frame, tuple(fields), notes


def _column(values: pa.ChunkedArray, codec: str | None, texts: bool) -> tuple[pd.Series[Any], str, int]:
    """A column as a series, its type in the words of JSON Schema, and how many values could not be decoded."""
    kind = values.type
    if isinstance(kind, pa.BaseExtensionType):
        values = pa.chunked_array([chunk.storage for chunk in values.chunks], kind.storage_type)
        series, damaged = _text(values, None)
        return series, "json" if _holds_json(series) else "string", damaged
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        series, damaged = _text(values, codec)
        recognised = _dated(series) if texts and not damaged else None
        return (*recognised, 0) if recognised else (series, "string", damaged)
    if pa.types.is_boolean(kind):
        return _nullable(values, "bool", "boolean"), "boolean", 0
    if pa.types.is_integer(kind):
        return _nullable(values.cast(pa.int64()), "int64", "Int64"), "integer", 0
    if pa.types.is_floating(kind):
        return values.cast(pa.float64()).to_pandas(), "number", 0
    if pa.types.is_date(kind):
        try:
            return pd.Series(values.to_pylist(), dtype=object), "date", 0
        except (ValueError, OverflowError):  # a year that Python's calendar does not have
            return _text(values.cast(pa.string()), None)[0], "string", 0
    if pa.types.is_timestamp(kind):
        instants = values.cast(pa.timestamp("ms", kind.tz), safe=False)
        return instants.to_pandas().dt.tz_localize("UTC") if kind.tz is None else _in_utc(instants), "date-time", 0
    if pa.types.is_time(kind):
        return _text(values.cast(pa.string()), None)[0], "time", 0
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        return pd.Series(values.to_pylist(), dtype=object), "binary", 0
    return _json(values), "json", 0


def _holds_json(series: pd.Series[Any]) -> bool:
    """Whether a column that GDAL calls JSON is: it also says so of a mixture of numbers and words, without quotes."""
    texts = series.dropna().drop_duplicates()
    if not texts.str.startswith(("{", "[")).any():
        return False
    try:
        for text in texts:
            orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True


def _in_utc(values: Any) -> Any:
    return values.cast(pa.timestamp("ms", "UTC")).to_pandas()


def _nullable(values: Any, plain: str, with_gaps: str) -> Any:
    if values.null_count == 0:
        return values.to_pandas().astype(plain)
    return pd.Series(values.to_pylist(), dtype=with_gaps)


def _json(values: pa.ChunkedArray) -> pd.Series[Any]:
    """Lists and other nested values as compact JSON text."""
    texts = [None if value is None else orjson.dumps(value, default=str).decode() for value in values.to_pylist()]
    return pd.Series(texts, dtype="str")


def _text(values: pa.ChunkedArray, codec: str | None) -> tuple[pd.Series[Any], int]:
    """Text, decoded value by distinct value where it was read as Latin-1 or turns out not to be UTF-8."""
    if codec is None:
        try:
            values.validate(full=True)
        except pa.ArrowInvalid:
            raw = values.cast(pa.binary() if pa.types.is_string(values.type) else pa.large_binary(), safe=False)
            return _decoded(
                raw.to_pylist(), lambda value: decoded(value, "utf-8"), lambda v: v.decode("utf-8", "replace")
            )
        return values.to_pandas(types_mapper={pa.string(): pd.StringDtype(na_value=float("nan"))}.get).astype("str"), 0
    distinct = pc.unique(values).to_pylist()
    table = {value: None if value is None else _recoded(value, codec) for value in distinct}
    damaged = {value for value in distinct if value is not None and table[value] is None}
    for value in damaged:
        table[value] = value.encode("latin-1").decode(codec, "replace")
    read = values.to_pylist()
    return pd.Series([table[value] for value in read], dtype="str"), sum(value in damaged for value in read)


def _decoded(values: list[bytes | None], first: Any, otherwise: Any) -> tuple[pd.Series[Any], int]:
    texts: list[str | None] = []
    damaged = 0
    for value in values:
        text = None if value is None else first(value)
        if value is not None and text is None:
            text = otherwise(value)
            damaged += 1
        texts.append(text)
    return pd.Series(texts, dtype="str"), damaged


def _recoded(value: str, codec: str) -> str | None:
    try:
        return decoded(value.encode("latin-1"), codec)
    except UnicodeEncodeError:  # GDAL gave text beyond Latin-1: it is decoded already
        return value


def _dated(series: pd.Series[Any]) -> tuple[pd.Series[Any], str] | None:
    """A text column as dates or instants, when every value is one and would be written back as the same text."""
    present = series.dropna()
    if present.empty:
        return None
    first = str(present.iloc[0])
    if _DATE.fullmatch(first) and present.str.fullmatch(_DATE.pattern).all():
        dates = pd.to_datetime(series, format="%Y-%m-%d", errors="coerce")
        if dates.notna().sum() == len(present):
            days: list[Any] = [
                None if missing else day.date() for day, missing in zip(dates, dates.isna(), strict=True)
            ]
            return pd.Series(days, dtype=object), "date"
    if _INSTANT.fullmatch(first) and present.str.fullmatch(_INSTANT.pattern).all():
        instants = pd.to_datetime(series, format="ISO8601", errors="coerce", utc=True)
        if instants.notna().sum() == len(present):
            return instants.dt.as_unit("ms"), "date-time"
    return None


def as_arrow(frame: pd.DataFrame, fields: Sequence[Field]) -> tuple[list[pa.Array], list[pa.Field]]:
    """The attributes of a frame as Arrow columns whose types say exactly what the fields are."""
    arrays, described = [], []
    for field in fields:
        kind = _ARROW.get(field.type, pa.large_string())
        values = frame[field.name]
        if field.type in ("date", "binary"):
            array = pa.array([None if value is None or value is pd.NaT else value for value in values], kind)
        else:
            array = pa.Array.from_pandas(values, type=kind)
        metadata = {"GDAL:OGR:width": str(field.width)} if field.width else {}
        if field.type == "json":
            metadata["GDAL:OGR:subtype"] = "JSON"
        arrays.append(array)
        described.append(pa.field(field.name, kind, metadata=metadata or None))
    return arrays, described


_ARROW: dict[str, pa.DataType] = {
    "string": pa.string(),
    "json": pa.string(),
    "time": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "date-time": pa.timestamp("ms", "UTC"),
    "binary": pa.binary(),
}
