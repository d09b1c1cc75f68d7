"""What a report comes to, for somebody with one minute: a score out of 100, and the three things to do first.

**The score.** 100 points, from which each finding that is to be mended takes some: a blocking one up to 40, a warning
up to 10, in proportion to the share of the features that it concerns; a note takes nothing. A finding about the layer
or the file as a whole concerns all of it. The result is rounded down and never below 0, so that 100 means that nothing
is to be mended. What was not checked has no score. The score never decides anything: that is for the gate.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from geoportal.checks import texts
from geoportal.checks.rules import RULES
from geoportal.language import has_text, number, text
from geoportal.model.report import Finding, Gate, Report, Scope, Severity, Verdict

DOMAIN = "reports"
POINTS = {Severity.BLOCKING: 40.0, Severity.WARNING: 10.0, Severity.INFO: 0.0}
"""What a finding of a severity takes from 100 when it concerns every feature."""
GOOD = 90
"""The score from which on a layer without a blocking finding is called good."""
FIRST = 3


@dataclass(frozen=True, slots=True)
class Summary:
    """A report in short: the score (None: nothing was checked), what to do first, findings and places by severity.

    ``grade`` is a code: rejected, blocked, unchecked, faultless, good, fair.
    """

    score: int | None
    grade: str
    first: tuple[Finding, ...]
    findings: dict[Severity, int]
    places: dict[Severity, int]

    @property
    def to_mend(self) -> int:
        """How many findings are more than a note."""
        return self.findings[Severity.BLOCKING] + self.findings[Severity.WARNING]


def summarise(report: Report) -> Summary:
    """The report in short; no text in it, so that every language says the same."""
    findings = report.counts()
    score = score_of(report)
    # A report is ordered by weight, then by the number of places: what stands in the way and hits most comes first.
    to_mend = [f for f in report.findings if f.severity is not Severity.INFO]
    return Summary(
        score=score,
        grade=_grade(report, score),
        first=tuple(to_mend[:FIRST]),
        findings=findings,
        places={level: sum(f.count for f in report.findings if f.severity is level) for level in Severity},
    )


def score_of(report: Report) -> int | None:
    """The score out of 100 (see the module), None where nothing was checked."""
    if not report.checked:
        return None
    sizes = {layer.name: layer.features for layer in report.layers}
    lost = sum(
        POINTS[finding.severity] * share(finding, sizes.get(finding.layer or "", 0)) for finding in report.findings
    )
    return max(0, math.floor(100 - lost))


def share(finding: Finding, features: int) -> float:
    """The share of a layer's features that a finding concerns, above 0 and at most 1."""
    rule = RULES.get(finding.rule)
    if features < 1 or rule is None or rule.scope in (Scope.LAYER, Scope.SOURCE):
        return 1.0
    return min(1.0, finding.count / features)


def _grade(report: Report, score: int | None) -> str:
    if report.verdict is Verdict.REJECT:
        return "rejected"
    if report.gate is Gate.BLOCKED or report.blocking():
        return "blocked"
    if score is None:
        return "unchecked"
    return "faultless" if score == 100 else "good" if score >= GOOD else "fair"


def sentence(summary: Summary, language: str) -> str:
    """The grade in one sentence with its numbers."""
    blocking, warnings = (summary.findings[level] for level in (Severity.BLOCKING, Severity.WARNING))
    count = blocking if summary.grade in ("rejected", "blocked") else warnings
    key = f"grade.{summary.grade}"
    if count == 1 and has_text(DOMAIN, f"{key}.one", language):
        key = f"{key}.one"
    return text(DOMAIN, key, language, n=number(count, language))


def score_line(summary: Summary, language: str) -> str:
    """The score in words."""
    if summary.score is None:
        return text(DOMAIN, "score.none", language)
    return text(DOMAIN, "score.line", language, n=number(summary.score, language))


def summary_json(summary: Summary, language: str) -> dict[str, Any]:
    """The summary as ``check --json`` has it under ``summary``."""
    return {
        "score": summary.score,
        "grade": summary.grade,
        "sentence": sentence(summary, language),
        "first": [
            {
                "rule": finding.rule,
                "severity": str(finding.severity),
                "layer": finding.layer,
                "count": finding.count,
                "message": texts.message(finding, language),
                "hint": texts.hint(finding, language),
            }
            for finding in summary.first
        ],
        "findings": {str(level): count for level, count in summary.findings.items()},
        "places": {str(level): count for level, count in summary.places.items()},
    }
