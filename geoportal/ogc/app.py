"""The routes under ``/ogc``: one table of resources, each with the function of ``pygeoapi.api`` that answers it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from pygeoapi import api as pygeoapi_api
from pygeoapi.api import itemtypes
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from geoportal.ogc import filters
from geoportal.ogc.definition import MEDIA_TYPE as OPENAPI_TYPE
from geoportal.ogc.definition import MEDIA_TYPE_31 as OPENAPI_31_TYPE
from geoportal.ogc.definition import OAS31
from geoportal.ogc.edge import Edge
from geoportal.ogc.engine import Engine
from geoportal.ogc.formats.forms import offers
from geoportal.ogc.request import HTML, JSON, JSONLD
from geoportal.ogc.resource import Resource

if TYPE_CHECKING:
    from geoportal.node import Node

_PAGE = ("text/html", "application/xhtml+xml")
_LINKED = ("application/ld+json",)
PLAIN = {JSON: ("application/json",), HTML: _PAGE}
LINKED = {JSON: ("application/json",), HTML: _PAGE, JSONLD: _LINKED}
SCHEMA = {JSON: ("application/schema+json", "application/json"), HTML: _PAGE}
GEOJSON = {JSON: ("application/geo+json", "application/json", "application/vnd.geo+json"), HTML: _PAGE, JSONLD: _LINKED}
ITEMS_FORMS = {**GEOJSON, **offers()}
ITEM_FORMS = {**GEOJSON, **offers(single=True)}
OPENAPI = {
    JSON: (OPENAPI_TYPE, "application/openapi+json;version=3.0", "application/json"),
    OAS31: (OPENAPI_31_TYPE, "application/openapi+json;version=3.1"),
    HTML: _PAGE,
}

ITEMS = frozenset(
    {
        "limit",
        "offset",
        "bbox",
        "bbox-crs",
        "crs",
        "datetime",
        "properties",
        "sortby",
        "skipGeometry",
        "resulttype",
        "q",
        "version",
        "as-of",
        *filters.PARAMETERS,
    }
)
VERSIONS = frozenset({"version", "as-of"})
ITEM = frozenset({"crs", *VERSIONS})

RESOURCES = (
    Resource("landing", "/ogc", lambda api, ask: pygeoapi_api.landing_page(api, ask), LINKED, "application/json"),
    Resource(
        "conformance",
        "/ogc/conformance",
        lambda api, ask: pygeoapi_api.conformance(api, ask),
        PLAIN,
        "application/json",
    ),
    Resource("openapi", "/ogc/openapi", lambda api, ask: pygeoapi_api.openapi_(api, ask), OPENAPI, OPENAPI_TYPE),
    Resource(
        "collections",
        "/ogc/collections",
        lambda api, ask: pygeoapi_api.describe_collections(api, ask),
        LINKED,
        "application/json",
        known=frozenset({"limit", "offset"}),
    ),
    Resource(
        "collection",
        "/ogc/collections/{collection}",
        lambda api, ask, dataset: pygeoapi_api.describe_collections(api, ask, dataset),
        LINKED,
        "application/json",
    ),
    Resource(
        "schema",
        "/ogc/collections/{collection}/schema",
        lambda api, ask, dataset: pygeoapi_api.get_collection_schema(api, ask, dataset),
        SCHEMA,
        "application/schema+json",
        known=VERSIONS,
    ),
    Resource(
        "queryables",
        "/ogc/collections/{collection}/queryables",
        lambda api, ask, dataset: itemtypes.get_collection_queryables(api, ask, dataset),
        SCHEMA,
        "application/schema+json",
        known=VERSIONS,
    ),
    Resource(
        "sortables",  # pygeoapi has none: they are its queryables, save what cannot be brought into an order
        "/ogc/collections/{collection}/sortables",
        lambda api, ask, dataset: itemtypes.get_collection_queryables(api, ask, dataset),
        SCHEMA,
        "application/schema+json",
        known=VERSIONS,
    ),
    Resource(
        "items",
        "/ogc/collections/{collection}/items",
        lambda api, ask, dataset: itemtypes.get_collection_items(api, ask, dataset),
        ITEMS_FORMS,
        "application/geo+json",
        known=ITEMS,
        fields=True,
        kept=False,
        posted=True,
    ),
    Resource(
        "item",
        "/ogc/collections/{collection}/items/{item:path}",
        lambda api, ask, dataset, item: itemtypes.get_collection_item(api, ask, dataset, item),
        ITEM_FORMS,
        "application/geo+json",
        known=ITEM,
        kept=False,
    ),
)
"""Everything that is mounted. The functions are looked up when they are called, in pygeoapi: it is what answers."""


def ogc_routes(node: Node, engine: Engine | None = None) -> list[Route]:
    """The Starlette routes of everything under ``/ogc``, over one engine; what is not listed there is a 404 problem."""
    edge = Edge(node, engine or Engine(node))
    routes = []
    for resource in RESOURCES:
        endpoint = edge.endpoint(resource)
        paths = [resource.path, f"{resource.path}/"] if resource.name == "landing" else [resource.path]
        routes += [_route(path, endpoint, f"ogc-{resource.name}") for path in paths]
    return [*routes, _route("/ogc/{rest:path}", edge.elsewhere, "ogc-elsewhere")]


def _route(path: str, endpoint: Callable[[Request], Response], name: str) -> Route:
    """A route for all that its path says: Starlette's own would end at a line break, which an id may have in it. All
    methods come to us, so that a refusal is a problem document whatever the method is.
    """
    route = Route(path, endpoint, name=name)
    route.methods = set()  # to Starlette: any
    route.path_regex = re.compile(route.path_regex.pattern.removesuffix("$") + r"\Z", re.DOTALL)
    return route
