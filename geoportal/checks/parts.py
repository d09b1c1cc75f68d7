"""A layer that is too large for the memory, or that several machines share, checked part by part: the same report.

Three passes. *Facts*: what rules need to know of every feature (is it there, is it sound, its box) is found part by
part and laid end to end; it is a hundredth of the geometry. *Features*: rules about each geometry by itself run on
each part; what they find adds up. *Neighbours*: rules about geometries against each other run on groups of features
that lie together, each with all that touch it; a pair belongs to the group of the feature that the finding names.
Everything else is asked of the attributes, which are read whole.

Each pass is a function mapped over small arguments, so it runs as well in other processes: ``run`` may be that of a
Dask client (``spread``).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from geoportal.checks.context import INVALID_NOTE, Context
from geoportal.checks.findings import LONGEST_LIST, failed, noted
from geoportal.checks.overlay import not_overlaid
from geoportal.checks.rules import CHECKS, Check, Need
from geoportal.checks.validation import finished, is_wanted
from geoportal.model.references import NO_REFERENCES, References
from geoportal.model.report import SAMPLE, Finding, Occurrence, Report, Scope

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geoportal.model.layer import Layer
    from geoportal.model.region import Region
    from geoportal.model.specification import Specification

log = logging.getLogger(__name__)

FACTS = ("is_missing", "is_empty", "not_finite", "is_valid", "type_ids", "has_z", "bounds")
"""Arrays of a Context, one value or row a feature, that are kept of the whole layer."""
ADDING = frozenset({"total", "area_m2", "length_m"})
"""Parameters of a finding that are sums over features: those of the parts add up."""
FAILED = "topology-failed"
MOST_AT_ONCE = 200_000
"""Features in one group of neighbours, before those that touch it are added."""

Run = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]


class Parts(Protocol):
    """A layer in parts that can be read one at a time, also in another process."""

    @property
    def sizes(self) -> tuple[int, ...]:
        """The number of features of each part, in the order of the layer."""
        ...

    def part(self, number: int) -> Layer:
        """One part with geometry and attributes; without notes and, where the source has no ids, without ids."""
        ...

    def rows(self, numbers: NDArray[np.int_]) -> Layer:
        """These features (counted from 0 over the whole layer, ascending), with geometry and attributes."""
        ...

    def attributes(self) -> Layer:
        """The whole layer without geometry: a plain frame, with ids, notes and the name of the geometry type."""
        ...


@dataclass(frozen=True, slots=True)
class Judging:
    """What every pass needs to know: the layer's parts, what it is judged by, and how large a sample is kept."""

    parts: Parts
    spec: Specification | None
    region: Region
    references: References
    sample: int | None


class _Whole(Context):
    """The whole layer with its attributes and the facts of its geometries, which are read only where a rule asks."""

    def __init__(self, judging: Judging, facts: dict[str, Any]) -> None:
        super().__init__(judging.parts.attributes(), judging.spec, judging.region, judging.sample, judging.references)
        self._parts = judging.parts
        # A cached property is an entry of this dictionary: these are known already.
        self.__dict__.update(facts, has_geometry=True)

    @cached_property
    def geometry(self) -> NDArray[Any]:
        """All geometries, for the few rules that look at a layer as a whole and cannot do it by its facts."""
        return np.concatenate([_geometry(self._parts.part(number)) for number in range(len(self._parts.sizes))])

    def points(self, index: NDArray[Any]) -> NDArray[Any]:
        """A place on each of the features ``index``: only these are read."""
        if not len(index):
            return np.empty((0, 2))
        rows, back = np.unique(index, return_inverse=True)
        some = self.some(rows, np.arange(len(rows)))
        return some.points(np.arange(len(rows)))[back]

    def some(self, rows: NDArray[np.int_], ranks: NDArray[np.int_] | None = None) -> Context:
        """The context of a few features as it is in the whole layer: its ids, its plane, its extent."""
        layer = self._parts.rows(rows)
        context = Context(layer, self.spec, self.region, None, self.references)
        context.__dict__.update(
            {name: self.__dict__[name][rows] for name in FACTS},
            feature_ids=self.feature_ids[rows],
            has_own_ids=self.has_own_ids,
            extent=self.extent,
            metres=self.metres,
            overlay_failures=self.overlay_failures,
        )
        return context


