"""Features as OGC Features and Geometries JSON, Part 1 Core (OGC 21-045r1), class "Feature Types and Schemas" included.

``geometry`` holds a place in CRS84; in every other reference system it is null and ``place`` holds it, in the axis
order of the authority. ``time`` comes from the fields that the record names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from geoportal.ogc.formats.chosen import Batch, Chosen
from geoportal.serving.crs import CRS84

CORE = "http://www.opengis.net/spec/json-fg-1/1.0/conf/core"
TYPES = "http://www.opengis.net/spec/json-fg-1/1.0/conf/types-schemas"
PROFILE = "http://www.opengis.net/def/profile/OGC/0/jsonfg"

_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9:.]{8,15}Z?)?")

_DIMENSIONS = {
    "Point": 0,
    "MultiPoint": 0,
    "LineString": 1,
    "MultiLineString": 1,
    "Polygon": 2,
    "MultiPolygon": 2,
}


def write(chosen: Chosen, envelope: Mapping[str, Any], base_url: str) -> Iterator[bytes]:
    """A feature collection with the links and counts of ``envelope``."""
    dimension = _DIMENSIONS.get(chosen.serving.summary.geometry_type or "") if chosen.with_geometry else None
    head: dict[str, Any] = {"type": "FeatureCollection", **_root(chosen, base_url)}
    if dimension is not None:
        head["geometryDimension"] = dimension
    head |= {name: envelope[name] for name in ("numberMatched", "numberReturned", "timeStamp") if name in envelope}
    head["links"] = envelope.get("links", [])
    yield orjson.dumps(head)[:-1] + b',"features":['
    between = b""
    for batch in chosen.batches():
        yield between + b",".join(b'{"type":"Feature",' + text + b"}" for text in _features(batch))
        between = b","
    yield b"]}"


def write_one(chosen: Chosen, envelope: Mapping[str, Any], base_url: str) -> Iterator[bytes]:
    """One feature as a document of its own."""
    head = orjson.dumps({"type": "Feature", **_root(chosen, base_url)})
    links = orjson.dumps({"links": envelope.get("links", [])})
    for batch in chosen.batches():
        for text in _features(batch):
            yield head[:-1] + b"," + text + b"," + links[1:]


def _root(chosen: Chosen, base_url: str) -> dict[str, Any]:
    """The members that a root object has, be it a feature or a collection."""
    found: dict[str, Any] = {
        "conformsTo": [CORE, TYPES],
        "featureType": chosen.dataset_id,
        "featureSchema": f"{base_url}/ogc/collections/{chosen.dataset_id}/schema?f=json",
    }
    if chosen.placed:
        found["coordRefSys"] = chosen.crs
    return found


def _features(batch: Batch) -> Iterator[bytes]:
    """The members of each feature, without ``type`` and brackets."""
    chosen = batch.chosen
    record = chosen.source.publication.record
    types = {each.name: each.type for each in chosen.serving.summary.fields}
    timed = [name for name in record.time if name in types]
    if chosen.wanted is None:
        shown = batch.property_texts
    else:
        names = [each.field.name for each in chosen.attributes]
        shown = [orjson.dumps({name: each[name] for name in names}) for each in batch.properties]
    times = [time_of([each[name] for name in timed]) for each in batch.properties] if timed else [None] * len(batch)
    at_home = chosen.crs == CRS84
    for fid, time, place, properties in zip(batch.id_texts, times, batch.geometry_texts, shown, strict=True):
        here, there = (place, b"null") if at_home else (b"null", place)
        yield b'"id":%b,"time":%b,"geometry":%b,"place":%b,"properties":%b' % (
            fid,
            orjson.dumps(time),
            here,
            there,
            properties,
        )


def time_of(values: list[Any]) -> dict[str, Any] | None:
    """The ``time`` of a feature: an instant of one value, an interval of two; None where there is none.

    A time of day whose zone is not known cannot be told in UTC, as the standard wants it: of such a value the date is
    told. In an interval both ends are of one kind.
    """
    if len(values) == 1:
        told = _told(values[0])
        return None if told is None else {"timestamp" if "T" in told else "date": told}
    ends = [_told(value) for value in values[:2]]
    if not any(ends):
        return None
    if any(end and "T" not in end for end in ends):
        ends = [end[:10] if end else end for end in ends]
    return {"interval": [end or ".." for end in ends]}


def _told(value: Any) -> str | None:
    if not isinstance(value, str) or not _TIME.fullmatch(value):
        return None
    return value if value.endswith("Z") else value[:10]
