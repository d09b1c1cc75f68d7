"""The outlines of a layer as flat arrays: every ring and every line one after the other, edges as differences.

What a rule asks of each vertex or edge is a few operations on long arrays here, hundreds of times faster than asking
each shape. Everything is in the layer's own units and only good for finding suspects: these few are then measured in
metres.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

if TYPE_CHECKING:
    from numpy.typing import NDArray

LINE, RING, POLYGON, MULTILINE, MULTIPOLYGON = 1, 2, 3, 5, 6
"""Simple feature types by the number that shapely gives them."""
ROUNDING = 1e-15
"""Part of a product of coordinates that may be lost."""


class Outlines:
    """The paths of a layer (rings of its areas, its lines), in the order of the features; no points, no collections.

    ``vertices`` are those of all features. Path k is ``vertices[starts[k] : starts[k] + sizes[k]]`` and belongs to
    feature ``owners[k]``; a ring ends with its first vertex.
    """

    def __init__(self, geometry: NDArray[Any], type_ids: NDArray[np.int_], vertices: NDArray[Any]) -> None:
        """Lay out ``geometry``, whose ``vertices`` (n, 2) are given."""
        self.vertices = vertices
        counts = shapely.get_num_coordinates(geometry).astype(np.int64)
        firsts = np.cumsum(counts) - counts
        owners, sizes, is_ring, is_outer = _paths(geometry, type_ids, counts)
        ends = np.cumsum(sizes)
        inner = ends - sizes - np.repeat((ends - sizes)[_first_of_run(owners)], _run_lengths(owners))
        self.owners: NDArray[np.int_] = owners
        self.sizes: NDArray[np.int_] = sizes
        self.is_ring: NDArray[np.bool_] = is_ring
        self.is_outer: NDArray[np.bool_] = is_outer
        self.starts: NDArray[np.int_] = firsts[owners] + inner
        self._whole = bool(len(sizes)) and int(ends[-1]) == len(vertices)

    @cached_property
    def edges(self) -> tuple[NDArray[Any], NDArray[Any]]:
        """dx and dy from each vertex to the next one of its path; 0 where a path ends, and off all paths."""
        steps = []
        for axis in (0, 1):
            step = np.empty(len(self.vertices))
            np.subtract(self.vertices[1:, axis], self.vertices[:-1, axis], out=step[:-1])
            step[self.ends] = 0.0
            if not self._whole:
                step[~self._on_path] = 0.0
            steps.append(step)
        return steps[0], steps[1]

    @property
    def _on_path(self) -> NDArray[np.bool_]:
        if not len(self.starts):
            return np.zeros(len(self.vertices), dtype=bool)
        number = np.arange(len(self.vertices))
        return np.asarray((number >= self.starts[0]) & (number <= self._spread(self.ends)))

    def _spread(self, values: NDArray[Any]) -> NDArray[Any]:
        """One value a path as one value a vertex."""
        return np.repeat(values, np.diff(self.starts[1:], prepend=0, append=len(self.vertices)))

    def paths_of(self, edges: NDArray[np.int_]) -> NDArray[np.int_]:
        """The path that each vertex or edge (by number) is on."""
        return np.asarray(np.searchsorted(self.starts, edges, side="right") - 1)

    @property
    def ends(self) -> NDArray[np.int_]:
        """The last vertex of each path."""
        return np.asarray(self.starts + self.sizes - 1)

    def begins_an_edge(self, vertices: NDArray[np.int_]) -> NDArray[np.bool_]:
        """Whether an edge begins at each of some vertices: not at the last one of a path, nor at a point."""
        path = self.paths_of(vertices)
        known = np.maximum(path, 0)
        return np.asarray((path >= 0) & (vertices < self.ends[known])) if len(self.starts) else vertices < 0

    @cached_property
    def areas(self) -> NDArray[Any]:
        """The area inside each path in square units, positive where it runs counter-clockwise; 0 for lines."""
        if not len(self.starts):
            return np.zeros(0)
        dx, dy = self.edges
        # Strips between the outline and a line through the middle: few digits are lost to large coordinates.
        strips = dx / 2
        strips += self.vertices[:, 0]
        strips -= self._middle[0]
        strips *= dy
        if not self._all_finite:
            strips[~np.isfinite(strips)] = 0.0
        return np.where(self.is_ring, np.add.reduceat(strips, self.starts), 0.0)

    @cached_property
    def is_sure(self) -> NDArray[np.bool_]:
        """Whether the sign of the area is beyond rounding."""
        _, width = self._middle
        steps = np.abs(self.edges[1])
        highest = float(np.max(steps, initial=0.0, where=True if self._all_finite else np.isfinite(steps)))
        return np.asarray(np.abs(self.areas) > self.sizes * (ROUNDING * width * highest))

    @cached_property
    def _all_finite(self) -> bool:
        return bool(np.isfinite(self.vertices).all())

    @cached_property
    def _middle(self) -> tuple[float, float]:
        """The middle of the layer along x, and how far it reaches from there."""
        x = self.vertices[:, 0]
        x = x if self._all_finite else x[np.isfinite(x)]
        if not len(x):
            return 0.0, 0.0
        east, west = float(x.max()), float(x.min())
        return (east + west) / 2, (east - west) / 2 + abs(east + west) * 1e-9

    def rings(self, paths: NDArray[np.int_]) -> NDArray[Any]:
        """The rings ``paths`` (numbers of paths) as areas without holes, in the layer's units."""
        sizes = self.sizes[paths]
        at = np.repeat(self.starts[paths] - (np.cumsum(sizes) - sizes), sizes) + np.arange(sizes.sum())
        offsets = np.concatenate(([0], np.cumsum(sizes)))
        return np.asarray(
            shapely.from_ragged_array(
                shapely.GeometryType.POLYGON, self.vertices[at], (offsets, np.arange(len(paths) + 1))
            ),
            dtype=object,
        )