def validate_parts(
    parts: Parts,
    spec: Specification | None,
    region: Region,
    *,
    sample: int | None = SAMPLE,
    references: References = NO_REFERENCES,
    run: Run = map,
    most_at_once: int = MOST_AT_ONCE,
) -> Report:
    """Everything that the rules find in a layer that is read in parts: the report that ``validate`` would give.

    ``run`` maps a function over arguments: ``map`` does one after the other, that of ``spread`` hands them to a Dask
    cluster. ``most_at_once`` bounds the features that are compared with each other in one group. Never raises for bad
    data.
    """
    judging = Judging(parts, spec, region, references, sample)
    wanted = [check for check in CHECKS.values() if is_wanted(check, spec)]
    with np.errstate(all="ignore"):
        told = list(run(partial(_facts_of, judging), range(len(parts.sizes))))
        whole = _Whole(judging, {name: np.concatenate([facts[name] for facts in told]) for name in FACTS})
        for rule_id, params in whole.layer.notes:
            if rule_id == INVALID_NOTE:
                whole.is_valid[whole.rows_of(params.get("features"))] = False
        asked = [check for check in wanted if whole.meets(check.needs)]
        findings: list[Finding | None] = []
        each = [check.rule.id for check in asked if _by_feature(check)]
        firsts = np.cumsum((0, *parts.sizes))
        arguments = [
            (number, _slice(whole, int(firsts[number]), int(firsts[number + 1])))
            for number in range(len(parts.sizes) if each else 0)
        ]
        # What a rule about single features says of the whole layer must not be that of a part.
        shared = {"extent": whole.extent, "has_own_ids": whole.has_own_ids, "suggestions": whole.suggestions}
        by_part = list(run(partial(_features_of, judging, each, shared), arguments))
        findings += [_added(rule, [answer[rule] for answer in by_part], whole) for rule in each]
        groups = _groups(whole, most_at_once)
        for check in asked:
            if _between(check):
                findings.append(_neighbours(check, whole, groups))
            elif not _by_feature(check):
                findings.append(_asked(check, whole))
        told_by_rule = {INVALID_NOTE} & {check.rule.id for check in asked}
        findings += [noted(rule, params, spec, whole) for rule, params in whole.layer.notes if rule not in told_by_rule]
        findings += [_added(FAILED, [answer[FAILED] for answer in by_part], whole), not_overlaid(whole)]
        checked = [check.rule.id for check in asked if check.rule.id not in whole.unfinished]
        return finished(findings, spec, layers=(whole.summary(),), checked=checked, sample=sample)


def _by_feature(check: Check) -> bool:
    return check.rule.scope is Scope.FEATURE and Need.GEOMETRY in check.needs


def _between(check: Check) -> bool:
    return check.rule.scope is Scope.BETWEEN and Need.GEOMETRY in check.needs


def _geometry(layer: Layer) -> NDArray[Any]:
    return np.asarray(layer.frame.geometry.to_numpy(), dtype=object)


def _facts_of(judging: Judging, number: int) -> dict[str, Any]:
    context = Context(judging.parts.part(number), judging.spec, judging.region)
    return {name: getattr(context, name) for name in FACTS}


def _slice(whole: _Whole, first: int, end: int) -> dict[str, Any]:
    known = {name: whole.__dict__[name][first:end] for name in FACTS}
    return known | {"feature_ids": whole.feature_ids[first:end]}


def _features_of(
    judging: Judging, rules: Sequence[str], shared: dict[str, Any], argument: tuple[int, dict[str, Any]]
) -> dict[str, Finding | None]:
    """What the rules about single features find in one part."""
    number, known = argument
    context = Context(judging.parts.part(number), judging.spec, judging.region, judging.sample, judging.references)
    context.__dict__.update(known, **shared)
    with np.errstate(all="ignore"):
        return {**{rule: _asked(CHECKS[rule], context) for rule in rules}, FAILED: not_overlaid(context)}


def _asked(check: Check, context: Context) -> Finding | None:
    try:
        return check.run(context.layer, context.spec, context)
    except MemoryError:
        raise
    except Exception:  # as in validate: whatever data does to one rule must not hide what the others found
        log.exception("The check %s failed on layer %r", check.rule.id, context.layer.name)
        return failed(check.rule, context)


def _added(rule: str, findings: Iterable[Finding | None], whole: _Whole) -> Finding | None:
    """One finding of those of the parts: counts add up, of the places the first are kept, by feature."""
    told = [item for item in findings if item is not None]
    if not told:
        return None
    places = [occurrence for item in told for occurrence in item.occurrences]
    # As Context.ranked has it: by name where features have one, else in the order of the layer.
    if whole.has_own_ids:
        places.sort(key=lambda item: (item.feature or "", item.where or ()))
    else:
        places.sort(key=lambda item: int(item.feature or 0))
    params = told[0].params
    for item in told[1:]:
        params = _both(params, item.params)
    return replace(
        told[0],
        count=sum(item.count for item in told),
        params=params,
        occurrences=tuple(places[: whole.sample]),
    )


