"""The order of rows in the serving files: a large layer lies along a Hilbert curve, so that what is near is read near.

A small one keeps the order of its source, because people read it in that order. Ids do not change either way.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LARGE = 20_000
"""Features up to which the order of the source is kept."""

_BITS = 16


def reading_order(envelopes: NDArray[np.float64]) -> NDArray[np.int64] | None:
    """The place in the source of each row, for ``envelopes`` (n, 4) in the source's order; None to leave it as it is.

    Features whose envelope is not finite come last, in the order of the source.
    """
    if len(envelopes) <= LARGE:
        return None
    placed = np.isfinite(envelopes).all(axis=1)
    centres = envelopes[placed, :2] / 2 + envelopes[placed, 2:] / 2
    if not len(centres):
        return None
    least = centres.min(axis=0)
    # Halves, since the difference of two finite numbers need not be finite.
    span = (centres.max(axis=0) / 2 - least / 2).max()
    cells = (2**_BITS - 1) * ((centres / 2 - least / 2) / span) if span > 0 else np.zeros_like(centres)
    along = hilbert(cells[:, 0].astype(np.int64), cells[:, 1].astype(np.int64))
    return np.concatenate([np.flatnonzero(placed)[np.argsort(along, kind="stable")], np.flatnonzero(~placed)])


def hilbert(x: NDArray[np.int64], y: NDArray[np.int64]) -> NDArray[np.int64]:
    """How far along a Hilbert curve the cells (x, y) of a grid of 65,536 by 65,536 lie."""
    x, y = x.copy(), y.copy()
    last = 2**_BITS - 1
    along = np.zeros(len(x), dtype=np.int64)
    for bit in reversed(range(_BITS)):
        right, up = (x >> bit) & 1, (y >> bit) & 1
        along |= ((3 * right) ^ up) << (2 * bit)
        turned = up == 0
        mirrored = turned & (right == 1)
        x[mirrored], y[mirrored] = last - x[mirrored], last - y[mirrored]
        x[turned], y[turned] = y[turned], x[turned]
    return along
