"""Facts that go through JSON come back the same."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoportal.errors import Invalid, error_classes
from geoportal.model.dataset import checked_id
from geoportal.model.layer import Field, LayerSummary
from geoportal.model.record import FieldMeaning, Record, Style
from geoportal.model.region import Region
from geoportal.model.report import Element, Finding, Gate, Occurrence, Report, Severity, Verdict
from geoportal.model.specification import FieldSpecification, Specification
from geoportal.model.text import LocalText

texts = st.builds(LocalText, st.text(max_size=20), st.text(max_size=20))
coordinates = st.floats(-1e7, 1e7)
findings = st.builds(
    Finding,
    rule=st.sampled_from(["geometry-invalid", "crs-missing"]),
    severity=st.sampled_from(Severity),
    element=st.sampled_from(Element),
    count=st.integers(1, 10**6),
    layer=st.none() | st.text(max_size=5),
    intake=st.none() | st.sampled_from(Severity),
    params=st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=5), max_size=2),
    occurrences=st.lists(
        st.builds(
            Occurrence,
            feature=st.none() | st.text(max_size=5),
            where=st.none() | st.tuples(coordinates, coordinates),
            related=st.none() | st.text(max_size=5),
        ),
        max_size=3,
    ).map(tuple),
)
reports = st.builds(
    Report,
    layers=st.just((LayerSummary("a", 3, "EPSG:4326", (0.0, 1.0, 2.0, 3.0), "Point", (Field("n", "string", 5),)),)),
    findings=st.lists(findings, max_size=4).map(tuple),
    spec=st.none() | st.just("bebas"),
)


def through_json(value):
    return json.loads(json.dumps(value))


@given(reports)
def test_report(report):
    assert Report.from_dict(through_json(report.as_dict())) == report


@given(reports)
def test_verdict_goes_by_intake_alone_and_gate_by_severity(report):
    weights = {finding.intake for finding in report.findings}
    assert (report.verdict is Verdict.REJECT) == (Severity.BLOCKING in weights)
    if report.spec is None:
        assert report.gate is None
    else:
        blocked = report.verdict is Verdict.REJECT or bool(report.blocking())
        assert (report.gate is Gate.BLOCKED) == blocked


@given(reports, reports)
def test_merging_keeps_every_finding_the_heaviest_first(one, other):
    merged = one.merged_with([other])
    assert sorted(map(repr, merged.findings)) == sorted(map(repr, one.findings + other.findings))
    weights = [list(Severity).index(finding.severity) for finding in merged.findings]
    assert weights == sorted(weights)


def test_specification():
    spec = Specification(
        "desa", "batas", LocalText("a", "b"), {"x": "off", "y": "blocking"}, ("Polygon",), "kode",
        (FieldSpecification("kode", "text", True, True, r"\d+", 13, ("1", "2")),), 237, 0.0,
    )  # fmt: skip
    assert Specification.from_dict(through_json(spec.as_dict())) == spec
    assert spec.severity_of("x", Severity.WARNING) is None
    assert spec.severity_of("y", Severity.WARNING) is Severity.BLOCKING
    assert spec.severity_of("z", Severity.INFO) is Severity.INFO


@given(texts, texts)
def test_record(title, abstract):
    record = Record(
        title, abstract, {"id": ("a",), "en": ()}, topic="boundaries", content_date="2026-11-24", synthetic=True,
        fields={"kode": FieldMeaning(LocalText("Kode", "Code"), None)}, style=Style("jenis", "qualitative"),
    )  # fmt: skip
    assert Record.from_dict(through_json(record.as_dict())) == record
    assert record.keywords_in("en") == ("a",)
    assert record.field_title("kode", "en") == "Code"
    assert record.field_title("lain", "en") == "lain"


def test_record_refuses_unknown_keys():
    with pytest.raises(TypeError):
        Record.from_dict({"title": "a", "titel": "b"})


def test_region():
    region = Region(LocalText("a", "b"), "64.02", (1.0, 2.0, 3.0, 4.0), ("EPSG:4326",))
    assert Region.from_dict(through_json(region.as_dict())) == region


@pytest.mark.parametrize("value", ["desa", "a-b_1", "x" * 64])
def test_ids_that_may_name_a_dataset(value):
    assert checked_id(value) == value


@pytest.mark.parametrize("value", ["", "Desa", "a/b", "..", "x" * 65, "a\n", "katalog", "désa", "a b"])
def test_ids_that_may_not(value):
    with pytest.raises(Invalid):
        checked_id(value)


def test_error_codes_are_kebab_case_and_unique():
    codes = [cls.code for cls in error_classes()]
    assert len(set(codes)) == len(codes)
    for cls in error_classes():
        assert cls.code == cls.code.lower().replace("_", "-").replace(" ", "-")
        assert 400 <= cls.status < 600
        assert 1 <= cls.exit_code <= 8
