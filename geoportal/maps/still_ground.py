"""The ground of a still picture as SVG: what lies under the features of a layer, and the water and edge over them
(UI 5).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely

from geoportal.language import text
from geoportal.maps import ground as earth
from geoportal.maps import svg
from geoportal.maps.drawing import Shapes
from geoportal.maps.ground import Ground
from geoportal.maps.names import Candidate, Placed
from geoportal.maps.window import Window

BEYOND: Final = 24.0
"""Pixels: how far outside the picture the ground is still drawn."""
MOST_SCALE: Final = 9_000.0
"""Pixels per degree: nearer than this the lines of a ground are too coarse to be shown."""
LARGE: Final = 1


@dataclass(frozen=True, slots=True)
class Floor:
    """The two halves of a ground as SVG: ``below`` and ``above`` the features."""

    below: str = ""
    above: str = ""


def lay(ground: Ground, window: Window, *, small: bool, covered: bool, areas: bool) -> Floor:
    """The ground in a window: ``covered`` when the layer fills the land itself, ``areas`` when it consists of areas.

    A layer of areas gets the rivers on top, one that fills the land also the lakes and no edge of ours; lines and
    points stay over everything. A ``small`` picture has land, lakes and the greatest rivers alone.
    """
    tolerance = 0.9 if small else 0.5
    land = _seen(ground.land, window, tolerance)
    around = _seen(ground.neighbour, window, tolerance * 2)
    lakes = svg.path(
        svg.areas_path(_seen(ground.lake, window, tolerance)),
        fill=earth.LAKE,
        stroke=None if small else earth.RIVER,
        stroke_width=None if small else 1,
    )
    rivers, roads, districts = "", "", ""
    if window.scale < MOST_SCALE:
        rivers = _rivers(ground, window, small, tolerance)
        if not small and not covered:
            roads = _lines(_seen(ground.road, window, 0.8), earth.ROAD, 2.4)
            districts = _lines(_seen(ground.district, window, 0.8), earth.DISTRICT, 1.2, stroke_dasharray="7 5")
    edge, shore = ("", "") if covered else _edges(land, around, small)
    below = [
        svg.path(
            svg.areas_path(around), fill=earth.NEUTRAL, stroke=None if small else earth.SHORE, stroke_dasharray="3 4"
        ),
        "" if small or covered else _lines(shapely.boundary(land), earth.HALO, 9),
        svg.path(svg.areas_path(land), fill=earth.LAND),
        shore,
        *(("",) if covered else (lakes,)),
        roads,
        districts,
    ]
    above = [lakes] if covered else []
    water = [rivers, edge]
    (above if areas else below).extend(water)
    return Floor(_group(below), _group(above))


def edge_lines(edge: Shapes, shore: Shapes, ground: Ground, window: Window) -> tuple[Shapes, Shapes]:
    """The edge and shore of a mosaic in pixels, sorted anew: what borders on no other land is shore."""
    around = _seen(ground.neighbour, window, 0)
    if not len(around) or not len(edge):
        return edge, shore
    inland = shapely.union_all(around)
    borders = shapely.get_parts(shapely.intersection(edge, inland))
    coast = shapely.get_parts(shapely.difference(edge, inland))
    return _only_lines(borders), _only_lines(np.concatenate([coast, shore]))


def candidates(ground: Ground, window: Window, language: str, *, seat: bool) -> list[Candidate]:
    """The names of a ground that want a place, in pixels; ``seat`` says whether the region's seat is among them."""
    found = []
    for place in ground.names:
        if place.of == "pusat" and not seat:
            continue
        at = window.pixels(np.array([shapely.Point(place.x, place.y)], dtype=object))[0]
        word = place.text.in_language(language)
        word = word.upper() if place.of == "tetangga" else word
        room = 0.0 if place.of == "pusat" else float(window.width)
        found.append(Candidate(word, float(at.x), float(at.y), room, place.of))
    if window.extent[1] < 0 < window.extent[3]:
        height = float(window.pixels(np.array([shapely.Point(window.west, 0)], dtype=object))[0].y)
        found.append(Candidate(text("maps", "equator", language), window.width - 62.0, height - 9, 300, "khatulistiwa"))
    return found


