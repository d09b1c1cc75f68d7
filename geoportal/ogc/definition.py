"""The API definition: pygeoapi's OpenAPI document, made whole in itself and true of what is served.

Upstream's document points at six remote ones, promises POST and free parameters, and says ``application/json`` of
everything. Here every reference resolves inside the document, so that it can be validated and used without a network.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import orjson
from pygeoapi.api import API
from pygeoapi.openapi import get_oas_30

from geoportal import __version__
from geoportal.language import text
from geoportal.ogc import shapes
from geoportal.ogc.config import LOCALES
from geoportal.ogc.features import RESERVED
from geoportal.ogc.source import Source

MEDIA_TYPE = "application/vnd.oai.openapi+json;version=3.0"
Document = dict[str, Any]

SUCCESS = {
    "": "LandingPage",
    "conformance": "ConformanceDeclaration",
    "collections": "Collections",
    "collection": "Collection",
    "schema": "Schema",
    "queryables": "Schema",
    "sortables": "Schema",
    "items": "Features",
    "item": "Feature",
    "openapi": "Definition",
}
"""Kind of resource -> the response that describes its success."""

WITHOUT_LINKED_DATA = frozenset({"conformance", "openapi", "schema", "queryables", "sortables"})


def document(api: API, language: str) -> bytes:
    """The OpenAPI document of one view in one language, as bytes. Runs under a visit, for pygeoapi makes providers on
    the way.
    """
    first, *others = sorted(LOCALES.values(), key=lambda locale: locale != LOCALES[language])
    config = {**api.config, "server": {**api.config["server"], "languages": [first, *others]}}
    found: Document = get_oas_30(config)
    found["info"]["version"] = __version__
    found["paths"] = {
        path: _operations(path, operations["get"], api.sources, language)
        for path, operations in _with_sortables(found["paths"]).items()
        if "get" in operations
    }
    found["components"] = {
        "parameters": shapes.parameters(api.config["server"]["limits"], list(LOCALES.values()), first),
        "responses": shapes.responses(),
        "schemas": shapes.SCHEMAS,
        "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
    }
    found["security"] = [{}, {"token": []}]
    used = {tag for operations in found["paths"].values() for tag in operations["get"].get("tags", [])}
    found["tags"] = [tag for tag in found["tags"] if tag["name"] in used]
    return orjson.dumps(found)


def _with_sortables(paths: Document) -> Document:
    """The paths with sortables behind queryables: pygeoapi has none."""
    found: Document = {}
    for path, operations in paths.items():
        found[path] = operations
        if kind_of(path) == "queryables":
            read = operations["get"]
            name = read["operationId"].replace("Queryables", "Sortables")
            found[f"{path.removesuffix('queryables')}sortables"] = {"get": {**read, "operationId": name}}
    return found


def _operations(path: str, operation: Document, sources: Mapping[str, Source], language: str) -> Document:
    """What can be done at a path: read it and, where there are items, ask for them with a filter in the body."""
    read = _operation(path, operation, sources, language)
    if kind_of(path) != "items":
        return {"get": read}
    left_out = ("filter", "filter-lang")
    parameters = [p for p in read["parameters"] if p.get("$ref", "").rpartition("/")[2] not in left_out]
    responses = {status: answer for status, answer in read["responses"].items() if status != "304"}
    responses |= {
        "413": _reference("responses", "TooLarge"),
        "415": _reference("responses", "NotUnderstood"),
    }
    body = {"application/json": {"schema": {"type": "object"}}}
    posted = {
        **read,
        "operationId": f"post{read['operationId'][:1].upper()}{read['operationId'][1:]}",
        "summary": text("messages", "operation items posted", language),
        "parameters": parameters,
        "requestBody": {"required": True, "description": shapes.SAID["filter"], "content": body},
        "responses": dict(sorted(responses.items())),
    }
    return {"get": read, "post": posted}


def kind_of(path: str) -> str:
    """The kind of resource that a path of the document stands for."""
    parts = [part for part in path.split("/") if part]
    match parts:
        case ["collections", _, "items", _]:
            return "item"
        case ["collections", _, last]:
            return last
        case ["collections", _]:
            return "collection"
        case [last]:
            return last
        case _:
            return ""


def _operation(path: str, operation: Document, sources: Mapping[str, Source], language: str) -> Document:
    kind = kind_of(path)
    parts = path.split("/")
    source = sources.get(parts[2]) if len(parts) > 2 else None
    parameters = [
        _reference("parameters", "f-plain" if kind in WITHOUT_LINKED_DATA else "f"),
        _reference("parameters", "lang"),
    ]
    if kind == "items" and source is not None:
        parameters += _item_parameters(source, operation)
    elif kind == "item" and source is not None:
        parameters = [
            _reference("parameters", "featureId"),
            *parameters,
            _crs("crs", source),
            _reference("parameters", "version"),
        ]
    responses = {"200": _reference("responses", SUCCESS[kind])}
    for status, name in (("304", "NotModified"), ("400", "InvalidParameter"), ("401", "NotSignedIn")):
        responses[status] = _reference("responses", name)
    if source is not None:
        responses["404"] = _reference("responses", "NotFound")
    responses |= {"406": _reference("responses", "NotAcceptable"), "500": _reference("responses", "ServerError")}
    summary = _summary(kind, source, language) or operation["summary"]
    return {**operation, "summary": summary, "parameters": parameters, "responses": responses}


def _summary(kind: str, source: Source | None, language: str) -> str:
    key = f"operation {kind or 'landing'}"
    title = source.publication.record.title.in_language(language) if source is not None else ""
    said = text("messages", key, language, title=title)
    return "" if said == key else said


def _item_parameters(source: Source, operation: Document) -> Iterator[Document]:
    names = [field.name for field in source.serving.summary.fields if field.queryable]
    for name in (
        "limit",
        "offset",
        "bbox",
        "datetime",
        "skipGeometry",
        "resulttype",
        "version",
        "filter",
        "filter-lang",
    ):
        yield _reference("parameters", name)
    yield _crs("crs", source)
    yield _crs("bbox-crs", source)
    yield _crs("filter-crs", source)
    yield _listed("properties", [field.name for field in source.serving.summary.fields])
    yield _listed("sortby", [sign + name for name in names for sign in ("", "+", "-")])
    made = {parameter.get("name"): parameter for parameter in operation["parameters"]}
    for name in names:
        if name not in RESERVED and name in made:
            yield {
                "name": name,
                "in": "query",
                "required": False,
                "schema": made[name]["schema"],
                "style": "form",
                "explode": False,
            }


def _crs(name: str, source: Source) -> Document:
    offered = source.resource["providers"][0]["crs"]
    return {
        "name": name,
        "in": "query",
        "required": False,
        "description": shapes.SAID[name],
        "schema": {"type": "string", "format": "uri", "enum": list(offered), "default": offered[0]},
        "style": "form",
        "explode": False,
    }


def _listed(name: str, values: list[str]) -> Document:
    items: Document = {"type": "string"}
    if values:
        items["enum"] = values
    return {
        "name": name,
        "in": "query",
        "required": False,
        "description": shapes.SAID[name],
        "schema": {"type": "array", "minItems": 1, "items": items},
        "style": "form",
        "explode": False,
    }


def _reference(kind: str, name: str) -> Document:
    return {"$ref": f"#/components/{kind}/{name}"}
