"""Finished answers: made here, or given by the long way and caught."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from functools import lru_cache

from starlette.types import ASGIApp, Message, Scope, Send

Headers = tuple[tuple[str, str], ...]
"""Names in small letters and values, as they came or go, in Latin-1."""

_OF_THE_CLIENT = frozenset({b"accept-encoding", b"if-none-match"})
_OF_A_BODY = frozenset({"content-length", "content-type", "content-encoding", "content-language", "content-crs"})
"""What a 304 does not repeat (RFC 9110 15.4.5)."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer, ready to be sent as often as one likes."""

    status: int
    headers: Headers
    body: bytes

    async def send(self, send: Send, *, bodiless: bool = False) -> None:
        """Send it; ``bodiless`` for HEAD."""
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in self.headers]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if bodiless else self.body})

    def header(self, name: str) -> str:
        """The value of a header, its name in small letters; empty where there is none."""
        return next((value for key, value in self.headers if key == name), "")

    def not_modified(self) -> Answer:
        """That the client has this answer already."""
        return Answer(304, tuple(pair for pair in self.headers if pair[0] not in _OF_A_BODY), b"")


async def ask_long(app: ASGIApp, scope: Scope, *, plain: bool = True) -> Answer | None:
    """What ``app`` answers to GET; None where it does not end its answer. ``plain``: uncompressed, unconditional."""
    headers = [pair for pair in scope["headers"] if not (plain and pair[0] in _OF_THE_CLIENT)]
    started: list[Message] = []
    parts: list[bytes] = []
    ended = False

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        nonlocal ended
        if message["type"] == "http.response.start":
            started.append(message)
        elif message["type"] == "http.response.body":
            parts.append(bytes(message.get("body", b"")))
            ended = not message.get("more_body", False)

    await app({**scope, "method": "GET", "headers": headers, "state": {}}, receive, send)
    if not ended or not started:
        return None
    found = tuple(_pair(bytes(name), bytes(value)) for name, value in started[0]["headers"])
    return Answer(started[0]["status"], found, b"".join(parts))


@lru_cache(maxsize=512)  # thousands of answers are kept that say the same in most of their headers: one object for all
def _pair(name: bytes, value: bytes) -> tuple[str, str]:
    return name.lower().decode("latin-1"), value.decode("latin-1")


class Shelf:
    """Finished answers by name, the least used given up first; as many bytes as it was given room for."""

    def __init__(self, room: int, longest: int) -> None:
        """Keep up to ``room`` bytes, none of more than ``longest``."""
        self._room = room
        self._longest = longest
        self._held = 0
        self._answers: OrderedDict[object, Answer] = OrderedDict()

    def get(self, name: object) -> Answer | None:
        """The answer of this name, if it is here."""
        found = self._answers.get(name)
        if found is not None:
            self._answers.move_to_end(name)
        return found

    def put(self, name: object, answer: Answer) -> None:
        """Keep an answer, if there can be room for it."""
        size = len(answer.body) + 1000  # what the name and the headers take, roughly
        if size > min(self._longest, self._room) or name in self._answers:
            return
        self._answers[name] = answer
        self._held += size
        while self._held > self._room:
            _, gone = self._answers.popitem(last=False)
            self._held -= len(gone.body) + 1000
