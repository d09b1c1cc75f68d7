"""The still pictures of a layer: ``thumb.svg`` for its card, ``map.svg`` behind its interactive map and in its place
without scripts.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import shapely

from geoportal.language import LANGUAGES, text
from geoportal.maps import ground as earth
from geoportal.maps import svg
from geoportal.maps.drawing import AREA, LINE, POINT, Drawing, Shapes, draw
from geoportal.maps.generalise import (
    MosaicLines,
    heart,
    is_mosaic,
    is_ribbon,
    middle,
    mosaic_lines,
    simplified,
    within,
    without_specks,
)
from geoportal.maps.ground import Ground
from geoportal.maps.names import SIZE, Candidate, arrange, ranked
from geoportal.maps.still_ground import MOST_SCALE, Floor, candidates, edge_lines, lay, seat, written
from geoportal.maps.style import Classes, classify, mixed, rim
from geoportal.maps.values import readable
from geoportal.maps.window import Window
from geoportal.model.layer import Layer
from geoportal.model.record import Record
from geoportal.model.region import Region

NAMED: Final = 30
LONGEST_NAME: Final = 24
SMALL: Final = 7.0
"""Pixels: an area below this is drawn as a dot."""
RIBBON: Final = 5.0
"""Pixels: areas less wide than this are drawn without a dark edge, which would be all that is seen of them."""
FINEST: Final = 0.6
"""Pixels: no corner finer than this is worth its weight."""
LADDER: Final = (
    *((tolerance, True, 1.0) for tolerance in (FINEST, 0.8, 1.1, 1.4)),
    *((tolerance, False, 1.0) for tolerance in (FINEST, 0.8, 1.1, 1.5)),
    *(
        (2.0, False, 0.7),
        (2.7, False, 0.5),
        (3.6, False, 0.3),
        (5.0, False, 0.15),
        (7.0, False, 0.06),
        (10.0, False, 0.02),
    ),
)
"""What is tried until a picture is light enough: tolerance in pixels, whether borders inside a mosaic are drawn, share
of features.
"""
KM_PER_DEGREE: Final = 111.32


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of picture: its size in pixels, its weight in bytes at most, and what is on it.

    ``inlet`` is half the width in pixels of an inlet that would run together."""

    file: str
    width: int
    height: int
    margin: int
    most_bytes: int
    inlet: float
    sea: str
    small: bool


MAP: Final = Format("map.svg", 764, 520, 22, 60_000, 2.6, earth.SEA, small=False)
THUMB: Final = Format("thumb.svg", 192, 132, 8, 6_000, 1.6, "#EAF2F2", small=True)


def write_thumbnail(
    layer: Layer,
    record: Record,
    target: Path,
    *,
    region: Region | None = None,
    ground: Ground | None = None,
) -> None:
    """Write ``map.svg`` (764 x 520, at most 60 KB), ``thumb.svg`` (192 x 132, at most 6 KB) and ``legend.json`` into
    ``target``.

    The pictures hold no words but names from the layer: the page that shows them says what they are and sets the legend
    from ``legend.json`` (by language: title, entries of label, colour, count and missing, the shape of a swatch,
    notes). Never raises for bad data.
    """
    target.mkdir(parents=True, exist_ok=True)
    drawing = draw(layer)
    areas = bool(drawing.areas)
    classes = classify(layer, record, "id", areas=areas)
    for form in (MAP, THUMB):
        (target / form.file).write_text(picture(layer, record, drawing, classes, form, region, ground), "utf-8")
    legend = {
        language: _legend(classify(layer, record, language, areas=areas), drawing, record, language)
        for language in LANGUAGES
    }
    (target / "legend.json").write_text(
        json.dumps(legend, ensure_ascii=False, allow_nan=False, indent=1) + "\n", "utf-8"
    )


