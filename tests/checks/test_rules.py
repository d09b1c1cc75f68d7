from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import shapely

from geoportal.checks import RULES, source_report, validate
from geoportal.checks.rules import CHECKS, declare
from geoportal.model.report import Element, Finding, Report, Scope, Severity
from geoportal.model.specification import Specification
from tests.checks.examples import BOWTIE, EXAMPLES, POINT, REGION, SOURCE_EXAMPLES, SQUARE, field, points, spec
from tests.factories import make_layer, squares


def found(report: Report, rule: str) -> Finding | None:
    return next((finding for finding in report.findings if finding.rule == rule), None)


def test_every_rule_has_a_passing_and_a_failing_example() -> None:
    assert set(EXAMPLES) == set(CHECKS)
    assert set(EXAMPLES) | set(SOURCE_EXAMPLES) == set(RULES)
    assert not set(EXAMPLES) & set(SOURCE_EXAMPLES)


@pytest.mark.parametrize("rule", sorted(EXAMPLES))
def test_a_rule_finds_what_breaks_it_and_nothing_else(rule: str) -> None:
    example = EXAMPLES[rule]
    good, bad = (
        validate(layer(), example.spec, REGION, references=example.references, beside=example.beside)
        for layer in (example.good, example.bad)
    )
    assert rule in good.checked and rule in bad.checked
    assert found(good, rule) is None
    finding = found(bad, rule)
    assert finding is not None
    assert finding.count == example.count
    assert finding.layer == example.bad().name
    assert (finding.severity, finding.element) == (RULES[rule].severity, RULES[rule].element)
    assert finding.intake is RULES[rule].intake
    assert found(bad, "check-failed") is None and found(good, "check-failed") is None
    json.dumps(bad.as_dict(), allow_nan=False)


@pytest.mark.parametrize("rule", sorted(SOURCE_EXAMPLES))
def test_what_the_reader_saw_becomes_a_finding(rule: str) -> None:
    params = SOURCE_EXAMPLES[rule]
    report = source_report([(rule, params)], None)
    (finding,) = report.findings
    assert (finding.rule, finding.layer, finding.intake) == (rule, None, RULES[rule].intake)
    assert finding.count == params.get("count", 1)
    assert source_report([], None).findings == ()
    noted = validate(make_layer([POINT], notes=[(rule, params)]), None, REGION)
    assert [(item.rule, item.layer) for item in noted.findings] == [(rule, "uji")]


def test_a_rule_is_declared_once() -> None:
    with pytest.raises(ValueError, match="geometry-invalid"):
        declare("geometry-invalid", scope=Scope.LAYER, element=Element.USABILITY, severity=Severity.INFO)
    with pytest.raises(KeyError):
        source_report([("no-such-rule", {})], None)


def test_invalid_geometries_come_with_a_reason_and_a_place() -> None:
    report = validate(make_layer([SQUARE, BOWTIE], ids=["a", "b"]), None, REGION)
    finding = found(report, "geometry-invalid")
    assert finding is not None and finding.params == {"reasons": {"Self-intersection": 1}}
    (place,) = finding.occurrences
    assert (place.feature, place.params) == ("b", {"reason": "Self-intersection"})
    assert place.where == pytest.approx((116.05, 0.05))


def test_a_ring_that_the_reader_closed_counts_as_invalid_once() -> None:
    notes = [("geometry-invalid", {"reason": "ring-not-closed", "count": 2, "features": ["b", "c"]})]
    layer = make_layer([SQUARE, SQUARE, BOWTIE], ids=["a", "b", "c"], notes=notes)
    finding = found(validate(layer, None, REGION), "geometry-invalid")
    assert finding is not None and finding.count == 2
    assert finding.params["reasons"] == {"Ring is not closed": 1, "Self-intersection": 1}
    assert {place.feature for place in finding.occurrences} == {"b", "c"}
    assert all(place.where for place in finding.occurrences)


def test_a_note_that_names_features_shows_where_they_are() -> None:
    notes = [("geometry-curved", {"count": 2, "features": ["2", "1", "77"]})]
    layer = make_layer([POINT, "POINT (117 0)"], notes=notes)
    finding = found(validate(layer, None, REGION), "geometry-curved")
    assert finding is not None and finding.count == 2
    assert [(place.feature, place.where) for place in finding.occurrences] == [
        ("1", (116.5, -0.5)),
        ("2", (117.0, 0.0)),
    ]


def test_several_notes_of_one_rule_are_one_finding() -> None:
    notes = [("reader-message", {"message": f"number {n}"}) for n in range(60)]
    finding = found(validate(make_layer([POINT], notes=notes), None, REGION), "reader-message")
    assert finding is not None
    assert (finding.count, len(finding.occurrences)) == (60, 50)
    assert finding.occurrences[1].params == {"message": "number 1"}
    report = validate(make_layer([POINT], crs=None, notes=[("crs-missing", {})]), None, REGION)
    finding = found(report, "crs-missing")
    assert finding is not None and finding.count == 1 and finding.params["candidates"]


