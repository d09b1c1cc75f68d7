"""ISO 19157: what was measured, with which result."""

from dataclasses import replace

from geoportal.model.report import Element, Report, Severity
from geoportal.reports.quality import ELEMENTS, quality_elements
from tests.reports.reported import BATAS, overlapping, report_of


def test_every_element_has_its_name_in_the_standard():
    assert set(ELEMENTS) == set(Element) and len(set(ELEMENTS.values())) == len(Element)
    assert all(name.startswith("DQ_") for name in ELEMENTS.values())


def test_each_rule_that_was_asked_is_measured_once():
    report = report_of(overlapping(3))
    measured = quality_elements(report)
    assert sorted(m.measure for m in measured) == sorted({*report.checked, *(f.rule for f in report.findings)})
    by = {m.measure: m for m in measured}
    overlap, valid = by["coverage-overlap"], by["geometry-invalid"]
    assert (overlap.element, overlap.errors, overlap.layer) == ("DQ_TopologicalConsistency", 2, "uji")
    assert overlap.specification == "batas" and overlap.conforms  # a warning there
    assert valid.errors == 0 and valid.conforms is True
    assert [m.element for m in measured] == sorted((m.element for m in measured), key=list(ELEMENTS.values()).index)


def test_what_blocks_does_not_conform_and_what_was_not_judged_says_nothing():
    strict = replace(BATAS, severities={"coverage-overlap": str(Severity.BLOCKING)})
    (overlap,) = (m for m in quality_elements(report_of(overlapping(2), strict)) if m.measure == "coverage-overlap")
    assert overlap.conforms is False and overlap.as_dict()["conforms"] is False
    assert all(m.conforms is None for m in quality_elements(report_of(overlapping(2), None)))
    assert quality_elements(Report()) == []
