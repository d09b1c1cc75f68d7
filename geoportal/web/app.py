"""The ASGI application: all routes of the node in one table, inside one edge.

``create`` is what a worker calls; ``create_app(node)`` is what tests and notebooks call. Nothing happens at import.
"""

from __future__ import annotations

import ctypes
import os
import signal
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING

from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from geoportal.node import Node
from geoportal.settings import load_settings
from geoportal.web import dataset, feedback, files, health, help, listing, logs, portal, problems, report, setup
from geoportal.web.addresses import ADDRESSES
from geoportal.web.edge import Edge, accepted_hosts
from geoportal.web.problems import host_name
from geoportal.web.rsgi import Doorway
from geoportal.web.server import worker_started
from geoportal.web.site import Site, site_of

if TYPE_CHECKING:
    from geoportal.ogc.short.front import Fronted

PR_SET_PDEATHSIG = 1

Endpoint = Callable[[Site, Request], Response | Awaitable[Response]]
POSTED = frozenset({"feedback", "setup"})
"""Addresses that also take a form."""


def static(site: Site, request: Request) -> Response:
    """A file of the node's own style, fonts and map scripts."""
    return site.assets.respond(request.path_params["path"], request.headers, request.query_params.get("v", ""))


def emblem(site: Site, request: Request) -> Response:
    """The emblem, under the addresses that browsers ask for by themselves."""
    return site.assets.respond("emblem.svg", request.headers)


ROUTES: dict[str, Endpoint] = {
    "home": portal.home,
    "catalogue": listing.catalogue,
    "dataset": dataset.dataset,
    "version": dataset.version,
    "report": report.report,
    "thumbnail": files.thumbnail,
    "picture": files.picture,
    "map": files.map_page,
    "download": files.download,
    "producer": portal.producer,
    "developers": portal.developers,
    "about": portal.about,
    "help": help.overview,
    "rule": help.rule,
    "problem": help.problem,
    "feedback": feedback.feedback,
    "feedback_status": feedback.status,
    "setup": setup.setup,
    "static": static,
    "robots": health.robots,
    "favicon": emblem,
    "emblem": emblem,
    "live": health.live,
    "ready": health.ready,
}
"""Name of an address -> what answers there."""


def create_app(node: Node) -> Fronted:
    """The application of a node."""
    from geoportal.ogc.app import ogc_routes  # pygeoapi is loaded when there is a node to serve
    from geoportal.ogc.engine import Engine
    from geoportal.ogc.short.front import Fronted

    site = site_of(node)

    def trouble(request: Request, error: Exception) -> Response:
        return problems.handle(site, request, error)

    routes: list[BaseRoute] = [
        Route(
            ADDRESSES[name], partial(endpoint, site), name=name, methods=["GET", "POST"] if name in POSTED else ["GET"]
        )
        for name, endpoint in ROUTES.items()
    ]
    engine = Engine(node)
    app = Fronted(
        routes=[*routes, *ogc_routes(node, engine)],
        middleware=[Middleware(Edge, site=site)],
        exception_handlers=dict.fromkeys((404, 405), trouble),
    )
    app.router.redirect_slashes = False
    hosts = accepted_hosts(node.settings)
    app.front(node, engine, lambda host: host_name(host) in hosts)
    return app


def create() -> Doorway:
    """What granian calls in a worker process: dies with its parent, logs, opens its own node."""
    parent = os.getppid()
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it died in between: the kernel would tell nobody
        os.kill(os.getpid(), signal.SIGKILL)
    logs.configure()
    settings, _ = load_settings()
    node = Node(settings)
    app = create_app(node)
    worker_started(node.data)
    return Doorway(app)
