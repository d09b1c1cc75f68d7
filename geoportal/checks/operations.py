"""By which operation coordinates get from one reference system to another, and how sure the registry is of it.

Between two datums there may be several operations, none, or one whose grid is not on this machine. PROJ falls back to
a "ballpark" in silence, which may be off by hundreds of metres; a receipt has to say so (DOMAIN 1.5).
"""

from __future__ import annotations

import threading
import warnings
from functools import lru_cache
from typing import Any, NamedTuple

from geoportal.checks.projection import Box, read_crs

_QUIET = threading.Lock()  # filters of warnings belong to the process
IDENTITY = "identity"


class Operation(NamedTuple):
    """An operation by the name that the registry gives it, its accuracy in metres, and whether it is only a ballpark.

    ``accuracy_m`` is None where the registry states none: between a zone and the degrees of its own datum there is
    nothing to lose, and then it is 0; over a ballpark nobody knows. ``best_available`` is False where a better one is
    known that needs a grid which this machine does not have.
    """

    name: str
    accuracy_m: float | None
    ballpark: bool
    best_available: bool = True


@lru_cache(maxsize=256)
def operation_between(source: str, target: str, area: Box | None = None) -> Operation | None:
    """The best operation on this machine from ``source`` to ``target`` (codes or WKT, horizontal parts).

    ``area`` (west, south, east, north; degrees) is where the layer lies, for there may be one operation for each
    island. None when one of the two is no system on the earth, or nothing leads from one to the other.
    """
    from pyproj.aoi import AreaOfInterest
    from pyproj.exceptions import ProjError
    from pyproj.transformer import TransformerGroup

    start, end = read_crs(source), read_crs(target)
    if start is None or end is None:
        return None
    if start == end:
        return Operation(IDENTITY, 0.0, False)
    interest: Any = None if area is None else AreaOfInterest(*area)
    with _QUIET, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that a grid is missing is told below
        try:
            group = TransformerGroup(start, end, always_xy=True, area_of_interest=interest)
        except ProjError:
            return None
    if not group.transformers:
        return None
    best = group.transformers[0]
    steps = best.operations or ()
    ballpark = any(step.has_ballpark_transformation for step in steps) or "Ballpark" in best.description
    accuracy = float(best.accuracy)
    if accuracy < 0:
        # Unstated over conversions alone (a projection is exact), unknown over anything else.
        exact = not ballpark and start.geodetic_crs is not None and start.geodetic_crs == end.geodetic_crs
        accuracy = 0.0 if exact else -1.0
    name = best.description.removesuffix(" (with axis order normalized for visualization)")
    return Operation(name, accuracy if accuracy >= 0 else None, ballpark, group.best_available)
