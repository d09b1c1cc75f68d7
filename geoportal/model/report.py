"""What a check says: rules, findings, occurrences, reports; the intake verdict and the gate (CONTRACT 4).

A finding is one per rule and layer. It holds codes, parameters and places, never text and never the frame: sentences
are made at the edge (``language.text('rules', ...)``) in the reader's language. Elements are those of ISO 19157.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from geoportal.model.layer import LayerSummary

SAMPLE = 50
"""How many occurrences a finding keeps in JSON; the count is always the full one."""


class Severity(StrEnum):
    """How much a finding weighs: penghalang, peringatan, catatan."""

    BLOCKING = "blocking"
    WARNING = "warning"
    INFO = "info"


class Scope(StrEnum):
    """How a rule looks at a layer, and so how the parts of a chunked layer merge."""

    SOURCE = "source"  # the file, before there is a layer
    FEATURE = "feature"  # each feature by itself: parts simply add up
    LAYER = "layer"  # the layer as a whole
    BETWEEN = "between"  # features against each other, or against another layer


class Element(StrEnum):
    """Data quality elements of ISO 19157 that our rules measure."""

    COMPLETENESS_COMMISSION = "completeness/commission"
    COMPLETENESS_OMISSION = "completeness/omission"
    CONCEPTUAL_CONSISTENCY = "logical-consistency/conceptual"
    DOMAIN_CONSISTENCY = "logical-consistency/domain"
    FORMAT_CONSISTENCY = "logical-consistency/format"
    TOPOLOGICAL_CONSISTENCY = "logical-consistency/topological"
    POSITIONAL_ACCURACY = "positional-accuracy/absolute"
    THEMATIC_ACCURACY = "thematic-accuracy/classification"
    USABILITY = "usability"


class Verdict(StrEnum):
    """The intake verdict: can this file be read safely and completely."""

    ACCEPT = "accept"
    ACCEPT_WITH_WARNINGS = "accept_with_warnings"
    REJECT = "reject"


class Gate(StrEnum):
    """Whether a layer meets its profile."""

    PASS = "pass"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that is checked. ``intake`` is its weight in the intake verdict, None when it has no say there."""

    id: str
    scope: Scope
    element: Element
    severity: Severity
    intake: Severity | None = None


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One place where a rule was broken: the feature's id, its place in the layer's CRS, and what else is involved.

    ``geometry`` (GeoJSON, in the layer's CRS) is the place where that is more than a point: the ground that two areas
    share, a gap, an edge. ``where`` is then a point on it.
    """

    feature: str | None = None
    where: tuple[float, float] | None = None
    related: str | None = None
    params: dict[str, Any] = field(default_factory=dict)
    geometry: dict[str, Any] | None = None

    def as_dict(self) -> dict[str, Any]:
        """The occurrence as JSON."""
        value = {
            "feature": self.feature,
            "where": list(self.where) if self.where else None,
            "related": self.related,
            "params": self.params,
        }
        return value | {"geometry": self.geometry} if self.geometry else value

    @classmethod
    def from_dict(cls, value: dict[str, Any]) -> Occurrence:
        """The occurrence from its JSON."""
        where = tuple(value["where"]) if value["where"] else None
        return cls(value["feature"], where, value["related"], value["params"], value.get("geometry"))


@dataclass(frozen=True, slots=True)
class Finding:
    """What one rule found in one layer: full count, a sample of occurrences, and parameters for the sentence."""

    rule: str
    severity: Severity
    element: Element
    count: int
    layer: str | None = None
    intake: Severity | None = None
    params: dict[str, Any] = field(default_factory=dict)
    occurrences: tuple[Occurrence, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The finding as JSON without its sentences, which the edge adds."""
        return {
            "rule": self.rule,
            "severity": str(self.severity),
            "element": str(self.element),
            "layer": self.layer,
            "count": self.count,
            "intake": str(self.intake) if self.intake else None,
            "params": self.params,
            "occurrences": [item.as_dict() for item in self.occurrences[:SAMPLE]],
            "occurrences_total": self.count,
        }

    @classmethod
    def from_dict(cls, value: dict[str, Any]) -> Finding:
        """The finding from its JSON."""
        return cls(
            rule=value["rule"],
            severity=Severity(value["severity"]),
            element=Element(value["element"]),
            count=value["count"],
            layer=value["layer"],
            intake=Severity(value["intake"]) if value["intake"] else None,
            params=value["params"],
            occurrences=tuple(Occurrence.from_dict(item) for item in value["occurrences"]),
        )


_WEIGHT = {Severity.BLOCKING: 0, Severity.WARNING: 1, Severity.INFO: 2}


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that the checks found in one file, under one specification (None: intake only).

    ``checked`` names the rules that ran, so that "not checked" is never shown as "passed". Holds no clock: the same
    file under the same specification gives the same bytes of JSON.
    """

    layers: tuple[LayerSummary, ...] = ()
    findings: tuple[Finding, ...] = ()
    spec: str | None = None
    checked: tuple[str, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """Can the file be read safely and completely (from findings with an intake weight alone)."""
        weights = {finding.intake for finding in self.findings}
        if Severity.BLOCKING in weights:
            return Verdict.REJECT
        return Verdict.ACCEPT_WITH_WARNINGS if Severity.WARNING in weights else Verdict.ACCEPT

    @property
    def gate(self) -> Gate | None:
        """Does the layer meet its profile; None when none was asked for."""
        if self.spec is None:
            return None
        if self.verdict is Verdict.REJECT:
            return Gate.BLOCKED
        return Gate.BLOCKED if any(f.severity is Severity.BLOCKING for f in self.findings) else Gate.PASS

    def counts(self) -> dict[Severity, int]:
        """The number of findings by severity."""
        return {level: sum(finding.severity is level for finding in self.findings) for level in Severity}

    def blocking(self) -> tuple[Finding, ...]:
        """The findings that stand in the way of publishing."""
        return tuple(finding for finding in self.findings if finding.severity is Severity.BLOCKING)

    def for_layer(self, name: str) -> Report:
        """The part of the report that is about the file and about one of its layers."""
        return replace(
            self,
            layers=tuple(layer for layer in self.layers if layer.name == name),
            findings=tuple(finding for finding in self.findings if finding.layer in (None, name)),
        )

    def merged_with(self, others: Iterable[Report]) -> Report:
        """One report over several layers of one file, findings ordered by weight, then by how many places they hit."""
        reports = [self, *others]
        findings = sorted(
            (finding for report in reports for finding in report.findings),
            key=lambda f: (_WEIGHT[f.severity], -f.count, f.rule, f.layer or ""),
        )
        return Report(
            layers=tuple(layer for report in reports for layer in report.layers),
            findings=tuple(findings),
            spec=self.spec,
            checked=tuple(sorted({rule for report in reports for rule in report.checked})),
        )

    def as_dict(self) -> dict[str, Any]:
        """The report as JSON without sentences; ``from_dict`` gives it back."""
        return {
            "verdict": str(self.verdict),
            "gate": str(self.gate) if self.gate else None,
            "spec": self.spec,
            "layers": [layer.as_dict() for layer in self.layers],
            "findings": [finding.as_dict() for finding in self.findings],
            "checked": list(self.checked),
        }

    @classmethod
    def from_dict(cls, value: dict[str, Any]) -> Report:
        """The report from its JSON."""
        return cls(
            layers=tuple(LayerSummary.from_dict(item) for item in value["layers"]),
            findings=tuple(Finding.from_dict(item) for item in value["findings"]),
            spec=value["spec"],
            checked=tuple(value["checked"]),
        )
