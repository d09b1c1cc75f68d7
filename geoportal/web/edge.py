"""The edge of the node, around every route: accepted hosts, who asks, security headers, errors. Plain ASGI."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from geoportal.errors import BadRequest
from geoportal.model.access import PUBLIC_AUDIENCE
from geoportal.ogc.problems import LONGEST_ADDRESS
from geoportal.settings import Settings
from geoportal.web import problems, sharing
from geoportal.web.site import Site
from geoportal.web.visitor import AUDIENCE

OWN_HOSTS = ("localhost", "127.0.0.1", "[::1]")

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "frame-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'self'",
    )
)
SECURITY = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "strict-origin-when-cross-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "server": "geoportal",
}
"""Set on every answer that does not bring its own."""


def accepted_hosts(settings: Settings) -> frozenset[str]:
    """The host names that a request may carry (CONTRACT 1), in lower case, without ports."""
    own = urlsplit(settings.base_url).hostname or ""
    own = f"[{own}]" if ":" in own else own
    return frozenset({own.lower(), *OWN_HOSTS, *(host.lower() for host in settings.web.hosts)})


class Edge:
    """The one middleware. Whatever a route raises becomes an answer here; the reader sees none of it."""

    def __init__(self, app: ASGIApp, site: Site) -> None:
        """Stand around ``app``."""
        self.app = app
        self.site = site
        self.hosts = accepted_hosts(site.node.settings)
        self.secure = site.node.settings.base_url.startswith("https:")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False
        bodiless = scope["method"] == "HEAD"
        anonymous = all(name != b"authorization" for name, _ in scope["headers"])
        opening = sharing.open_to_pages(scope["path"], anonymous=anonymous)

        async def out(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(raw=list(message["headers"]))
                for name, value in (*SECURITY.items(), *opening.items()):
                    headers.setdefault(name, value)
                if self.secure:
                    headers.setdefault("strict-transport-security", "max-age=31536000")
                message = {**message, "headers": headers.raw}
            elif bodiless:
                message = {**message, "body": b""}
            await send(message)

        try:
            await self._admit(scope)
            if scope["method"] == "OPTIONS" and sharing.shared(scope["path"]):
                asks_first = "access-control-request-method" in Headers(scope=scope)
                await sharing.options(anonymous=anonymous, preflight=asks_first)(scope, receive, out)
                return
            await self.app(scope, receive, out)
        except ClientDisconnect:
            raise
        except Exception as error:  # every fault becomes a page or a problem; none reaches the server bare
            if started:
                # The status is gone already: end the connection so that nobody takes the part for the whole.
                problems.problem_of(error)
                raise
            request = Request(scope)
            response = await run_in_threadpool(problems.handle, self.site, request, error)
            await response(scope, receive, out)

    async def _admit(self, scope: Scope) -> None:
        """Refuse foreign hosts and endless addresses, and find out who asks; ``/ogc`` asks for itself."""
        headers = Headers(scope=scope)
        if problems.host_of(headers) not in self.hosts:
            raise BadRequest("this node does not answer for that host name")
        if len(scope.get("raw_path") or b"") + len(scope.get("query_string") or b"") > LONGEST_ADDRESS:
            raise HTTPException(414)
        if "transfer-encoding" in headers:  # whether all of it came, the server does not say
            raise BadRequest("send Content-Length with the body: one of unknown length is not read")
        if problems.is_below_api(scope["path"]):
            return
        authorization = headers.get("authorization")
        node = self.site.node
        scope[AUDIENCE] = (
            PUBLIC_AUDIENCE if authorization is None else await run_in_threadpool(node.audience, authorization)
        )
