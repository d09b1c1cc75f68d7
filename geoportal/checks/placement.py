"""Where the features of a layer lie as seen from the node's region, and which mistake would explain it.

A feature is *near* when its box touches the region's, *far* when there is a good part of a region between the two: then
it is no neighbour. A reading of the numbers (``readings``) explains a layer when nearly all that is not near would lie
in the region under it.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from geoportal.checks.projection import Box, boxes_in_degrees, read_crs
from geoportal.checks.readings import (
    DATUM,
    DEGREES_AS_METRES,
    HEMISPHERE,
    SWAPPED,
    SYSTEM,
    ZONE,
    Reading,
    placed,
    readings_of,
    same_projection,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geoportal.checks.context import Context
    from geoportal.checks.known_places import KnownPlaces

NEARBY = 0.05
"""Part of the region's width and height by which a feature may miss its box: boxes are rounded, coasts move."""
FAR_DEGREES, FAR_PART = 1.0, 0.4
"""Farther from the region than this many degrees, and than this part of its longer side, a feature is no neighbour."""
EXPLAINED = 0.9
"""Share of the features from which one reading explains them all."""
DOUBTFUL = 0.5
"""Share of the features in the areas of their codes up to which the layer as read is in doubt."""
ABSURD = (HEMISPHERE, DEGREES_AS_METRES, SWAPPED)
"""Mistakes that leave no doubt: no layer lies by chance where they put it."""
UNEXPLAINED = "unexplained"
MOST = 2_000
"""Features that are asked where they would land, spread evenly over the layer."""


