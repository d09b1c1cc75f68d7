"""Answers with the headers that caches live by: ETag, 304, Cache-Control, Vary, Content-Encoding."""

from __future__ import annotations

import hashlib

from starlette.datastructures import Headers
from starlette.responses import Response

from geoportal.web.encoding import compressed, wanted

PRIVATE = "private, no-store"
REVALIDATE = "public, max-age=0, must-revalidate"
VARY = "Accept, Accept-Language, Authorization, Cookie"


def tag_of(body: bytes) -> str:
    """A short name for exactly these bytes."""
    return hashlib.sha256(body).hexdigest()[:24]


def matches(if_none_match: str, tag: str) -> bool:
    """Whether an If-None-Match header names ``tag``, compared weakly (RFC 9110 13.1.2)."""
    asked = [part.strip().removeprefix("W/").strip('"') for part in if_none_match.split(",")]
    return "*" in asked or tag in asked


def answer(
    headers: Headers,
    body: bytes,
    media_type: str,
    *,
    anonymous: bool,
    status: int = 200,
    cache: str = REVALIDATE,
    vary: str = VARY,
    more: dict[str, str] | None = None,
) -> Response:
    """``body`` for the request with ``headers``: compressed where it asks for that, 304 where it has these bytes.

    What an identified asker gets is never kept by a cache.
    """
    out = {"vary": f"{vary}, Accept-Encoding", "cache-control": cache if anonymous else PRIVATE, **(more or {})}
    if status == 200 and anonymous:
        tag = tag_of(body)
        out["etag"] = f'W/"{tag}"'
        if (asked := headers.get("if-none-match")) and matches(asked, tag):
            return Response(status_code=304, headers=out)
    body, encoding = compressed(body, wanted(headers.get("accept-encoding", "")))
    if encoding:
        out["content-encoding"] = encoding
    return Response(body, status, out, media_type)
