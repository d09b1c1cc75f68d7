"""Small corrections to documents that pygeoapi made: links to what this node does not have, and what it cannot say of
fields.
"""

from __future__ import annotations

from typing import Any

import orjson

from geoportal.model.record import Record
from geoportal.ogc.source import Source

DRAFT = "https://json-schema.org/draft/2020-12/schema"

NOT_HERE = ("http://www.opengis.net/def/rel/ogc/1.0/processes", "http://www.opengis.net/def/rel/ogc/1.0/tiling-schemes")
"""Links that pygeoapi puts on every landing page, whether there are processes and tiles or not."""

GEOMETRIES = {
    "Point": "geometry-point",
    "MultiPoint": "geometry-multipoint",
    "LineString": "geometry-linestring",
    "MultiLineString": "geometry-multilinestring",
    "Polygon": "geometry-polygon",
    "MultiPolygon": "geometry-multipolygon",
    "GeometryCollection": "geometry-geometrycollection",
}
"""Simple feature type -> format of OGC API Features Part 5."""


def landing(body: bytes) -> bytes:
    """The landing page without links that lead nowhere."""
    document = orjson.loads(body)
    document["links"] = [link for link in document["links"] if link["rel"] not in NOT_HERE]
    return orjson.dumps(document)


def schema(body: bytes, source: Source) -> bytes:
    """The schema of a collection: the draft that Part 5 asks for, the geometry's type, and lists or objects of any
    kind.
    """
    document = _with_geometry(orjson.loads(body), source)
    for field in source.serving.summary.fields:
        if not field.as_schema():
            document["properties"][field.name].pop("type", None)
    return orjson.dumps(document)


def queryables(body: bytes, source: Source, language: str) -> bytes:
    """The queryables of a collection: only what can be asked for, with readable titles, and nothing else allowed."""
    document = _with_geometry(orjson.loads(body), source)
    record = source.publication.record
    for field in source.serving.summary.fields:
        entry = document["properties"].get(field.name)
        if entry is None:
            continue
        if not field.queryable:
            del document["properties"][field.name]
            continue
        entry.update(described(record, field.name, language))
    document["$id"] = document["$id"].partition("?")[0]  # one document, however it was asked for
    document["additionalProperties"] = False
    return orjson.dumps(document)


def described(record: Record, name: str, language: str) -> dict[str, Any]:
    """Title and unit of a field as its record tells them."""
    meaning = record.fields.get(name)
    found: dict[str, Any] = {"title": record.field_title(name, language)}
    if meaning and meaning.unit:
        found["x-ogc-unit"] = meaning.unit
    return found


def _with_geometry(document: dict[str, Any], source: Source) -> dict[str, Any]:
    document["$schema"] = DRAFT
    geometry = document["properties"].get("geometry")
    if geometry is not None and geometry.get("x-ogc-role") == "primary-geometry":
        kind = source.serving.summary.geometry_type
        if kind is None:
            del document["properties"]["geometry"]
        else:
            geometry["format"] = GEOMETRIES.get(kind, "geometry-any")
    return document
