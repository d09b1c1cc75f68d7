"""Finds shapes that are nearly the same: first by their boxes, then vertex by vertex."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_IN_A_HEAP = 50
"""Of shapes whose boxes begin at one place, so many are compared with each other."""
AT_ONCE = 20_000
SMALL = 1 << 18
"""Product of the vertices of two shapes up to which comparing each with each is the fastest."""


def near_pairs(bounds: NDArray[Any], near: float) -> tuple[NDArray[np.int_], NDArray[np.int_], bool]:
    """Pairs of boxes (n, 4) whose four sides are within ``near`` of each other, and whether these are all.

    The first of a pair comes first in ``bounds``; pairs are ordered by it. In a heap only some are compared.
    """
    none = np.empty(0, dtype=np.int64)
    if len(bounds) < 2 or not np.isfinite(near):
        return none, none, True
    rows, complete = _heaps_cut(bounds[:, :2], near)
    if not rows.size:
        return none, none, complete
    tree = shapely.STRtree(np.asarray(shapely.points(bounds[rows, :2])))
    firsts, seconds = [none], [none]
    for begin in range(0, len(rows), AT_ONCE):
        some = rows[begin : begin + AT_ONCE]
        boxes = bounds[some]
        looked = shapely.box(*(boxes[:, [0, 1, 0, 1]] + np.array([-near, -near, near, near])).T)
        one, other = tree.query(looked)
        pairs = some[one], rows[other]
        kept = pairs[0] < pairs[1]
        one, other = pairs[0][kept], pairs[1][kept]
        kept = (np.abs(bounds[one] - bounds[other]) <= near).all(axis=1)
        firsts.append(one[kept])
        seconds.append(other[kept])
    first, second = np.concatenate(firsts), np.concatenate(seconds)
    order = np.lexsort((second, first))
    return first[order], second[order], complete


def _cells(places: NDArray[Any], size: float, shift: tuple[float, float] = (0.0, 0.0)) -> NDArray[np.int_]:
    """A number for the cell that each place lies in; places of one cell have the same number."""
    with np.errstate(invalid="ignore"):
        column, row = np.floor((places - places.min(axis=0)) / size + shift).T.astype(np.int64)
    return np.asarray(column * np.int64(2_147_483_659) + row)


def with_company(places: NDArray[Any], near: float) -> NDArray[np.int_]:
    """Which places may have another within ``near``: they share a cell with one in some of four shifted grids."""
    import pandas

    if near <= 0 or not len(places):
        return np.arange(len(places))
    company = np.zeros(len(places), dtype=bool)
    for shift in ((0.0, 0.0), (0.5, 0.0), (0.0, 0.5), (0.5, 0.5)):
        company |= pandas.Series(_cells(places, 2 * near, shift)).duplicated(keep=False).to_numpy()
    return np.flatnonzero(company)


def _heaps_cut(places: NDArray[Any], near: float) -> tuple[NDArray[np.int_], bool]:
    """The places without those that lie deep in a heap, and whether there was none."""
    import pandas

    rows = np.arange(len(places))
    if near <= 0:
        return rows, True
    rank = pandas.Series(rows).groupby(_cells(places, near)).cumcount().to_numpy()
    kept = rank < MOST_IN_A_HEAP
    return rows[kept], bool(kept.all())


def alike(one: NDArray[Any], other: NDArray[Any], near_m: float) -> NDArray[Any]:
    """How far apart the outlines of pairs of shapes (in metres) are at most, by their vertices; inf beyond ``near_m``.

    For large shapes the distance is told as ``near_m`` at most: only whether it is kept is found out.
    """
    distances = np.full(len(one), np.inf)
    dimension = shapely.get_dimensions(one)
    same_kind = dimension == shapely.get_dimensions(other)
    sizes = shapely.get_num_coordinates(one).astype(np.int64) * shapely.get_num_coordinates(other)
    small = np.flatnonzero(same_kind & (sizes <= SMALL))
    distances[small] = shapely.hausdorff_distance(one[small], other[small])
    for pair in np.flatnonzero(same_kind & (sizes > SMALL)):
        if _covers(one[pair], other[pair], near_m) and _covers(other[pair], one[pair], near_m):
            distances[pair] = near_m
    return np.where(distances <= near_m, distances, np.inf)


def _covers(shape: Any, vertices_of: Any, near_m: float) -> bool:
    """Whether all vertices of a shape lie within ``near_m`` of the outline of another."""
    outline = shapely.boundary(shape) if shapely.get_dimensions(shape) == 2 else shape
    shapely.prepare(outline)
    return bool(shapely.dwithin(outline, shapely.points(shapely.get_coordinates(vertices_of)), near_m).all())
