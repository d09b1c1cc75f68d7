from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest
import shapely

from geoportal.checks import RULES, source_report, validate
from geoportal.checks.rules import CHECKS
from geoportal.model.report import Gate, Report, Scope, Severity, Verdict
from geoportal.model.specification import OFF, Specification
from tests.checks.examples import EXAMPLES, POINT, REGION, SOURCE_EXAMPLES, SQUARE, spec
from tests.factories import make_layer

# What test data say (README, "verdict rules"), rule by rule.
REJECT = {
    "source-empty", "source-unreadable", "source-unsafe", "source-crashed", "source-too-slow", "source-too-large",
    "format-not-supported", "archive-unsafe", "archive-damaged", "no-layer", "layer-not-found", "fields-too-many",
    "coordinates-outside-domain", "geometry-not-finite", "crs-conflict",
}  # fmt: skip
WARN = {
    "crs-missing", "geometry-missing", "geometry-empty", "geometry-invalid", "geometry-type-mixed",
    "geometry-collection",
    "geometry-curved", "geometry-measured", "layer-empty", "layers-several", "layer-without-geometry",
    "record-count-differs", "reader-message", "shx-restored", "table-missing", "crs-from-member",
    "encoding-assumed", "check-failed", "links-not-followed", "answer-partial", "content-not-kept",
    "raster-placement", "drawing-unit", "entities-unread",
    "table-without-header", "table-rows-ragged", "table-decimal-comma", "table-thousands", "table-numbers-ambiguous",
    "table-codes-as-numbers", "table-coordinates-unreadable", "table-coordinates-swapped", "table-cells-without-value",
    "table-merged-cells", "table-sheets-hidden",
}  # fmt: skip


def test_the_verdict_rules_are_those_of_the_list() -> None:
    weights = {rule.id: rule.intake for rule in RULES.values()}
    assert {rule for rule, weight in weights.items() if weight is Severity.BLOCKING} == REJECT
    assert {rule for rule, weight in weights.items() if weight is Severity.WARNING} == WARN
    # A raster is read and judged like any file; that it cannot be published is the gate's to say.
    assert {rule for rule, weight in weights.items() if weight is Severity.INFO} == {"raster-layer"}


@pytest.mark.parametrize("rule", sorted(RULES))
def test_each_rule_alone_makes_its_verdict(rule: str) -> None:
    if rule in SOURCE_EXAMPLES:
        report = source_report([(rule, SOURCE_EXAMPLES[rule])], None)
    else:
        report = validate(EXAMPLES[rule].bad(), None, REGION)
    expected = Verdict.REJECT if rule in REJECT else Verdict.ACCEPT_WITH_WARNINGS if rule in WARN else None
    if rule == "raster-layer":
        assert report.verdict is Verdict.ACCEPT
    elif expected is None:  # says nothing at intake; its layer may hold another fault
        assert rule not in {item.rule for item in report.findings if item.intake}
    else:
        assert report.verdict is expected
    assert report.gate is None and report.spec is None


def test_intake_runs_its_own_rules_only() -> None:
    report = validate(make_layer([SQUARE, SQUARE]), None, REGION)
    assert set(report.checked) == {rule.id for rule in RULES.values() if rule.intake and rule.id in CHECKS}
    assert report.verdict is Verdict.ACCEPT and not report.findings


def test_a_harmless_note_is_told_and_changes_nothing() -> None:
    report = validate(make_layer([POINT], notes=[("text-nul-padded", {"fields": ["A"], "count": 2})]), None, REGION)
    assert report.verdict is Verdict.ACCEPT
    assert [(item.rule, item.severity, item.count) for item in report.findings] == [
        ("text-nul-padded", Severity.INFO, 2)
    ]


@pytest.mark.parametrize("rule", sorted(EXAMPLES))
@pytest.mark.parametrize("severity", [OFF, Severity.INFO, Severity.BLOCKING])
def test_no_specification_changes_the_verdict(rule: str, severity: str) -> None:
    layer = EXAMPLES[rule].bad()
    plain = validate(layer, None, REGION)
    weighed = validate(layer, Specification("x", "bebas", severities=dict.fromkeys(RULES, severity)), REGION)
    assert weighed.verdict is plain.verdict
    assert {f.rule: f.count for f in plain.findings}.items() <= {f.rule: f.count for f in weighed.findings}.items()


def test_what_is_switched_off_is_neither_told_nor_called_checked() -> None:
    off = spec(severities={"geometry-duplicate": OFF, "text-nul-padded": OFF, "geometry-invalid": OFF})
    layer = make_layer([SQUARE, SQUARE], notes=[("text-nul-padded", {})])
    report = validate(layer, off, REGION)
    assert "geometry-duplicate" not in report.checked
    assert not {"geometry-duplicate", "text-nul-padded"} & {item.rule for item in report.findings}
    assert "geometry-invalid" in report.checked  # the verdict still asks


def test_a_rejected_file_never_passes_the_gate() -> None:
    weak = spec(severities=dict.fromkeys(RULES, Severity.INFO))
    report = validate(EXAMPLES["geometry-not-finite"].bad(), weak, REGION)
    assert (report.verdict, report.gate) == (Verdict.REJECT, Gate.BLOCKED)
    assert source_report([("source-crashed", {})], weak).gate is Gate.BLOCKED


def test_findings_come_by_weight_and_reports_of_layers_join() -> None:
    report = validate(make_layer([SQUARE, SQUARE, None, POINT], crs=None), spec(), REGION)
    weights = [list(Severity).index(item.severity) for item in report.findings]
    assert weights == sorted(weights) and weights[0] == 0
    file = source_report([("layers-several", {"names": ["a", "b"]})], None)
    both = file.merged_with([validate(make_layer([POINT], layer_name=name), None, REGION) for name in "ab"])
    assert [layer.name for layer in both.layers] == ["a", "b"]
    assert both.verdict is Verdict.ACCEPT_WITH_WARNINGS
    assert Report.from_dict(both.as_dict()) == both


def test_rules_that_look_at_a_source_have_no_function() -> None:
    # An overlay that GEOS refuses is told by whichever rule asked for it.
    elsewhere = {"topology-failed"}
    assert {rule.id for rule in RULES.values() if rule.scope is Scope.SOURCE} | elsewhere == set(RULES) - set(CHECKS)


def test_workers_read_the_table_and_the_words_without_heavy_libraries() -> None:
    program = (
        "import sys, geoportal.checks, geoportal.checks.texts, geoportal.checks.profiles\n"
        "heavy = {'geopandas', 'pandas', 'pyogrio', 'fiona', 'pyproj', 'folium', 'pyarrow'} & set(sys.modules)\n"
        "sys.exit(' '.join(sorted(heavy)) or 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_geometry_that_a_schema_lets_be_missing_is_a_note_at_intake_and_weighs_as_ever_in_a_profile() -> None:
    layer = make_layer([shapely.Point(116, 0), None, shapely.Point()])
    assert validate(layer, None, REGION).verdict is Verdict.ACCEPT_WITH_WARNINGS
    told = validate(replace(layer, geometry_optional=True), None, REGION)
    assert told.verdict is Verdict.ACCEPT
    rules = {"geometry-missing", "geometry-empty"}
    assert {f.rule: f.severity for f in told.findings if f.rule in rules} == dict.fromkeys(rules, Severity.INFO)
    strict = spec(severities=dict.fromkeys(rules, Severity.BLOCKING))
    weighed = validate(replace(layer, geometry_optional=True), strict, REGION)
    assert {f.rule: f.severity for f in weighed.findings if f.rule in rules} == dict.fromkeys(rules, Severity.BLOCKING)
