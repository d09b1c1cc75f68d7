"""Columns of any Arrow type as the few that a layer has; what cannot be kept as it is becomes text or is said."""

from __future__ import annotations

import uuid
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from geoportal.ingest.refusal import Note, shown

_EXACT_DIGITS = 15  # decimal digits that a real number holds
_LONG_DIGITS = 18  # and a 64-bit integer
_MILLISECOND = {"us": 1_000, "ns": 1_000_000}


def plain_columns(table: pa.Table) -> tuple[pa.Table, list[Note]]:
    """The same rows with dictionaries decoded, extension types taken off, decimals and unsigned integers as numbers
    where a number holds them (else text), durations as text. Nested columns stay: they become JSON text later.
    """
    arrays, fields = [], []
    as_text: list[str] = []
    finer: list[str] = []
    cut: dict[str, int] = {}
    for field, column in zip(table.schema, table.columns, strict=True):
        made = _plain(column)
        kind = made.type
        if pa.types.is_decimal(kind):
            made = _decimal(made)
        elif pa.types.is_uint64(kind):
            made = _unsigned(made)
        elif pa.types.is_timestamp(kind) and kind.unit in _MILLISECOND:
            rest = made.cast(pa.int64())
            step = _MILLISECOND[kind.unit]
            whole = pc.multiply(pc.divide(rest, step), step)
            if pc.any(pc.not_equal(rest, whole)).as_py():
                finer.append(shown(field.name))
        elif pa.types.is_string(kind) and (count := pc.sum(pc.match_substring(made, "\0")).as_py()):
            made = pc.replace_substring_regex(made, pattern="(?s)\\x00.*", replacement="")
            cut[shown(field.name)] = count
        if pa.types.is_string(made.type) and (pa.types.is_decimal(kind) or pa.types.is_uint64(kind)):
            as_text.append(shown(field.name))
        arrays.append(made)
        fields.append(pa.field(field.name, made.type))
    notes: list[Note] = []
    if as_text:
        said = f"numbers with more digits than a number holds are kept as text: {', '.join(as_text[:10])}"
        notes.append(("reader-message", {"message": said, "count": len(as_text)}))
    if finer:
        said = f"times are kept to the millisecond: {', '.join(finer[:10])}"
        notes.append(("reader-message", {"message": said, "count": len(finer)}))
    if cut:  # no GeoPackage can hold it
        said = f"text after a NUL is not kept: {', '.join(list(cut)[:10])}"
        notes.append(("reader-message", {"message": said, "count": sum(cut.values())}))
    if not arrays:
        return table.select([]), notes
    return pa.table(arrays, schema=pa.schema(fields)), notes


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column without wrappings, in a type that numbers, texts, times and nested values share."""
    kind: Any = column.type
    if isinstance(kind, pa.BaseExtensionType):
        if kind.extension_name == "arrow.uuid":
            texts = [None if value is None else str(uuid.UUID(bytes=value)) for value in _storage(column).to_pylist()]
            return pa.chunked_array([pa.array(texts, pa.string())])
        return _plain(_storage(column))
    if pa.types.is_dictionary(kind):
        return _plain(column.cast(kind.value_type))
    if pa.types.is_run_end_encoded(kind):
        return _plain(pa.chunked_array([pc.run_end_decode(chunk) for chunk in column.chunks], kind.value_type))
    if pa.types.is_null(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return column.cast(pa.string())
    if pa.types.is_binary_view(kind):
        return column.cast(pa.binary())
    if pa.types.is_date64(kind):
        return column.cast(pa.date32())
    if pa.types.is_float16(kind):
        return column.cast(pa.float32())
    if pa.types.is_duration(kind) or pa.types.is_interval(kind):
        texts = [None if value is None else str(value) for value in column.to_pylist()]
        return pa.chunked_array([pa.array(texts, pa.string())])
    return column


def _storage(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return pa.chunked_array([chunk.storage for chunk in column.chunks], column.type.storage_type)


def _decimal(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if column.type.scale == 0 and column.type.precision <= _LONG_DIGITS:
        return column.cast(pa.int64())
    if column.type.precision <= _EXACT_DIGITS:
        return column.cast(pa.float64())
    return column.cast(pa.string())


def _unsigned(column: pa.ChunkedArray) -> pa.ChunkedArray:
    try:
        return column.cast(pa.int64())
    except pa.ArrowInvalid:
        return column.cast(pa.string())
