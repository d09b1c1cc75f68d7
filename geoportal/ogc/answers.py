"""The answers of the API definition: for each resource its success in every form that it has, the refusals, and the
headers of both (RFC 9110, RFC 9457, OGC 17-069r4, OGC 18-058r1).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from geoportal.ogc.problems import MEDIA_TYPE as PROBLEM
from geoportal.ogc.request import HTML, JSON, JSONLD

if TYPE_CHECKING:
    from geoportal.ogc.resource import Resource

Shape = dict[str, Any]

NAMES = {
    "landing": ("LandingPage", "The landing page."),
    "conformance": ("Conformance", "What the API conforms to."),
    "openapi": ("Definition", "This document."),
    "collections": ("Collections", "The collections."),
    "collection": ("Collection", "One collection."),
    "schema": ("Schema", "The properties of features as JSON Schema."),
    "queryables": ("Schema", "The properties that features can be asked for by, as JSON Schema."),
    "sortables": ("Schema", "The properties that features can be sorted by, as JSON Schema."),
    "items": ("FeatureCollection", "A page of features."),
    "item": ("Feature", "One feature."),
}
"""Name of a resource -> the schema of its JSON, and what the answer is."""

REFUSALS = {
    "304": "NotModified",
    "400": "InvalidParameter",
    "401": "NotSignedIn",
    "404": "NotFound",
    "406": "NotAcceptable",
    "414": "TooLong",
    "500": "ServerError",
    "503": "Unavailable",
}
"""Status -> the answer that each operation may give besides its success; 404 only where something is named."""


def _header(description: str, **schema: Any) -> Shape:
    return {"description": description, "schema": {"type": "string", **schema}}


HEADERS: Shape = {
    "ETag": _header("The name of these very bytes, strong; answers that are for one asker alone have none."),
    "Vary": _header("The request headers that the answer depends on."),
    "Cache-Control": _header(
        "How long caches may use the answer without asking: named versions longer, what is current briefly, "
        "what is not public and what is an error never."
    ),
    "Content-Language": _header("The language of titles and texts."),
    "Content-Crs": _header(
        "The reference system of the coordinates, in angle brackets. Coordinates are in its axis order, save in "
        "FlatGeobuf and GeoParquet, whose own rule is x (east, longitude) before y."
    ),
    "Link": _header("Related documents (RFC 8288), such as the queryables of the features."),
    "Content-Disposition": _header("The name of a file, for forms that are saved rather than read."),
    "OGC-NumberMatched": {
        "description": "The number of features that match; JSON and pages say it in themselves.",
        "schema": {"type": "integer", "minimum": 0},
    },
    "OGC-NumberReturned": {
        "description": "The number of features on the page; JSON and pages say it in themselves.",
        "schema": {"type": "integer", "minimum": 0},
    },
    "WWW-Authenticate": _header("How to say who asks (RFC 6750)."),
    "Retry-After": _header("Seconds after which it is worth trying again.", pattern="^[0-9]+$"),
}

_ALWAYS = ("Vary", "Cache-Control")
_FEATURES = {
    "items": ("Link", "Content-Crs", "Content-Disposition", "OGC-NumberMatched", "OGC-NumberReturned"),
    "item": ("Link", "Content-Crs", "Content-Disposition"),
}


def name_of(resource: Resource) -> str:
    """The name of the answer in which a resource succeeds: one for each."""
    return "".join(part.capitalize() for part in resource.name.split("-"))


def content_of(resource: Resource) -> Shape:
    """Media type -> shape, for every form that a resource has."""
    schema, _ = NAMES.get(resource.name, ("", ""))
    found: Shape = {}
    for format_, media_types in resource.offers.items():
        if format_ == JSON:
            found[resource.json_type] = {"schema": _schema(schema) if schema else {"type": "object"}}
        elif format_ == HTML:
            found["text/html"] = {"schema": {"type": "string"}}
        elif format_ == JSONLD:
            found["application/ld+json"] = {"schema": {"type": "object"}}
        elif media_types[0].endswith("json") or "json;" in media_types[0]:
            found[media_types[0]] = {"schema": _schema(schema) if schema else {"type": "object"}}
        elif media_types[0].startswith("text/") or "xml" in media_types[0]:
            found[media_types[0]] = {"schema": {"type": "string"}}
        else:
            found[media_types[0]] = {"schema": {"type": "string", "format": "binary"}}
    return found


def responses(resources: Iterable[Resource]) -> Shape:
    """Every answer that the operations name."""
    found: Shape = {}
    for resource in resources:
        _, description = NAMES.get(resource.name, ("", "The resource."))
        headers = ("ETag", *_ALWAYS, "Content-Language", *_FEATURES.get(resource.name, ()))
        found[name_of(resource)] = {
            "description": description,
            "headers": _headers(*headers),
            "content": content_of(resource),
        }
    return {
        **found,
        "NotModified": {
            "description": "The client has these bytes already (If-None-Match).",
            "headers": _headers("ETag", *_ALWAYS),
        },
        "InvalidParameter": _refusal("A parameter is unknown or has no valid value."),
        "NotSignedIn": _refusal("The token is not known, has expired or was revoked.", "WWW-Authenticate"),
        "NotFound": _refusal("There is no such resource, or none that is available to whoever asks."),
        "NotAcceptable": _refusal("There is no form or coding of the resource that the request accepts.", page=False),
        "TooLarge": _refusal("The body is longer than the node takes."),
        "TooLong": _refusal("The address is longer than the node takes."),
        "NotUnderstood": _refusal("The body is of another media type than the node takes."),
        "ServerError": _refusal("The node has a fault."),
        "Unavailable": _refusal("The node cannot answer this at the moment.", "Retry-After"),
    }


def _refusal(description: str, *headers: str, page: bool = True) -> Shape:
    content: Shape = {PROBLEM: {"schema": _schema("Problem")}}
    if page:
        content["text/html"] = {"schema": {"type": "string"}}
    return {
        "description": description,
        "headers": _headers(*_ALWAYS, "Content-Language", *headers),
        "content": content,
    }


def _headers(*names: str) -> Shape:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in dict.fromkeys(names)}


def _schema(name: str) -> Shape:
    return {"$ref": f"#/components/schemas/{name}"}