def picture(
    layer: Layer,
    record: Record,
    drawing: Drawing,
    classes: Classes,
    form: Format,
    region: Region | None,
    ground: Ground | None,
) -> str:
    """One picture, as fine as its weight allows: corners go first, then inner borders, then the smallest features."""
    land = earth.under(drawing, ground)
    extent = earth.view(drawing, land) or (region.extent if region else None)
    if extent is None:
        return svg.document(form.width, form.height, earth.NEUTRAL, [])
    window = Window.around(extent, form.width, form.height, form.margin)
    covered = land is not None and earth.covered(drawing, land)
    within_land = land is not None and not covered
    areas = bool(drawing.areas)
    floor = lay(land, window, small=form.small, covered=covered, areas=areas) if land else Floor()
    shapes, _ = within(window.pixels(drawing.shapes), form.most_bytes, form.width)
    shapes = simplified(shapes, FINEST)
    colours = np.array(classes.colours(drawing.rows), dtype=object)
    names = [] if form.small else _names(layer, record, drawing, shapes, form, land, window)
    dimension, lines = drawing.dimension, None
    if len(drawing) and drawing.areas == len(drawing):
        bounds = shapely.total_bounds(shapes)
        width = float(max(bounds[2] - bounds[0], bounds[3] - bounds[1]))
        if is_mosaic(shapes, width):
            lines = mosaic_lines(shapes, width, form.inlet)
            if land:
                edge, shore = edge_lines(lines.edge, lines.shore, land, window)
                lines = replace(lines, edge=edge, shore=shore)
            shapes, colours = _dissolved(shapes, colours)
            shapes = without_specks(shapes, 1.6 if form.small else 0.6)
            dimension = np.full(len(shapes), AREA)
    if form.small and not lines:  # a part of a pixel or two is noise there, and heavy
        shapes = np.concatenate([without_specks(shapes[: drawing.areas], 2.0), shapes[drawing.areas :]])
    drawn = ""
    for tolerance, inner, share in LADDER:
        if inner and not lines:
            continue
        kept = len(shapes) if lines else max(1, int(len(shapes) * share))
        page = _Page(form, window, floor, classes.themed, lines, tolerance, inner, within_land)
        light = within(shapes[:kept], int(form.most_bytes * share / 3), form.width)[0] if share < 1 else shapes[:kept]
        drawn = page.document(light, dimension[:kept], colours[:kept], names)
        if len(drawn.encode()) <= form.most_bytes:
            return drawn
    if lines:  # a mosaic whose borders alone weigh too much: its areas without them
        bare = MosaicLines(lines.inner[:0], lines.edge[:0], lines.shore[:0])
        page = _Page(form, window, floor, classes.themed, bare, LADDER[-1][0], False, within_land)
        drawn = page.document(shapes, dimension, colours, names)
    return drawn


