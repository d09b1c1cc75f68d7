"""The parts of the API definition that are the same for every node: parameters and schemas (OGC 17-069r4,
RFC 7946, RFC 9457).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from geoportal.ogc import filters
from geoportal.ogc.filters import MEDIA_TYPES

Shape = dict[str, Any]

SAID = {
    "f": "The form of the answer. Without it the Accept header decides.",
    "lang": "The language of the answer. Without it the Accept-Language header decides.",
    "limit": "The number of features on a page; a larger one is brought down to the maximum.",
    "offset": "How many features to pass over before the page starts.",
    "bbox": "Only features whose geometry meets this box, and those without geometry: lower left, upper right, with "
    "heights if six numbers. In CRS84 the first longitude may be greater than the second: then the box crosses the "
    "antimeridian.",
    "bbox-crs": "The reference system of bbox, whose axis order holds.",
    "crs": "The reference system of the answer, whose axis order holds.",
    "datetime": "Only features whose time meets this RFC 3339 instant or interval (a date is a whole day, in UTC), and "
    "those without a time: all of them where the collection has no extent in time.",
    "properties": "Only these properties of each feature.",
    "sortby": "Sort by these properties, descending with a minus; features without a value come last.",
    "skipGeometry": "Leave the geometry out.",
    "resulttype": "hits: only the number of features that match.",
    "q": "Only features whose texts contain one of these terms. The words of a term follow one another, the last may "
    "be the beginning of a longer one; case and accents do not matter.",
    "filter": "Only features for which this CQL2 expression is true.",
    "filter-lang": "The form of the filter: CQL2 text, or CQL2 JSON; cql-text is CQL2 text with ILIKE, as GDAL asks.",
    "filter-crs": "The reference system of coordinates in the filter, whose axis order holds.",
    "version": "An earlier published version of the dataset. Links to the next page carry it, so that a walk stays "
    "with its version.",
    "as-of": "A date or a date and time: the version that was out then. A date alone is 00:00 of that day, and what "
    "has no zone is in that of the node: the state at the end of a day is 2026-11-25T23:59:59. Not together with "
    "version.",
    "featureId": "The id of a feature.",
}


ORDER = (
    "limit",
    "offset",
    "bbox",
    "bbox-crs",
    "datetime",
    "crs",
    "q",
    "filter",
    "filter-lang",
    "filter-crs",
    "properties",
    "sortby",
    "skipGeometry",
    "resulttype",
    "version",
    "as-of",
)
"""Parameters in the order in which they are told of; others behind these, by name."""

BODIES = tuple(sorted(MEDIA_TYPES))
"""Media types of a filter in a body."""


def query(name: str, schema: Shape, *, listed: bool = False) -> Shape:
    """A parameter in the query; ``listed``: several values, separated by commas."""
    found = {"name": name, "in": "query", "required": False, "description": SAID[name], "schema": schema}
    return {**found, "style": "form", "explode": False} if listed else found


def parameters(limits: Mapping[str, Any], locales: list[str], first: str) -> Shape:
    """Parameters that several operations share."""
    return {
        "lang": query("lang", {"type": "string", "enum": locales, "default": first}),
        "limit": query(
            "limit",
            {"type": "integer", "minimum": 1, "maximum": limits["max_items"], "default": limits["default_items"]},
        ),
        "offset": query("offset", {"type": "integer", "minimum": 0, "default": 0}),
        "bbox": query(
            "bbox",
            {
                "type": "array",
                "items": {"type": "number"},
                "oneOf": [{"minItems": 4, "maxItems": 4}, {"minItems": 6, "maxItems": 6}],
            },
            listed=True,
        ),
        "datetime": query("datetime", {"type": "string", "minLength": 4}),
        "skipGeometry": query("skipGeometry", {"type": "boolean", "default": False}),
        "resulttype": query("resulttype", {"type": "string", "enum": ["results", "hits"], "default": "results"}),
        "q": query("q", {"type": "array", "items": {"type": "string"}}, listed=True),
        "filter": query("filter", {"type": "string", "minLength": 1}),
        "filter-lang": _languages(filters.LANGUAGES),
        "filter-lang-cql2": _languages((filters.TEXT, filters.JSON)),
        "version": query("version", {"type": "integer", "minimum": 1}),
        "as-of": query("as-of", {"type": "string", "minLength": 10}),
        "featureId": {
            "name": "featureId",
            "in": "path",
            "required": True,
            "description": SAID["featureId"],
            "schema": {"type": "string", "minLength": 1},
        },
    }


def _languages(offered: Sequence[str]) -> Shape:
    return query("filter-lang", {"type": "string", "enum": list(offered), "default": filters.TEXT})


def _schema(name: str) -> Shape:
    return {"$ref": f"#/components/schemas/{name}"}


def _object(required: list[str], **properties: Shape) -> Shape:
    return {"type": "object", "required": required, "properties": properties}


def _array(items: Shape) -> Shape:
    return {"type": "array", "items": items}


_TEXT: Shape = {"type": "string"}
_LINKS = _array(_schema("Link"))

SCHEMAS: Shape = {
    "Link": _object(
        ["href", "rel"],
        href=_TEXT,
        rel=_TEXT,
        type=_TEXT,
        title=_TEXT,
        hreflang=_TEXT,
        length={"type": "integer"},
        method={"type": "string", "enum": ["POST"]},
        body={},
    ),
    "LandingPage": _object(["links"], title=_TEXT, description=_TEXT, links=_LINKS),
    "Conformance": _object(["conformsTo"], conformsTo=_array(_TEXT)),
    "Collections": _object(["collections", "links"], links=_LINKS, collections=_array(_schema("Collection"))),
    "Collection": _object(
        ["id", "links"],
        id=_TEXT,
        title=_TEXT,
        description=_TEXT,
        keywords=_array(_TEXT),
        links=_LINKS,
        extent=_schema("Extent"),
        itemType={"type": "string", "default": "feature"},
        crs=_array(_TEXT),
        storageCrs={"type": "string", "format": "uri"},
    ),
    "Definition": _object(["openapi", "info"], openapi=_TEXT, info={"type": "object"}, paths={"type": "object"}),
    "Cql2": _object(["op", "args"], op=_TEXT, args={"type": "array", "items": {}}),
    "Extent": {
        "type": "object",
        "properties": {
            "spatial": _object(
                ["bbox"],
                bbox={
                    "type": "array",
                    "minItems": 1,
                    "items": {"type": "array", "minItems": 4, "items": {"type": "number"}},
                },
                crs=_TEXT,
            ),
            "temporal": {
                "type": "object",
                "properties": {"interval": _array(_array({"type": "string", "nullable": True}))},
            },
        },
    },
    "Schema": _object(["type", "properties"], type=_TEXT, title=_TEXT, properties={"type": "object"}),
    "FeatureCollection": _object(
        ["type", "features"],
        type={"type": "string", "enum": ["FeatureCollection"]},
        features=_array(_schema("Feature")),
        links=_LINKS,
        timeStamp={"type": "string", "format": "date-time"},
        numberMatched={"type": "integer", "minimum": 0},
        numberReturned={"type": "integer", "minimum": 0},
    ),
    "Feature": _object(
        ["type", "geometry", "properties"],
        type={"type": "string", "enum": ["Feature"]},
        id=_TEXT,
        geometry={"nullable": True, "allOf": [_schema("Geometry")]},
        properties={"type": "object", "nullable": True},
        links=_LINKS,
    ),
    "Geometry": {
        "type": "object",
        "required": ["type"],
        "properties": {
            "type": {
                "type": "string",
                "enum": [
                    "Point",
                    "MultiPoint",
                    "LineString",
                    "MultiLineString",
                    "Polygon",
                    "MultiPolygon",
                    "GeometryCollection",
                ],
            },
            "coordinates": {"type": "array", "items": {}},
            "geometries": _array({"type": "object"}),
        },
    },
    "Problem": _object(
        ["type", "title", "status", "detail", "code", "description"],
        type={"type": "string", "format": "uri"},
        title=_TEXT,
        status={"type": "integer"},
        detail=_TEXT,
        instance=_TEXT,
        code=_TEXT,
        description=_TEXT,
    ),
}
