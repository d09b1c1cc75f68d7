"""Marks where a report found something, numbered like its list; those that would lie on each other become one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

NEAR_PX = 28.0
"""Marks nearer than this run into each other: three or more become one disc with their number (UI 5)."""
WEIGHT = {"blocking": 0, "warning": 1, "info": 2}


@dataclass(frozen=True, slots=True)
class Spot:
    """A place of a finding on the drawing: its number in the list, its severity, pixels, and a sentence for it."""

    number: int
    severity: str
    x: float
    y: float
    label: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A mark on the map: ``id`` for those who come from the list, ``href`` the row in the list that it leads to.

    ``together`` is how many places stand under it; then ``severity`` is that of the worst of them.
    """

    id: str
    href: str
    severity: str
    number: int
    together: int
    x: int
    y: int
    label: str


def mark_id(number: int) -> str:
    """The id of a mark."""
    return f"titik-{number}"


def row_id(number: int) -> str:
    """The id of a row in the list of places."""
    return f"lokasi-{number}"


def marks_of(spots: Sequence[Spot]) -> tuple[tuple[Mark, ...], dict[int, str]]:
    """The marks for the places of a report, the heaviest drawn last, and the id of the mark that each place has."""
    marks: list[Mark] = []
    of_place: dict[int, str] = {}
    for group in _groups(spots):
        worst = min(group, key=lambda spot: (WEIGHT[spot.severity], spot.number))
        if len(group) > 2:
            label = "; ".join(f"{spot.number} {spot.label}" for spot in group[:6])
            first = group[0]
            marks.append(
                _mark(worst, round(first.x), round(first.y), label + (" …" if len(group) > 6 else ""), len(group))
            )
            of_place |= dict.fromkeys((spot.number for spot in group), mark_id(worst.number))
            continue
        aside = (0.0,) if len(group) == 1 else _apart(group)
        for spot, move in zip(group, aside, strict=True):
            marks.append(_mark(spot, round(spot.x + move), round(spot.y), spot.label, 1))
            of_place[spot.number] = mark_id(spot.number)
    return tuple(sorted(marks, key=lambda m: (-WEIGHT[m.severity], m.number))), of_place


def _mark(spot: Spot, x: int, y: int, label: str, together: int) -> Mark:
    return Mark(mark_id(spot.number), f"#{row_id(spot.number)}", spot.severity, spot.number, together, x, y, label)


def _apart(pair: list[Spot]) -> tuple[float, float]:
    """How far two near marks step aside so that both are seen, the western one to the west."""
    first, second = pair
    gap = max(0.0, NEAR_PX + 4 - abs(first.x - second.x)) / 2
    return (-gap, gap) if first.x <= second.x else (gap, -gap)


def _groups(spots: Sequence[Spot]) -> list[list[Spot]]:
    """Places that lie on each other, found by the first of each group: no chain grows over the whole map."""
    groups: list[list[Spot]] = []
    for spot in spots:
        home = next((g for g in groups if math.hypot(g[0].x - spot.x, g[0].y - spot.y) < NEAR_PX), None)
        if home is None:
            groups.append([spot])
        else:
            home.append(spot)
    return groups
