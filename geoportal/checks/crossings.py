"""Why a geometry is invalid, and where: the one place that GEOS tells, and all places where an outline meets itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from shapely.errors import GEOSException

if TYPE_CHECKING:
    from numpy.typing import NDArray

MEETING = ("Self-intersection", "Ring Self-intersection")
"""The reasons of GEOS that say of an outline that it crosses or touches itself."""
MOST_VERTICES = 20_000
MOST_PLACES = 1000


def reasons_of(geometry: NDArray[Any], invalid: NDArray[np.bool_]) -> tuple[NDArray[Any], NDArray[Any]]:
    """What GEOS says of each invalid geometry ('Self-intersection'), '' elsewhere, and where it found that, (n, 2), NaN
    for nowhere. What it finds valid was closed by the reader.
    """
    reasons = np.full(len(geometry), "", dtype=object)
    points = np.full((len(geometry), 2), np.nan)
    if invalid.any():
        # 'Self-intersection[115.5 -0.25]': the reason, then x and y of one place.
        said = np.asarray(shapely.is_valid_reason(geometry[invalid]), dtype=str)
        head = np.strings.partition(said, "[")
        reasons[invalid] = np.strings.strip(head[0])
        reasons[reasons == "Valid Geometry"] = "Ring is not closed"
        place = np.strings.partition(np.strings.rstrip(head[2], "]"), " ")
        points[invalid] = np.column_stack([_numbers(place[0]), _numbers(place[2])])
    return reasons, points


def crossings(geometry: NDArray[Any], reasons: NDArray[Any], first: NDArray[Any]) -> NDArray[Any]:
    """For each invalid area the places where it meets itself, as a MultiPoint; None where there is one or none.

    ``first`` (n, 2) are the places that GEOS names: they come first. Points of a ring where it touches itself count,
    and points where two rings cross; a hole that touches its area in one vertex is no fault and does not.
    """
    found = np.full(len(geometry), None, dtype=object)
    small = shapely.get_num_coordinates(geometry) <= MOST_VERTICES
    for at in np.flatnonzero(np.isin(reasons, MEETING) & small & (shapely.get_dimensions(geometry) == 2)):
        places = _places(geometry[at], first[at])
        if len(places) > 1:
            found[at] = shapely.multipoints(places[:MOST_PLACES])
    return found


def _places(shape: Any, first: NDArray[Any]) -> NDArray[Any]:
    """The places of one shape, the one that GEOS names first."""
    rings = shapely.get_rings(shapely.get_parts(shape))
    rings = shapely.force_2d(rings[~shapely.is_empty(rings)])
    vertices = shapely.get_coordinates(rings)
    try:
        own = [_nodes(ring) for ring in rings]
        shared = _nodes(shapely.multilinestrings(rings)) if len(rings) > 1 else np.empty((0, 2))
    except GEOSException:
        own, shared = [], np.empty((0, 2))
    # Where two rings meet in a vertex of one of them they may well touch; where there is none they cross.
    shared = shared[~_in(shared, vertices)]
    places = np.unique(np.concatenate((*own, shared)), axis=0) if own else np.empty((0, 2))
    if not np.isfinite(first).all():
        return places
    # The place that GEOS computes may differ from the node in the last digits.
    size = np.abs(vertices).max(initial=1.0) * 1e-12
    return np.concatenate((first[None, :], places[(np.abs(places - first) > size).any(axis=1)]))


def _nodes(lines: Any) -> NDArray[Any]:
    """Where three pieces of lines or more meet once they are cut at all their crossings."""
    pieces = shapely.get_parts(shapely.node(lines))
    coordinates, piece = shapely.get_coordinates(pieces, return_index=True)
    begins = np.diff(piece, prepend=-1) > 0
    ends = np.diff(piece, append=len(pieces)) > 0
    places, times = np.unique(np.concatenate((coordinates[begins], coordinates[ends])), axis=0, return_counts=True)
    return np.asarray(places[times > 2])


def _in(places: NDArray[Any], others: NDArray[Any]) -> NDArray[np.bool_]:
    """Which ``places`` are exactly among ``others``."""
    known = set(map(tuple, others.tolist()))
    return np.fromiter((tuple(place) in known for place in places.tolist()), dtype=bool, count=len(places))


def _numbers(texts: NDArray[Any]) -> NDArray[Any]:
    """Texts as numbers, NaN where one is none."""
    import pandas

    return np.asarray(pandas.to_numeric(pandas.Series(texts), errors="coerce"), dtype=float)
