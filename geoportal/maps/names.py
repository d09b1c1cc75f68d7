"""Names on a map: how they break into lines, and which of them have room."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

SIZE: Final = 12.0
"""Height of the letters in pixels."""
LEADING: Final = 1.15
LETTER: Final = 0.6
"""Average width of a letter of the fonts that a reader may have, as a part of the size; semi-bold."""
LONG_LINE: Final = 9
MARGIN: Final = 4.0
OVERHANG: Final = 1.25
LARGER: Final = 2.1
"""How much larger names are drawn where a picture is shown in less than half its width."""
APART: Final = 1.15
"""Room between names of that size: letters of other fonts are wider."""
UNBROKEN: Final = ("khatulistiwa", "sungai")
"""Names of the ground that stay in one line."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A name that wants a place: plain text, its middle, and the width of its area (0 for a point), in pixels.

    ``kind`` is what a name of the ground names; empty for one of the layer.
    """

    text: str
    x: float
    y: float
    room: float
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Placed:
    """A name that got one: its lines, and where they stand. ``anchor`` is middle, start or end, as in SVG; ``y`` the
    middle of all lines. ``minor`` names have no room on a phone, where all are drawn larger.
    """

    lines: tuple[str, ...]
    x: float
    y: float
    anchor: str
    kind: str = ""
    minor: bool = False


def broken(name: str) -> tuple[str, ...]:
    """A long name of several words in two lines, as even as its words allow."""
    if len(name) <= LONG_LINE or " " not in name:
        return (name,)
    breaks = [place for place, letter in enumerate(name) if letter == " "]
    middle = min(breaks, key=lambda place: abs(2 * place - len(name) + 1))
    return name[:middle].rstrip(), name[middle + 1 :].lstrip()


def arrange(candidates: Sequence[Candidate], width: int, height: int, marks: float) -> list[Placed]:
    """Place names in the order given, the most important first; what would touch another one, a point or the edge is
    dropped.

    ``marks`` is the radius of the points in pixels. A name of an area must not be much wider than the area.
    """
    taken: list[tuple[float, float, float, float]] = [
        (each.x - marks, each.y - marks, each.x + marks, each.y + marks) for each in candidates if not each.room
    ]
    placed = []
    for each in candidates:
        for name in _options(each, marks):
            box = _box(name)
            if each.room and box[2] - box[0] > each.room * OVERHANG:
                continue
            inside = box[0] >= MARGIN and box[1] >= MARGIN and box[2] <= width - MARGIN and box[3] <= height - MARGIN
            if inside and not _touches(box, taken):
                taken.append(box)
                placed.append(name)
                break
    return placed


def ranked(placed: Sequence[Placed], width: int, height: int) -> list[Placed]:
    """The same names, those marked as minor that would touch an earlier one, or the edge, at ``LARGER`` times their
    size.
    """
    taken: list[tuple[float, float, float, float]] = []
    found = []
    for name in placed:
        left, top, right, bottom = _box(name)
        left, right = (name.x + (end - name.x) * LARGER * APART for end in (left, right))
        top, bottom = (name.y + (end - name.y) * LARGER for end in (top, bottom))
        inside = left >= 0 and top >= 0 and right <= width and bottom <= height
        minor = not inside or _touches((left, top, right, bottom), taken)
        if not minor:
            taken.append((left, top, right, bottom))
        found.append(replace(name, minor=minor))
    return found


def _options(each: Candidate, marks: float) -> list[Placed]:
    if each.room:
        lines = (each.text,) if each.kind in UNBROKEN else broken(each.text)
        return [Placed(lines, each.x, each.y, "middle", each.kind)]
    away = marks + 4
    return [
        Placed((each.text,), each.x + away, each.y, "start", each.kind),
        Placed((each.text,), each.x - away, each.y, "end", each.kind),
    ]


def _box(name: Placed) -> tuple[float, float, float, float]:
    wide = max(len(line) for line in name.lines) * LETTER * SIZE
    high = len(name.lines) * SIZE * LEADING
    left = name.x - wide / 2 if name.anchor == "middle" else name.x if name.anchor == "start" else name.x - wide
    return left, name.y - high / 2, left + wide, name.y + high / 2


def _touches(box: tuple[float, float, float, float], taken: list[tuple[float, float, float, float]]) -> bool:
    if not taken:
        return False
    others = np.array(taken)
    return bool(
        ((box[0] < others[:, 2]) & (others[:, 0] < box[2]) & (box[1] < others[:, 3]) & (others[:, 1] < box[3])).any()
    )
