"""The window of a still picture: degrees to pixels by the projection that web maps use, so that still and moving map
agree.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, cast

import numpy as np
import numpy.typing as npt
import shapely

from geoportal.maps.drawing import Extent, Shapes

HIGHEST_LATITUDE: Final = 85.0
SMALLEST_SPAN: Final = 0.02
"""Degrees: a lone point is shown with this much land around it."""


@dataclass(frozen=True, slots=True)
class Window:
    """``width`` x ``height`` pixels; ``west`` and ``north`` are the top left corner in Mercator degrees, ``scale``
    pixels per degree.
    """

    width: int
    height: int
    west: float
    north: float
    scale: float

    @classmethod
    def around(cls, extent: Extent, width: int, height: int, margin: float) -> Window:
        """The window that shows the whole extent (degrees) in the middle, with a margin in pixels."""
        west, south, east, north = extent
        bottom, top = _mercator(np.array([south, north]))
        wide, high = max(east - west, SMALLEST_SPAN), max(float(top - bottom), SMALLEST_SPAN)
        scale = min((width - 2 * margin) / wide, (height - 2 * margin) / high)
        return cls(
            width,
            height,
            (west + east) / 2 - width / scale / 2,
            float(top + bottom) / 2 + height / scale / 2,
            scale,
        )

    @property
    def extent(self) -> Extent:
        """What the window shows, in degrees."""
        top, bottom = (_latitude(self.north - y / self.scale) for y in (0, self.height))
        return self.west, bottom, self.west + self.width / self.scale, top

    def pixels(self, shapes: Shapes) -> Shapes:
        """Shapes from degrees to pixels, y downwards."""

        def project(coordinates: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
            return np.column_stack(
                [
                    (coordinates[:, 0] - self.west) * self.scale,
                    (self.north - _mercator(coordinates[:, 1])) * self.scale,
                ]
            )

        return cast("Shapes", shapely.transform(shapes, project))


def _mercator(latitude: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Latitude as the ordinate of the spherical Mercator projection, in degrees of longitude at the equator."""
    safe = np.radians(np.clip(latitude, -HIGHEST_LATITUDE, HIGHEST_LATITUDE))
    return cast("npt.NDArray[np.float64]", np.degrees(np.arcsinh(np.tan(safe))))


def _latitude(ordinate: float) -> float:
    return math.degrees(math.atan(math.sinh(math.radians(ordinate))))
