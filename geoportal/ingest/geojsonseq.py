"""GeoJSON features one after the other: a text sequence (RFC 8142, each after a record separator) or one a line.

The document is cut at its outermost brackets, so that a feature may also stand on several lines, and each feature is
looked at as ``geojson`` does. GDAL then reads them as the collection that they are: its own reader of sequences turns
text into dates and lists without being asked.
"""

from __future__ import annotations

import mmap
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyogrio.raw import read_arrow

from geoportal.ingest import geojson
from geoportal.ingest.crs import GEOJSON_DEFAULT
from geoportal.ingest.refusal import refuse
from geoportal.ingest.source import Source

_BETWEEN = b" \t\r\n\x1e"
_BARE = (b'{"type":"Feature","properties":{},"geometry":', b"}")
_COLLECTION = (b'{"type":"FeatureCollection","features":[', b"]}")

Span = tuple[int, int, bool]
"""Where a record begins and ends, and whether it is a geometry without a feature around it."""


def find_sources(path: Path, stem: str, max_fields: int) -> list[Source]:
    """The one layer of a sequence of features or geometries.

    Raises a refusal as ``geojson.look`` does; format-not-supported where a record is neither.
    """
    large: dict[str, int] = {}
    cut: dict[str, int] = {}
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
        spans = _records(data)
        ids, keys = geojson.through(data, [(start, end) for start, end, _ in spans], max_fields, large, cut)
    return [
        Source(
            name=stem,
            driver="GeoJSON",
            options={"DATE_AS_STRING": "YES", "ARRAY_AS_STRING": "YES"},
            texts=True,
            path=path,
            crs=GEOJSON_DEFAULT,
            ids=ids,
            keys=keys,
            large=large,
            claims={"header": len(spans)},
            notes=tuple(geojson.cut_notes(cut)),
            read=partial(_read, spans=spans),
        )
    ]


def _records(data: mmap.mmap) -> list[Span]:
    start = 3 if data[:3] == b"\xef\xbb\xbf" else 0
    brackets = geojson.brackets_of(data, start)
    opens = brackets.where[(brackets.depth == 1) & brackets.opens].tolist()
    ends = (brackets.where[(brackets.depth == 0) & ~brackets.opens] + 1).tolist()
    spans: list[Span] = []
    before = start
    for opening, end in zip(opens, ends, strict=True):
        if data[before:opening].strip(_BETWEEN) or data[opening] != 0x7B:
            raise refuse("source-unreadable", reason="not-json")
        kind = geojson.parsed(data[opening:end]).get("type")
        if kind != "Feature" and kind not in geojson.GEOMETRIES:
            raise refuse("format-not-supported", kind="JSON")
        spans.append((opening, end, kind != "Feature"))
        before = end
    if data[before:].strip(_BETWEEN):
        raise refuse("source-unreadable", reason="not-json")
    return spans


def _read(source: Source, *, spans: Sequence[Span]) -> tuple[dict[str, Any], pa.Table]:
    with source.path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
        features = (data[start:end].join(_BARE) if bare else data[start:end] for start, end, bare in spans)
        whole = b",".join(features).join(_COLLECTION)
    meta, table = read_arrow(whole, **source.options)
    return meta, table
