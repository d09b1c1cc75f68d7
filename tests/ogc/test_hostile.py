"""Hostile requests (SECURITY.md S3): thousands of generated query strings, paths, headers and bodies.

None may be answered 5xx, with a body that is no JSON where JSON is said, or with a traceback or a path of this machine;
and between them the node goes on answering as before. ``HOSTILE_REQUESTS`` raises their number (S3 whole is 10,000).
"""

from __future__ import annotations

import asyncio
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from urllib.parse import unquote

import orjson
import pytest
import shapely
from starlette.types import ASGIApp, Message

from geoportal.model.access import Classification
from tests.ogc.differential.meaning import strict
from tests.ogc.hostile import Request, requests
from tests.ogc.whole import DECODERS, whole
from tests.ogc.world import World, make_layer, points

PRIVATE = b"XQPRIVATQX"
COUNT = int(os.environ.get("HOSTILE_REQUESTS", "3000"))
SECRET = re.compile(
    r"Traceback|File \"|site-packages|"
    r"geoportal/(ogc|serving|web)|\.py\b|/tmp/|/root/|/home/|sqlite3?\.|OperationalError|jinja2|pygeoapi[./]",
    re.IGNORECASE,
)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with whole(tmp_path_factory.mktemp("hostile")) as made:
        made.publish("desa", points(60), title="Desa")
        made.publish("lintas", make_layer([{"nama": "a"}], [shapely.box(170, -90, 180, 90)]), key="nama")
        made.publish("tabel", make_layer([{"kode": "1", "nama": None}], [None], types={"nama": "string"}))
        made.publish("tersembunyi", points(5, word=PRIVATE.decode()), access=Classification.PRIVATE)
        yield made


@dataclass(frozen=True, slots=True)
class Response:
    """What came back. ``broken``: the application raised, where a server would close the connection."""

    status_code: int
    headers: Mapping[str, str]
    content: bytes
    broken: str = ""


async def sent(app: ASGIApp, request: Request) -> Response:
    """The answer of the application to bytes as a server hands them over: no client in between that tidies them up."""
    path, _, query = request.path.partition("?")
    raw = [(b"host", b"127.0.0.1:8080"), (b"accept", b"*/*")]
    raw = [pair for pair in raw if pair[0].decode() not in request.headers]
    raw += [(name.encode(), value.encode("utf-8")) for name, value in request.headers.items()]
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": "http",
        "path": unquote(path, errors="replace"),
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": raw,
        "server": ("127.0.0.1", 8080),
        "client": ("127.0.0.1", 50000),
    }
    parts = [{"type": "http.request", "body": request.body or b"", "more_body": False}]
    said: list[Message] = []

    async def receive() -> Message:
        return parts.pop() if parts else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        said.append(message)

    try:
        await app(scope, receive, send)
    except Exception as error:
        return Response(599, {}, b"", f"{type(error).__name__}: {error}"[:200])
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in said[0]["headers"]}
    body = b"".join(message.get("body", b"") for message in said[1:])
    coding = headers.get("content-encoding", "")
    return Response(said[0]["status"], headers, DECODERS.get(coding, bytes)(body) if body else b"")


async def ask_all(app: ASGIApp, asked: Iterable[Request]) -> list[tuple[Request, Response]]:
    """All of them one after the other, and a question that must be answered as before after every hundred."""
    control = Request("GET", "/ogc/collections/desa/items?limit=3")
    good = await sent(app, control)
    assert good.status_code == 200
    found = []
    for number, request in enumerate(asked):
        found.append((request, await sent(app, request)))
        if number % 100 == 0:
            assert (await sent(app, control)).content == good.content, f"after {request}"
    assert (await sent(app, control)).content == good.content
    return found


@pytest.mark.parametrize("who", ["anybody", "an agency", "an owner"])
def test_hostile_requests_break_nothing(world, who):
    """Whoever asks; the owner may see what is private, the others may not."""
    classes = {"anybody": (), "an agency": (Classification.GOVERNMENT,), "an owner": (Classification.PRIVATE,)}[who]
    token = world.token(*classes) if classes else {}
    asked = (replace(request, headers={**token, **request.headers}) for request in requests(COUNT))
    with ThreadPoolExecutor(1) as alone:  # a browser of other tests may keep a loop of its own running in this thread
        answers = alone.submit(lambda: asyncio.run(ask_all(world.client.app, asked))).result()
    told = [request for request, response in answers if PRIVATE in response.content]
    assert bool(told) == (who == "an owner"), f"what is hidden was told: {told[:3]}"
    faults = [f"{fault}: {request}"[:500] for request, response in answers if (fault := wrong(request, response))]
    assert not faults, f"{len(faults)} of {len(answers)}:\n" + "\n".join(faults[:25])
    found = Counter(response.status_code for _, response in answers)
    assert len(answers) >= COUNT
    assert found[200] > 100 and found[400] > 500 and found[404] > 100, f"too few kinds of answers to be a test: {found}"


def wrong(request: Request, response: Response) -> str | None:
    """What is wrong with an answer; None where nothing is."""
    if response.status_code >= 500:
        return response.broken or f"{response.status_code}"
    body = response.content
    text = body.decode("utf-8", "replace")
    kind = response.headers.get("content-type", "")
    told = [*response.headers, *response.headers.values()]
    if "x-evil" in response.headers or any("\n" in word or "\r" in word for word in told):
        return "a header of the client's making"
    if "evil.example" in text or any("evil.example" in word for word in told):
        return "a host of the client's making"
    if response.status_code >= 400 and request.method != "HEAD":
        if kind not in ("application/problem+json", "text/html; charset=utf-8"):
            return f"a refusal as {kind!r}"
        if (told := SECRET.search(text)) and told[0].lower() not in request.path.lower() + str(request.headers).lower():
            return f"tells {told[0]!r}"
    if body and "json" in kind:
        try:
            strict(body)
            orjson.loads(body)
        except (ValueError, AssertionError) as error:
            return f"no JSON ({error})"
    return None
