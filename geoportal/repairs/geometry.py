"""Repairs of each geometry by itself, and of features that are there twice or have no place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from geoportal.checks.context import COLLECTION, MULTILINE, MULTIPOINT, MULTIPOLYGON, POLYGON
from geoportal.repairs.draft import Change
from geoportal.repairs.table import Choice, Proposal, Stage, Task, repair
from geoportal.repairs.values import encode, listed, wkb

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_CHANGE = 0.05
"""A repair of a shape that changes more than this part of its area may mean something else than its author did."""
VALID, DROP, KEEP_FIRST, MAIN_KIND = "make-valid", "drop-empty", "keep-first", "keep-main-kind"
MULTI_OF = {0: MULTIPOINT, 1: MULTILINE, 2: MULTIPOLYGON}
LISTED = 5


@repair("geometry-invalid", stage=Stage.SHAPES)
def make_valid(task: Task) -> Proposal:
    """Rings that cross, nest or share ground are put in order by their structure; areas stay areas, lines lines.

    Where two ways of reading the rings disagree by more than MOST_CHANGE, or nothing would be left, it is a question.
    """
    context = task.context
    broken = np.flatnonzero(~context.is_valid & context.is_present)
    if not broken.size:
        return Proposal()
    was = context.geometry[broken]
    now = shapely.make_valid(was, method="structure", keep_collapsed=False)
    other = shapely.make_valid(was, method="linework")
    areal = np.isin(context.type_ids[broken], (POLYGON, MULTIPOLYGON))
    kept = (shapely.get_dimensions(now) == shapely.get_dimensions(was)) & ~shapely.is_empty(now)
    kept &= shapely.get_type_id(now) != COLLECTION
    change = np.zeros(len(broken))
    both = np.flatnonzero(kept & areal)
    size = np.maximum(shapely.area(now[both]), np.finfo(float).tiny)
    doubt = shapely.area(shapely.symmetric_difference(now[both], other[both])) / size
    change[both] = np.maximum(doubt, np.abs(shapely.area(now[both]) - shapely.area(was[both])) / size)
    safe = kept & ((change <= MOST_CHANGE) | task.said(VALID))
    now[areal & kept] = shapely.orient_polygons(now[areal & kept])
    now = _as_multi(now, np.isin(context.type_ids[broken], tuple(MULTI_OF.values())))
    facts = {
        int(feature): {"reason": str(context.reasons[feature]), "share": round(float(part), 6)}
        for feature, part in zip(broken[safe].tolist(), change[safe], strict=True)
    }
    question = None
    if (kept & ~safe).any():
        unsure = np.flatnonzero(kept & ~safe)
        question = task.ask(
            "make-valid",
            len(unsure),
            Choice("make-valid", f"--yes {VALID}"),
            features=_names(context.feature_ids[broken[unsure]]),
            percent=round(100 * float(change[unsure].max()), 1),
        )
    left = "collapses" if (~kept).any() else None
    return Proposal(Change(broken[safe], now[safe], facts_of=facts), question, left)


@repair("geometry-missing", "geometry-empty", stage=Stage.FEATURES)
def drop_without_place(task: Task) -> Proposal:
    """Features without any coordinate are left out after a word, kept whole in the ledger: a row with a code and a name
    is data, and its place may turn up.
    """
    context = task.context
    gone = np.flatnonzero(context.is_missing if task.rule == "geometry-missing" else context.is_empty)
    if len(gone) == len(context):
        return Proposal(left="nothing-left")
    if task.said(DROP):
        return Proposal(Change(dropped=gone))
    names = _names(context.feature_ids[gone])
    return Proposal(question=task.ask("drop-empty", len(gone), Choice("drop-empty", f"--yes {DROP}"), features=names))


@repair("geometry-duplicate", stage=Stage.FEATURES)
def drop_twins(task: Task) -> Proposal:
    """Of features that are the same in geometry and in every value one is kept, the first; others are a question."""
    import pandas

    context = task.context
    present = np.flatnonzero(context.is_present)
    alike = present[pandas.DataFrame(context.bounds[present]).duplicated(keep=False).to_numpy()]
    shapes = wkb(shapely.normalize(context.geometry[alike]))
    values = {field.name: _texts(task, field.name, alike) for field in task.layer.fields}
    columns: dict[Any, Any] = {**values, 0: shapes}
    whole = pandas.DataFrame(columns)
    twins = whole.duplicated(keep="first").to_numpy()
    same_place = whole[[0]].duplicated(keep="first").to_numpy()
    gone = same_place if task.said(KEEP_FIRST) else twins
    first = whole.groupby(0, sort=False).ngroup().to_numpy()
    heads = alike[np.unique(first, return_index=True)[1]]
    facts = {
        int(alike[n]): {"same_as": str(context.feature_ids[heads[first[n]]])} for n in np.flatnonzero(gone).tolist()
    }
    question = None
    if (open_ := same_place & ~gone).any():
        names = _names(context.feature_ids[alike[open_]])
        choice = Choice("keep-first", f"--yes {KEEP_FIRST}")
        question = task.ask("keep-first", int(open_.sum()), choice, features=names)
    return Proposal(Change(dropped=alike[gone], facts_of=facts), question)


@repair("ring-orientation", stage=Stage.SHAPES)
def turn_rings(task: Task) -> Proposal:
    """Outer rings counter-clockwise, holes clockwise. Only the direction changes, no vertex and no start."""
    context = task.context
    areal = np.flatnonzero(context.is_valid & context.is_present & np.isin(context.type_ids, (POLYGON, MULTIPOLYGON)))
    return Proposal(changed_only(areal, context.geometry[areal], shapely.orient_polygons(context.geometry[areal])))


@repair("geometry-collection", stage=Stage.SHAPES)
def unpack_collections(task: Task) -> Proposal:
    """A collection of one kind becomes a multi-geometry of it. One of several kinds is a question: parts would go."""
    context = task.context
    found = np.flatnonzero(context.is_present & (context.type_ids == COLLECTION))
    parts, owner = _parts(context.geometry[found])
    kinds = shapely.get_dimensions(parts)
    counts = np.zeros((len(found), 3), dtype=np.int64)
    np.add.at(counts, (owner, kinds), 1)
    pure = (counts > 0).sum(axis=1) == 1
    chosen = pure | task.said(MAIN_KIND)
    main = np.where(counts > 0, np.arange(3), -1).max(axis=1)  # areas before lines before points
    made = np.full(len(found), None, dtype=object)
    for kind in MULTI_OF:
        of_kind = np.flatnonzero(chosen & (main == kind))
        index = np.isin(owner, of_kind) & (kinds == kind)
        if of_kind.size:
            multi = shapely.geometrycollections(parts[index], indices=np.searchsorted(of_kind, owner[index]))
            made[of_kind] = [_multi(kind, shapely.get_parts(item)) for item in multi]
    question = None
    if not chosen.all():
        names = _names(context.feature_ids[found[~chosen]])
        choice = Choice("keep-main-kind", f"--yes {MAIN_KIND}")
        question = task.ask("keep-main-kind", int((~chosen).sum()), choice, features=names)
    return Proposal(Change(found[chosen], made[chosen]), question)


def changed_only(positions: NDArray[np.int_], was: NDArray[Any], now: NDArray[Any]) -> Change:
    """The change of those geometries that come out with other bytes than they went in."""
    differ = wkb(was) != wkb(now)
    return Change(positions[differ], now[differ])


def _as_multi(shapes: NDArray[Any], wanted: NDArray[np.bool_]) -> NDArray[Any]:
    """Geometries that were multi before stay so, also with one part."""
    made = np.array(shapes, dtype=object)
    for number in np.flatnonzero(wanted & (shapely.get_type_id(shapes) < MULTIPOINT)).tolist():
        made[number] = _multi(int(shapely.get_dimensions(made[number])), [made[number]])
    return made


def _multi(kind: int, parts: Any) -> Any:
    return (shapely.multipoints, shapely.multilinestrings, shapely.multipolygons)[kind](parts)


def _parts(shapes: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.int_]]:
    """The single parts of collections, also of those within them, and the number of the collection of each."""
    parts, owner = shapely.get_parts(shapes, return_index=True)
    while (shapely.get_type_id(parts) >= MULTIPOINT).any():
        parts, index = shapely.get_parts(parts, return_index=True)
        owner = owner[index]
    keep = ~shapely.is_empty(parts)
    return parts[keep], owner[keep]


def _texts(task: Task, name: str, index: NDArray[np.int_]) -> list[str]:
    """The values of a field in a form in which two are equal only when they are the same."""
    return [repr(encode(value)) for value in listed(task.context.column(name).iloc[index])]


def _names(ids: NDArray[Any]) -> list[str]:
    """The first features of a list, as people call them."""
    return [str(name) for name in ids[:LISTED]]
