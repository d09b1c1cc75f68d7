"""The table of all rules, and the decorator that fills it.

A rule is one vectorised function, ``name(layer, spec, context) -> Finding | None``, whose whole story is on one
screen. Its id is permanent (CONTRACT 3); its texts stand in ``locale/*/rules.po`` under ``<id>.title``, ``.message``,
``.hint`` and ``.help``. Rules that only the reader can see (an unsafe archive, a file that does not open) are
declared in the same table, without a function.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from geoportal.model.report import Element, Finding, Rule, Scope, Severity

if TYPE_CHECKING:
    from geoportal.checks.context import Context
    from geoportal.model.layer import Layer
    from geoportal.model.specification import Specification

RuleFunction = Callable[["Layer", "Specification | None", "Context"], Finding | None]


class Need(StrEnum):
    """What must be there before a rule can say anything: without it the rule is not run, and not listed as checked."""

    GEOMETRY = "geometry"  # the layer has a geometry column
    CRS = "crs"  # the reference system is known and tied to the earth
    LINES = "lines"  # the layer has lines
    METRES = "metres"  # the layer can be measured in metres
    REGION = "region"  # the node's region has an extent
    REFERENCES = "references"  # the node has region layers to compare with
    TYPES = "types"  # the specification names the allowed geometry types
    KEY = "key"  # the specification names a key
    KEY_FIELD = "key-field"  # and the layer has that field
    FIELDS = "fields"  # the specification describes fields
    LABELS = "labels"  # the specification says which fields hold a label point, and the layer has them
    COVERED_BY = "covered-by"  # the specification names layers that this one is compared with
    BARRIERS = "barriers"  # a layer that must not be crossed is to be had
    AREAS_BESIDE = "areas-beside"  # one of them is to be had, and holds areas
    POINTS_BESIDE = "points-beside"  # one of them is to be had, and holds points with codes
    REGIONS_BY_CODE = "regions-by-code"  # the layer has points that name regions by code
    EXPECTED = "expected"  # the specification says how many features there are
    KUGI = "kugi"  # the specification says which field holds KUGI codes
    KUGI_FIELD = "kugi-field"  # and the layer has it
    KUGI_LISTS = "kugi-lists"  # the printed part of the catalogue is at hand
    SRS_ID = "srs-id"  # the layer has KUGI's field for the reference system
    PLAN = "plan"  # the profile is that of spatial plans, rtrw
    COMPARISONS = "comparisons"  # the specification says what fields owe each other
    OPEN_DATA = "open-data"  # the layer is meant for everybody
    CODE_LISTS = "code-lists"  # the node has a list of region codes
    CODES_COUNTED = "codes-counted"  # the specification asks how many codes are on which list


@dataclass(frozen=True, slots=True)
class Check:
    """A rule with the function that asks it and what that function needs."""

    rule: Rule
    run: RuleFunction
    needs: tuple[Need, ...]


RULES: dict[str, Rule] = {}
"""Every rule by its id: what a report may name, a profile may weigh and a help page explains."""

CHECKS: dict[str, Check] = {}
"""Those of RULES that are asked of a layer."""


def declare(
    rule_id: str, *, scope: Scope, element: Element, severity: Severity, intake: Severity | None = None
) -> Rule:
    """Put a rule in the table. The severity is that of a profile which says nothing of the rule."""
    if rule_id in RULES:
        raise ValueError(f"there are two rules named {rule_id}")
    RULES[rule_id] = Rule(rule_id, scope, element, severity, intake)
    return RULES[rule_id]


def rule(
    rule_id: str,
    *,
    scope: Scope,
    element: Element,
    severity: Severity,
    intake: Severity | None = None,
    needs: tuple[Need, ...] = (),
) -> Callable[[RuleFunction], RuleFunction]:
    """Declare a rule and the function that checks it. While the function runs, ``context.rule`` is its rule."""
    declared = declare(rule_id, scope=scope, element=element, severity=severity, intake=intake)

    def register(function: RuleFunction) -> RuleFunction:
        def run(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
            context.rule = declared
            return function(layer, spec, context)

        run.__name__, run.__doc__, run.__module__ = function.__name__, function.__doc__, function.__module__
        CHECKS[rule_id] = Check(declared, run, needs)
        return run

    return register


def severity_under(rule: Rule, spec: Specification | None) -> Severity | None:
    """How much a rule weighs under a specification; None = switched off, and nothing is said.

    Without a specification only the intake verdict is asked, so its weight is shown. A rule with a say in the verdict
    cannot be switched off: the verdict does not depend on a profile (CONTRACT 4). It becomes a note instead.
    """
    if spec is None:
        return rule.intake or rule.severity
    severity = spec.severity_of(rule.id, rule.severity)
    if severity is None and rule.intake is not None:
        return Severity.INFO
    return severity
