"""The parts of the API definition that are the same for every node: parameters, responses and schemas (OGC 17-069r4,
RFC 7946, RFC 9457).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

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
    "datetime": "An RFC 3339 instant or interval. Collections here have no time of their own: every feature matches.",
    "properties": "Only these properties of each feature.",
    "sortby": "Sort by these properties, descending with a minus; features without a value come last.",
    "skipGeometry": "Leave the geometry out.",
    "resulttype": "hits: only the number of features that match.",
    "filter": "Only features for which this CQL2 expression is true.",
    "filter-lang": "The form of the filter: CQL2 text, or CQL2 JSON.",
    "filter-crs": "The reference system of coordinates in the filter, whose axis order holds.",
    "version": "An earlier published version of the dataset. Links to the next page carry it, so that a walk stays "
    "with its version.",
    "featureId": "The id of a feature.",
}


def _query(name: str, schema: Shape, *, listed: bool = False) -> Shape:
    found = {"name": name, "in": "query", "required": False, "description": SAID[name], "schema": schema}
    return {**found, "style": "form", "explode": False} if listed else found


def parameters(limits: Mapping[str, Any], locales: list[str], first: str) -> Shape:
    """Parameters that several operations share."""
    version = {"type": "integer", "minimum": 1}
    return {
        "f": _query("f", {"type": "string", "enum": ["json", "html", "jsonld"]}),
        "f-plain": _query("f", {"type": "string", "enum": ["json", "html"]}),
        "lang": _query("lang", {"type": "string", "enum": locales, "default": first}),
        "limit": _query(
            "limit",
            {"type": "integer", "minimum": 1, "maximum": limits["max_items"], "default": limits["default_items"]},
        ),
        "offset": _query("offset", {"type": "integer", "minimum": 0, "default": 0}),
        "bbox": _query(
            "bbox",
            {
                "type": "array",
                "items": {"type": "number"},
                "oneOf": [{"minItems": 4, "maxItems": 4}, {"minItems": 6, "maxItems": 6}],
            },
            listed=True,
        ),
        "datetime": _query("datetime", {"type": "string"}),
        "skipGeometry": _query("skipGeometry", {"type": "boolean", "default": False}),
        "resulttype": _query("resulttype", {"type": "string", "enum": ["results", "hits"], "default": "results"}),
        "filter": _query("filter", {"type": "string", "minLength": 1}),
        "filter-lang": _query(
            "filter-lang", {"type": "string", "enum": ["cql2-text", "cql2-json"], "default": "cql2-text"}
        ),
        "version": _query("version", version),
        "featureId": {
            "name": "featureId",
            "in": "path",
            "required": True,
            "description": SAID["featureId"],
            "schema": {"type": "string"},
        },
    }


def _answer(
    description: str, json_type: str, schema: str, *, linked: bool = True, headers: Shape | None = None
) -> Shape:
    content: Shape = {json_type: {"schema": _schema(schema)}, "text/html": {"schema": {"type": "string"}}}
    if linked:
        content["application/ld+json"] = {"schema": {"type": "object"}}
    found: Shape = {"description": description, "content": content}
    return {**found, "headers": headers} if headers else found


def _refusal(description: str) -> Shape:
    return {
        "description": description,
        "content": {
            "application/problem+json": {"schema": _schema("Problem")},
            "text/html": {"schema": {"type": "string"}},
        },
    }


def responses() -> Shape:
    """Every answer that the operations name."""
    content_crs = {
        "Content-Crs": {
            "description": "The reference system of the coordinates, in angle brackets.",
            "schema": {"type": "string"},
        }
    }
    schema = "application/schema+json"
    definition = {
        "application/vnd.oai.openapi+json;version=3.0": {"schema": {"type": "object"}},
        "text/html": {"schema": {"type": "string"}},
    }
    return {
        "LandingPage": _answer("The landing page.", "application/json", "LandingPage"),
        "ConformanceDeclaration": _answer("What the API conforms to.", "application/json", "Conformance", linked=False),
        "Definition": {"description": "This document.", "content": definition},
        "Collections": _answer("The collections.", "application/json", "Collections"),
        "Collection": _answer("One collection.", "application/json", "Collection"),
        "Schema": _answer("The properties of features as JSON Schema.", schema, "Schema", linked=False),
        "Features": _answer("A page of features.", "application/geo+json", "FeatureCollection", headers=content_crs),
        "Feature": _answer("One feature.", "application/geo+json", "Feature", headers=content_crs),
        "NotModified": {"description": "The client has these bytes already (If-None-Match)."},
        "InvalidParameter": _refusal("A parameter is unknown or has no valid value."),
        "NotSignedIn": _refusal("The token is not known, has expired or was revoked."),
        "NotFound": _refusal("There is no such resource, or none that is available to whoever asks."),
        "TooLarge": _refusal("The body is longer than the node takes."),
        "NotUnderstood": _refusal("The body is of another media type than the node takes."),
        "NotAcceptable": _refusal("There is no form of the resource that the Accept header allows."),
        "ServerError": _refusal("The node has a fault."),
    }


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
        ["href", "rel"], href=_TEXT, rel=_TEXT, type=_TEXT, title=_TEXT, hreflang=_TEXT, length={"type": "integer"}
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
        ["code"],
        type={"type": "string", "format": "uri"},
        title=_TEXT,
        status={"type": "integer"},
        detail=_TEXT,
        instance=_TEXT,
        code=_TEXT,
        description=_TEXT,
    ),
}
