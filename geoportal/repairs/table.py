"""The table of all repairs: which rule is mended by which function, in which order.

A repair is one vectorised function, ``name(task) -> Proposal``, the counterpart of the check that found the fault. It
proposes; ``mending`` makes the change, has it judged by every rule, and takes it back where another rule got worse.
What could be meant in two ways is a question with its choices, never a change.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from geoportal.checks.context import Context
from geoportal.checks.rules import CHECKS
from geoportal.repairs.draft import Change

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geoportal.model.layer import Layer
    from geoportal.model.references import References
    from geoportal.model.region import Region
    from geoportal.model.report import Finding, Occurrence
    from geoportal.model.specification import Specification

NOTHING = Change()


class Stage(IntEnum):
    """The order of repairs: first where the layer lies, for only then can it be measured."""

    PLACE = 0
    NAMES = 1
    VALUES = 2
    SHAPES = 3
    FEATURES = 4
    COVERAGE = 5


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the officer said: ``confirmed`` are words of ``--yes``, ``only`` rule ids (None: all that can be mended).

    ``crs`` is the reference system the coordinates are really in, ``target`` the one they shall be moved to (both None:
    left as they are); ``gap_width_m`` the width on the ground up to which gaps and overlaps between areas are closed.
    """

    confirmed: frozenset[str] = frozenset()
    only: frozenset[str] | None = None
    crs: str | None = None
    target: str | None = None
    gap_width_m: float | None = None

    def wants(self, rule: str) -> bool:
        """Whether this rule is to be mended."""
        return self.only is None or rule in self.only


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer to a question, as the option to type, and the facts for its sentence (``repair.choice.<key>``)."""

    key: str
    option: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Question:
    """What only a person can decide. Its sentence is ``question.<key>`` of the texts, filled with ``params``."""

    rule: str
    key: str
    count: int
    choices: tuple[Choice, ...] = ()
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a repair would do, what it has to ask, and why it leaves the rest (``left.<reason>`` of the texts)."""

    change: Change = NOTHING
    question: Question | None = None
    left: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict)


class Task:
    """One rule that is broken, in the layer as it stands."""

    def __init__(
        self,
        rule: str,
        layer: Layer,
        spec: Specification | None,
        region: Region,
        references: References,
        finding: Finding,
        wishes: Wishes,
    ) -> None:
        """Look at ``layer`` with all occurrences of the finding to be had."""
        self.rule = rule
        self.layer = layer
        self.spec = spec
        self.finding = finding
        self.wishes = wishes
        self.context = Context(layer, spec, region, None, references)

    def said(self, word: str) -> bool:
        """Whether the officer confirmed something by its word."""
        return word in self.wishes.confirmed

    @cached_property
    def occurrences(self) -> tuple[Occurrence, ...]:
        """All places of the finding, not a sample."""
        if len(self.finding.occurrences) >= self.finding.count or self.rule not in CHECKS:
            return self.finding.occurrences
        with np.errstate(all="ignore"):
            found = CHECKS[self.rule].run(self.layer, self.spec, self.context)
        return found.occurrences if found is not None else ()

    @cached_property
    def positions(self) -> NDArray[np.int_]:
        """The features that are named; where an id comes twice, all that have it."""
        named = {item.feature for item in self.occurrences if item.feature is not None}
        ids = self.context.feature_ids
        return np.flatnonzero(np.fromiter((str(name) in named for name in ids), dtype=bool, count=len(ids)))

    @cached_property
    def fields(self) -> tuple[str, ...]:
        """The fields that the finding is about, those that the layer has."""
        named = [item.params.get("field") for item in self.occurrences]
        named += [*self.finding.params.get("fields", ()), self.finding.params.get("field")]
        return tuple(sorted({str(name) for name in named if name is not None and self.context.has_field(str(name))}))

    def ask(self, key: str, count: int, *choices: Choice, **params: Any) -> Question:
        """A question about this rule."""
        return Question(self.rule, key, count, choices, params)


RepairFunction = Callable[[Task], Proposal]


@dataclass(frozen=True, slots=True)
class Repair:
    """A rule that can be mended, by which function, when, and whether a person has to confirm it."""

    rule: str
    stage: Stage
    run: RepairFunction
    confirmed: bool


REPAIRS: dict[str, Repair] = {}
"""Every repair by the rule that it mends: what help pages may promise."""


def repair(*rules: str, stage: Stage, confirmed: bool = False) -> Callable[[RepairFunction], RepairFunction]:
    """Declare the function that mends these rules. ``confirmed``: it never acts without a word of the officer."""

    def register(function: RepairFunction) -> RepairFunction:
        for rule in rules:
            if rule in REPAIRS:
                raise ValueError(f"two repairs for {rule}")
            REPAIRS[rule] = Repair(rule, stage, function, confirmed)
        return function

    return register


def in_order() -> list[Repair]:
    """All repairs in the order in which they are tried."""
    return sorted(REPAIRS.values(), key=lambda item: item.stage)
