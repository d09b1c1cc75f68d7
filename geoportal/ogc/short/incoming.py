"""A request as the gate sees it, whichever protocol the server speaks, and what an answer depends on of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from starlette.types import Scope

from geoportal.ogc.visit import TRIED

_READ = frozenset({"host", "authorization", "accept", "accept-encoding", "accept-language", "if-none-match"})

Heard = dict[str, str]
"""The headers of a request that an answer depends on."""


@dataclass(slots=True)
class Incoming:
    """A request as it came: its path decoded, its query as sent, its headers with names in small letters; ``scope``
    makes that of ASGI where the long way has to be gone.
    """

    method: str
    path: str
    query: str
    headers: Iterable[tuple[str, str]]
    scope: Callable[[], Scope]
    tried: Exception | None = None
    """Why the features that are asked for could not be chosen in the time that there is for it."""

    def known(self) -> Scope:
        """What the long way is told besides."""
        return {TRIED: self.tried} if self.tried is not None else {}

    @classmethod
    def of(cls, scope: Scope) -> Incoming:
        """The request of an ASGI server."""
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
        return cls(scope["method"], scope["path"], scope["query_string"].decode("latin-1"), headers, lambda: scope)


def taken(method: str, path: str) -> bool:
    """Whether the gate looks at a request at all."""
    return method in ("GET", "HEAD") and path.startswith("/ogc")


def heard_of(headers: Iterable[tuple[str, str]]) -> Heard | None:
    """The headers that an answer depends on; None where one comes twice, which the long way knows how to read."""
    found: Heard = {}
    for name, value in headers:
        if name in _READ:
            if name in found:
                return None
            found[name] = value
    return found
