"""The node behind granian's own protocol, RSGI: hot answers leave in one call, all others through ASGI over it.

One call for a whole answer, in place of a scope of ASGI with all its headers and two messages, took the CPU that a bare
answer costs a worker from 29 to 22 microseconds. Starlette knows ASGI alone: ``Exchange`` is that, no more than the
application needs (HTTP, no lifespan, no websockets).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Scope

from geoportal.ogc.short.incoming import Incoming, taken
from geoportal.web.flow import HELD_BYTES, Flow, break_off, place_of

if TYPE_CHECKING:
    from granian._granian import RSGIHeaders as Headers
    from granian._granian import RSGIHTTPProtocol as HTTPProtocol
    from granian.rsgi import Scope as Asked

    from geoportal.ogc.short.front import Fronted


class Doorway:
    """What granian calls: the application of a worker."""

    def __init__(self, app: Fronted) -> None:
        """Stand before ``app``."""
        self.app = app

    async def __rsgi__(self, asked: Asked, protocol: HTTPProtocol) -> None:
        """Answer one request."""
        short = self.app.short
        if short is None:
            await Exchange(asked, protocol).run(self.app)
            return
        method, path = asked.method, asked.path
        if taken(method, path):
            headers = asked.headers.items()
            incoming = Incoming(method, path, asked.query_string, headers, partial(scope_of, asked))
            answer = await short.answer(incoming)
            if answer is not None:
                body = b"" if method == "HEAD" else answer.body
                protocol.response_bytes(answer.status, answer.headers, body)  # type: ignore[arg-type]
                return
            await Exchange(asked, protocol).run(short.app, incoming.known())
            return
        await Exchange(asked, protocol).run(short.app)


def scope_of(asked: Asked) -> Scope:
    """The request as ASGI has it. RSGI gives the path decoded: ``raw_path`` is that, encoded anew."""
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": asked.http_version,
        "method": asked.method,
        "scheme": asked.scheme,
        "path": asked.path,
        "raw_path": quote(asked.path).encode("ascii"),
        "query_string": asked.query_string.encode(),
        "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in asked.headers.items()],
        "server": place_of(asked.server),
        "client": place_of(asked.client),
        "state": {},
    }


class Exchange:
    """One request and its answer, spoken in ASGI over RSGI."""

    def __init__(self, asked: Asked, protocol: HTTPProtocol) -> None:
        """Nothing is read or sent yet."""
        self._asked = asked
        self._protocol = protocol
        self._incoming: Body | None = None
        self._status = 0
        self._headers: list[tuple[str, str]] = []
        self._held: list[bytes] = []
        self._held_bytes = 0
        self._flow: Flow | None = None
        self._ended = False

    async def run(self, app: ASGIApp, known: Mapping[str, Any] = MappingProxyType({})) -> None:
        """Let ``app`` answer, whose scope has what is ``known`` besides. An answer that it does not end is broken off,
        so that nobody takes a part for the whole: RSGI itself would end it in good order.
        """
        try:
            await app({**scope_of(self._asked), **known}, self.receive, self.send)
            if not self._ended and not (self._flow is not None and self._flow.closed):
                raise RuntimeError("the application did not end its answer")
        except ClientDisconnect:
            return  # nobody is there to be answered
        finally:
            if self._flow is not None and not self._ended:
                break_off(self._asked.client)
                self._flow.close()

    async def receive(self) -> Message:
        """The next part of the body, then word that the client has gone."""
        if self._incoming is None:
            self._incoming = Body(self._protocol, self._asked.headers)
        if not self._incoming.ended:
            part = await self._incoming.part()
            if part is None:
                return {"type": "http.disconnect"}
            return {"type": "http.request", "body": part, "more_body": not self._incoming.ended}
        if not self._incoming.told:
            self._incoming.told = True
            return {"type": "http.request", "body": b"", "more_body": False}
        if self._flow is None:
            await self._protocol.client_disconnect()
        else:
            await self._flow.lost()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """Send a part of the answer. What is complete within ``HELD_BYTES`` leaves in one call; nothing is sent to a
        client that has gone.
        """
        if message["type"] == "http.response.start":
            self._status = message["status"]
            self._headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in message["headers"]]
            return
        body, more = bytes(message.get("body", b"")), message.get("more_body", False)
        if self._flow is not None:
            await self._flow.write(body)
        elif more and self._held_bytes + len(body) > HELD_BYTES:
            self._flow = Flow()
            self._protocol.response_file(self._status, self._headers, self._flow.path)
            await self._flow.write(b"".join([*self._held, body]))
            self._held.clear()
        elif more:
            self._held.append(body)
            self._held_bytes += len(body)
        else:
            self._protocol.response_bytes(self._status, self._headers, b"".join([*self._held, body]))
        if not more:
            self._ended = True
            if self._flow is not None:
                self._flow.close()


class Body:
    """What a client sends, in parts. RSGI ends one that breaks off as if it were whole, so what is shorter than
    announced counts as broken; one without an announced length is not read (``web.edge`` refuses it).
    """

    def __init__(self, protocol: HTTPProtocol, headers: Headers) -> None:
        """Nothing is read yet. ``told`` is whether the application knows of the end."""
        announced = headers.get("content-length") or ""
        self._left = int(announced) if announced.isascii() and announced.isdigit() else 0
        self._parts: AsyncIterator[bytes] = aiter(protocol)
        self.ended = self._left == 0
        self.told = False

    async def part(self) -> bytes | None:
        """The next part; None when the client has gone before the end."""
        try:
            part = await self._parts.__anext__()  # anext(parts, None) kills the process: no awaitable that C knows
        except StopAsyncIteration:
            return None
        self._left -= len(part)
        self.ended = self.told = self._left <= 0
        return part
