"""The still picture of a report: outlines and numbered marks as one SVG, for paper. In degrees it is drawn true to the
ground in its middle; in unknown coordinates as they are.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
import shapely

from geoportal.maps.escape import xml
from geoportal.reports.ground import Box, Ground, Outlines, box_around
from geoportal.reports.marks import COLOURS, EDGES
from geoportal.reports.spots import Mark, Spot, marks_of

WIDTH: Final = 720
TALLEST: Final = 560
MARGIN: Final = 22
INK: Final = "#74655A"
_PATHS: Final = {"blocking": "M-5-12H5l7 7V5l-7 7H-5l-7-7V-5Z", "warning": "M0-15 14.500 11h-29Z"}
Placed = tuple[int, str, float, float, str]
"""A place on the ground: number in the list, severity, x, y, label."""


def picture(ground: Ground, outlines: Outlines, places: Sequence[Placed], label: str) -> tuple[str, set[int]]:
    """The picture as SVG and the numbers of the places that stand in it under a mark of their own; empty for nothing
    to draw.
    """
    extent = box_around(outlines.coordinates, [place[2:4] for place in places])
    if extent is None or not places:
        return "", set()
    window = _Window(extent, ground.on_earth)
    spots = []
    for number, severity, x, y, said in places:
        ((left, top),) = window.pixels([[x, y]]).tolist()
        spots.append(Spot(number, severity, left, top, said))
    marks, _ = marks_of(spots)
    paths = "".join(_path(window, line) for line in outlines.lines)
    dots = "".join(f'<circle cx="{x:g}" cy="{y:g}" r="1.5"/>' for x, y in window.pixels(outlines.points).tolist())
    drawn = "".join(map(_mark, marks))
    alone = {mark.number for mark in marks if mark.together == 1}
    return (
        f'<svg viewBox="0 0 {WIDTH} {window.height}" role="img" aria-label="{xml(label)}">'
        f'<path d="{paths}" fill="none" stroke="{INK}" stroke-width="0.8" stroke-linejoin="round"/>'
        f'<g fill="{INK}">{dots}</g>{drawn}</svg>'
    ), alone


class _Window:
    """From coordinates to pixels."""

    def __init__(self, extent: Box, on_earth: bool) -> None:
        west, south, east, north = extent
        self.stretch = max(0.05, math.cos(math.radians((south + north) / 2))) if on_earth else 1.0
        wide, high = (east - west) * self.stretch, north - south
        least = max(wide, high, 1e-9) / 1000  # a line or a point has a width as well
        wide, high = max(wide, least), max(high, least)
        self.scale = min((WIDTH - 2 * MARGIN) / wide, (TALLEST - 2 * MARGIN) / high)
        self.height = max(160, round(high * self.scale + 2 * MARGIN))
        self.middle = (west + east) / 2, (south + north) / 2

    def pixels(self, coordinates: object) -> np.ndarray:
        array = np.asarray(coordinates, dtype=float).reshape(-1, 2)
        x = (array[:, 0] - self.middle[0]) * self.stretch * self.scale + WIDTH / 2
        y = self.height / 2 - (array[:, 1] - self.middle[1]) * self.scale
        return np.column_stack([x, y]).round(1)


def _path(window: _Window, line: object) -> str:
    """One line, no finer than the paper shows."""
    pixels = window.pixels(line)
    simple = shapely.get_coordinates(shapely.simplify(shapely.linestrings(pixels), 0.4, preserve_topology=False))
    return "M" + "L".join(f"{x:g} {y:g}" for x, y in simple.tolist()) if len(simple) > 1 else ""


def _mark(mark: Mark) -> str:
    fill = COLOURS[mark.severity]  # type: ignore[index]  # a severity is its own word
    ink = "#241C17" if mark.severity == "warning" else "#FFFFFF"
    edge = EDGES[mark.severity]  # type: ignore[index]
    style = f'fill="{fill}" stroke="{edge}" stroke-width="1.2" stroke-linejoin="round"'
    shape, drop, said = f'<circle r="11.5" {style}/>', 4.0, str(mark.number)
    if mark.together > 1:
        shape, said = f'<circle r="13" {style}/>', f"{mark.together}×"
    elif mark.severity in _PATHS:
        shape = f'<path d="{_PATHS[mark.severity]}" {style}/>'
        drop = 7.5 if mark.severity == "warning" else 4.0
    return (
        f'<g transform="translate({mark.x} {mark.y})"><title>{xml(mark.label)}</title>{shape}'
        f'<text y="{drop}" text-anchor="middle" font-size="10.5" font-weight="700" fill="{ink}">{said}</text></g>'
    )