@dataclass(frozen=True, slots=True)
class _Page:
    """One attempt at a picture: ``tolerance`` in pixels, ``inner`` whether the borders inside a mosaic are drawn.

    ``lines`` are those of a mosaic, None when the features are no mosaic; ``within`` says that it lies in a land which
    it does not cover.
    """

    form: Format
    window: Window
    floor: Floor
    themed: bool
    lines: MosaicLines | None
    tolerance: float
    inner: bool
    within: bool

    def document(self, shapes: Shapes, dimension: Any, colours: Any, names: list[str]) -> str:
        """The whole picture, in the order of drawing of UI 5."""
        if self.tolerance > FINEST:
            shapes = simplified(shapes, self.tolerance)
        background = self.form.sea if self.lines or self.floor.below else earth.NEUTRAL
        content = [self._grid(), self.floor.below, self._halo()]
        if self.lines:  # the water lies over the fill of a mosaic, and under its borders
            content += [self._features(shapes, dimension, colours), self._equator(), self.floor.above, self._borders()]
        else:
            areas = dimension == AREA
            marks = self._features(shapes[~areas], dimension[~areas], colours[~areas])
            content += [self._features(shapes[areas], dimension[areas], colours[areas])]
            content += [self._equator(), self.floor.above, marks]
        content += [self._names(names), self._scale()]
        return svg.document(self.form.width, self.form.height, background, content)

    def _grid(self) -> str:
        extent = self.window.extent
        lines = self.window.pixels(earth.graticule(extent, earth.graticule_step(extent)))
        grid = svg.path(svg.lines_path(lines), stroke=earth.GRATICULE, stroke_width=1.2 if self.form.small else 1.6)
        return svg.group([grid], svg.HALVES, fill="none")

    def _equator(self) -> str:
        extent = self.window.extent
        if self.form.small or not extent[1] < 0 < extent[3]:
            return ""
        line = self.window.pixels(np.array([shapely.linestrings([(extent[0], 0), (extent[2], 0)])]))
        drawn = svg.path(svg.lines_path(line), stroke=earth.EQUATOR, stroke_width=1.8, stroke_dasharray="12 10")
        return svg.group([drawn], svg.HALVES, fill="none")

    def _halo(self) -> str:
        if self.lines is None or self.form.small or self.within:
            return ""
        halo = svg.path(svg.lines_path(shapely.simplify(self.lines.edge, 1.5)), stroke=earth.HALO, stroke_width=11)
        return svg.group([halo], svg.HALVES, fill="none", stroke_linejoin="round")

    def _features(self, shapes: Shapes, dimension: Any, colours: Any) -> str:
        drawn = []
        for colour in dict.fromkeys(colours.tolist()):
            own = colours == colour
            areas = shapes[own & (dimension == AREA)]
            tiny = np.zeros(len(areas), dtype=bool) if self.lines else _is_tiny(areas)
            edge = colour if self.lines else mixed(colour, earth.INK, 0.92 if is_ribbon(areas, RIBBON) else 0.7)
            width = 1.2 if self.lines or self.form.small else 2
            drawn.append(svg.path(svg.areas_path(areas[~tiny]), fill=colour, stroke=edge, stroke_width=width))
            lines = shapes[own & (dimension == LINE)]
            thick = 2.6 if self.form.small else 4.4
            drawn.append(svg.path(svg.lines_path(lines), fill="none", stroke=colour, stroke_width=thick))
            drawn.append(self._dots(shapes[own & (dimension == POINT)], colour, len(shapes)))
            drawn.append(self._specks(middle(areas[tiny]), colour))
        return svg.group(drawn, svg.HALVES, stroke_linejoin="round", stroke_linecap="round")

    def _specks(self, middles: Shapes, colour: str) -> str:
        """Areas too small to be seen, as dots of the least size that is."""
        size = round(SMALL * (1.2 if self.form.small else 2))
        data = svg.dots_path(middles, 1)
        around = svg.path(data, fill="none", stroke=mixed(colour, earth.INK, 0.6), stroke_width=size + 2)
        return around + svg.path(data, fill="none", stroke=colour, stroke_width=size)

    def _dots(self, points: Shapes, colour: str, total: int) -> str:
        size = (10 if total <= 60 else 7 if total <= 400 else 4) if self.form.small else _radius(total) * 4
        data = svg.dots_path(points, max(1, round(self.tolerance * size / 6)))
        ring = rim(colour)
        around = svg.path(data, fill="none", stroke=ring, stroke_width=size + (3 if self.form.small else 4))
        if self.form.small and total > 60:
            around = ""
        return around + svg.path(data, fill="none", stroke=colour, stroke_width=size)

    def _borders(self) -> str:
        if self.lines is None:
            return ""
        small = self.form.small
        inner, shore, edge = (
            svg.lines_path(shapely.simplify(lines, self.tolerance if self.tolerance > FINEST else 0))
            for lines in (self.lines.inner if self.inner else self.lines.inner[:0], self._shore(), self.lines.edge)
        )
        return svg.group(
            [
                svg.path(
                    inner,
                    stroke=earth.BORDER,
                    stroke_width=1 if small else 2,
                    stroke_opacity=0.6 if self.themed else 0.8,
                ),
                svg.path(shore, stroke=earth.WATER_LINE, stroke_width=1 if small else 1.6),
                self._edge(edge),
            ],
            svg.HALVES,
            fill="none",
            stroke_linejoin="round",
        )

    def _edge(self, edge: str) -> str:
        """The outer edge: that of the land where the layer covers it, else a border like those inside."""
        if self.within:
            return svg.path(edge, stroke=earth.BORDER, stroke_width=1 if self.form.small else 1.4, stroke_opacity=0.7)
        return svg.path(edge, stroke=earth.EDGE, stroke_width=2 if self.form.small else 3)

    def _shore(self) -> Shapes:
        """The shore, on a small picture only its longer pieces: inlets a pixel wide are noise there."""
        assert self.lines is not None
        return self.lines.shore[shapely.length(self.lines.shore) > 12] if self.form.small else self.lines.shore

    def _names(self, names: list[str]) -> str:
        return svg.group(
            names,
            font_family=svg.FONT,
            font_size=f"{SIZE:g}",
            font_weight=600,
            text_anchor="middle",
            fill=earth.INK,
            stroke=earth.LAND,
            stroke_width=3,
            stroke_opacity=0.85,
            stroke_linejoin="round",
            paint_order="stroke",
        )

    def _scale(self) -> str:
        """A bar of a round number of kilometres at the middle latitude, bottom left."""
        if self.form.small:
            return ""
        extent = self.window.extent
        middle = math.radians((extent[1] + extent[3]) / 2)
        pixels_per_km = self.window.scale / (KM_PER_DEGREE * math.cos(middle))
        longest = 90 / pixels_per_km
        power = 10.0 ** math.floor(math.log10(longest))
        km = next(step * power for step in (5, 3, 2, 1) if step * power <= longest)
        label = f"{km:g} km" if km >= 1 else f"{km * 1000:g} m"
        wide = round(km * pixels_per_km)
        bottom = self.form.height - 12
        bar = svg.path(f"M12 {bottom - 8}v8h{wide}v-8", fill="none", stroke=earth.INK, stroke_width=1.6)
        return bar + svg.group(
            [svg.at(18, bottom - 5, f"<text>{label}</text>")], font_family=svg.FONT, font_size=12, fill=earth.INK
        )


