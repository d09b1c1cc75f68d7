"""The plan of an interactive map: features, their corners and their borders, the same for all languages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from geoportal.maps.attributes import Values
from geoportal.maps.drawing import Drawing, Extent, Shapes, draw
from geoportal.maps.generalise import MosaicLines, is_mosaic, mosaic_lines, within
from geoportal.model.layer import Layer
from geoportal.model.record import Record

MOST_BYTES: Final = 1_000_000
CORNER_BYTES: Final = 23
"""What a corner weighs in the page: ``[116.44148, -0.54776], ``."""
MOST_CORNERS: Final = 12_000


@dataclass(frozen=True, slots=True)
class Plan:
    """What is drawn: ``shapes`` are those of the drawing, made as coarse as the weight of a page asks; ``lines`` those
    of a mosaic.
    """

    drawing: Drawing
    shapes: Shapes
    coarse: bool
    lines: MosaicLines | None


def plan(layer: Layer, record: Record) -> Plan:
    """Plan a map of at most 2,000 features and about 1 MB: fewer where their values alone would fill the page."""
    drawing = draw(layer)
    weight = Values(layer, record, drawing.rows, "id").weight
    for _ in range(6):
        if weight <= MOST_BYTES * 0.6 or len(drawing) < 2:
            break
        drawing = draw(layer, max(1, int(len(drawing) * MOST_BYTES * 0.55 / weight)))
        weight = Values(layer, record, drawing.rows, "id").weight
    room = int((MOST_BYTES * 0.97 - weight) / CORNER_BYTES) - 5 * len(drawing)
    # A mosaic draws its borders a second time: only half of the room is for its areas.
    shapes, coarse = within(drawing.shapes, min(MOST_CORNERS, max(2000, room // 2)), span(drawing.extent))
    mosaic = bool(len(drawing)) and drawing.areas == len(drawing) and is_mosaic(shapes, span(drawing.extent))
    return Plan(drawing, shapes, coarse, mosaic_lines(shapes, span(drawing.extent)) if mosaic else None)


def span(extent: Extent | None) -> float:
    """The width or height of an extent in degrees, the larger one."""
    return max(extent[2] - extent[0], extent[3] - extent[1], 1e-4) if extent else 1.0
