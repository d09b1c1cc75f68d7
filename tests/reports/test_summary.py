"""The score, the grade, and what to do first."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoportal.checks.rules import RULES
from geoportal.language import LANGUAGES
from geoportal.model.layer import LayerSummary
from geoportal.model.report import Element, Finding, Report, Scope, Severity
from geoportal.reports.summary import POINTS, score_line, sentence, summarise, summary_json
from tests.reports.reported import overlapping, report_of

LAYER = LayerSummary("uji", 100, "EPSG:32750", (0, 0, 1, 1), "Polygon", ())
BY_FEATURE = next(rule.id for rule in RULES.values() if rule.scope is Scope.FEATURE)
BY_LAYER = next(rule.id for rule in RULES.values() if rule.scope is Scope.LAYER)


def finding(severity=Severity.WARNING, count=1, rule=BY_FEATURE):
    return Finding(rule, severity, Element.USABILITY, count, "uji")


def report(*findings, spec="batas"):
    return Report((LAYER,), tuple(findings), spec, tuple(RULES)).merged_with(())


def test_a_score_falls_with_the_share_of_features_and_the_severity():
    assert summarise(report()).score == 100
    assert summarise(report(finding(count=50))).score == 95  # half of 10
    assert summarise(report(finding(Severity.BLOCKING, 50))).score == 80  # half of 40
    assert summarise(report(finding(Severity.INFO, 100))).score == 100
    assert summarise(report(finding(count=500))).score == 90  # several places on one feature: never more than all
    assert summarise(report(finding(rule=BY_LAYER))).score == 90  # about the layer: all of it


def test_only_what_is_faultless_has_100():
    assert summarise(report(finding(count=1))).score == 99  # 0.1 is lost: rounded down
    assert summarise(report(*[finding(Severity.BLOCKING, 100)] * 3)).score == 0


def test_what_was_not_checked_has_no_score():
    summary = summarise(Report())
    assert summary.score is None and summary.grade == "unchecked"
    assert score_line(summary, "en") == "No score."


severities = st.sampled_from([*Severity])


@given(st.lists(st.tuples(severities, st.integers(1, 300)), max_size=6), severities, st.integers(1, 300))
def test_one_more_fault_never_raises_the_score(known, severity, count):
    findings = [finding(*one) for one in known]
    before, after = summarise(report(*findings)), summarise(report(*findings, finding(severity, count)))
    assert 0 <= after.score <= before.score <= 100
    assert before.score - after.score <= POINTS[severity] + 1


def test_first_comes_what_blocks_then_what_hits_most():
    summary = summarise(
        report(
            finding(count=90),
            finding(Severity.INFO, 100),
            finding(Severity.BLOCKING, 1),
            finding(count=3),
            finding(Severity.BLOCKING, 2),
        )
    )
    assert [(f.severity, f.count) for f in summary.first] == [("blocking", 2), ("blocking", 1), ("warning", 90)]
    assert summary.grade == "blocked"
    assert summary.places == {"blocking": 3, "warning": 93, "info": 100}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_grade_has_a_sentence_with_its_number(language):
    reject = replace(finding(Severity.BLOCKING), intake=Severity.BLOCKING)
    cases = {
        "rejected": report(reject, reject),
        "blocked": report(finding(Severity.BLOCKING), finding(Severity.BLOCKING)),
        "faultless": report(),
        "good": report(finding(), finding(count=2)),
        "fair": report(finding(count=100), finding(count=100)),
        "unchecked": Report(),
    }
    said = {}
    for grade, one in cases.items():
        summary = summarise(one)
        assert summary.grade == grade
        said[grade] = sentence(summary, language)
        assert not re.search(r"grade\.|[{}]", said[grade])
    assert "2" in said["blocked"] and "2" in said["good"]
    assert len(set(said.values())) == len(cases)
    assert "2" not in sentence(summarise(report(finding(Severity.BLOCKING))), language)


def test_the_same_summary_in_both_languages():
    report_ = report_of(overlapping())
    indonesian, english = (summary_json(summarise(report_), language) for language in LANGUAGES)
    assert indonesian["first"][0]["rule"] == english["first"][0]["rule"] == "coverage-overlap"
    assert indonesian["first"][0]["hint"] != english["first"][0]["hint"]
    assert {k: v for k, v in indonesian.items() if k not in ("sentence", "first")} == {
        k: v for k, v in english.items() if k not in ("sentence", "first")
    }