def _names(
    layer: Layer,
    record: Record,
    drawing: Drawing,
    shapes: Shapes,
    form: Format,
    ground: Ground | None,
    window: Window,
) -> list[str]:
    """The names of a few features, by the field that the record calls their label, and those of the ground."""
    own = _own_names(layer, record, drawing, shapes)
    points = bool(own) and bool((drawing.dimension == POINT).any())  # one of them may well be the seat itself
    lozenge = ground is not None and not points and window.scale < MOST_SCALE
    more = candidates(ground, window, "id", seat=lozenge) if ground else []
    placed = arrange([*own, *more], form.width, form.height, _radius(len(drawing)) + 1)
    placed = ranked(placed, form.width, form.height)
    marks = [seat(ground, window)] if ground is not None and lozenge else []
    return [*marks, *(written(name) if name.kind else svg.name(name) for name in placed)]


def _own_names(layer: Layer, record: Record, drawing: Drawing, shapes: Shapes) -> list[Candidate]:
    label = record.label
    if label is None or label not in layer.frame.columns or not 0 < len(drawing) <= NAMED:
        return []
    words = readable(layer.frame[label].iloc[drawing.rows], "id")
    bounds = shapely.bounds(shapes)
    found = []
    spots = np.concatenate([heart(shapes[: drawing.areas]), middle(shapes[drawing.areas :])])
    for word, kind, spot, box in zip(words, drawing.dimension, spots, bounds, strict=True):
        if word and len(word) <= LONGEST_NAME and kind != LINE:
            room = max(float(box[2] - box[0]), 1.0) if kind == AREA else 0.0
            found.append(Candidate(word, float(spot.x), float(spot.y), room))
    return found


def _legend(classes: Classes, drawing: Drawing, record: Record, language: str) -> dict[str, Any]:
    shape = "area" if drawing.areas else "line" if (drawing.dimension == LINE).any() else "point"
    return {
        "title": classes.title,
        "shape": shape,
        "entries": [
            {
                "label": entry.label if classes.themed else text("maps", f"kind.{shape}", language),
                "colour": entry.colour,
                "count": entry.count,
                "missing": entry.missing,
            }
            for entry in classes.entries
            if len(drawing)
        ],
        "notes": drawing.omissions.sentences(language),
        "chip": text("maps", "synthetic", language) if record.synthetic else None,
    }


def _dissolved(areas: Shapes, colours: Any) -> tuple[Shapes, Any]:
    """The areas of a mosaic joined by colour: their borders are drawn apart."""
    shades = list(dict.fromkeys(colours.tolist()))
    sound = np.where(shapely.is_valid(areas), areas, shapely.buffer(areas, 0))
    joined = [shapely.union_all(sound[colours == shade], grid_size=0.01) for shade in shades]
    return np.array(joined, dtype=object), np.array(shades, dtype=object)


def _is_tiny(areas: Shapes) -> Any:
    bounds = shapely.bounds(areas)
    return np.maximum(bounds[:, 2] - bounds[:, 0], bounds[:, 3] - bounds[:, 1]) < SMALL


def _radius(total: int) -> float:
    return 6.5 if total <= 60 else 4.5 if total <= 400 else 2.5
