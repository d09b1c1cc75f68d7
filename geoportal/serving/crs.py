"""Reference systems at the edge of a layer: their URIs, their authority's axis order, the operation between two.

Inside the product coordinates are x before y (east, north; longitude, latitude). Only what leaves by ``crs=`` is in the
authority's order (OGC 17-069r4, Features Part 1 and 2).
"""

from __future__ import annotations

import math
import re
import threading
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from pyproj.aoi import AreaOfInterest
from pyproj.exceptions import CRSError, ProjError
from pyproj.transformer import TransformerGroup

from geoportal.errors import BadRequest, UnknownReferenceSystem

CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
DECIMALS_DEGREES = 9  # CONTRACT 6: 0.1 mm on the ground; 7 would be 8 mm off
DECIMALS_METRES = 4
NULL_PIPELINE = "proj=noop ellps=GRS80"

_QUIET = threading.Lock()  # filters of warnings belong to the process

Extent = tuple[float, float, float, float]

_WRITTEN = (
    re.compile(
        r"https?://www\.opengis\.net/def/crs/(?P<authority>[A-Za-z]{1,16})/[0-9.]{1,8}/(?P<code>[A-Za-z0-9_.-]{1,32})"
    ),
    re.compile(r"urn:ogc:def:crs:(?P<authority>[A-Za-z]{1,16}):[0-9.]{0,8}:(?P<code>[A-Za-z0-9_.-]{1,32})"),
    re.compile(r"\[?(?P<authority>[A-Za-z]{1,16}):(?P<code>[A-Za-z0-9_.-]{1,32})\]?"),
)


@dataclass(frozen=True, slots=True)
class Operation:
    """How coordinates get from one reference system to another, x before y on both sides.

    ``accuracy_m`` is what the registry states, None where it states nothing. ``ballpark`` marks a step that ignores the
    difference of two datums for want of a known one. ``null`` says that the numbers stay what they are.
    """

    name: str
    accuracy_m: float | None
    ballpark: bool
    pipeline: str
    best_available: bool = True

    @property
    def null(self) -> bool:
        """Whether the operation changes no number."""
        return self.pipeline == NULL_PIPELINE

    def transform(self, xy: NDArray[np.float64]) -> NDArray[np.float64]:
        """Coordinates (n, 2) in the target system; what cannot be placed there becomes inf. Safe in any thread."""
        if self.null or not len(xy):
            return xy
        x, y = _transformer(self.pipeline).transform(xy[:, 0], xy[:, 1])
        return np.column_stack([x, y])


NULL = Operation("identity", 0.0, False, NULL_PIPELINE)


@lru_cache(maxsize=256)
def uri_of(crs: str) -> str | None:
    """The URI under which OGC APIs know a reference system; None for one without an authority's code."""
    authority = _horizontal(crs).to_authority(min_confidence=100)
    if authority is None:
        return None
    name, code = authority
    return CRS84 if (name, code) == ("OGC", "CRS84") else f"http://www.opengis.net/def/crs/{name}/0/{code}"


@lru_cache(maxsize=256)
def crs_from_uri(uri: str) -> CRS:
    """The reference system that a URI, a URN or ``AUTHORITY:CODE`` names; BadRequest for one that nobody knows."""
    for pattern in _WRITTEN:
        if match := pattern.fullmatch(uri.strip()):
            try:
                return CRS.from_authority(match["authority"].upper(), match["code"])
            except CRSError:
                break
    raise BadRequest(f"crs: {uri[:100]!r} is not a known reference system", parameter="crs")


@lru_cache(maxsize=256)
def axis_swapped(crs: str) -> bool:
    """Whether the authority writes north before east: EPSG:4326 and 9470 do, UTM, TM-3 and 3857 do not."""
    system = _horizontal(crs)
    directions = [axis.direction for axis in system.axis_info[:2]]
    if directions in (["east", "north"], ["north", "east"]):
        return directions[0] == "north"
    # South-, west- and pole-oriented axes: ask PROJ what it turns round for east-before-north order.
    area = system.area_of_use
    lon, lat = ((area.west + area.east) / 2 + 0.123, (area.south + area.north) / 2 + 0.045) if area else (0.123, 0.045)
    plain = Transformer.from_crs("OGC:CRS84", system).transform(lon, lat)
    turned = Transformer.from_crs("OGC:CRS84", system, always_xy=True).transform(lon, lat)
    return bool(np.allclose(plain, turned[::-1]) and not np.allclose(plain, turned))


@lru_cache(maxsize=256)
def half_turn(crs: str) -> float | None:
    """Half a turn in the units of a geographic system's longitude (180 where they are degrees); None for any other."""
    system = _horizontal(crs)
    if not system.is_geographic:
        return None
    return round(math.pi / system.axis_info[0].unit_conversion_factor, 9)


@lru_cache(maxsize=256)
def decimals_of(crs: str) -> int:
    """Decimals that computed coordinates carry in a reference system: 9 of a degree, else within 0.1 mm."""
    system = _horizontal(crs)
    axis = system.axis_info[0]
    if axis.unit_name == "degree":
        return DECIMALS_DEGREES
    metres = axis.unit_conversion_factor * (6378137.0 if system.is_geographic else 1.0)
    return DECIMALS_METRES + max(0, math.ceil(math.log10(metres)))


