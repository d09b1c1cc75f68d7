"""Ways from a layer's reference system to degrees and to metres, without a guess and without the network.

x stands before y everywhere. Degrees are for asking *where* something lies, metres for asking *how much*; nothing is
ever measured in degrees.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pyproj import CRS, Transformer

Box = tuple[float, float, float, float]
SLACK_M = 10.0
GRID = 7
"""Places a side at which a layer's scale is taken."""


@lru_cache(maxsize=64)
def read_crs(text: str | None) -> CRS | None:
    """The horizontal part of a reference system (two axes on the earth), None when there is none, or a local one."""
    if text is None:
        return None
    import pyproj

    try:
        crs = pyproj.CRS.from_user_input(text)
        return _horizontal(crs)
    except pyproj.exceptions.ProjError:
        return None


def _horizontal(crs: CRS) -> CRS | None:
    """Without the height and without a datum shift written into the WKT; None for geocentric and local systems."""
    while True:
        if crs.is_bound and crs.source_crs is not None:
            crs = crs.source_crs
        elif crs.is_compound:
            crs = crs.sub_crs_list[0]
        else:
            break
    if crs.is_geocentric or not (crs.is_geographic or crs.is_projected):
        return None
    return crs.to_2d()


def degrees_per_unit(crs: CRS) -> float:
    """Degrees in one unit of a geographic system's axes (1 for degrees, 0.9 for grads)."""
    return math.degrees(crs.axis_info[0].unit_conversion_factor)


@lru_cache(maxsize=64)
def _transformer(source: CRS, target: CRS) -> Transformer:
    import pyproj

    return pyproj.Transformer.from_crs(source, target, always_xy=True)


def _moved(transformer: Transformer, points: NDArray[Any], *, inverse: bool = False) -> NDArray[Any]:
    """``points`` (n, 2) through a transformer; what it cannot move becomes inf."""
    from pyproj.enums import TransformDirection

    direction = TransformDirection.INVERSE if inverse else TransformDirection.FORWARD
    x, y = transformer.transform(points[:, 0], points[:, 1], direction=direction)
    return np.column_stack((np.asarray(x, dtype=float), np.asarray(y, dtype=float)))


def to_degrees(crs: CRS, points: NDArray[Any]) -> NDArray[Any]:
    """``points`` (n, 2) of a layer as longitude and latitude on WGS 84, inf where there is none."""
    import pyproj

    if is_published(crs):
        return np.where(np.isfinite(points).all(axis=1)[:, None], points, np.inf)
    return _moved(_transformer(crs, pyproj.CRS.from_epsg(4326)), points)


@lru_cache(maxsize=64)
def is_published(crs: CRS) -> bool:
    """Whether a system is WGS 84 in degrees, in which features are published: its coordinates are not moved then."""
    return crs.to_authority() in (("EPSG", "4326"), ("OGC", "CRS84"))