class Placement:
    """The features that have a place (``present``, feature numbers) seen from the region; arrays go with them."""

    def __init__(self, context: Context) -> None:
        """For a layer with a reference system, in a region with an extent."""
        assert context.crs is not None and context.region.extent is not None
        self._context = context
        self.region: Box = context.region.extent
        self.present = np.flatnonzero(context.is_present)
        self._boxes = boxes_in_degrees(context.crs, context.bounds[self.present])

    @cached_property
    def middles(self) -> NDArray[Any]:
        """The middle of each feature's box, in the layer's own numbers."""
        return middles(self._context.bounds[self.present])

    @cached_property
    def gaps(self) -> NDArray[Any]:
        """Degrees between the box of each feature and that of the region, east-west and north-south, 0 inside."""
        west, south, east, north = self.region
        boxes = self._boxes
        across = np.maximum(west - boxes[:, 2], boxes[:, 0] - east)
        along = np.maximum(south - boxes[:, 3], boxes[:, 1] - north)
        gaps = np.maximum(np.column_stack((across, along)), 0)
        return np.asarray(np.where(np.isfinite(boxes).all(axis=1)[:, None], gaps, np.inf))

    @cached_property
    def near(self) -> NDArray[np.bool_]:
        """Which features touch the region."""
        return np.asarray((self.gaps <= slack(self.region)).all(axis=1))

    @cached_property
    def far(self) -> NDArray[np.bool_]:
        """Which features are no neighbours of the region."""
        return np.asarray(self.gaps.max(axis=1) > self._neighbourhood)

    @cached_property
    def _neighbourhood(self) -> float:
        """Degrees around the region in which its neighbours lie."""
        west, south, east, north = self.region
        return max(FAR_DEGREES, FAR_PART * max(east - west, north - south))

    @cached_property
    def on_earth(self) -> NDArray[np.bool_]:
        """Which features have their middle at a place that their own system knows."""
        assert self._context.crs is not None
        return np.asarray(np.isfinite(placed(self._context.crs, self.middles)).all(axis=1))

    @cached_property
    def is_elsewhere(self) -> bool:
        """Whether most features are not near."""
        return bool((~self.near).sum() * 2 > len(self.near))

    @cached_property
    def readings(self) -> list[Reading]:
        """Single mistakes that may explain why something is not near; a datum shift is none."""
        found = readings_of(self._context.layer.crs, self._context.region)
        return [item for item in found if item.kind != DATUM and not (item.swapped and item.assigned)]

    @cached_property
    def explanation(self) -> Reading | None:
        """The one mistake that explains where the layer lies, None when it lies right, or nothing explains it.

        Proof is the codes of its features where a region layer knows them: they lie in the areas of their codes under
        the other reading, and mostly not as read. Else it is the region: the layer is far from it, not beside it, and
        in it under the other reading.
        """
        known = self._witnesses
        if known is not None:
            if self._fits_code(known, None).mean() > DOUBTFUL:
                return None
            return self._best([self._fits_code(known, reading).mean() for reading in self.readings])
        away = np.flatnonzero(~self.near)
        if not self.is_elsewhere or self.far[away].sum() * 2 <= len(away):
            return None
        sample = away[spread(len(away))]
        best = self._best([self._lands(item, sample).mean() for item in self.readings])
        if best is not None and best.kind in (ZONE, SYSTEM) and self._is_at_home_elsewhere(sample):
            return None
        return best

    def explained(self, reading: Reading) -> NDArray[np.int_]:
        """The features (their numbers) that lie wrong as read, and right under ``reading``."""
        known = self._witnesses
        if known is not None:
            return np.asarray(known.features[self._fits_code(known, reading) & ~self._fits_code(known, None)])
        away = np.flatnonzero(~self.near)
        return self.present[away[self._lands(reading, away)]]

    def holds_for_all(self, reading: Reading) -> bool:
        """Whether ``reading`` puts nearly the whole layer in its place, so that it may be applied to all of it."""
        known = self._witnesses
        if known is not None:
            return bool(self._fits_code(known, reading).mean() >= EXPLAINED)
        return bool(self._lands(reading, spread(len(self.present))).mean() >= EXPLAINED)

    @cached_property
    def _witnesses(self) -> KnownPlaces | None:
        """The features whose place is known by code, when they are enough of the layer to speak for it."""
        known = self._context.known_places
        return known if known is not None and known.share >= DOUBTFUL else None

    def _lands(self, reading: Reading, rows: NDArray[np.int_]) -> NDArray[np.bool_]:
        """Which of the features ``rows`` lie in the region under ``reading``.

        Where the mistake puts a layer thousands of kilometres away its neighbours count too, when most lie in the
        region itself: the layer of a province is as wrong as that of a district. A zone or a sign asks for more.
        """
        degrees = reading.place(self.middles[rows])
        within = inside(degrees, self.region)
        if reading.kind not in ABSURD or within.mean() <= DOUBTFUL:
            return within
        beside = self._neighbourhood
        low, high = np.array(self.region[:2]) - beside, np.array(self.region[2:]) + beside
        return np.asarray(((degrees >= low) & (degrees <= high)).all(axis=1))

    def _is_at_home_elsewhere(self, rows: NDArray[np.int_]) -> bool:
        """Whether the layer is in a system that this region does not use, and lies where that system is used.

        Then it is as likely a good layer of another region as a bad one of this.
        """
        own = self._context.crs
        assert own is not None
        systems = [read_crs(code) for code in self._context.region.crs_candidates]
        if own.area_of_use is None or any(crs is not None and same_projection(own, crs) for crs in systems):
            return False
        area = own.area_of_use
        here = placed(own, self.middles[rows])
        low, high = np.array([area.west, area.south]), np.array([area.east, area.north])
        return bool(((here >= low) & (here <= high)).all(axis=1).mean() > DOUBTFUL)

    def _best(self, shares: list[Any]) -> Reading | None:
        best = int(np.argmax(shares)) if shares else 0
        return self.readings[best] if shares and shares[best] >= EXPLAINED else None

    def _fits_code(self, known: KnownPlaces, reading: Reading | None) -> NDArray[np.bool_]:
        """Which of the known features lie in the area of their code, as read or under another reading."""
        assert self._context.crs is not None
        points = middles(self._context.bounds[known.features])
        return known.fits(placed(self._context.crs, points) if reading is None else reading.place(points))

    def reasons(self, points: NDArray[Any]) -> NDArray[Any]:
        """Which single mistake would bring each of ``points`` (n, 2; the layer's numbers) into the region, as text.

        A feature by itself has its axes or its sign wrong sooner than its system; UNEXPLAINED where nothing helps.
        """
        reasons = np.full(len(points), UNEXPLAINED, dtype=object)
        for reading in sorted(self.readings, key=lambda item: not item.assigned):  # the likeliest writes last
            reasons[inside(reading.place(points), self.region)] = reading.kind
        return reasons.astype(str)

    @cached_property
    def strays(self) -> NDArray[np.int_]:
        """Positions of the far features of a layer that otherwise lies in the region."""
        if self.near.sum() * 2 <= len(self.near):
            return np.empty(0, dtype=np.int64)
        return np.flatnonzero(self.far & self.on_earth)


def middles(bounds: NDArray[Any]) -> NDArray[Any]:
    """The middles (n, 2) of boxes (n, 4)."""
    return np.asarray((bounds[:, :2] + bounds[:, 2:]) / 2)


def slack(region: Box) -> tuple[float, float]:
    """How far beside a region something may lie and still count as in it, in degrees east-west and north-south."""
    return (region[2] - region[0]) * NEARBY, (region[3] - region[1]) * NEARBY


def inside(degrees: NDArray[Any], region: Box) -> NDArray[np.bool_]:
    """Which places (n, 2; longitude, latitude) lie in a region, or just beside it."""
    x, y = slack(region)
    low, high = np.array([region[0] - x, region[1] - y]), np.array([region[2] + x, region[3] + y])
    return np.asarray(((degrees >= low) & (degrees <= high)).all(axis=1))


def spread(count: int) -> NDArray[np.int_]:
    """Numbers of at most MOST out of ``count`` things, spread evenly."""
    return np.unique(np.linspace(0, max(count - 1, 0), min(count, MOST)).astype(np.int64))
