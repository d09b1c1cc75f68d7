"""Content codings of a body that is not whole yet."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import brotli
import zstandard


def coded(pieces: Iterable[bytes], coding: str | None) -> Iterator[bytes]:
    """The pieces in a content coding of ``responses.CODINGS`` at the same levels; as they are for None."""
    if coding is None:
        yield from (piece for piece in pieces if piece)
        return
    feed, finish = _CODERS[coding]()
    for piece in pieces:
        if found := feed(piece):
            yield found
    yield finish()


Coder = tuple[Callable[[bytes], bytes], Callable[[], bytes]]


def _zstd() -> Coder:
    coder = zstandard.ZstdCompressor(level=3).compressobj()
    return coder.compress, coder.flush


def _brotli() -> Coder:
    coder: Any = brotli.Compressor(quality=4)
    return coder.process, coder.finish


def _gzip() -> Coder:
    coder = zlib.compressobj(4, zlib.DEFLATED, 31)
    return coder.compress, coder.flush


_CODERS: dict[str, Callable[[], Coder]] = {"zstd": _zstd, "br": _brotli, "gzip": _gzip}
