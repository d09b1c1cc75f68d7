"""The API definition: pygeoapi's OpenAPI document, made whole in itself and true of what is served.

Upstream's document points at six remote ones, promises POST and free parameters, and says ``application/json`` of
everything. Here every reference resolves inside the document, so that it can be validated and used without a network;
its operations are those of the table of resources that the router is made of, and their answers those of the same
table. HEAD goes where GET goes and OPTIONS goes everywhere (RFC 9110 9.3), so neither is written down.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from io import BytesIO
from itertools import batched
from typing import TYPE_CHECKING, Any

import orjson
from pygeoapi.api import API
from pygeoapi.openapi import get_oas_30

from geoportal import __version__
from geoportal.language import text
from geoportal.ogc import answers, dialect, paging, shapes
from geoportal.ogc.config import LOCALES
from geoportal.ogc.domains import domains_of
from geoportal.ogc.filters import plain_name
from geoportal.ogc.parameters import listable, named_by
from geoportal.ogc.source import Source

if TYPE_CHECKING:
    from geoportal.ogc.resource import Resource

MEDIA_TYPE = "application/vnd.oai.openapi+json;version=3.0"
MEDIA_TYPE_31 = "application/vnd.oai.openapi+json;version=3.1"
OAS31 = "oas31"
"""Value of ``f`` for the definition in OpenAPI 3.1; the name is that of OGC's conformance class."""

ROOT = "/ogc"
Document = dict[str, Any]

MOST_NAMED = 50
"""Values of a code list that the description of a parameter names."""

AT_ONCE = 50
"""Collections that pygeoapi tells of at a time."""

_PATHS = "\x1epaths\x1e"  # never in a text of ours: JSON would write it as an escape

_GAP = re.compile(r"\{(\w+)(?::\w+)?\}")
_NAMES = {"item": "featureId"}
"""Name of a part of a route's path -> its name in the document, where they differ; as pygeoapi and the standard say."""


def document(api: API, language: str, resources: Iterable[Resource], *, version: str = "3.0") -> bytes:
    """The OpenAPI document (3.0 or 3.1) of one view in one language, as bytes. Runs under a visit, for pygeoapi makes
    providers on the way.

    pygeoapi is asked for a few collections at a time, and what it says of them becomes text before the next: as
    objects, the definition of thousands of collections takes twenty times the memory of its text.
    """
    resources = list(resources)
    first, *others = sorted(LOCALES.values(), key=lambda locale: locale != LOCALES[language])
    config = {**api.config, "server": {**api.config["server"], "languages": [first, *others]}}
    found: Document = get_oas_30({**config, "resources": {}})
    found["info"]["version"] = __version__
    found["components"] = {
        "parameters": shapes.parameters(api.config["server"]["limits"], list(LOCALES.values()), first),
        "responses": answers.responses(resources),
        "headers": answers.HEADERS,
        "schemas": shapes.SCHEMAS,
        "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
    }
    found["security"] = [{}, {"token": []}]
    paths: deque[bytes] = deque()
    tags: dict[str, Document] = {tag["name"]: tag for tag in found["tags"]}
    used = _told(_of_service(resources), found["paths"], language, paths)
    for sources in batched(api.sources.items(), AT_ONCE):
        made = get_oas_30(
            {**config, "resources": {dataset_id: api.config["resources"][dataset_id] for dataset_id, _ in sources}}
        )
        for tag in made["tags"]:
            tags.setdefault(tag["name"], tag)
        used |= _told(_of_collections(resources, sources), made["paths"], language, paths)
    found["tags"] = [tag for name, tag in tags.items() if name in used]
    found["paths"] = _PATHS
    whole = orjson.dumps(dialect.in_31(found) if version == "3.1" else {**found, "openapi": "3.0.3"})
    before, after = whole.split(orjson.dumps(_PATHS))
    return _joined(before + b"{", paths, b"}" + after)


