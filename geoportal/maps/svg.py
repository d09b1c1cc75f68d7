"""Shapes as light SVG: half-pixel whole numbers, relative moves, each class one path (UI 5)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import shapely

from geoportal.maps.drawing import Shapes
from geoportal.maps.escape import xml
from geoportal.maps.names import LARGER, LEADING, SIZE, Placed

FONT: Final = "'Plus Jakarta Sans',system-ui,'Segoe UI',Roboto,'Noto Sans',sans-serif"
HALVES: Final = 'transform="scale(.5)"'
"""Paths count in half pixels: everything that they are drawn with (a stroke width, a dash) is twice as large as on the
screen.
"""

PHONE: Final = f"<style>@media(max-width:480px){{.n{{transform:scale({LARGER:g})}}.s{{display:none}}}}</style>"
"""A picture in a page is asked for its own width there, not for that of the screen."""

Points = npt.NDArray[np.int_]


def areas_path(areas: Shapes) -> str:
    """Areas in pixels as one path, holes turning the other way, so that overlapping areas of one class do not cut each
    other out.
    """
    turned = shapely.orient_polygons(shapely.get_parts(areas), exterior_cw=True)
    return _path((_halves(ring) for ring in shapely.get_rings(turned)), closed=True)


def lines_path(lines: Shapes) -> str:
    """Lines in pixels as one path."""
    return _path((_halves(line) for line in shapely.get_parts(lines)), closed=False)


def dots_path(points: Shapes, grid: int) -> str:
    """Points in pixels as one path of round caps; those that fall on the same place of a ``grid`` of half pixels are
    one dot.
    """
    places = np.rint(shapely.get_coordinates(points) * 2 / grid).astype(int) * grid
    if not len(places):
        return ""
    across = int(np.ptp(places[:, 0])) + 1
    _, once = np.unique(places[:, 1] * across + places[:, 0] - places[:, 0].min(), return_index=True)
    places = places[once]
    moves = np.diff(places, axis=0)
    return f"M{_numbers(places[0])}h0" + "".join(f"m{_numbers(move)}h0" for move in moves)


def path(data: str, **attributes: object) -> str:
    """A path element of one look, nothing where there is nothing to draw."""
    return f'<path d="{data}"{_written(attributes)}/>' if data else ""


def group(content: Iterable[str], raw: str = "", **attributes: object) -> str:
    """A group of elements with common attributes; nothing when it is empty."""
    inner = "".join(content)
    return f"<g{' ' + raw if raw else ''}{_written(attributes)}>{inner}</g>" if inner else ""


def name(placed: Placed) -> str:
    """A name, its lines centred on its place."""
    first = SIZE * 0.35 - (len(placed.lines) - 1) * SIZE * LEADING / 2
    anchor = "" if placed.anchor == "middle" else f' text-anchor="{placed.anchor}"'
    lines = "".join(
        f'<text y="{first + place * SIZE * LEADING:.1f}"{anchor}>{xml(line)}</text>'
        for place, line in enumerate(placed.lines)
    )
    return at(placed.x, placed.y, lines, minor=placed.minor)


def at(x: float, y: float, lettering: str, *, minor: bool = False) -> str:
    """Letters around a place, which grow where the picture is shown small; minor ones are not shown there."""
    kind = "n s" if minor else "n"
    return f'<g transform="translate({x:.0f} {y:.0f})"><g class="{kind}">{lettering}</g></g>'


def document(width: int, height: int, background: str, content: Sequence[str]) -> str:
    """A stand-alone SVG: no script, no reference to anything outside; a style only for letters on small screens."""
    inner = "".join(content)
    style = PHONE if 'class="n' in inner else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">'
        f'{style}<path d="M0 0h{width}v{height}H0z" fill="{background}"/>{inner}</svg>\n'
    )


def _path(pieces: Iterable[Points], *, closed: bool) -> str:
    """Polylines as one path with relative moves; pieces that fall into one half pixel leave nothing."""
    written: list[str] = []
    at = np.zeros(2, dtype=int)
    for points in pieces:
        if closed:
            points = points[:-1]
        if len(points) < (3 if closed else 2):
            continue
        start = points[0]
        written.append(f"{'m' if written else 'M'}{_numbers(start - at)}")
        written.append("l" + _numbers(np.diff(points, axis=0).ravel()) + ("z" if closed else ""))
        at = start if closed else points[-1]
    return "".join(written)


def _halves(line: Any) -> Points:
    """The corners of a line in half pixels, without repeated ones and without those in the middle of a straight run."""
    points: Points = np.rint(shapely.get_coordinates(line) * 2).astype(int)
    moved = np.append(True, (np.diff(points, axis=0) != 0).any(axis=1))
    points = points[moved]
    if len(points) > 2:
        before, after = points[1:-1] - points[:-2], points[2:] - points[1:-1]
        straight = before[:, 0] * after[:, 1] == before[:, 1] * after[:, 0]
        onward = (before * after).sum(axis=1) > 0
        points = points[np.concatenate([[True], ~(straight & onward), [True]])]
    return points


def _numbers(values: npt.NDArray[np.int_]) -> str:
    """Whole numbers with the fewest signs between them: a minus separates by itself."""
    return " ".join(map(str, values.tolist())).replace(" -", "-")


def _written(attributes: dict[str, object]) -> str:
    return "".join(f' {key.replace("_", "-")}="{value}"' for key, value in attributes.items() if value is not None)
