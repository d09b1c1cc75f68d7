"""The packed index of a layer's envelopes in CRS84, memory-mapped: a box is answered without SQL and without a heap.

Envelopes are sorted into tiles (sort-tile-recursive) and cut into leaves of 128; a block is the envelope of a leaf.
Testing all blocks at once, then the envelopes of those hit, is a few dozen microseconds for half a million features in
any order. East and north stand with the other sign, so that two boxes are compared side by side in one step: they meet
where (west, south, -east, -north) of one are at most (east, north, -west, -south) of the other. Files:

    spatial.blocks     float64 (4, leaves): west, south, -east, -north of each leaf
    spatial.boxes      float64 (leaves, 4, 128): the envelopes likewise, NaN where a leaf is not full
    spatial.rows       int32 (leaves, 128): the row of each envelope, -1 likewise
    spatial.placeless  int32: rows without coordinates, which match every box (OGC 17-069r4, fc-bbox-response C)
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray

from geoportal.errors import BadRequest
from geoportal.serving.crs import Operation
from geoportal.serving.mapping import map_array

BLOCKS, BOXES, INDEX_ROWS, PLACELESS = "spatial.blocks", "spatial.boxes", "spatial.rows", "spatial.placeless"
LEAF = 128
BOUGH = 64
_OF_A_BOUGH = np.arange(BOUGH)

Box = tuple[float, float, float, float]
Rows = NDArray[np.int32]
_NONE: Rows = np.empty(0, dtype=np.int32)


def write_spatial(folder: Path, envelopes: NDArray[np.float64]) -> None:
    """Write the index of ``envelopes`` (n, 4) in degrees; a NaN in an envelope says that the feature has no place."""
    placed = np.flatnonzero(np.isfinite(envelopes).all(axis=1)).astype(np.int32)
    placeless = np.setdiff1d(np.arange(len(envelopes), dtype=np.int32), placed, assume_unique=True)
    order = placed[_tiled(envelopes[placed])]
    leaves = math.ceil(len(order) / LEAF)
    rows = np.full(leaves * LEAF, -1, dtype="<i4")
    rows[: len(order)] = order
    boxes = np.full((leaves * LEAF, 4), np.nan, dtype="<f8")
    boxes[: len(order)] = envelopes[order]
    boxes[:, 2:] *= -1.0
    boxes = np.ascontiguousarray(boxes.reshape(leaves, LEAF, 4).transpose(0, 2, 1))
    blocks = np.ascontiguousarray(np.nanmin(boxes, axis=2).T) if leaves else np.empty((4, 0), dtype="<f8")
    for name, array in ((BLOCKS, blocks), (BOXES, boxes), (INDEX_ROWS, rows), (PLACELESS, placeless.astype("<i4"))):
        (folder / name).write_bytes(array.tobytes())


def _tiled(envelopes: NDArray[np.float64]) -> NDArray[np.int64]:
    """The order of envelopes by tiles: strips of equal number from west to east, each from south to north."""
    x = envelopes[:, 0] + envelopes[:, 2]
    y = envelopes[:, 1] + envelopes[:, 3]
    leaves = max(1, math.ceil(len(envelopes) / LEAF))
    strip_length = LEAF * math.ceil(leaves / math.ceil(math.sqrt(leaves)))
    strips = np.empty(len(envelopes), dtype=np.int64)
    strips[np.argsort(x, kind="stable")] = np.arange(len(envelopes)) // strip_length
    return np.lexsort((y, strips))


def _boughs(blocks: NDArray[np.float64]) -> NDArray[np.float64]:
    """The envelopes of BOUGH leaves each, in memory: few numbers."""
    starts = np.arange(0, blocks.shape[1], BOUGH)
    if not len(starts):
        return np.empty((4, 0))
    return np.minimum.reduceat(blocks, starts, axis=1)


@dataclass(frozen=True, slots=True, eq=False)
class SpatialIndex:
    """The index of one layer. ``extent`` bounds all that has a place; None when nothing has."""

    count: int
    extent: Box | None
    blocks: NDArray[np.float64]
    boughs: NDArray[np.float64]
    boxes: NDArray[np.float64]
    rows: NDArray[np.int32]
    placeless: Rows

    @classmethod
    def open(cls, folder: Path, count: int, extent: Box | None, sizes: Mapping[str, int]) -> SpatialIndex:
        """Map the four files of the index; ``sizes`` in bytes as the summary has them."""
        blocks = map_array(folder / BLOCKS, sizes[BLOCKS], "<f8", (4, -1)) if sizes[BLOCKS] else np.empty((4, 0))
        return cls(
            count=count,
            extent=extent,
            blocks=blocks,
            boughs=_boughs(blocks),
            boxes=map_array(folder / BOXES, sizes[BOXES], "<f8", (-1, 4, LEAF)),
            rows=map_array(folder / INDEX_ROWS, sizes[INDEX_ROWS], "<i4", (-1, LEAF)),
            placeless=map_array(folder / PLACELESS, sizes[PLACELESS], "<i4", (-1,)),
        )

    def covered_by(self, box: Box) -> bool:
        """Whether all that has a place lies inside ``box``: then every feature of the layer matches it."""
        if self.extent is None:
            return True
        west, south, east, north = self.extent
        return box[0] <= west and box[1] <= south and box[2] >= east and box[3] >= north

    def candidates(self, box: Box) -> tuple[Rows, Rows]:
        """Rows that have a point in the box for certain, and rows whose envelopes meet it; edges count as inside.

        An envelope with three of its sides inside is of a feature that reaches its fourth, or its third, inside the
        box. So only those at a corner of the box, or across it, have to be asked for their shape.
        """
        west, south, east, north = box
        meets = np.array([[east], [north], [-west], [-south]])
        holds = np.array([[west], [south], [-east], [-north]])
        hit = self._leaves(meets)
        whole = _NONE
        if len(hit) > 4:
            held = (self.blocks[:, hit] >= holds).all(axis=0)
            if held.any():
                whole = self.rows[hit[held]].reshape(-1)
                whole = whole[whole >= 0]
                hit = hit[~held]
        boxes, rows = self.boxes[hit], self.rows[hit]
        meeting = (boxes <= meets).all(axis=1)
        within = (boxes >= holds).sum(axis=1, dtype=np.int8) > 2
        within &= meeting
        found = rows[within]
        return np.concatenate([whole, found]) if len(whole) else found, rows[meeting ^ within]

    def _leaves(self, meets: NDArray[np.float64]) -> NDArray[np.int64]:
        """The leaves that meet a box: first among the boughs, which bound as many leaves as leaves bound features."""
        blocks, boughs = self.blocks, self.boughs
        hit = (boughs <= meets).all(axis=0).nonzero()[0]
        if len(hit) * 4 > boughs.shape[1]:
            return (blocks <= meets).all(axis=0).nonzero()[0]
        among = (hit[:, None] * BOUGH + _OF_A_BOUGH).reshape(-1)
        if len(among) and among[-1] >= blocks.shape[1]:
            among = among[: among.searchsorted(blocks.shape[1])]
        found: NDArray[np.int64] = among[(blocks[:, among] <= meets).all(axis=0)]
        return found

    def envelope(self, leaf: int, slot: int) -> Box:
        """One envelope: west, south, east, north."""
        west, south, east, north = self.boxes[leaf, :, slot].tolist()
        return west, south, -east, -north

    def in_order(self, found: Sequence[Rows]) -> Rows:
        """All rows of ``found`` and those without a place, each once, in the order of the layer."""
        rows = np.concatenate([self.placeless, *found])
        if len(rows) * 32 < self.count:
            rows.sort()
            repeated = rows[1:] == rows[:-1]
            return np.concatenate([rows[:1], rows[1:][~repeated]]) if repeated.any() else rows
        mask = np.zeros(self.count, dtype=np.bool_)
        mask[rows] = True
        return np.flatnonzero(mask).astype(np.int32)


def checked_box(box: Sequence[float]) -> Box:
    """A box of four finite numbers with west <= east and south <= north; anything else is a BadRequest."""
    if len(box) != 4 or not all(math.isfinite(value) for value in box):
        raise BadRequest("bbox must be four finite numbers", parameter="bbox")
    west, south, east, north = (float(value) for value in box)
    if west > east or south > north:
        raise BadRequest("bbox must have its lower corner first", parameter="bbox")
    return west, south, east, north


def area_of(box: Box) -> shapely.Geometry:
    """The box as a geometry: a rectangle, or the line or point that is left of it when it has no width."""
    west, south, east, north = box
    if west == east and south == north:
        return shapely.Point(west, south)
    if west == east or south == north:
        return shapely.LineString([(west, south), (east, north)])
    return shapely.box(west, south, east, north)


def turned(box: Box, extent: Box | None) -> list[Box]:
    """``box``, in degrees, and itself one turn to the east and to the west where the layer or the box reaches beyond
    the antimeridian and they may meet: 185 is the meridian of -175.
    """
    if extent is None or (min(box[0], extent[0]) >= -180.0 and max(box[2], extent[2]) <= 180.0):
        return [box]
    west, south, east, north = box
    copies = [(west + turn, south, east + turn, north) for turn in (-360.0, 360.0)]
    return [box, *(copy for copy in copies if copy[0] <= extent[2] and copy[2] >= extent[0])]


def outline_of(box: Box, way: Operation) -> NDArray[np.float64] | None:
    """The sides of ``box`` in the target of ``way``, 65 points a side, from the lower left corner anticlockwise; None
    where a side has no place there or jumps across the antimeridian.
    """
    west, south, east, north = box
    along = np.linspace(0.0, 1.0, 65)
    x, y = west + (east - west) * along, south + (north - south) * along
    still = np.ones(65)
    ring = np.column_stack(
        [
            np.concatenate([x, still * east, x[::-1], still * west]),
            np.concatenate([still * south, y, still * north, y[::-1]]),
        ]
    )
    there = way.transform(ring)
    if not np.isfinite(there).all() or (np.abs(np.diff(there[:, 0])) > 90).any():
        return None
    return there


BULGE = 0.01
"""Degrees: so far an edge that is straight in another system may leave the envelope of its feature in degrees."""


def frames_of(box: Box, way: Operation) -> tuple[Box | None, Box | None]:
    """Boxes in the target of ``way``: one that surely holds all of ``box``, and one that ``box`` surely holds all of.

    None where nothing sure can be said: everything may be meant, or nothing is for certain.
    """
    there = outline_of(box, way)
    if there is None:
        return None, None
    margin = 0.01 * (there.max(axis=0) - there.min(axis=0)) + 1e-6
    outer = (*(there.min(axis=0) - margin - BULGE).tolist(), *(there.max(axis=0) + margin + BULGE).tolist())
    bottom, right, top, left = there[:65], there[65:130], there[130:195], there[195:]
    inner = (
        float(left[:, 0].max() + margin[0]),
        float(bottom[:, 1].max() + margin[1]),
        float(right[:, 0].min() - margin[0]),
        float(top[:, 1].min() - margin[1]),
    )
    sure = inner[0] < inner[2] and inner[1] < inner[3] and shapely.Polygon(there).contains(shapely.box(*inner))
    return outer, inner if sure else None


_WORTH_PREPARING = 64
"""Geometries from which an area is worth preparing for: a rectangle is quick without."""


def meeting(area: shapely.Geometry, geometries: NDArray[np.object_]) -> NDArray[np.bool_]:
    """Which geometries have a point in common with the area, boundaries included.

    A geometry too broken for the test counts: its envelope meets the area, and nothing better can be said.
    """
    if len(geometries) > _WORTH_PREPARING:
        shapely.prepare(area)
    try:
        found: NDArray[np.bool_] = shapely.intersects(area, geometries)
        return found
    except shapely.GEOSException:
        return np.array([_meets_or_broken(area, geometry) for geometry in geometries], dtype=np.bool_)


def _meets_or_broken(area: shapely.Geometry, geometry: shapely.Geometry) -> bool:
    try:
        return bool(shapely.intersects(area, geometry))
    except shapely.GEOSException:
        return True