@lru_cache(maxsize=512)
def operation(source: str, target: str, extent_crs84: Extent | None = None) -> Operation:
    """The one best operation for a layer of this extent, the same for all features; ballpark only for want of another.

    Without grids from a network. UnknownReferenceSystem when the two cannot be brought together (a local or geocentric
    system).
    """
    start, end = placeable(source), placeable(target)
    if start.equals(end, ignore_axis_order=True):
        return NULL
    area: Any = AreaOfInterest(*extent_crs84) if extent_crs84 else None
    for allow_ballpark in (False, True):
        try:
            with _QUIET, warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of missing grids we tell by ``best_available``
                group = TransformerGroup(
                    start, end, always_xy=True, area_of_interest=area, allow_ballpark=allow_ballpark
                )
        except (ProjError, CRSError):
            continue
        if group.transformers:
            return _described(group.transformers[0], best_available=group.best_available)
    raise UnknownReferenceSystem(
        f"no operation leads from {start.name} to {end.name}", source=start.name, target=end.name
    )


@lru_cache(maxsize=512)
def same_place(source: str, target: str) -> bool:
    """Whether both write the same coordinates, axis order apart."""
    return _horizontal(source).equals(_horizontal(target), ignore_axis_order=True)


@lru_cache(maxsize=256)
def placeable(crs: str) -> CRS:
    """The horizontal part of a reference system if it lies on the earth's surface; else UnknownReferenceSystem."""
    try:
        system = _horizontal(crs)
    except CRSError as error:
        raise UnknownReferenceSystem(f"the reference system {str(crs)[:100]!r} is not known") from error
    if system.is_geocentric or len(system.axis_info) < 2 or not (system.is_geographic or system.is_projected):
        raise UnknownReferenceSystem(f"{system.name} does not place a map on the earth", source=system.name)
    return system


@lru_cache(maxsize=64)
def _rough_way(crs: CRS) -> Transformer:
    """Kept, because PROJ looks for half a second for the best way out of some systems (SRGI2013)."""
    return Transformer.from_crs(crs, "OGC:CRS84", always_xy=True)


def rough_extent(crs: CRS, bounds: Extent) -> Extent | None:
    """Where bounds in ``crs`` lie in degrees, wide enough to choose an operation by; None when it cannot be said."""
    try:
        found = _rough_way(crs).transform_bounds(*bounds, densify_pts=21)
    except ProjError:
        return None
    west, south, east, north = (
        (round(value, 2) for value in found) if np.isfinite(found).all() else (1.0, 1.0, 0.0, 0.0)
    )
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        return None
    return max(west - 0.01, -180), max(south - 0.01, -90), min(east + 0.01, 180), min(north + 0.01, 90)


def offered(source: str | None, candidates: Iterable[str], extent_crs84: Extent | None = None) -> tuple[str, ...]:
    """URIs that a collection can be asked in: CRS84, its own, EPSG:4326 and 3857, and ``candidates`` that hold here.

    A candidate is left out when its area of use does not meet the layer's extent.
    """
    chosen = [CRS84, uri_of(source) if source else None, uri_of("EPSG:4326"), uri_of("EPSG:3857")]
    for candidate in candidates:
        area = _horizontal(candidate).area_of_use
        if extent_crs84 and area and not _meets(area, extent_crs84):
            continue
        chosen.append(uri_of(candidate))
    return tuple(dict.fromkeys(uri for uri in chosen if uri))


def _meets(area: object, extent: Extent) -> bool:
    west, south, east, north = extent
    a_west, a_south, a_east, a_north = (getattr(area, side) for side in ("west", "south", "east", "north"))
    if a_south > north or a_north < south:
        return False
    if a_west <= a_east:
        return bool(a_west <= east and a_east >= west)
    return bool(east >= a_west or west <= a_east)  # the area crosses the antimeridian


@lru_cache(maxsize=256)
def _horizontal(text: str) -> CRS:
    # Heights pass through unchanged, so a compound or 3-D system counts as its horizontal part.
    system = crs_from_uri(text) if text.startswith(("http://", "https://")) else CRS.from_user_input(text)
    return system if len(system.axis_info) == 2 and not system.is_compound else system.to_2d()


@lru_cache(maxsize=512)
def _transformer(pipeline: str) -> Transformer:
    # From a pipeline a Transformer keeps one PROJ object per thread; those of a TransformerGroup are not safe to share.
    return Transformer.from_pipeline(pipeline)


def _described(transformer: Transformer, *, best_available: bool) -> Operation:
    name = transformer.description.removesuffix(" (with axis order normalized for visualization)")
    accuracy: float | None = transformer.accuracy
    if transformer.accuracy < 0:  # not stated; a mere conversion, without a change of datum, is exact
        steps = transformer.operations or ()
        converts = "ballpark" not in name.lower() and all("Conversion" in step.type_name for step in steps)
        accuracy = 0.0 if converts else None
    return Operation(
        name=name,
        accuracy_m=accuracy,
        ballpark="ballpark" in name.lower(),
        pipeline=transformer.definition,
        best_available=best_available,
    )