def on_own_datum(crs: CRS, points: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """``points`` (n, 2) as degrees on the system's own datum, and brought back from there; inf where that fails."""
    if crs.is_geographic:
        return points * degrees_per_unit(crs), points
    base = crs.geodetic_crs
    assert base is not None  # a horizontal system always has one
    transformer = _transformer(crs, base.to_2d())
    degrees = _moved(transformer, points)
    back = _moved(transformer, degrees, inverse=True)
    return degrees * degrees_per_unit(base), back


def from_own_degrees(crs: CRS, degrees: NDArray[Any]) -> NDArray[Any]:
    """Degrees (n, 2) on the system's own datum in units of the system, inf where there is no such place."""
    base = crs.geodetic_crs
    assert base is not None  # a horizontal system always has one
    return _moved(_transformer(crs, base.to_2d()), degrees / degrees_per_unit(base), inverse=True)


def transformed(source: CRS, target: CRS, points: NDArray[Any]) -> NDArray[Any]:
    """``points`` (n, 2) of one system in another, inf where there is no such place."""
    return _moved(_transformer(source, target), points)


def leads_back(points: NDArray[Any], degrees: NDArray[Any], back: NDArray[Any]) -> NDArray[np.bool_]:
    """Which ``points`` of a projected system are on the earth: the way to degrees and back ends where it began.

    Beyond the edge of the world a longitude is wrapped and the way back ends elsewhere; at the edge itself only its
    sign may differ.
    """
    with np.errstate(all="ignore"):
        missed = np.abs(np.abs(back) - np.abs(points)) > SLACK_M + np.abs(points) * 1e-6
    return np.asarray(np.isfinite(degrees).all(axis=1) & np.isfinite(back).all(axis=1) & ~missed.any(axis=1))


def corners(bounds: NDArray[Any]) -> NDArray[Any]:
    """The four corners of each of n boxes (n, 4) as points (4 n, 2), box by box."""
    return bounds[:, [0, 1, 2, 1, 2, 3, 0, 3]].reshape(-1, 2)


def boxes_in_degrees(crs: CRS, bounds: NDArray[Any]) -> NDArray[Any]:
    """Boxes (n, 4) of a layer as boxes in degrees on WGS 84, by their corners: enough to ask where something lies."""
    moved = to_degrees(crs, corners(bounds)).reshape(-1, 4, 2)
    return np.concatenate((moved.min(axis=1), moved.max(axis=1)), axis=1)


class Metres:
    """The plane in which a layer is measured: equal-area, in metres, centred on the layer, on the layer's own datum.

    Lambert's azimuthal equal-area projection keeps areas everywhere and lengths near its centre (within 0.1 % up to
    500 km), also across the equator and across zone borders; on the layer's own datum no shift grid can be missing.
    """

    def __init__(self, crs: CRS, extent: Box) -> None:
        """Centre the plane on ``extent`` (in units of ``crs``); ValueError when the centre is not on the earth."""
        import pyproj

        middle = np.array([[(extent[0] + extent[2]) / 2, (extent[1] + extent[3]) / 2]])
        longitude, latitude = (float(value) for value in on_own_datum(crs, middle)[0][0])
        if not (math.isfinite(longitude) and math.isfinite(latitude) and abs(latitude) <= 90):
            raise ValueError("the layer's centre is not on the earth")
        ellipsoid = crs.ellipsoid
        assert ellipsoid is not None  # a system on the earth has one
        # A pipeline is read as it stands; between two CRS objects PROJ would search its tables for a fifth of a second.
        self._crs = crs
        self._plane = pyproj.Transformer.from_pipeline(
            "+proj=pipeline +step +proj=unitconvert +xy_in=deg +xy_out=rad "
            f"+step +proj=laea +lat_0={latitude:.3f} +lon_0={longitude:.3f} "
            f"+a={ellipsoid.semi_major_metre!r} +b={ellipsoid.semi_minor_metre!r}"
        )

    def forward(self, points: NDArray[Any]) -> NDArray[Any]:
        """``points`` (n, 2) of the layer in metres; inf for what is not on the earth."""
        return _moved(self._plane, on_own_datum(self._crs, points)[0])

    def per_unit(self, extent: Box) -> tuple[float, float]:
        """The least and the most metres in one unit of the layer, in any direction, on a grid of places in ``extent``.

        At a pole a degree of longitude is nothing at all: the least is no less than a hundredth of the most.
        """
        west, south, east, north = extent
        grid = np.stack(np.meshgrid(np.linspace(west, east, GRID), np.linspace(south, north, GRID)), axis=-1)
        places = grid.reshape(-1, 2)
        step = 1e-4 / degrees_per_unit(self._crs) if self._crs.is_geographic else 10.0
        base = self.forward(places)
        along_x, along_y = ((self.forward(places + move) - base) / step for move in ([step, 0.0], [0.0, step]))
        slopes = np.stack((along_x, along_y), axis=-1)
        slopes = slopes[np.isfinite(slopes).all(axis=(1, 2))]
        if not len(slopes):
            return 1.0, 1.0
        sizes = np.linalg.svd(slopes, compute_uv=False)
        most = float(sizes.max())
        return (max(float(sizes.min()), most / 100), most) if most > 0 else (1.0, 1.0)
