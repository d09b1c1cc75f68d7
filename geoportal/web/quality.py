"""The quality of a version in numbers, as the dataset page and the catalogue show it: counts, and a score of 100.

The score is that of ``reports.summary``: the same on the portal, on paper and on the command line.
"""

from __future__ import annotations

from dataclasses import dataclass

from geoportal.model.report import Gate, Report, Severity, Verdict


@dataclass(frozen=True, slots=True)
class Quality:
    """What a report comes to.

    ``score`` is out of 100, None where nothing was checked; ``passed`` are the checked rules that found nothing to mend
    (a mere note counts as passed). Counts are of findings, places of occurrences.
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
        from geoportal.reports.summary import GOOD

        if self.score is None:
            return "unchecked"
        if self.blocking:
            return "blocked"
        return "passed" if self.score >= GOOD else "warned"


def quality_of(report: Report) -> Quality:
    """The quality that a report describes."""
    from geoportal.reports.summary import summarise

    summary = summarise(report)
    counts, places = summary.findings, summary.places
    checked = len(report.checked)
    broken = len({f.rule for f in report.findings if f.severity is not Severity.INFO} & set(report.checked))
    return Quality(
        score=summary.score,
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
