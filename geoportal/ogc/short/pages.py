"""Bodies of features and their headers: envelope and features joined, named by a strong ETag, compressed as asked."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache

from geoportal.ogc.negotiation import wishes
from geoportal.ogc.request import JSON
from geoportal.ogc.responses import CODINGS, WORTH_IT_BYTES, coding_of, names, tagged
from geoportal.ogc.short.answers import Answer
from geoportal.ogc.short.envelope import TAIL, Envelope
from geoportal.ogc.source import Key, Source
from geoportal.serving.fragments import Serving
from geoportal.serving.opened import Rows

BLOCK = "gzip"
"""The coding of the blocks that lie compressed on disk."""


@lru_cache(maxsize=4096)
def _named(edition: str, key: Key, resource: str) -> hashlib._Hash:
    return hashlib.sha256("\n".join((edition, *map(str, key), resource, "")).encode())


def named(edition: str, source: Source, resource: str, item: str, language: str, question: str) -> str:
    """The name of an answer in JSON: the same as ``responses.tag_of`` gives it in ``ogc.question``."""
    digest = _named(edition, source.key, resource).copy()
    digest.update(f"{item}\n{JSON}\n{language}\n{question}".encode("utf-8", "surrogatepass"))
    return digest.hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Wanted:
    """How an answer is to be sent: its ETag, its coding, whether the client knows it already, and whether it is joined
    of what lies compressed.
    """

    etag: str
    coding: str | None
    public: bool
    known: bool
    joined: bool

    @classmethod
    def of(cls, heard: dict[str, str], name: str, *, block: bool) -> Wanted:
        """Read the headers; ``block``: the page may be made of blocks, so that their coding costs nothing."""
        accept = heard.get("accept-encoding", "")
        coding = (_blocked(accept) if block else coding_of(accept)) if accept else None
        public = "authorization" not in heard
        etag = tagged(name, coding)
        known = heard.get("if-none-match")
        return cls(etag, coding, public, bool(known and public and names(known, etag)), block and coding == BLOCK)


def blocked(serving: Serving, limit: int) -> bool:
    """Whether a page of so many features is made of blocks that lie compressed."""
    return 0 < serving.summary.block_rows <= limit


@lru_cache(maxsize=1024)
def _blocked(accept_encoding: str) -> str | None:
    """The coding for a page of blocks: theirs, if the client likes none better."""
    weights = {wish.value: wish.weight for wish in wishes(accept_encoding)}
    weight = weights.get(BLOCK, weights.get("*", 0.0))
    return BLOCK if weight > 0 and weight >= max(weights.values()) else coding_of(accept_encoding)


def item(envelope: Envelope, fid: str, text: bytes, wanted: Wanted) -> Answer:
    """One feature with its links."""
    if wanted.known:
        return _sent(envelope, b"", wanted, None).not_modified()
    body = envelope.around(fid, text)
    return _coded(envelope, body, wanted)


def page(envelope: Envelope, head: bytes, serving: Serving, rows: Rows, wanted: Wanted) -> Answer:
    """One page of features."""
    if wanted.known:
        return _sent(envelope, b"", wanted, None)
    if wanted.joined and isinstance(rows, range):
        return _sent(envelope, serving.gzipped(head, rows.start, rows.stop, TAIL), wanted, BLOCK)
    return _coded(envelope, b"".join((head, serving.joined(rows), TAIL)), wanted)


def _coded(envelope: Envelope, body: bytes, wanted: Wanted) -> Answer:
    if wanted.coding is None or len(body) < WORTH_IT_BYTES:
        return _sent(envelope, body, wanted, None)
    return _sent(envelope, CODINGS[wanted.coding](body), wanted, wanted.coding)


def _sent(envelope: Envelope, body: bytes, wanted: Wanted, coding: str | None) -> Answer:
    headers = [*envelope.headers, ("content-length", str(len(body)))]
    if wanted.public:
        headers.append(("etag", wanted.etag))
    if coding:
        headers.append(("content-encoding", coding))
    return Answer(200, tuple(headers), body)