def _told(
    addresses: Iterable[tuple[Resource, str, Source | None]],
    made: Mapping[str, Document],
    language: str,
    paths: deque[bytes],
) -> set[str]:
    """Write down what can be done at some addresses, as members of an object without its braces; the tags they bear.

    Operations are written in words that both versions of OpenAPI share, so they are the same in both.
    """
    found = {path: _operations(resource, path, source, made, language) for resource, path, source in addresses}
    paths.append(orjson.dumps(found)[1:-1])
    return {tag for operations in found.values() for tag in operations["get"].get("tags", [])}


def _joined(before: bytes, paths: deque[bytes], after: bytes) -> bytes:
    """One text of many; each part goes as soon as it is in, so that they do not all lie there twice."""
    out = BytesIO()
    out.write(before)
    between = b""
    while paths:
        if part := paths.popleft():
            out.write(between)
            out.write(part)
            between = b","
    out.write(after)
    return out.getvalue()


def _of_service(resources: Iterable[Resource]) -> Iterator[tuple[Resource, str, Source | None]]:
    """The resources of the service, each with its path in the document."""
    for resource in resources:
        if "{collection}" not in resource.path:
            yield resource, path_of(resource.path), None


def _of_collections(
    resources: Iterable[Resource], sources: Iterable[tuple[str, Source]]
) -> Iterator[tuple[Resource, str, Source | None]]:
    """The resources of some collections, each with its path in the document: all of a collection, then the next."""
    of_collections = [resource for resource in resources if "{collection}" in resource.path]
    for dataset_id, source in sources:
        for resource in of_collections:
            yield resource, path_of(resource.path, dataset_id), source


def path_of(route: str, dataset_id: str = "") -> str:
    """The path in the document that stands for a route of one collection."""
    path = route.removeprefix(ROOT).replace("{collection}", dataset_id) or "/"
    return _GAP.sub(lambda gap: f"{{{_NAMES.get(gap[1], gap[1])}}}", path)


def _operations(
    resource: Resource, path: str, source: Source | None, made: Mapping[str, Document], language: str
) -> Document:
    """What can be done at a path: read it and, where there are items, ask for them with a filter in the body."""
    read = _read(resource, path, source, made, language)
    if not resource.posted:
        return {"get": read}
    left_out = ("filter", "filter-lang", "filter-lang-cql2")
    parameters = [p for p in read["parameters"] if p.get("$ref", "").rpartition("/")[2] not in left_out]
    responses = {status: answer for status, answer in read["responses"].items() if status != "304"}
    responses |= {
        "413": _reference("responses", "TooLarge"),
        "415": _reference("responses", "NotUnderstood"),
    }
    body = {media_type: {"schema": _reference("schemas", "Cql2")} for media_type in shapes.BODIES}
    posted = {
        **read,
        "operationId": f"post{read['operationId'][:1].upper()}{read['operationId'][1:]}",
        "summary": text("messages", "operation items posted", language),
        "parameters": parameters,
        "requestBody": {"required": True, "description": shapes.SAID["filter"], "content": body},
        "responses": dict(sorted(responses.items())),
    }
    return {"get": read, "post": posted}


def _read(
    resource: Resource, path: str, source: Source | None, made: Mapping[str, Document], language: str
) -> Document:
    operation = made.get(path, {}).get("get") or _made(resource, source)
    parameters = [_parameter(name, resource, source) for name in _NAMES_IN.findall(path)]
    parameters += [_format_parameter(resource), _reference("parameters", "lang")]
    parameters += [_parameter(name, resource, source) for name in shapes.ORDER if name in resource.known]
    parameters += [_parameter(name, resource, source) for name in sorted(resource.known - set(shapes.ORDER))]
    if resource.fields and source is not None:
        parameters += _fields(source, operation, language)
    responses = {"200": _reference("responses", answers.name_of(resource))}
    for status, name in answers.REFUSALS.items():
        if status != "404" or source is not None:
            responses[status] = _reference("responses", name)
    title = source.publication.record.title.in_language(language) if source is not None else ""
    summary = _summary(resource.name, title, language) or operation["summary"]
    return {**operation, "summary": summary, "parameters": parameters, "responses": responses}


