"""A report as data quality of ISO 19157: for each rule that was asked an element, a measure, a count and conformance.

The names of the elements are those of ISO 19157:2013, clause 7. A measure is a rule of ours: its id identifies it
(``/bantuan/{rule}`` explains it), its value is the number of items in error (of ISO 19157, annex D: "number of ...").
Conformance is judged against the profile: what a profile lets pass as a warning conforms to it; without a profile
nothing is judged. What was not checked is not there: it has neither passed nor failed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from geoportal.checks.rules import RULES
from geoportal.model.report import Element, Report, Severity

ELEMENTS: Final = {
    Element.COMPLETENESS_COMMISSION: "DQ_CompletenessCommission",
    Element.COMPLETENESS_OMISSION: "DQ_CompletenessOmission",
    Element.CONCEPTUAL_CONSISTENCY: "DQ_ConceptualConsistency",
    Element.DOMAIN_CONSISTENCY: "DQ_DomainConsistency",
    Element.FORMAT_CONSISTENCY: "DQ_FormatConsistency",
    Element.TOPOLOGICAL_CONSISTENCY: "DQ_TopologicalConsistency",
    Element.POSITIONAL_ACCURACY: "DQ_AbsoluteExternalPositionalAccuracy",
    Element.THEMATIC_ACCURACY: "DQ_ThematicClassificationCorrectness",
    Element.USABILITY: "DQ_UsabilityElement",
}


@dataclass(frozen=True, slots=True)
class Measured:
    """One measure and its result: items in error of ``layer`` (None: of the file), and whether that conforms.

    ``specification`` is the profile that conformance is judged by; ``conforms`` is None without one.
    """

    element: str
    measure: str
    layer: str | None
    errors: int
    specification: str | None
    conforms: bool | None

    def as_dict(self) -> dict[str, Any]:
        """The measure as JSON."""
        return {
            "element": self.element,
            "measure": self.measure,
            "layer": self.layer,
            "errors": self.errors,
            "specification": self.specification,
            "conforms": self.conforms,
        }


def quality_elements(report: Report) -> list[Measured]:
    """What a report measured, by element and measure; findings as they were told, and each rule that found nothing."""
    found = [
        Measured(
            element=ELEMENTS[finding.element],
            measure=finding.rule,
            layer=finding.layer,
            errors=finding.count,
            specification=report.spec,
            conforms=None if report.spec is None else finding.severity is not Severity.BLOCKING,
        )
        for finding in report.findings
    ]
    told = {finding.rule for finding in report.findings}
    # Where several layers were read, a rule that found something in one is told of that one alone.
    only = report.layers[0].name if len(report.layers) == 1 else None
    passed = [
        Measured(ELEMENTS[RULES[rule].element], rule, only, 0, report.spec, None if report.spec is None else True)
        for rule in report.checked
        if rule not in told and rule in RULES
    ]
    order = list(ELEMENTS.values())
    return sorted([*found, *passed], key=lambda m: (order.index(m.element), m.measure, m.layer or ""))
