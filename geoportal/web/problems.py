"""Errors for people and programs: the one place that turns an exception into a page or an RFC 9457 problem document.

What is hidden and what is missing give the same answer, byte for byte: neither says anything of the address asked for
but the address itself (``instance``). An exception that nobody foresaw is logged under an id; the id alone is shown.
"""

from __future__ import annotations

import json
import logging
import secrets
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from geoportal.errors import BadRequest, GeoportalError, NotAllowed, NotFound, NotSignedIn, Unavailable
from geoportal.language import has_text, text
from geoportal.web.addresses import API, address
from geoportal.web.answers import PRIVATE
from geoportal.web.pages import ErrorPage
from geoportal.web.site import Site
from geoportal.web.visitor import prefers_html

PROBLEM = "application/problem+json"
VARY = "Accept, Accept-Language, Authorization, Cookie"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Problem:
    """An error as an answer: class, HTTP status, a sentence on this very case, the id of its entry in the log."""

    kind: type[GeoportalError]
    status: int
    detail: str = ""
    log_id: str = ""
    headers: tuple[tuple[str, str], ...] = ()

    @property
    def code(self) -> str:
        """The permanent code, the last part of ``/masalah/{code}``."""
        return self.kind.code


BY_STATUS: dict[int, type[GeoportalError]] = {401: NotSignedIn, 403: NotAllowed, 404: NotFound, 503: Unavailable}
"""What a bare HTTP status of the router means; other statuses below 500 are the asker's fault."""


def problem_of(error: Exception) -> Problem:
    """What to answer to an exception; logs it where it is our fault."""
    if isinstance(error, NotFound):
        return Problem(NotFound, 404)  # never the detail: it could tell a hidden thing from a missing one
    if isinstance(error, GeoportalError) and error.status < 500:
        headers = (("www-authenticate", "Bearer"),) if error.status == 401 else ()
        return Problem(type(error), error.status, error.detail, headers=headers)
    if isinstance(error, Unavailable):
        return Problem(type(error), error.status, _logged(error), "", (("retry-after", "10"),))
    if isinstance(error, HTTPException):
        kind = BY_STATUS.get(error.status_code, BadRequest if error.status_code < 500 else GeoportalError)
        return Problem(kind, error.status_code, headers=tuple((error.headers or {}).items()))
    log_id = secrets.token_hex(4)
    log.error("fault %s", log_id, exc_info=error)
    return Problem(GeoportalError, 500, log_id=log_id)


def _logged(error: Unavailable) -> str:
    log.warning("unavailable: %s", error.detail)
    return error.detail


def said(code: str, part: str, language: str, **params: object) -> str:
    """A text of the ``errors`` domain: ``title``, ``what`` happened or ``advice``; empty where nobody wrote one."""
    key = f"{code}.{part}"
    return text("errors", key, language, **params) if has_text("errors", key, language) else ""


def problem_document(problem: Problem, path: str, language: str) -> dict[str, object]:
    """The body of RFC 9457."""
    what = said(problem.code, "what", language, id=problem.log_id)
    detail = problem.detail or what
    document: dict[str, object] = {
        "type": address("problem", code=problem.code),
        "title": said(problem.code, "title", language),
        "status": problem.status,
        "detail": detail,
        "instance": path,
    }
    if problem.log_id:
        document["id"] = problem.log_id
    return document


def respond(site: Site, request: Request, problem: Problem) -> Response:
    """The answer: a page where the asker would rather have one, else the problem document."""
    headers = {"vary": VARY, "cache-control": PRIVATE, **dict(problem.headers)}
    visitor = site.visitor(request)
    if prefers_html(request.headers.get("accept", "")):
        code, language = problem.code, visitor.language
        page = ErrorPage(
            code=code,
            status=problem.status,
            title=said(code, "title", language),
            what=said(code, "what", language, id=problem.log_id),
            advice=said(code, "advice", language),
            detail=problem.detail,
            log_id=problem.log_id,
        )
        return Response(site.render(page, visitor), problem.status, headers, "text/html; charset=utf-8")
    return plain(problem, visitor.path, visitor.language, headers)


def plain(problem: Problem, path: str, language: str, headers: dict[str, str] | None = None) -> Response:
    """The problem document alone: also the last resort when the page itself cannot be made."""
    body = json.dumps(problem_document(problem, path, language), ensure_ascii=False).encode("utf-8")
    return Response(body, problem.status, {"content-language": language, **(headers or {})}, PROBLEM)


def handle(site: Site, request: Request, error: Exception) -> Response:
    """The answer to an exception, whatever it is."""
    if is_below_api(request.scope["path"]):
        return _as_api(site, request, error)
    problem = problem_of(error)
    try:
        return respond(site, request, problem)
    except Exception:  # a page of an error that fails itself: say it in plain text
        log.exception("the page for %s cannot be made", problem.code)
        return plain(problem, request.scope["path"], site.node.settings.language(), dict(problem.headers))


def is_below_api(path: str) -> bool:
    """Whether the OGC APIs are at ``path``: what answers there asks for itself who asks, and has errors of its own."""
    return path == API or path.startswith(f"{API}/")


def _as_api(site: Site, request: Request, error: Exception) -> Response:
    """What is refused before ``/ogc`` is reached looks as it does there: same document, same languages, same CORS."""
    from geoportal.ogc import refusal  # pygeoapi is loaded when there is a node to serve
    from geoportal.ogc.asking import Asking
    from geoportal.ogc.request import language_of

    settings = site.node.settings
    asking = Asking(request, language_of(request, settings.node.languages), "authorization" not in request.headers)
    return refusal.plainly(refusal.problem_of(error, asking), asking, settings.base_url)


def host_of(headers: Headers) -> str:
    """The host name of a request without its port, in lower case; empty where there is none, or more than one."""
    hosts = headers.getlist("host")
    return host_name(hosts[0]) if len(hosts) == 1 else ""


def host_name(header: str) -> str:
    """The host name in a Host header, without its port, in lower case; empty where it is none."""
    host = header.strip().lower()
    if host.startswith("["):
        name, bracket, port = host.partition("]")
        return f"{name}]" if bracket and (not port or port.startswith(":")) else ""
    return host.partition(":")[0]