def written(placed: Placed) -> str:
    """A name of the ground, in the hand of what it names; the seat with its lozenge."""
    looks: dict[str, dict[str, Any]] = {
        "tetangga": {"fill": earth.NEIGHBOUR_TEXT, "letter_spacing": 1.4, "font_size": 10.5, "font_weight": 500},
        "kota": {"fill": earth.NEIGHBOUR_TEXT, "font_size": 11, "font_weight": 500},
        "khatulistiwa": {"fill": earth.EQUATOR_TEXT, "font_style": "italic", "font_size": 11, "font_weight": 600},
        "laut": {"fill": earth.WATER_TEXT, "font_style": "italic", "font_weight": 500},
        "sungai": {"fill": earth.WATER_TEXT, "font_style": "italic", "font_size": 11, "font_weight": 500},
    }
    stroke = (
        earth.SEA
        if placed.kind in ("laut", "khatulistiwa")
        else earth.LAND
        if placed.kind == "pusat"
        else earth.NEUTRAL
    )
    return svg.group([svg.name(placed)], stroke=stroke, **looks.get(placed.kind, {"font_weight": 700}))


def seat(ground: Ground, window: Window) -> str:
    """The lozenge of the region's seat."""
    marks = []
    for place in ground.names:
        if place.of == "pusat":
            at = window.pixels(np.array([shapely.Point(place.x, place.y)], dtype=object))[0]
            marks.append(f"M{at.x:.0f} {at.y - 6:.0f}l6 6-6 6-6-6z")
    return svg.path("".join(marks), fill=earth.SEAT, stroke=earth.INK, stroke_width=1.3)


def _rivers(ground: Ground, window: Window, small: bool, tolerance: float) -> str:
    main = ground.order == LARGE
    branch = (ground.order == 2) if small else ~main
    wide, narrow = (2.2, 1.2) if small else (4.6, 2.0)
    return _lines(_seen(ground.river[branch], window, tolerance), earth.RIVER, narrow) + _lines(
        _seen(ground.river[main], window, tolerance), earth.RIVER, wide
    )


def _edges(land: Shapes, around: Shapes, small: bool) -> tuple[str, str]:
    if not len(land):
        return "", ""
    borders, shore = earth.edges(land, around)
    if not len(around):
        return "", _lines(borders, earth.SHORE, 2)
    thin = _lines(shore, earth.WATER_LINE, 1 if small else 1.5)
    return _lines(borders, earth.EDGE, 1.6 if small else 3), thin


def _seen(shapes: Shapes, window: Window, tolerance: float) -> Shapes:
    """Shapes in pixels, cut to the picture and made as light as it allows."""
    if not len(shapes):
        return shapes
    moved = window.pixels(shapes)
    cut = shapely.clip_by_rect(moved, -BEYOND, -BEYOND, window.width + BEYOND, window.height + BEYOND)
    parts = shapely.get_parts(shapely.simplify(cut, tolerance))
    parts = parts[~shapely.is_empty(parts)]
    areas = shapely.get_type_id(parts) == 3
    kept: Shapes = parts[~areas | (shapely.area(parts) > 4)]
    return kept


def _only_lines(shapes: Shapes) -> Shapes:
    kept: Shapes = shapes[(shapely.get_type_id(shapes) == 1) & (shapely.length(shapes) > 0)]
    return kept


def _lines(lines: Shapes, colour: str, width: float, **more: object) -> str:
    return svg.path(svg.lines_path(shapely.get_parts(lines)), fill="none", stroke=colour, stroke_width=width, **more)


def _group(content: list[str]) -> str:
    return svg.group(content, svg.HALVES, stroke_linejoin="round", stroke_linecap="round")
