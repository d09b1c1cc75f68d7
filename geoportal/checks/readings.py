"""Other ways to read the same numbers: in another reference system, with the axes swapped, or north for south.

A coordinate is a pair of numbers; where it lies is a matter of how they are read. Each reading here is one mistake
that people make, so each has a way back. Nothing is applied: whoever looks at a layer asks where it would land.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from geoportal.checks.projection import degrees_per_unit, leads_back, on_own_datum, read_crs, to_degrees

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pyproj import CRS

    from geoportal.model.region import Region

MISSING, SWAPPED, SIGN = "missing", "swapped", "sign"
HEMISPHERE, ZONE, DATUM, SYSTEM = "hemisphere", "zone", "datum", "system"
UNNAMED = "unnamed"
METRES_AS_DEGREES, DEGREES_AS_METRES = "metres-as-degrees", "degrees-as-metres"
LONGITUDE_OF_ORIGIN, FALSE_NORTHING = "Longitude of natural origin", "False northing"


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read the numbers of a layer: the system, whether y comes before x, whether y has lost its sign.

    ``kind`` is the mistake that this reading would put right (MISSING ... SYSTEM); ``crs`` is None for what the layer
    says itself.
    """

    crs: str
    kind: str
    swapped: bool = False
    flipped: bool = False
    assigned: bool = True

    def turned(self, points: NDArray[Any]) -> NDArray[Any]:
        """``points`` (n, 2) with their axes and signs as this reading has them, still in the units of the layer."""
        turned = points[:, ::-1] if self.swapped else points
        return turned * [1.0, -1.0] if self.flipped else turned

    def place(self, points: NDArray[Any]) -> NDArray[Any]:
        """Where ``points`` (n, 2) of the layer would lie, longitude and latitude on WGS 84; inf where nowhere."""
        crs = read_crs(self.crs)
        if crs is None or not len(points):
            return np.full((len(points), 2), np.inf)
        return placed(crs, self.turned(points))

    @property
    def repair(self) -> dict[str, Any]:
        """What would have to be done to the layer, for whoever does it when the officer has said yes."""
        steps: dict[str, Any] = {"assign-crs": self.crs} if self.assigned else {}
        if self.swapped:
            steps["swap-axes"] = True
        if self.flipped:
            steps["flip-y"] = True
        return steps


def placed(crs: CRS, points: NDArray[Any]) -> NDArray[Any]:
    """``points`` (n, 2) in ``crs`` as longitude and latitude on WGS 84, inf for what is no place in that system."""
    with np.errstate(all="ignore"):
        if crs.is_geographic:
            possible = (np.abs(points) * degrees_per_unit(crs) <= [180.0, 90.0]).all(axis=1)
        else:
            possible = leads_back(points, *on_own_datum(crs, points))
        degrees = np.where(possible[:, None], to_degrees(crs, points), np.inf)
    return np.asarray(np.where(np.isfinite(degrees).all(axis=1)[:, None], degrees, np.inf))


def readings_of(declared: str | None, region: Region) -> list[Reading]:
    """Every other way to read a layer that says it is in ``declared`` (None: it does not say), likely ones first.

    The systems are those of the region's settings. One that only moves the layer by a datum shift is named last among
    them: no box can tell such two apart.
    """
    own = read_crs(declared)
    found: list[Reading] = []
    if declared is not None and own is not None:
        found.append(Reading(declared, SWAPPED, swapped=True, assigned=False))
        if own.is_geographic:
            found.append(Reading(declared, SIGN, flipped=True, assigned=False))
    for code in region.crs_candidates:
        crs = read_crs(code)
        if crs is None or code == declared:
            continue
        kind = MISSING if own is None else mistake(own, crs)
        found.append(Reading(code, kind))
        if own is None or kind != DATUM:
            found.append(Reading(code, SWAPPED if own is None else kind, swapped=True))
        if own is None and crs.is_geographic:
            found.append(Reading(code, SIGN, flipped=True))
    if own is None:
        return found
    # Of two systems that mend the same mistake the one on the layer's own datum is the likelier.
    return sorted(found, key=lambda item: (item.kind == DATUM, item.assigned and not _same_datum(own, item.crs)))


@lru_cache(maxsize=512)
def mistake(declared: CRS, meant: CRS) -> str:
    """What somebody did wrong who wrote ``declared`` for coordinates in ``meant``: one of the kinds above."""
    if declared.is_geographic or meant.is_geographic:
        if declared.is_geographic and meant.is_geographic:
            return DATUM
        return METRES_AS_DEGREES if declared.is_geographic else DEGREES_AS_METRES
    one, other = _projection(declared), _projection(meant)
    if one[0] != other[0] or one[0] is None:
        return SYSTEM
    differing = {name for name in {*one[1], *other[1]} if one[1].get(name) != other[1].get(name)}
    if not differing:
        return DATUM
    if differing == {FALSE_NORTHING}:
        return HEMISPHERE
    return ZONE if LONGITUDE_OF_ORIGIN in differing else SYSTEM


def same_projection(one: CRS, other: CRS) -> bool:
    """Whether two systems differ in their datum alone."""
    return mistake(one, other) == DATUM


def _projection(crs: CRS) -> tuple[str | None, dict[str, float]]:
    """The method of a projected system and its parameters by name."""
    operation = crs.coordinate_operation
    if operation is None:
        return None, {}
    return operation.method_name, {
        item.name: round(float(item.value) * item.unit_conversion_factor, 9) for item in operation.params
    }


def _same_datum(own: CRS, code: str) -> bool:
    crs = read_crs(code)
    if crs is None or own.geodetic_crs is None or crs.geodetic_crs is None:
        return False
    return bool(own.geodetic_crs.equals(crs.geodetic_crs, ignore_axis_order=True))
