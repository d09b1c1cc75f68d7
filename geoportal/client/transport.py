"""Requests to one node and to no other: same origin always, patience with a busy node, errors in the node's words."""

from __future__ import annotations

import http.client
import json
import math
import time
import urllib.error
import urllib.request
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NoReturn
from urllib.parse import urljoin, urlsplit

from geoportal.errors import (
    BadRequest,
    Conflict,
    GeoportalError,
    Invalid,
    NotAllowed,
    NotFound,
    NotSignedIn,
    Unavailable,
)

BY_STATUS: dict[int, type[GeoportalError]] = {
    400: BadRequest,
    401: NotSignedIn,
    403: NotAllowed,
    404: NotFound,
    409: Conflict,
    412: Conflict,
    422: Invalid,
}
BUSY = frozenset({429, 502, 503, 504})
LONGEST_PAUSE_S = 30.0
LARGEST_DOCUMENT = 256 << 20
LOOPBACK = ("localhost", "127.0.0.1", "::1")
BROKEN = (urllib.error.URLError, http.client.HTTPException, OSError, EOFError, zlib.error)


class OwnOrigin(urllib.request.HTTPRedirectHandler):
    """Follows a redirect within the node; one that leads elsewhere is an error, since the token would go along."""

    def redirect_request(
        self, req: urllib.request.Request, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        """The request for the new address."""
        if origin_of(newurl) != origin_of(req.full_url):
            raise NotAllowed(f"the node sends this request on to {origin_of(newurl)}; it is not followed there")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def origin_of(url: str) -> str:
    """Scheme, host and port of an address."""
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    return f"{parts.scheme}://{(parts.hostname or '').lower()}:{port}"


class Transport:
    """The way to one node. ``pause`` waits between tries, in seconds."""

    def __init__(
        self,
        url: str,
        token: str | None,
        *,
        timeout_s: float = 60.0,
        tries: int = 5,
        pause: Callable[[float], object] = time.sleep,
    ) -> None:
        """Speak to the node at ``url``; BadRequest where that is no web address."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.username:
            raise BadRequest(f"{url!r} is no address of a node, such as https://geoportal.example")
        self.base = url.rstrip("/")
        self._token = token
        self._timeout_s = timeout_s
        self._tries = max(1, tries)
        self._pause = pause
        handlers: list[urllib.request.BaseHandler] = [OwnOrigin()]
        if parts.hostname in LOOPBACK:
            handlers.append(urllib.request.ProxyHandler({}))
        self._opener = urllib.request.build_opener(*handlers)

    def address(self, link: str) -> str:
        """A link of the node as a full address; NotAllowed where it leads to somebody else."""
        full = urljoin(f"{self.base}/", link)
        if origin_of(full) != origin_of(self.base):
            raise NotAllowed(
                f"the node links to {origin_of(full)}, but was asked as {origin_of(self.base)}: use the address by "
                "which it calls itself"
            )
        return full

    def document(self, link: str) -> dict[str, Any]:
        """A JSON document of the node."""

        headers = {"Accept": "application/json, application/geo+json", "Accept-Encoding": "gzip"}

        def read() -> bytes:
            with self.opened(link, headers) as answer:
                body = answer.read(LARGEST_DOCUMENT + 1)
                if answer.length and len(body) <= LARGEST_DOCUMENT:
                    raise EOFError("the connection ended before the document did")
                if answer.headers.get("Content-Encoding") == "gzip":
                    body = zlib.decompressobj(16 + zlib.MAX_WBITS).decompress(body, LARGEST_DOCUMENT + 1)
            if len(body) > LARGEST_DOCUMENT:
                raise Invalid("the node sends a larger document than this client takes; ask for fewer features at once")
            return body

        try:
            found = json.loads(self.patiently(read))
        except ValueError as error:
            raise Invalid(f"{link} is no JSON: is there a node at {self.base}?") from error
        if not isinstance(found, dict):
            raise Invalid(f"{link} is no document of a node")
        return found

    def patiently[Answer](self, ask: Callable[[], Answer]) -> Answer:
        """What ``ask`` returns; asked again, after longer and longer pauses, while the node is busy or out of reach."""
        for number in range(1, self._tries + 1):
            try:
                return ask()
            except urllib.error.HTTPError as error:
                after = error.headers.get("Retry-After", "") if error.headers else ""
                if error.code not in BUSY or number == self._tries:
                    _say(error)
                wait = float(after) if after.isdecimal() else 0.0
                error.close()
            except GeoportalError:
                raise
            except BROKEN as error:
                if number == self._tries:
                    reason = getattr(error, "reason", None) or error
                    raise Unavailable(f"the node at {self.base} cannot be reached: {reason}") from error
                wait = 0.0
            self._pause(min(LONGEST_PAUSE_S, max(wait, 0.5 * math.pow(2, number - 1))))
        raise Unavailable(self.base)  # not reached: the last try returns or raises

    @contextmanager
    def opened(self, link: str, headers: Mapping[str, str]) -> Iterator[http.client.HTTPResponse]:
        """One request, its answer open for reading; raises urllib's errors, for ``patiently``."""
        request = urllib.request.Request(self.address(link), headers={"User-Agent": "geoportal-client", **headers})
        if self._token:
            request.add_unredirected_header("Authorization", f"Bearer {self._token}")
        with self._opener.open(request, timeout=self._timeout_s) as answer:
            yield answer


def _say(error: urllib.error.HTTPError) -> NoReturn:
    """Raise the error of ours that an HTTP status is, with the sentence that the node wrote."""
    detail = ""
    try:
        problem = json.loads(error.read(1 << 20))
        detail = str(problem.get("detail") or problem.get("title") or problem.get("description") or "")
    except (ValueError, AttributeError, *BROKEN):
        pass
    kind = BY_STATUS.get(error.code) or (Unavailable if error.code in BUSY or error.code == 507 else GeoportalError)
    raise kind(detail or f"the node answers {error.code} {error.reason}", status=error.code) from error
