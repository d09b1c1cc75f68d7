"""The quality of a version in numbers, as the dataset page and the catalogue show it: counts, and a score of 100."""

from __future__ import annotations

from dataclasses import dataclass

from geoportal.model.report import Gate, Report, Severity, Verdict

GOOD = 90
"""The score from which on a version without a blocking finding is shown as good."""


@dataclass(frozen=True, slots=True)
class Quality:
    """What a report comes to.

    ``score`` is the share of the checked rules that found nothing to mend (a mere note counts as passed), in hundredths
    and rounded down, so that 100 means all of them; None where nothing was checked. Counts are of findings, places of
    occurrences.
    """

    score: int | None
    checked: int
    passed: int
    blocking: int
    warnings: int
    notes: int
    blocking_places: int
    warning_places: int
    note_places: int
    verdict: Verdict
    gate: Gate | None
    spec: str | None

    @property
    def state(self) -> str:
        """``unchecked``, ``blocked``, ``warned`` or ``passed``: which shape and colour the score has."""
        if self.score is None:
            return "unchecked"
        if self.blocking:
            return "blocked"
        return "passed" if self.score >= GOOD else "warned"


def quality_of(report: Report) -> Quality:
    """The quality that a report describes."""
    counts = report.counts()
    places = {level: sum(f.count for f in report.findings if f.severity is level) for level in Severity}
    checked = len(report.checked)
    broken = len({f.rule for f in report.findings if f.severity is not Severity.INFO} & set(report.checked))
    return Quality(
        score=100 * (checked - broken) // checked if checked else None,
        checked=checked,
        passed=checked - broken,
        blocking=counts[Severity.BLOCKING],
        warnings=counts[Severity.WARNING],
        notes=counts[Severity.INFO],
        blocking_places=places[Severity.BLOCKING],
        warning_places=places[Severity.WARNING],
        note_places=places[Severity.INFO],
        verdict=report.verdict,
        gate=report.gate,
        spec=report.spec,
    )