def _paths(
    geometry: NDArray[Any], type_ids: NDArray[np.int_], counts: NDArray[np.int_]
) -> tuple[NDArray[np.int_], NDArray[np.int_], NDArray[np.bool_], NDArray[np.bool_]]:
    """Owner and size of each path in the order of the vertices, whether it is a ring, and an outer one."""
    holed = shapely.get_num_interior_rings(geometry) > 0
    plain = np.flatnonzero(np.isin(type_ids, (LINE, RING, POLYGON)) & ~holed & (counts > 0))
    of_area = type_ids[plain] == POLYGON
    several = np.flatnonzero((np.isin(type_ids, (MULTILINE, MULTIPOLYGON)) | holed) & (counts > 0))
    if not several.size:
        return plain, counts[plain], of_area, of_area
    parts, part_of = shapely.get_parts(geometry[several], return_index=True)
    areal = shapely.get_type_id(parts) == POLYGON
    rings, ring_of = shapely.get_rings(parts[areal], return_index=True)
    lines, rings_of = parts[~areal], several[part_of[areal][ring_of]] if len(rings) else np.empty(0, dtype=np.int64)
    owners = np.concatenate((plain, several[part_of[~areal]], rings_of))
    sizes = np.concatenate((counts[plain], shapely.get_num_coordinates(lines), shapely.get_num_coordinates(rings)))
    is_ring = np.concatenate((of_area, np.zeros(len(lines), dtype=bool), np.ones(len(rings), dtype=bool)))
    is_outer = np.concatenate((of_area, np.zeros(len(lines), dtype=bool), np.diff(ring_of, prepend=-1) > 0))
    order = np.argsort(owners, kind="stable")
    order = order[sizes[order] > 0]
    return owners[order], sizes[order], is_ring[order], is_outer[order]


def _first_of_run(owners: NDArray[np.int_]) -> NDArray[np.int_]:
    """Where the paths of each feature begin."""
    return np.flatnonzero(np.diff(owners, prepend=-1))


def _run_lengths(owners: NDArray[np.int_]) -> NDArray[np.int_]:
    """How many paths each feature has."""
    return np.diff(_first_of_run(owners), append=len(owners))