_NAMES_IN = re.compile(r"\{(\w+)\}")


def _made(resource: Resource, source: Source | None) -> Document:
    """The beginning of an operation that pygeoapi does not know of."""
    dataset_id = source.publication.dataset_id if source is not None else ""
    name = "".join(part.capitalize() for part in (dataset_id, *resource.name.split("-")))
    return {"summary": resource.name, "tags": [dataset_id or "server"], "operationId": f"get{name}"}


def _summary(name: str, title: str, language: str) -> str:
    key = f"operation {name}"
    said = text("messages", key, language, title=title)
    return "" if said == key else said


def _format_parameter(resource: Resource) -> Document:
    return shapes.query("f", {"type": "string", "enum": list(resource.offers)})


def _parameter(name: str, resource: Resource, source: Source | None) -> Document:
    """A parameter of an operation: by its name alone where it is the same for all, else with the values that the
    collection has.
    """
    if source is not None:
        summary = source.serving.summary
        if name in ("crs", "bbox-crs", "filter-crs"):
            offered = source.resource["providers"][0]["crs"]
            return shapes.query(name, {"type": "string", "format": "uri", "enum": offered, "default": offered[0]})
        if name == "properties":
            return _listed(name, listable(field.name for field in summary.fields))
        if name == "sortby":
            names = listable(field.name for field in summary.fields if field.queryable)
            return _listed(name, [sign + name for name in names for sign in ("", "+", "-")])
        if name == "filter-lang" and not all(plain_name(field.name) for field in summary.fields):
            # GDAL sends names without quotes to who offers cql-text: better that it filters by itself.
            return _reference("parameters", "filter-lang-cql2")
    if resource.name == "collections" and name == "limit":
        found = shapes.query(name, {"type": "integer", "minimum": 1, "maximum": paging.MOST, "default": paging.MOST})
        return {**found, "description": paging.SAID}
    return _reference("parameters", name)


def _fields(source: Source, operation: Document, language: str) -> Iterator[Document]:
    """The fields as parameters. What they may be asked for stands in the description: pages of a definition write
    examples into their forms, and one click would then ask for the first value of every list.
    """
    made = {parameter.get("name"): parameter for parameter in operation["parameters"]}
    for name, field in named_by(source.serving.summary.fields).items():
        if field.queryable and field.name in made:
            yield {
                "name": name,
                "in": "query",
                "required": False,
                "description": _described(source, field.name, language),
                "schema": _plain(made[name]["schema"] if name in made else field.as_schema()),
                "style": "form",
                "explode": False,
            }


def _described(source: Source, name: str, language: str) -> str:
    """What a field means, and what stands in it where it keeps to a list."""
    meaning = source.publication.record.field_title(name, language)
    codes = domains_of(source)[name].codes
    if not codes:
        return meaning
    named = ", ".join(f"`{code}`" for code in codes[:MOST_NAMED]) + (", ..." if len(codes) > MOST_NAMED else "")
    return text("messages", "{meaning}. For example: {values}", language, meaning=meaning, values=named)


def _plain(schema: Document) -> Document:
    """What a value must be. Values of code lists are examples: one that no feature has is no mistake, it finds none."""
    return {word: value for word, value in schema.items() if word in ("type", "format", "items")}


def _listed(name: str, values: list[str]) -> Document:
    items: Document = {"type": "string"}
    if values:
        items["enum"] = values
    return shapes.query(name, {"type": "array", "minItems": 1, "items": items}, listed=True)


@lru_cache(maxsize=512)  # one object for all that say the same: they are written down, never changed
def _reference(kind: str, name: str) -> Document:
    return {"$ref": f"#/components/{kind}/{name}"}
