"""The last step of an answer: strong ETags, 304, cache rules, content coding, CORS and the page policy."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable, Mapping

import brotli
import zstandard
from starlette.responses import Response

from geoportal.ogc.negotiation import choose_coding, refuses_plain

VARY = "Accept, Accept-Language, Accept-Encoding, Authorization"
PUBLIC = "public, max-age=0, must-revalidate"
PRIVATE = "private, no-store"
WORTH_IT_BYTES = 1000

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
"""For explorer pages: nothing inline, nothing from elsewhere. Data travels in ``<script type=\"application/json\">``,
which does not run.
"""

EXPOSED = "Content-Crs, Link, ETag, Content-Language, Content-Disposition, OGC-NumberMatched, OGC-NumberReturned"


def _zstd(body: bytes) -> bytes:
    return zstandard.ZstdCompressor(level=3).compress(body)


def _brotli(body: bytes) -> bytes:
    return bytes(brotli.compress(body, quality=4))


def _gzip(body: bytes) -> bytes:
    return gzip.compress(body, 4, mtime=0)


CODINGS: dict[str, Callable[[bytes], bytes]] = {"zstd": _zstd, "br": _brotli, "gzip": _gzip}


def tag_of(*parts: str) -> str:
    """A short name for an answer that is fully determined by ``parts``."""
    return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def tagged(tag: str, coding: str | None) -> str:
    """The strong ETag of one coding of an answer."""
    return f'"{tag}-{coding}"' if coding else f'"{tag}"'


def coding_of(accept_encoding: str) -> str | None:
    """The content coding that this client gets."""
    return choose_coding(accept_encoding, CODINGS) if accept_encoding else None


def names(if_none_match: str, etag: str) -> bool:
    """Whether an If-None-Match header names ``etag`` (weak comparison, RFC 9110 13.1.2), or whatever there is (``*``):
    then the caller must know that there is an answer.
    """
    listed = [part.strip().removeprefix("W/") for part in if_none_match.split(",")]
    return etag in listed or listed == ["*"]


def kept_briefly(seconds: int) -> str:
    """The Cache-Control of what is public: after ``seconds`` a cache has to ask again.

    Never ``immutable`` (RFC 8246), not even for a version asked for by its number: its features stay, but a rollback
    publishes it anew, its record may be edited, the node be upgraded, and all of it be withdrawn.
    """
    return f"public, max-age={seconds}, must-revalidate"


def cross_origin(public: bool) -> dict[str, str]:
    """CORS: what is public may be read by scripts of any page; what is not, by none."""
    return {"access-control-allow-origin": "*", "access-control-expose-headers": EXPOSED} if public else {}


def respond(
    body: bytes,
    *,
    method: str,
    media_type: str,
    public: bool,
    accept_encoding: str = "",
    status: int = 200,
    tag: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """``body`` with all headers. ``public``: the request said nothing of who asks; ``tag`` names the answer before
    its coding.
    """
    coding = coding_of(accept_encoding)
    out = headers_of(media_type, public=public, coding=coding, tag=tag, headers=headers)
    if coding and (len(body) >= WORTH_IT_BYTES or refuses_plain(accept_encoding)):
        body = CODINGS[coding](body)
        out["content-encoding"] = coding
    out["content-length"] = str(len(body))
    return Response(b"" if method == "HEAD" else body, status, out, media_type)


def headers_of(
    media_type: str, *, public: bool, coding: str | None, tag: str | None, headers: Mapping[str, str] | None
) -> dict[str, str]:
    """The headers of an answer that say nothing of the length and coding of its body; see ``respond``."""
    out = {
        "vary": VARY,
        "cache-control": (PUBLIC if tag else "no-store") if public else PRIVATE,
        "x-content-type-options": "nosniff",
        **cross_origin(public),
        **{name.lower(): value for name, value in (headers or {}).items()},
    }
    if media_type.startswith("text/html"):
        out["content-security-policy"] = PAGE_POLICY
    if tag and public:
        # The coding is part of the name also for small bodies, which stay plain: the name is needed before the body
        # exists.
        out["etag"] = tagged(tag, coding)
    return out


def not_modified(etag: str, headers: Mapping[str, str] | None = None) -> Response:
    """304: the client has these bytes."""
    out = {"etag": etag, "vary": VARY, "cache-control": PUBLIC, **cross_origin(True), **(headers or {})}
    return Response(status_code=304, headers=out)