@pytest.mark.parametrize(
    ("ids", "key", "expected"),
    [
        (None, None, "2"),
        (["x", "y"], None, "y"),
        (["x", "y"], "kode", "7"),
        (["x", "y"], "nilai", "8"),
        (None, "tiada", "2"),
    ],
)
def test_features_are_named_by_key_then_source_then_row(ids: Any, key: str | None, expected: str) -> None:
    layer = make_layer([SQUARE, BOWTIE], ids=ids, kode=["6", "7"], nilai=[9.0, 8.0])
    finding = found(validate(layer, spec(key=key), REGION), "geometry-invalid")
    assert finding is not None and finding.occurrences[0].feature == expected


def test_a_feature_without_a_key_keeps_another_name() -> None:
    layer = make_layer([SQUARE, BOWTIE], kode=["6", None])
    finding = found(validate(layer, spec(key="kode"), REGION), "geometry-invalid")
    assert finding is not None and finding.occurrences[0].feature == "2"


def test_a_null_key_makes_no_duplicates() -> None:
    report = validate(points((116, 0), (116, 0.1), kode=[None, None]), spec(key="kode"), REGION)
    assert found(report, "key-duplicate") is None
    finding = found(report, "key-null")
    assert finding is not None and finding.count == 2


def test_duplicates_name_the_original() -> None:
    finding = found(validate(make_layer([SQUARE, SQUARE], ids=["b", "a"]), spec(), REGION), "geometry-duplicate")
    assert finding is not None
    assert [(place.feature, place.related) for place in finding.occurrences] == [("b", "a")]
    finding = found(
        validate(points((116, 0), (116, 0.1), (116, 0.2), kode=[1, 1, 1]), spec(key="kode"), REGION), "key-duplicate"
    )
    assert finding is not None and finding.count == 2
    assert finding.occurrences[0].params == {"value": "1", "times": 3}


def test_the_sample_is_capped_and_the_count_is_not() -> None:
    layer = make_layer([None] * 120)
    for sample, kept in ((50, 50), (None, 120), (3, 3)):
        finding = found(validate(layer, None, REGION, sample=sample), "geometry-missing")
        assert finding is not None and (finding.count, len(finding.occurrences)) == (120, kept)


def test_cells_are_named_by_field_and_value() -> None:
    layer = points((116, 0), (116, 0.1), kode=["x" * 5000, "\x00\u202e"], lain=["a", "b"])
    two = Specification(
        "uji", "bebas", fields=(*field("kode", pattern="[0-9]+").fields, *field("lain", codes=("a",)).fields)
    )
    report = validate(layer, two, REGION)
    pattern, code = found(report, "field-pattern"), found(report, "field-code")
    assert pattern is not None and code is not None
    assert pattern.count == 2 and pattern.params == {"fields": ["kode"]}
    values = {place.params["value"] for place in pattern.occurrences}
    assert all(len(value) <= 200 and value.isprintable() for value in values)
    assert [place.params for place in code.occurrences] == [{"field": "lain", "value": "b"}]


@pytest.mark.parametrize("values", [[1, 2], [1.0, 2.0], [1.0, np.nan], ["1", "2"], ["1", None]])
def test_one_code_however_it_is_stored(values: list[Any]) -> None:
    layer = points((116, 0), (116, 0.1), jenis=values)
    assert found(validate(layer, field("jenis", codes=("1", "2")), REGION), "field-code") is None


@pytest.mark.parametrize(
    ("wanted", "values", "fits"),
    [
        ("integer", [1, 2], True),
        ("integer", [1.0, np.nan], True),
        ("integer", [1.5, 2.0], False),
        ("integer", ["1", "2"], False),
        ("real", [1, 2], True),
        ("text", [1, 2], False),
        ("text", ["1", "2"], True),
        ("boolean", [True, False], True),
        ("datetime", ["2026-11-24", None], False),
    ],
)
def test_types_of_fields(wanted: str, values: list[Any], fits: bool) -> None:
    report = validate(points((116, 0), (116, 0.1), nilai=values), field("nilai", type=wanted), REGION)
    assert (found(report, "field-type") is None) is fits


def test_fields_are_looked_for_as_written_and_a_near_one_is_named() -> None:
    finding = found(validate(points((116, 0), KODE=["a"]), field("kode"), REGION), "field-missing")
    assert finding is not None and finding.occurrences[0].params == {"field": "kode", "near": "KODE"}


