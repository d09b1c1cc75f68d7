"""The lines of a layer as a network: their ends, what these touch, and where two lines meet in their course.

Everything is looked for in the layer's own coordinates, stretched to metres at its centre, so that straight lines stay
straight and a T-junction stays one; what is near is then measured in the plane of the context. Parts are ordered by
the names of their features, so that the order of the file changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from geoportal.checks.context import LINE, MULTILINE, POINT, RING
from geoportal.checks.overlay import FINEST_M, overlaid

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geoportal.checks.context import Context

REACH_M = 5.0
"""How far an end may miss a line, or stick out of it, to be taken for a slip of the pen."""
MOST_PAIRS = 500_000
"""Pairs of lines that are looked at; a ball of wool has millions."""


@dataclass(frozen=True, slots=True)
class Places:
    """Places where features meet: points (n, 2) of the layer, the parts there, and a shape for each (or None)."""

    points: NDArray[Any]
    one: NDArray[np.int_]
    other: NDArray[np.int_]
    shapes: NDArray[Any]


class Network:
    """The lines of the layer of a context. Part numbers are positions in ``parts``."""

    def __init__(self, context: Context) -> None:
        """Take the lines of the layer apart; the context must be measurable in metres."""
        self.context = context
        usable = np.flatnonzero(context.is_present & np.isin(context.type_ids, (LINE, RING, MULTILINE)))
        usable = usable[context.ranked(usable)]
        parts, number = shapely.get_parts(shapely.force_2d(context.geometry[usable]), return_index=True)
        parts = shapely.remove_repeated_points(parts)
        # What does not lie on the earth is told by another rule, and cannot be measured.
        on_earth = np.isfinite(shapely.bounds(context.in_metres(parts))).all(axis=1)
        kept = (shapely.length(parts) > 0) & on_earth
        kept[kept] &= np.isfinite(shapely.bounds(self._flat(parts[kept]))).all(axis=1)
        self.parts: NDArray[Any] = parts[kept]
        self.owner: NDArray[np.int_] = usable[number[kept]]
        self.tolerance = max(context.tolerance_m, FINEST_M)
        self.reach = max(REACH_M, 10 * context.tolerance_m)
        self.complete = True

    # the plane to look in

    @cached_property
    def _stretch(self) -> NDArray[Any]:
        """Metres of one unit of x and of y at the centre of the layer."""
        metres, extent = self.context.metres, self.context.extent
        assert metres is not None and extent is not None  # the rules need metres
        middle = np.array([(extent[0] + extent[2]) / 2, (extent[1] + extent[3]) / 2])
        step = max(extent[2] - extent[0], extent[3] - extent[1]) / 1000 or 1e-6
        around = middle + np.array([(0, 0), (step, 0), (0, step)])
        there = metres.forward(around)
        sides = np.hypot(*(there[1:] - there[0]).T) / step
        return np.asarray(np.where(np.isfinite(sides) & (sides > 0), sides, 1.0))

    def _flat(self, geometries: NDArray[Any]) -> NDArray[Any]:
        return np.asarray(shapely.transform(geometries, lambda xy: xy * self._stretch), dtype=object)

    @cached_property
    def flat(self) -> NDArray[Any]:
        """The parts, stretched to metres."""
        return self._flat(self.parts)

    @cached_property
    def tree(self) -> shapely.STRtree:
        """An index of ``flat``."""
        return shapely.STRtree(self.flat)

    def apart(self, one: NDArray[Any], other: NDArray[Any]) -> NDArray[Any]:
        """Metres on the ground between points (n, 2) of the layer."""
        return np.asarray(np.hypot(*(self.on_ground(one) - self.on_ground(other)).T))

    def on_ground(self, points: NDArray[Any]) -> NDArray[Any]:
        """Points (n, 2) of the layer in metres."""
        metres = self.context.metres
        assert metres is not None  # the rules need metres
        return metres.forward(points)

    def passing(self, points: NDArray[Any]) -> NDArray[np.int_]:
        """For each line that passes a point (n, 2) within the tolerance the number of that point."""
        places = shapely.points(points * self._stretch)
        return np.asarray(self.tree.query(places, predicate="dwithin", distance=self.tolerance)[0])

    @cached_property
    def by_rank(self) -> NDArray[np.int_]:
        """The features that have lines, in the order in which findings name them."""
        return np.asarray(self.owner[np.append(True, np.diff(self.owner) != 0)] if len(self.owner) else self.owner)

    @cached_property
    def rank(self) -> NDArray[np.int_]:
        """For each feature of the layer its place in ``by_rank``."""
        rank = np.zeros(len(self.context), dtype=np.int64)
        rank[self.by_rank] = np.arange(len(self.by_rank))
        return rank

    # ends

    @cached_property
    def is_closed(self) -> NDArray[np.bool_]:
        """Which parts end where they begin: these have no ends."""
        return np.asarray(shapely.is_closed(self.parts))

    @cached_property
    def end_parts(self) -> NDArray[np.int_]:
        """The part of each end: first and last vertex of each open part, one after the other."""
        return np.repeat(np.flatnonzero(~self.is_closed), 2)

    @cached_property
    def end_points(self) -> NDArray[Any]:
        """Where the ends are, (n, 2), aligned with ``end_parts``."""
        open_parts = self.parts[~self.is_closed]
        both = np.column_stack((shapely.get_point(open_parts, 0), shapely.get_point(open_parts, -1)))
        return np.asarray(shapely.get_coordinates(both.ravel()))

    @cached_property
    def nodes(self) -> tuple[NDArray[np.int_], NDArray[np.int_]]:
        """For each end the number of its node (ends in one place to the millimetre), and for each node its ends."""
        cells = np.round(self.end_points * self._stretch / FINEST_M)
        _, node, size = np.unique(cells, axis=0, return_inverse=True, return_counts=True)
        return node.ravel(), size

    @cached_property
    def loose(self) -> NDArray[np.int_]:
        """The ends that touch nothing within the tolerance, neither another line nor their own."""
        node, size = self.nodes
        alone = np.flatnonzero(size[node] == 1)
        points = shapely.points(self.end_points[alone] * self._stretch)
        which, part = self.tree.query(points, predicate="dwithin", distance=1.2 * self.tolerance)
        foreign = part != self.end_parts[alone[which]]
        which, part = which[foreign], part[foreign]
        near = self.gap(alone[which], part)[0] <= self.tolerance
        touches = np.zeros(len(alone), dtype=bool)
        touches[which[near]] = True
        alone = alone[~touches]
        return np.asarray(alone[~self._touches_itself(alone)])

    def gap(self, ends: NDArray[Any], parts: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        """Metres between ends and parts, and where the parts come nearest (n, 2)."""
        lines = shapely.shortest_line(shapely.points(self.end_points[ends] * self._stretch), self.flat[parts])
        nearest = shapely.get_coordinates(shapely.get_point(lines, -1)) / self._stretch
        return self.apart(self.end_points[ends], nearest), nearest

    def _touches_itself(self, ends: NDArray[Any]) -> NDArray[np.bool_]:
        """Which ends come back to their own line, as that of a turning loop does."""
        touches = np.zeros(len(ends), dtype=bool)
        if not len(ends):
            return touches
        segments, part, start, stop = self._segments(self.end_parts[ends])  # `part` is a position in `ends`
        total = np.zeros(len(ends))
        np.maximum.at(total, part, stop)
        first = np.append(True, np.diff(self.end_parts) != 0)[ends]  # the first of its part's two ends
        along = np.where(first[part], start, total[part] - stop)
        away = along >= 4 * self.tolerance
        points = shapely.points(self.end_points[ends] * self._stretch)
        touches[part[away][shapely.distance(points[part[away]], segments[away]) <= self.tolerance]] = True
        return touches

    def _segments(self, parts: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]:
        """The segments of parts (stretched), to which of ``parts`` each belongs, and at how many metres along it they
        start and stop.
        """
        vertices, index = shapely.get_coordinates(self.flat[parts], return_index=True)
        inner = index[1:] == index[:-1]
        pairs = np.stack((vertices[:-1], vertices[1:]), axis=1)[inner]
        part = index[:-1][inner]
        lengths = np.hypot(*(pairs[:, 1] - pairs[:, 0]).T)
        stop = np.cumsum(lengths)
        begins = np.append(True, np.diff(part) != 0) if len(part) else np.empty(0, dtype=bool)
        before = (stop - lengths)[begins][np.cumsum(begins) - 1] if len(part) else stop
        return np.asarray(shapely.linestrings(pairs)), part, stop - lengths - before, stop - before

    # meetings

    @cached_property
    def _contacts(self) -> tuple[Places, Places]:
        """Points where two parts meet in the course of both, and stretches that two parts share."""
        found: list[NDArray[Any]] = []
        seen = 0
        for begin in range(0, len(self.parts), 4096):
            block = np.arange(begin, min(begin + 4096, len(self.parts)))
            one, other = self.tree.query(self.flat[block], predicate="intersects")
            pairs = np.column_stack((block[one], other))
            pairs = pairs[pairs[:, 0] < pairs[:, 1]]
            # Ends that rest on a line are no meeting: that is how lines are meant to join.
            found.append(pairs[~shapely.touches(self.parts[pairs[:, 0]], self.parts[pairs[:, 1]])])
            seen += len(found[-1])
            if seen > MOST_PAIRS:
                self.complete = False
                break
        pairs = np.concatenate(found)[:MOST_PAIRS] if found else np.empty((0, 2), dtype=np.int64)
        pairs = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
        names = self.context.feature_ids[self.owner[pairs[:, 1]]]
        shared = overlaid(
            self.context, shapely.intersection, self.parts[pairs[:, 0]], self.parts[pairs[:, 1]],
            self.owner[pairs[:, 0]], names,
        )  # fmt: skip
        pieces, number = shapely.get_parts(shared, return_index=True)
        is_point = shapely.get_type_id(pieces) == POINT
        return (
            self._places(pieces[is_point], pairs[number[is_point]]),
            self._places(pieces[~is_point], pairs[number[~is_point]]),
        )

    def _places(self, pieces: NDArray[Any], pairs: NDArray[Any]) -> Places:
        if not len(pieces):
            nothing = np.empty(0, dtype=np.int64)
            return Places(np.empty((0, 2)), nothing, nothing, np.empty(0, dtype=object))
        if shapely.get_type_id(pieces[0]) == POINT:
            points = shapely.get_coordinates(pieces)
        else:
            points = shapely.get_coordinates(shapely.line_interpolate_point(pieces, 0.5, normalized=True))
        return Places(points, pairs[:, 0], pairs[:, 1], pieces)

    @cached_property
    def crossings(self) -> Places:
        """Where two parts run across each other: at no common vertex, and not within the tolerance of their ends."""
        meetings = self._contacts[0]
        if not len(meetings.points):
            return meetings
        keep = np.ones(len(meetings.points), dtype=bool)
        at_vertex = np.ones(len(meetings.points), dtype=bool)
        points = shapely.points(meetings.points * self._stretch)
        for part in (meetings.one, meetings.other):
            known, position = np.unique(part, return_inverse=True)
            vertices, index = shapely.get_coordinates(self.flat[known], return_index=True)
            corners = np.asarray(shapely.multipoints(vertices, indices=index), dtype=object)
            at_vertex &= shapely.distance(points, corners[position]) <= FINEST_M
            for at in (0, -1):
                ends = shapely.get_coordinates(shapely.get_point(self.parts[part], at))
                keep &= self.is_closed[part] | (self.apart(meetings.points, ends) > self.tolerance)
        return _taken(meetings, keep & ~at_vertex)

    @cached_property
    def shared_edges(self) -> Places:
        """Stretches longer than the tolerance that two parts have in common."""
        edges = self._contacts[1]
        if not len(edges.points):
            return edges
        return _taken(edges, shapely.length(self.context.in_metres(edges.shapes)) > self.tolerance)

    @cached_property
    def own_crossings(self) -> Places:
        """Where one part crosses or retraces itself, away from its ends."""
        knotted = np.flatnonzero(~shapely.is_simple(self.parts))
        segments, part, _, _ = self._segments(knotted)
        if not len(segments):
            return self._places(np.empty(0, dtype=object), np.empty((0, 2), dtype=np.int64))
        one, other = shapely.STRtree(segments).query(segments, predicate="intersects")
        same = (part[one] == part[other]) & (one < other)
        order = np.lexsort((other[same], one[same]))
        one, other = one[same][order], other[same][order]
        pieces, number = shapely.get_parts(shapely.intersection(segments[one], segments[other]), return_index=True)
        one, other = one[number], other[number]
        is_line = shapely.length(pieces) > self.tolerance
        # Neighbours share a vertex, and so do the first and the last segment of a closed line.
        leads = np.append(True, np.diff(part) != 0)
        ends_it = np.append(leads[1:], True)
        follows = (other == one + 1) | (self.is_closed[knotted[part[one]]] & leads[one] & ends_it[other])
        middles = shapely.get_coordinates(shapely.centroid(pieces))
        rests = np.zeros(len(pieces), dtype=bool)
        for at in (0, -1):
            ends = shapely.get_coordinates(shapely.get_point(self.flat[knotted[part[one]]], at))
            rests |= ~self.is_closed[knotted[part[one]]] & (np.hypot(*(middles - ends).T) <= self.tolerance)
        keep = is_line | (~follows & ~rests)
        # Where a stretch that is walked twice begins and ends, other segments touch it: that is the same place.
        retraced = np.flatnonzero(is_line)
        if len(retraced):
            at, line = shapely.STRtree(pieces[retraced]).query(pieces, predicate="dwithin", distance=self.tolerance)
            keep[at[~is_line[at] & (part[one[at]] == part[one[retraced[line]]])]] = False
        numbers = knotted[part[one[keep]]]
        return Places(middles[keep] / self._stretch, numbers, numbers, np.full(int(keep.sum()), None, dtype=object))

    # slips

    @cached_property
    def slips(self) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]:
        """Aligned with ``loose``: metres by which an end sticks out of a line that it crossed, that line's part, metres
        by which it falls short of a line, and that part; inf and -1 where it does not.
        """
        ends = self.loose
        out, short = np.full(len(ends), np.inf), np.full(len(ends), np.inf)
        crossed, missed = np.full(len(ends), -1), np.full(len(ends), -1)
        points = shapely.points(self.end_points[ends] * self._stretch)
        which, part = self.tree.query(points, predicate="dwithin", distance=1.2 * self.reach)
        foreign = part != self.end_parts[ends[which]]
        which, part = which[foreign], part[foreign]
        gap, _ = self.gap(ends[which], part)
        _nearest(short, missed, which, part, np.where(gap <= self.reach, gap, np.inf))
        meetings = self._contacts[0]
        if len(meetings.points):
            at = shapely.STRtree(shapely.points(meetings.points * self._stretch))
            which, meeting = at.query(points, predicate="dwithin", distance=1.2 * self.reach)
            own = self.end_parts[ends[which]]
            mine = (meetings.one[meeting] == own) | (meetings.other[meeting] == own)
            which, meeting, own = which[mine], meeting[mine], own[mine]
            tail = self.apart(self.end_points[ends[which]], meetings.points[meeting])
            part = np.where(meetings.one[meeting] == own, meetings.other[meeting], meetings.one[meeting])
            _nearest(out, crossed, which, part, np.where(tail <= self.reach, tail, np.inf))
        return out, crossed, short, missed


def network_of(context: Context) -> Network:
    """The network of a context, made once."""
    if context.network is None:
        context.network = Network(context)
    made: Network = context.network
    return made


def merged(points: NDArray[Any], within: float) -> NDArray[np.int_]:
    """For each point (n, 2, metres) the number of the first point of its place: points in a chain of steps of at most
    ``within`` are one place.
    """
    label = np.arange(len(points))
    finite = np.isfinite(points).all(axis=1)
    if not finite.any():
        return label
    shapes = np.full(len(points), None, dtype=object)
    shapes[finite] = shapely.points(points[finite])
    one, other = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=within)
    while True:
        lower = label.copy()
        np.minimum.at(lower, one, label[other])
        if (lower == label).all():
            return label
        label = lower


def _taken(places: Places, keep: NDArray[np.bool_]) -> Places:
    return Places(places.points[keep], places.one[keep], places.other[keep], places.shapes[keep])


def _nearest(
    best: NDArray[Any], partner: NDArray[Any], which: NDArray[Any], part: NDArray[Any], metres: NDArray[Any]
) -> None:
    """Write for each of ``which`` the smallest of its ``metres`` and the part it belongs to."""
    order = np.lexsort((part, metres, which))
    which, part, metres = which[order], part[order], metres[order]
    first = np.append(True, np.diff(which) != 0) if len(which) else np.empty(0, dtype=bool)
    near = first & np.isfinite(metres)
    best[which[near]], partner[which[near]] = metres[near], part[near]
