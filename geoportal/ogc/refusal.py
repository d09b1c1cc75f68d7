"""What is answered instead of a document: problem documents, or pages of them for those who read pages."""

from __future__ import annotations

import logging
import secrets

from pygeoapi import l10n
from pygeoapi.util import render_j2_template
from starlette.exceptions import HTTPException
from starlette.responses import Response

from geoportal.errors import GeoportalError, NotAllowed, NotSignedIn
from geoportal.ogc.asking import Asking
from geoportal.ogc.config import LOCALES
from geoportal.ogc.engine import Engine
from geoportal.ogc.negotiation import choose_format
from geoportal.ogc.problems import MEDIA_TYPE, Problem, from_error, from_status, no_collection
from geoportal.ogc.request import HTML, JSON, header_of
from geoportal.ogc.responses import respond
from geoportal.ogc.view import Fault
from geoportal.ogc.visit import Visit, visiting

LOGGER = logging.getLogger("geoportal.ogc")

PAGE_TYPE = "text/html; charset=utf-8"
FORMS = {
    JSON: ("application/json", MEDIA_TYPE, "application/geo+json", "application/ld+json"),
    HTML: ("text/html", "application/xhtml+xml"),
}


def problem_of(error: Exception, asking: Asking) -> Problem:
    """The problem that an exception is to whoever asked; what is our fault is logged whole, and told by its number."""
    request = asking.request
    match error:
        case Problem():
            return error
        case NotSignedIn():
            return from_error(error)
        case NotAllowed():
            # The last layer of access control held where the others should have: nobody outside learns that there was
            # something to hold.
            LOGGER.error("%s %s: %s", request.method, ascii(request.scope["path"]), error.detail)
            return no_collection()
        case HTTPException():
            return from_status(error.status_code, request.method)
        case GeoportalError():
            if error.status >= 500:
                LOGGER.error("%s: %s", error.code, error.detail)
            return from_error(error)
    number = secrets.token_hex(6)
    LOGGER.error("fault %s", number, exc_info=error)
    return Problem(500, "The node has a fault. It was logged as {number}.", number=number)


def problem_in(status: int, fault: Fault) -> Problem:
    """The problem that pygeoapi tells of."""
    if status == 404:
        return Problem(404, "There is no feature with this id here.", ogc_code=fault.code)
    if status >= 500:
        return Problem(500, "The node has a fault. It was logged.", ogc_code=fault.code)
    return Problem(status, "{detail}", ogc_code=fault.code, detail=fault.description)


def refusal(problem: Problem, asking: Asking, engine: Engine) -> Response:
    """The answer that tells of a problem, in the form that the asker likes better."""
    if _wants_page(asking) and problem.status != 406:
        return _told(_page(problem, asking, engine), PAGE_TYPE, problem, asking)
    return plainly(problem, asking, engine.site.base_url)


def plainly(problem: Problem, asking: Asking, base_url: str) -> Response:
    """The answer as a problem document, whatever the asker likes."""
    body = problem.as_json(base_url, asking.request.scope["path"], asking.language)
    return _told(body, MEDIA_TYPE, problem, asking)


def _told(body: bytes, media_type: str, problem: Problem, asking: Asking) -> Response:
    return respond(
        body,
        method=asking.method,
        media_type=media_type,
        public=asking.public,
        accept_encoding=asking.coding,
        status=problem.status,
        headers={"content-language": LOCALES[asking.language], **problem.headers},
    )


def _wants_page(asking: Asking) -> bool:
    named = asking.request.query_params.get("f")
    form = named if named in FORMS else choose_format(header_of(asking.request, "accept"), FORMS)
    return form == HTML


def _page(problem: Problem, asking: Asking, engine: Engine) -> bytes:
    language, site, path = asking.language, engine.site, asking.request.scope["path"]
    pairs = tuple(asking.request.query_params.multi_items())
    with visiting(Visit(language=language, site=site, path=path, pairs=pairs)):
        page: str = render_j2_template(
            engine.base.tpl_config,
            engine.base.config["server"]["templates"],
            "exception.html",
            problem.as_dict(site.base_url, path, language),
            l10n.str2locale(LOCALES[language]),
        )
    return page.encode()
