"""Is this worker alive, and can the node answer? For machines that watch it; both say nothing of any dataset."""

from __future__ import annotations

import logging

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from geoportal.errors import Unavailable
from geoportal.store import datasets
from geoportal.web.site import Site

NO_STORE = {"cache-control": "no-store"}

log = logging.getLogger(__name__)


def live(_site: Site, _request: Request) -> Response:
    """This process answers."""
    return JSONResponse({"status": "live"}, headers=NO_STORE)


def ready(site: Site, _request: Request) -> Response:
    """The register can be read; 503 otherwise."""
    try:
        with site.node.register.read() as conn:
            datasets.publications(conn)
    except Exception as error:  # whatever it is, this node cannot answer now
        log.exception("the register cannot be read")
        raise Unavailable("the register cannot be read") from error
    return JSONResponse({"status": "ready"}, headers=NO_STORE)


def robots(_site: Site, _request: Request) -> Response:
    """Everything public may be read by machines; files are better taken by people."""
    return PlainTextResponse("User-agent: *\nDisallow: /berkas/\n", headers={"cache-control": "public, max-age=3600"})
