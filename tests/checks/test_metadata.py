"""What a record lacks: core elements weigh, the rest is told, nothing is counted that makes no sense yet."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoportal.checks.metadata import ASKED, LEAST_ABSTRACT, Surroundings, completeness, record_report
from geoportal.checks.rules import RULES
from geoportal.checks.texts import hint, message
from geoportal.model.layer import Field, LayerSummary
from geoportal.model.record import FieldMeaning, Record
from geoportal.model.report import Element, Severity
from geoportal.model.specification import FieldSpecification, Specification
from geoportal.model.text import LocalText

LAYER = LayerSummary("jalan", 3, "EPSG:4326", (116.0, -1.0, 117.0, 0.0), "LineString", (Field("FCODE", "string"),))
SPEC = Specification("jalan", "kugi", fields=(FieldSpecification("FCODE", means="kugi-code"),))
AROUND = Surroundings("jalan", layer=LAYER, spec=SPEC, producer_known=True, contact="pupr@contoh.go.id")
FULL = Record(
    title=LocalText("Jaringan jalan", "Roads"),
    abstract=LocalText(
        "Ruas jalan kabupaten dengan nama, kelas, dan lebarnya, hasil survei tahun 2025.", "Roads. " * 12
    ),
    keywords={"id": ("jalan",), "en": ("road",)},
    topic="transportation",
    producer="pupr",
    lineage=LocalText("Survei", "Survey"),
    licence="CC-BY-4.0",
    content_date="2026-01-01",
    update_frequency="annually",
    scale_denominator=25000,
    fields={"FCODE": FieldMeaning(LocalText("Kode KUGI", "KUGI code"))},
)
# ISO 19115-1:2014 table F.1, discovery metadata for datasets: what is mandatory there (or for datasets) and the
# node does not give by itself.
MANDATORY = {"title", "abstract", "date", "producer", "topic", "extent"}
LESS = {
    "title": {"title": LocalText("JALAN", "")},
    "abstract": {"abstract": LocalText("x" * (LEAST_ABSTRACT - 1), "x" * 80)},
    "producer": {"producer": None},
    "licence": {"licence": None},
    "topic": {"topic": None},
    "date": {"content_date": None},
    "lineage": {"lineage": LocalText(" ", "")},
    "scale": {"scale_denominator": None},
    "keywords": {"keywords": {}},
    "rhythm": {"update_frequency": "unknown"},
    "language": {"lineage": LocalText("Survei", "")},
    "fields": {"fields": {}},
}


def lacking(record: Record, around: Surroundings = AROUND) -> set[str]:
    return {finding.rule.split("-")[1] for finding in record_report(record, around).findings}


def test_a_full_record_lacks_nothing() -> None:
    report = record_report(FULL, AROUND)
    assert report.findings == () and set(report.checked) == set(ASKED)
    assert completeness(report) == (len(ASKED), len(ASKED))


@pytest.mark.parametrize("key", sorted(LESS))
def test_each_element_is_missed_by_itself(key: str) -> None:
    assert lacking(replace(FULL, **LESS[key])) - {"language"} == {key} - {"language"}


def test_what_surrounds_a_record_is_asked_too() -> None:
    table = replace(LAYER, extent=None)
    assert lacking(FULL, replace(AROUND, layer=table)) == {"extent"}
    assert lacking(FULL, replace(AROUND, layer=replace(LAYER, crs=None))) == {"extent"}
    assert lacking(FULL, replace(AROUND, contact=None)) == {"contact"}
    assert lacking(FULL, replace(AROUND, producer_known=False)) == {"producer"}
    assert lacking(FULL, replace(AROUND, spec=replace(SPEC, fields=()))) == {"kugi"}
    assert lacking(FULL, replace(AROUND, layer=None)) == {"extent"}
    assert lacking(replace(FULL, keywords={"id": ("jalan",)})) == {"language"}


def test_the_iso_core_weighs_and_nothing_blocks() -> None:
    severities = {rule.split("-")[1]: RULES[rule].severity for rule in ASKED}
    assert Severity.BLOCKING not in severities.values()
    assert {key for key, severity in severities.items() if severity is Severity.WARNING} == MANDATORY | {"licence"}
    assert {RULES[rule].element for rule in ASKED} == {Element.COMPLETENESS_OMISSION}


def test_a_specification_weighs_and_silences() -> None:
    severities = {"record-licence-missing": Severity.BLOCKING, "record-topic-missing": "off"}
    report = record_report(Record(LocalText("x")), replace(AROUND, spec=replace(SPEC, severities=severities)))
    assert [finding.rule for finding in report.blocking()] == ["record-licence-missing"]
    assert "record-topic-missing" not in report.checked
    assert completeness(report)[1] == len(ASKED) - 1


@given(st.fixed_dictionaries({}, optional={key: st.just(value) for key, value in LESS.items()}))
def test_stating_more_never_lowers_the_score(less: dict[str, dict[str, object]]) -> None:
    changes = {key: value for part in less.values() for key, value in part.items()}
    stated, asked = completeness(record_report(replace(FULL, **changes), AROUND))
    assert 0 <= stated <= asked
    for key in changes:
        fuller = {name: value for name, value in changes.items() if name != key}
        assert completeness(record_report(replace(FULL, **fuller), AROUND))[0] >= stated


@pytest.mark.parametrize("language", ["id", "en"])
def test_the_sentences_name_what_is_meant(language: str) -> None:
    report = record_report(replace(FULL, abstract=LocalText("Pendek", "Short"), producer="dinas_x"),
                           replace(AROUND, producer_known=False))  # fmt: skip
    said = {finding.rule: message(finding, language) + hint(finding, language) for finding in report.findings}
    assert "6 " in said["record-abstract-missing"] and str(LEAST_ABSTRACT) in said["record-abstract-missing"]
    assert "dinas_x" in said["record-producer-missing"]
    assert not [text for text in said.values() if "{" in text or "–" in text]


@pytest.mark.parametrize("title", ["", "jalan", "Jalan", "JALAN"])
def test_a_title_that_repeats_the_id_is_not_told_to_be_missing_altogether(title: str) -> None:
    report = record_report(replace(FULL, title=LocalText(title, "")), AROUND)
    (found,) = [finding for finding in report.findings if finding.rule == "record-title-missing"]
    assert message(found, "id") == "Dataset ini belum punya judul yang mengatakan lebih dari id-nya."
    assert message(found, "en") == "This dataset has no title that says more than its id."
    assert "record-title-missing" not in {each.rule for each in record_report(FULL, AROUND).findings}
