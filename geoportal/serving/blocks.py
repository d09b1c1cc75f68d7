"""Runs of features compressed beforehand, which join into one gzip member: such a page costs less than a plain one.

Blocks are raw deflate (RFC 1951) of the texts of ``rows`` features each, ended by a full flush, so that they lean on
nothing before them and end on a whole byte. What comes before, after and between is deflated on the way, and the
checksum of the whole is put together from those of the parts. Files (little-endian; ``m`` blocks):

    blocks.deflate  the blocks, each led by ``,`` as a stored block of six bytes
    blocks.offsets  int64 (m + 1): where each begins, with its ``,``
    blocks.sums     uint32 (m + 1): CRC-32 of fragments.bin from its start up to the end of the block before, without
                    the ``,`` that follows it; 0 for the first
"""

from __future__ import annotations

import os
import zlib
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

DEFLATED, DEFLATED_OFFSETS, SUMS = "blocks.deflate", "blocks.offsets", "blocks.sums"
LEAST = 65_536
"""Bytes of features below which no blocks are made: pages of so small a layer are soon compressed."""

_BLOCK = 16_384  # bytes of text that a block has at least: in less than that there is too little to refer back to
_RUNS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)  # pages are of 10, 100, 1,000 features, and begin at multiples
_LEVEL = 6
_TASK = 64  # blocks that a thread takes at a time
_COMMA = b"\x00\x01\x00\xfe\xff,"
_HEAD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
_END = b"\x03\x00"  # a last block with nothing in it
_QUICK = 1


def rows_in_block(size: int, count: int) -> int:
    """How many features of a layer go into a block, given the bytes of all their texts; 0 for no blocks."""
    if size < LEAST or not count:
        return 0
    return next((run for run in _RUNS if run * size >= _BLOCK * count), _RUNS[-1])


def write_blocks(folder: Path, fragments: Path, offsets: NDArray[np.int64], rows: int) -> None:
    """Write the three files for ``fragments``, whose features start at ``offsets`` (n + 1), in all threads."""
    starts = np.append(offsets[:-1:rows], offsets[-1]).tolist()
    ends, sums = [0], [0]
    with fragments.open("rb") as text, (folder / DEFLATED).open("wb") as target:
        for number, (block, crc) in enumerate(_deflated(text.fileno(), starts)):
            target.write(_COMMA + block)
            ends.append(ends[-1] + len(_COMMA) + len(block))
            before = shifted(zlib.crc32(b",", sums[-1]), starts[number + 1] - 1 - starts[number]) if number else 0
            sums.append(before ^ crc)
    (folder / DEFLATED_OFFSETS).write_bytes(np.array(ends, dtype="<i8").tobytes())
    (folder / SUMS).write_bytes(np.array(sums, dtype="<u4").tobytes())


def _deflated(text: int, starts: list[int]) -> Iterator[tuple[bytes, int]]:
    """The blocks with their own checksums, in order; a few tasks ahead of who writes them, so that few are held."""

    def task(first: int) -> list[tuple[bytes, int]]:
        found = []
        for block in range(first, min(first + _TASK, len(starts) - 1)):
            piece = os.pread(text, starts[block + 1] - 1 - starts[block], starts[block])
            found.append((_flushed(piece, _LEVEL), zlib.crc32(piece)))
        return found

    threads = len(os.sched_getaffinity(0))
    waiting: deque[Future[list[tuple[bytes, int]]]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        for first in range(0, len(starts) - 1, _TASK):
            waiting.append(pool.submit(task, first))
            if len(waiting) > 2 * threads:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()


def _flushed(text: bytes, level: int) -> bytes:
    packer = zlib.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(text) + packer.flush(zlib.Z_FULL_FLUSH)


def _finished(text: bytes) -> bytes:
    if not text:
        return _END
    packer = zlib.compressobj(_QUICK, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(text) + packer.flush(zlib.Z_FINISH)


@dataclass(frozen=True, slots=True, eq=False)
class Blocks:
    """The blocks of one layer: ``rows`` features in each but the last; ``starts`` are the offsets of fragments.bin."""

    rows: int
    data: Any
    offsets: NDArray[np.int64]
    sums: NDArray[np.uint32]
    starts: NDArray[np.int64]

    def inside(self, start: int, stop: int) -> tuple[int, int]:
        """The first and the one after the last of the blocks that lie wholly in the rows; equal when none does."""
        first = -(-start // self.rows)
        last = len(self.offsets) - 1 if stop >= len(self.starts) - 1 else stop // self.rows
        return (first, last) if last > first else (first, first)

    def rows_of(self, first: int, last: int) -> tuple[int, int]:
        """The rows of blocks: the first, and the one after the last."""
        return first * self.rows, min(last * self.rows, len(self.starts) - 1)

    def joined(self, before: bytes, first: int, last: int, after: bytes) -> bytes:
        """One gzip member (RFC 1952): ``before``, the features of the blocks with ``,`` between, ``after``."""
        begin, end = self.rows_of(first, last)
        length = int(self.starts[end]) - 1 - int(self.starts[begin])
        known = zlib.crc32(b",", int(self.sums[first])) if first else 0
        crc = shifted(zlib.crc32(before) ^ known, length) ^ int(self.sums[last])
        size = len(before) + length + len(after)
        return b"".join(
            (
                _HEAD,
                _flushed(before, _QUICK) if before else b"",
                self.data[int(self.offsets[first]) + len(_COMMA) : int(self.offsets[last])],
                _finished(after),
                zlib.crc32(after, crc).to_bytes(4, "little"),
                (size & 0xFFFFFFFF).to_bytes(4, "little"),
            )
        )


def gzipped(text: bytes) -> bytes:
    """The text as one gzip member, quickly."""
    return b"".join(
        (
            _HEAD,
            _finished(text),
            zlib.crc32(text).to_bytes(4, "little"),
            (len(text) & 0xFFFFFFFF).to_bytes(4, "little"),
        )
    )


def shifted(crc: int, length: int) -> int:
    """What a CRC-32 becomes when ``length`` bytes follow: ``crc32(a + b) == shifted(crc32(a), len(b)) ^ crc32(b)``."""
    bit = 0
    while length:
        if length & 1:
            a, b, c, d = _doubling(bit)
            crc = a[crc & 255] ^ b[crc >> 8 & 255] ^ c[crc >> 16 & 255] ^ d[crc >> 24]
        length >>= 1
        bit += 1
    return crc


@cache
def _doubling(bit: int) -> tuple[list[int], list[int], list[int], list[int]]:
    """The step over 2**bit bytes of zeros, as a table for each byte of a checksum: it is linear in the bits."""
    if bit:
        step = _doubling(bit - 1)

        def moved(crc: int) -> int:
            for _ in range(2):
                crc = step[0][crc & 255] ^ step[1][crc >> 8 & 255] ^ step[2][crc >> 16 & 255] ^ step[3][crc >> 24]
            return crc
    else:
        # zlib puts a register of ones before and after its table: taken off, what is left is linear.
        zero = zlib.crc32(b"\x00")

        def moved(crc: int) -> int:
            return zlib.crc32(b"\x00", crc) ^ zero

    powers = [moved(1 << place) for place in range(32)]
    tables = []
    for byte in range(4):
        table = [0] * 256
        for value in range(1, 256):
            low = value & -value
            table[value] = table[value ^ low] ^ powers[8 * byte + low.bit_length() - 1]
        tables.append(table)
    return tables[0], tables[1], tables[2], tables[3]