@pytest.mark.parametrize(
    ("crs", "place", "fine"),
    [
        ("EPSG:4326", (180.0, 90.0), True),
        ("EPSG:4326", (180.1, 0.0), False),
        ("EPSG:4326", (0.0, -90.1), False),
        ("EPSG:32750", (500000.0, 9950000.0), True),
        ("EPSG:32750", (500000.0, 10050000.0), True),  # across the equator
        ("EPSG:32650", (500000.0, -900000.0), True),  # Java in the northern zone
        ("EPSG:32750", (1e9, 9950000.0), False),
        ("EPSG:32750", (9950000.0, 500000.0), False),  # axes swapped
        ("EPSG:27700", (480701.0, 4764738.0), True),  # far from Britain, but a place
        ("EPSG:3857", (20037508.342789244, 20037508.342789244), True),
        ("EPSG:3857", (1e12, 0.0), False),
        ("ESRI:54009", (-18040095.0, 0.0), True),
        ("ESRI:54009", (-18040095.0, 9020047.0), False),  # outside the disc of Mollweide
    ],
)
def test_the_domain_of_a_reference_system(crs: str, place: tuple[float, float], fine: bool) -> None:
    report = validate(make_layer([shapely.Point(place)], crs=crs), None, REGION)
    assert "coordinates-outside-domain" in report.checked
    assert (found(report, "coordinates-outside-domain") is None) is fine


def test_a_corner_of_a_box_may_be_off_the_earth() -> None:
    edge = shapely.LineString([(-18000000, 0), (0, 9000000)])  # its box leaves the disc, its vertices do not
    assert found(validate(make_layer([edge], crs="ESRI:54009"), None, REGION), "coordinates-outside-domain") is None


def test_impossible_coordinates_are_shown_where_they_are_and_explained() -> None:
    layer = points((-0.5, 116.3), (-0.4, 116.5))
    finding = found(validate(layer, None, REGION), "coordinates-outside-domain")
    assert finding is not None and finding.count == 2
    assert finding.occurrences[0].where == (-0.5, 116.3)
    first = finding.params["candidates"][0]
    assert (first["crs"], first["swapped"], first["share_inside"]) == ("EPSG:4326", True, 1.0)


def test_a_wrong_hemisphere_is_seen_from_the_region() -> None:
    south = points((500000.0, 9950000.0), (510000.0, 9960000.0))
    wrong = replace(south, crs="EPSG:32650")
    finding = found(validate(wrong, spec(), REGION), "layer-outside-region")
    assert finding is not None and finding.count == 2
    assert finding.params["candidates"][0]["crs"] == "EPSG:32750"
    assert found(validate(replace(south, crs="EPSG:32750"), spec(), REGION), "layer-outside-region") is None


@pytest.mark.parametrize("crs", ['LOCAL_CS["papan gambar",UNIT["m",1]]', "EPSG:4978", "bukan sistem"])
def test_a_system_without_a_place_on_earth_is_no_system(crs: str) -> None:
    report = validate(replace(make_layer([POINT]), crs=crs), None, REGION)
    assert found(report, "crs-missing") is not None
    assert "coordinates-outside-domain" not in report.checked


@pytest.mark.parametrize("crs", ["EPSG:9469", "EPSG:4326+5773", "OGC:CRS84"])
def test_heights_do_not_hide_a_system(crs: str) -> None:
    report = validate(replace(make_layer([POINT]), crs=crs), spec(), REGION)
    assert found(report, "crs-missing") is None
    assert {"coordinates-outside-domain", "layer-outside-region", "coverage-overlap"} <= set(report.checked)


def test_a_table_is_asked_about_its_fields_alone() -> None:
    report = validate(make_layer(None, crs=None, kode=["a", "a"]), spec(key="kode"), REGION)
    assert {item.rule for item in report.findings} == {"layer-without-geometry", "key-duplicate"}
    assert not [rule for rule in report.checked if rule.startswith("geometry")]
    assert report.layers[0].extent is None


def test_a_layer_of_null_geometries_is_a_table() -> None:
    report = validate(make_layer([None, None], crs=None), None, REGION)
    assert {item.rule for item in report.findings} == {"layer-without-geometry", "geometry-missing", "crs-missing"}


def test_a_check_that_breaks_does_not_hide_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    def explode(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setitem(CHECKS, "geometry-invalid", replace(CHECKS["geometry-invalid"], run=explode))
    blocking = Specification("uji", "batas", severities={"geometry-invalid": Severity.BLOCKING})
    report = validate(make_layer([POINT, None]), blocking, REGION)
    failed = found(report, "check-failed")
    assert failed is not None and failed.params == {"rule": "geometry-invalid"}
    assert failed.severity is Severity.BLOCKING and failed.intake is Severity.WARNING
    assert report.gate == "blocked" and "geometry-invalid" not in report.checked
    assert found(report, "geometry-missing") is not None


def test_running_out_of_memory_is_not_one_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    def explode(*_: Any) -> None:
        raise MemoryError

    monkeypatch.setitem(CHECKS, "geometry-invalid", replace(CHECKS["geometry-invalid"], run=explode))
    with pytest.raises(MemoryError):
        validate(make_layer([POINT]), None, REGION)


def test_a_hundred_thousand_features_take_seconds() -> None:
    import time

    layer = make_layer(squares(300, 300, 0.001), kode=[str(n) for n in range(90_000)])
    whole = Specification("uji", "batas", key="kode", fields=(*field("kode", pattern=r"\d+", required=True).fields,))
    started = time.monotonic()
    report = validate(layer, whole, REGION)
    assert [item.rule for item in report.findings] == []
    assert time.monotonic() - started < 60  # 3 s on an idle machine
