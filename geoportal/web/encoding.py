"""Compressed bodies: brotli, else gzip, by Accept-Encoding (RFC 9110 12.5.3)."""

from __future__ import annotations

import gzip

import brotli

from geoportal.web.visitor import weighted

WORTH_IT_BYTES = 600
LARGE_BYTES = 250_000


def wanted(accept_encoding: str) -> str | None:
    """The best encoding that the header allows: ``br``, ``gzip`` or None for the plain bytes."""
    weights = dict(weighted(accept_encoding))
    anything = weights.get("*", 0.0)
    candidates = [(weights.get(name, anything), name) for name in ("gzip", "br")]
    weight, name = max(candidates, key=lambda pair: (pair[0], pair[1] == "br"))
    return name if weight > 0 else None


def compressed(body: bytes, encoding: str | None, *, thorough: bool = False) -> tuple[bytes, str | None]:
    """``body`` in ``encoding`` and the encoding that was used; None where it would not be smaller.

    ``thorough`` is for what is kept and sent often; a page that is made anew takes the quick way.
    """
    if encoding is None or len(body) < WORTH_IT_BYTES:
        return body, None
    if encoding == "br":
        best = 11 if len(body) < LARGE_BYTES else 7  # the best one takes seconds on a megabyte
        smaller = bytes(brotli.compress(body, quality=best if thorough else 4))
    else:
        smaller = gzip.compress(body, 9 if thorough else 5, mtime=0)
    return (smaller, encoding) if len(smaller) < len(body) else (body, None)
