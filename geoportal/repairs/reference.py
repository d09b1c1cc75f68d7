"""Repairs of where a layer lies. None of them acts without the officer's word: a reference system is never guessed, and
coordinates are never turned in silence.

The candidates are those that the checks found. A question names each with the option to type.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from geoportal.checks.operations import operation_between
from geoportal.checks.projection import read_crs, to_degrees
from geoportal.repairs.draft import Change, geometries_of
from geoportal.repairs.table import Choice, Proposal, Question, Stage, Task, Wishes, repair

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geoportal.model.layer import Layer

SWAP, FLIP, ASSIGN, BALLPARK = "swap-axes", "flip-latitude", "assign-crs", "ballpark"
PLACED, MOVED = "assign-crs", "reproject"
"""What receipts call a change that an officer asked for where no rule did."""
MOST_CHOICES = 8


@repair(
    "crs-missing",
    "coordinates-outside-domain",
    "crs-axes-swapped",
    "crs-sign-lost",
    "crs-hemisphere",
    "crs-zone",
    "crs-degrees-as-metres",
    "crs-datum-shift",
    "layer-outside-region",
    stage=Stage.PLACE,
    confirmed=True,
)
def place(task: Task) -> Proposal:
    """Axes and signs turned as confirmed; else the question, with every candidate that lands in the region."""
    swap, flip = task.said(SWAP), task.said(FLIP)
    choices = list(_choices(task.finding.params.get("candidates") or (), task.layer.crs))
    said = " ".join(f"--yes {word}" for word, yes in ((SWAP, swap), (FLIP, flip)) if yes)
    if said and task.layer.crs is not None and (not choices or said in {choice.option for choice in choices}):
        return Proposal(turned(task.layer, swap=swap, flip=flip), left="no-place")
    if not choices:
        if task.layer.crs is None:
            return Proposal(question=task.ask("no-candidate", task.finding.count))
        return Proposal(left="no-place")
    key = "crs" if task.layer.crs is None else "place"
    return Proposal(question=task.ask(key, task.finding.count, *choices[:MOST_CHOICES]))


def as_told(layer: Layer, wishes: Wishes) -> Proposal:
    """The reference system that the officer says the coordinates are in, with the axes turned as said at once."""
    if wishes.crs is None or layer.geometry_type is None or _is_same(layer.crs, wishes.crs):
        return Proposal()
    change = turned(layer, swap=SWAP in wishes.confirmed, flip=FLIP in wishes.confirmed)
    crs = (layer.crs, wishes.crs)
    return Proposal(Change(change.positions, change.geometries, crs=crs, facts=change.facts), params={"rule": PLACED})


def moved(layer: Layer, wishes: Wishes) -> Proposal:
    """The layer in another reference system, by the best operation on this machine, named with its accuracy."""
    target = wishes.target
    if target is None or layer.geometry_type is None or _is_same(layer.crs, target):
        return Proposal()
    if layer.crs is None:
        return Proposal(question=Question(MOVED, "move-unknown", len(layer), params={"crs": target}))
    shapes = geometries_of(layer)
    source, aim = read_crs(layer.crs), read_crs(target)
    box = shapely.total_bounds(shapes)
    if source is None or aim is None or not np.isfinite(box).all():
        return Proposal(question=Question(MOVED, "move-nowhere", len(layer), params={"crs": target}))
    corners = to_degrees(source, np.array([[box[0], box[1]], [box[2], box[3]], [box[0], box[3]], [box[2], box[1]]]))
    area = (*corners.min(axis=0).tolist(), *corners.max(axis=0).tolist()) if np.isfinite(corners).all() else None
    operation = operation_between(layer.crs, target, area)
    facts = operation._asdict() if operation is not None else {}
    if operation is None or (operation.ballpark and BALLPARK not in wishes.confirmed):
        choices = (Choice("ballpark", f"--yes {BALLPARK}"),) if operation is not None else ()
        params = {"crs": target, "source": layer.crs}
        key = "move-ballpark" if operation is not None else "move-nowhere"
        return Proposal(question=Question(MOVED, key, len(layer), choices, params))
    present = np.flatnonzero(~(shapely.is_missing(shapes) | shapely.is_empty(shapes)))
    there = _through(_transformer(layer.crs, target, area), shapes[present])
    if not np.isfinite(shapely.get_coordinates(there)).all():
        return Proposal(question=Question(MOVED, "move-nowhere", len(layer), params={"crs": target}))
    facts["operation"] = facts.pop("name")
    return Proposal(Change(present, there, crs=(layer.crs, target), facts=facts), params={"rule": MOVED})


def turned(layer: Layer, *, swap: bool, flip: bool) -> Change:
    """All coordinates with x and y exchanged, then with the sign of y changed: exact both ways."""
    if not (swap or flip) or layer.geometry_type is None:
        return Change()
    shapes = geometries_of(layer)
    present = np.flatnonzero(~(shapely.is_missing(shapes) | shapely.is_empty(shapes)))

    def turn(points: NDArray[Any]) -> NDArray[Any]:
        x, y = (points[:, 1], points[:, 0]) if swap else (points[:, 0], points[:, 1])
        return np.column_stack((x, -y if flip else y, *points.T[2:]))

    facts = {"turned": [word for word, said in ((SWAP, swap), (FLIP, flip)) if said]}
    return Change(present, _transformed(shapes[present], turn), facts=facts)


def _choices(candidates: Any, crs: str | None) -> Iterator[Choice]:
    """The candidates as options to type, each once."""
    seen = set()
    for candidate in candidates:
        if not isinstance(candidate, dict):
            continue
        steps = candidate.get("repair")
        if not isinstance(steps, dict):
            steps = {ASSIGN: candidate.get("crs"), SWAP: candidate.get("swapped", False)}
        options = []
        assigned = steps.get(ASSIGN)
        if assigned and assigned != crs:
            options.append(f"--crs {assigned}" if crs is None else f"--yes {ASSIGN}={assigned}")
        if steps.get(SWAP):
            options.append(f"--yes {SWAP}")
        if steps.get("flip-y") or steps.get(FLIP):
            options.append(f"--yes {FLIP}")
        option = " ".join(options)
        if option and option not in seen:
            seen.add(option)
            key = "-".join(["place", *(word for word in (SWAP, FLIP) if f"--yes {word}" in options)])
            share = candidate.get("share_inside", candidate.get("share"))
            params = {"crs": assigned or candidate.get("crs") or crs, "name": candidate.get("name", ""), "share": share}
            yield Choice(key, option, params)


def _is_same(one: str | None, other: str) -> bool:
    """Whether two reference systems are one for coordinates that always stand x before y."""
    if one is None:
        return False
    if one == other:
        return True
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    try:
        return bool(CRS.from_user_input(one).equals(CRS.from_user_input(other), ignore_axis_order=True))
    except CRSError:
        return False


def _transformer(source: str, target: str, area: Any) -> Any:
    """The very operation that ``operation_between`` names."""
    import warnings

    from pyproj.aoi import AreaOfInterest
    from pyproj.transformer import TransformerGroup

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a missing grid is told by the operation
        interest: Any = AreaOfInterest(*area) if area is not None else None
        group = TransformerGroup(read_crs(source), read_crs(target), always_xy=True, area_of_interest=interest)
    return group.transformers[0]


def _through(transformer: Any, shapes: NDArray[Any]) -> NDArray[Any]:
    def move(points: NDArray[Any]) -> NDArray[Any]:
        x, y = transformer.transform(points[:, 0], points[:, 1])
        return np.column_stack((x, y, *points.T[2:]))

    return _transformed(shapes, move)


def _transformed(shapes: NDArray[Any], function: Any) -> NDArray[Any]:
    """Geometries with their coordinates moved, those with heights keeping them."""
    moved = np.array(shapes, dtype=object)
    high = shapely.has_z(shapes)
    for mask, with_z in ((high, True), (~high, False)):
        if mask.any():
            moved[mask] = shapely.transform(shapes[mask], function, include_z=with_z)
    return moved
