"""An application that granian runs by RSGI for ``test_rsgi``: each address does one thing that a server must carry."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from geoportal.ogc.short.front import Fronted
from geoportal.web.rsgi import Doorway

PART_BYTES = 65_536


def note(text: str) -> None:
    """Write down what the client of the test cannot see."""
    with Path(os.environ["EXCHANGE_NOTES"]).open("a") as file:
        file.write(f"{text}\n")


async def echo(request: Request) -> Response:
    """What the application heard."""
    scope = request.scope
    heard = {name: scope[name] for name in ("method", "path", "scheme", "client", "server")}
    return JSONResponse(
        heard | {"query": scope["query_string"].decode(), "raw": scope["raw_path"].decode(), **request.headers}
    )


async def body(request: Request) -> Response:
    """How many bytes came."""
    length = 0
    try:
        async for part in request.stream():
            length += len(part)
    except ClientDisconnect:
        note("gone in the body")
        raise
    note(f"read {length}")
    return Response(str(length))


async def refuse(request: Request) -> Response:
    """An answer to a body that is not read."""
    return Response("too large", 413)


async def known(request: Request) -> Response:
    """That nothing has changed."""
    return Response(status_code=304, headers={"etag": '"a"'})


async def stream(request: Request) -> Response:
    """An answer of ``count`` parts, which fails after ``fails`` of them."""
    count, fails = (int(request.query_params.get(name, -1)) for name in ("count", "fails"))

    async def parts() -> AsyncIterator[bytes]:
        sent = 0
        try:
            while sent < count:
                if sent == fails:
                    raise RuntimeError("the disk is gone")
                sent += 1
                yield bytes([sent % 256]) * PART_BYTES
        finally:
            note(f"made {sent}")

    return StreamingResponse(parts(), media_type="text/plain")


async def patient(request: Request) -> Response:
    """Waits until the client has gone."""
    note("waiting")
    while not await request.is_disconnected():
        await asyncio.sleep(0.02)
    note("gone while waiting")
    return Response("nobody")


ADDRESSES = (echo, body, refuse, known, stream, patient)


def create() -> Doorway:
    """What granian calls."""
    routes = [Route(f"/{one.__name__}", one, methods=["GET", "POST"]) for one in ADDRESSES]
    routes.append(Route("/echo/{rest:path}", echo))
    note("there")
    return Doorway(Fronted(routes=routes))