def _both(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Parameters of two parts: tables of counts add up, lists are joined, facts about the rule are the same in both."""
    joined: dict[str, Any] = {**one}
    for name, value in other.items():
        mine = joined.get(name)
        if (
            isinstance(mine, dict)
            and isinstance(value, dict)
            and all(type(v) is int for v in {**mine, **value}.values())
        ):
            joined[name] = {key: mine.get(key, 0) + value.get(key, 0) for key in sorted({*mine, *value})}
        elif isinstance(mine, list) and mine == value:
            continue  # about the layer, not about its features
        elif isinstance(mine, list) and isinstance(value, list):
            joined[name] = sorted({*mine, *value}, key=str)[:LONGEST_LIST]
        elif isinstance(mine, bool) and isinstance(value, bool):
            joined[name] = mine and value
        elif name in ADDING:
            joined[name] = round(mine + value, 1)
        elif mine is None:
            joined[name] = value
    return joined


def _groups(whole: _Whole, most: int) -> list[NDArray[np.int_]]:
    """Features that lie together, at most ``most`` in a group: the layer cut in halves where it is longest."""
    ready: list[NDArray[np.int_]] = []
    waiting = [np.flatnonzero(whole.is_present)]
    middles = (whole.bounds[:, :2] + whole.bounds[:, 2:]) / 2
    while waiting:
        rows = waiting.pop()
        if len(rows) <= most:
            ready += [np.sort(rows)] if len(rows) else []
            continue
        places = middles[rows]
        axis = int(np.argmax(np.ptp(places, axis=0)))
        order = np.argsort(places[:, axis], kind="stable")
        # Equal middles stay together, so that copies of one shape are never told apart.
        cut = np.searchsorted(places[order, axis], places[order[len(rows) // 2], axis])
        if cut == 0:
            cut = int(np.searchsorted(places[order, axis], places[order[0], axis], side="right"))
        if cut in (0, len(rows)):
            ready.append(np.sort(rows))
            continue
        waiting += [rows[order[:cut]], rows[order[cut:]]]
    return ready


def _neighbours(check: Check, whole: _Whole, groups: Sequence[NDArray[np.int_]]) -> Finding | None:
    """What a rule about neighbours finds: group by group, or at once where one group holds all."""
    whole_rows = np.flatnonzero(whole.is_present)
    if len(groups) <= 1 or check.rule.id in AT_ONCE:
        context = whole.some(np.arange(len(whole))) if len(whole_rows) else whole
        context.sample = whole.sample
        return _asked(check, context)
    findings: list[Finding] = []
    for group in groups:
        found = _asked(check, whole.some(_with_touching(whole, group)))
        if found is not None and (own := _owned(found, set(whole.feature_ids[group].tolist()))):
            findings.append(own)
    return _added(check.rule.id, [_with_area(found) for found in findings], whole)


def _with_area(found: Finding) -> Finding:
    """A finding whose total of square metres, or metres, is that of the places that are left in it."""
    sums: dict[str, Any] = {
        name: round(sum(place.params[name] for place in found.occurrences), 1)
        for name in ("area_m2", "length_m")
        if name in found.params
    }
    return replace(found, params={**found.params, **sums})


AT_ONCE = frozenset({"coverage-gap"})
"""Rules whose places are not between two features: ground that is shut in may be shut in by features far apart."""


def _with_touching(whole: _Whole, group: NDArray[np.int_]) -> NDArray[np.int_]:
    """The features of a group and all whose boxes touch one of theirs or come within a few tolerances."""
    import shapely

    boxes = whole.bounds[group]
    near = _near(whole)
    tree = shapely.STRtree(shapely.box(*(boxes + np.array([-near, -near, near, near])).T))
    present = np.flatnonzero(whole.is_present)
    touching = np.unique(tree.query(shapely.box(*whole.bounds[present].T))[0])
    return np.union1d(group, present[touching])


def _near(whole: _Whole) -> float:
    """A few tolerances, at least a few metres, in units of the layer."""
    extent, metres = whole.extent, whole.metres
    if extent is None or metres is None:
        return 0.0
    ends = np.array([[extent[0], extent[1]], [extent[2], extent[3]]])
    length = float(np.hypot(*np.diff(metres.forward(ends), axis=0)[0]))
    width = float(np.hypot(*np.diff(ends, axis=0)[0]))
    return width / length * max(12 * whole.tolerance_m, 6.0) if length > 0 and np.isfinite(length) else 0.0


def _owned(found: Finding, names: set[Any]) -> Finding | None:
    """The places of a finding whose first feature is one of ``names``; the others belong to another group."""
    kept: tuple[Occurrence, ...] = tuple(item for item in found.occurrences if item.feature in names)
    return replace(found, count=len(kept), occurrences=kept) if kept else None
