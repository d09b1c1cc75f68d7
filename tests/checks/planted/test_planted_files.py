"""What only the reader of a file, the checks themselves or the record shows: one plant a rule, clean ones beside."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import shapely

from geoportal.checks import RULES, validate, validation
from geoportal.checks.metadata import ASKED, record_report
from geoportal.checks.rules import CHECKS
from geoportal.ingest import sandbox
from geoportal.ingest.processes import ForkServer
from geoportal.model.record import Record
from geoportal.model.report import Report
from geoportal.model.specification import OFF
from geoportal.model.text import LocalText
from geoportal.settings import IngestSettings
from tests.checks import test_metadata as complete
from tests.checks.planted.files import CLEAN, FILES, SPEC, read
from tests.checks.planted.layers import LAYERS
from tests.checks.planted.twins import REFERENCES, REGION, TWINS
from tests.ingest import makers

BAD = str(Path(makers.__file__).with_name("bad_jobs.py"))
ACCIDENTS = {"source-crashed": ("segfault", {}), "source-too-slow": ("hang", {"wall_s": 1})}
"""Rule -> what the child does instead of its job, and the limits it has: no small file makes it do so."""
MACHINERY = {"check-failed", "topology-failed"}
"""What a rule says of itself when a library fails it."""
LACKING = {
    "record-title-missing": replace(complete.FULL, title=LocalText("jalan", "")),
    "record-abstract-missing": replace(complete.FULL, abstract=LocalText("Ruas jalan.", "Roads. " * 12)),
    "record-producer-missing": replace(complete.FULL, producer=None),
    "record-licence-missing": replace(complete.FULL, licence=None),
    "record-topic-missing": replace(complete.FULL, topic=None),
    "record-date-missing": replace(complete.FULL, content_date=None),
    "record-lineage-missing": replace(complete.FULL, lineage=LocalText()),
    "record-scale-missing": replace(complete.FULL, scale_denominator=None),
    "record-keywords-missing": replace(complete.FULL, keywords={}),
    "record-rhythm-missing": replace(complete.FULL, update_frequency=None),
    "record-language-missing": replace(complete.FULL, lineage=LocalText("Survei", "")),
    "record-fields-missing": replace(complete.FULL, fields={}),
}
AROUND = {
    "record-extent-missing": replace(complete.AROUND, layer=replace(complete.LAYER, extent=None)),
    "record-contact-missing": replace(complete.AROUND, contact=None),
    "record-kugi-missing": replace(complete.AROUND, spec=replace(complete.SPEC, fields=())),
}
ALSO = {"record-title-missing": {"record-language-missing"}}
"""A title that is no title in Indonesian and none in English lacks a language too."""


def rules(report: Report) -> set[str]:
    return {finding.rule for finding in report.findings}


@pytest.fixture
def off(monkeypatch: pytest.MonkeyPatch):
    """``off(rule)``: what the reader notes of this rule is not heard, and it is not asked."""
    noted = validation.noted

    def switch(rule: str) -> None:
        monkeypatch.setattr(validation, "noted", lambda told, *rest: None if told == rule else noted(told, *rest))
        monkeypatch.delitem(CHECKS, rule, raising=False)

    yield switch


def test_every_rule_has_a_plant_and_only_one() -> None:
    planted = [*LAYERS, *FILES, *ACCIDENTS, *MACHINERY, *LACKING, *AROUND]
    assert sorted(planted) == sorted(RULES)


@pytest.mark.parametrize("name", CLEAN)
def test_nothing_is_found_in_a_clean_file(name: str, tmp_path: Path) -> None:
    report = read(CLEAN[name], tmp_path / "a")
    assert [(finding.rule, finding.params) for finding in report.findings] == []
    assert report.verdict == "accept" and report.layers[0].features


@pytest.mark.parametrize("rule", sorted(FILES))
def test_a_planted_file_is_found_by_its_rule_and_missed_without_it(rule: str, tmp_path: Path, off) -> None:
    file = FILES[rule]
    assert all(len(why) > 20 for why in file.also.values()) and len(file.also) <= 4
    everything = {rule, *file.also}
    assert rules(read(file, tmp_path / "on")) == everything
    if RULES[rule].intake is None:
        spec = replace(SPEC, severities={**SPEC.severities, rule: OFF})
        assert rules(read(file, tmp_path / "profile", spec)) == everything - {rule}
    off(rule)
    assert rules(read(file, tmp_path / "off")) == everything - {rule}


@pytest.mark.parametrize("rule", sorted(FILES))
def test_a_profile_that_switches_a_note_off_cannot_change_the_verdict(rule: str, tmp_path: Path) -> None:
    spec = replace(SPEC, severities={**SPEC.severities, rule: OFF})
    told, hushed = read(FILES[rule], tmp_path / "on"), read(FILES[rule], tmp_path / "off", spec)
    assert told.verdict == hushed.verdict
    assert rules(told) - rules(hushed) == ({rule} if RULES[rule].intake is None else set())


@pytest.mark.parametrize("rule", sorted(ACCIDENTS))
def test_an_accident_of_the_child_is_its_rule(rule: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, off) -> None:
    job, limits = ACCIDENTS[rule]
    server = ForkServer((BAD, job))
    monkeypatch.setattr(sandbox, "_server", server)
    settings = IngestSettings(**{"wall_s": 60, "cpu_s": 50} | limits)
    path = makers.geojson(tmp_path / "a.geojson", makers.point())
    try:
        for without, expected in ((False, {rule}), (True, set())):
            if without:
                off(rule)
            report, _ = sandbox.inspect_in_child(path, SPEC, REGION, staging=tmp_path / "s", limits=settings)
            assert rules(report) == expected
    finally:
        server.close()


def test_a_rule_that_breaks_says_so_and_the_others_are_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    twin = TWINS["batas"]
    asked = {"references": twin.references, "beside": twin.beside}
    before = set(validate(twin.layer(), twin.spec, REGION, **asked).checked)

    def broken(*_: object) -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setitem(CHECKS, "ring-orientation", replace(CHECKS["ring-orientation"], run=broken))
    report = validate(twin.layer(), twin.spec, REGION, **asked)
    assert rules(report) == {"check-failed"} and before - set(report.checked) == {"ring-orientation"}
    monkeypatch.delitem(CHECKS, "ring-orientation")
    assert rules(validate(twin.layer(), twin.spec, REGION, **asked)) == set()


def test_an_overlay_that_geos_refuses_is_told_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    twin = TWINS["batas"]
    overlaps = LAYERS["coverage-overlap"].layer()

    def refused(*_: object, **__: object) -> None:
        raise shapely.errors.GEOSException("TopologyException: side location conflict")

    monkeypatch.setattr(shapely, "intersection", refused)
    for spec, expected in (
        (twin.spec, {"topology-failed"}),
        (replace(twin.spec, severities={**twin.spec.severities, "topology-failed": OFF}), set()),
    ):
        report = validate(overlaps, spec, REGION, references=REFERENCES, beside=twin.beside)
        assert rules(report) == expected


@pytest.mark.parametrize("rule", sorted({*LACKING, *AROUND}))
def test_what_a_record_lacks_is_told_by_its_rule_alone(rule: str) -> None:
    record, around = LACKING.get(rule, complete.FULL), AROUND.get(rule, complete.AROUND)
    assert rules(record_report(complete.FULL, complete.AROUND)) == set()
    assert rules(record_report(record, around)) == {rule, *ALSO.get(rule, ())}
    spec = around.spec or complete.SPEC
    hushed = replace(around, spec=replace(spec, severities={**spec.severities, rule: OFF}))
    assert rules(record_report(record, hushed)) == set(ALSO.get(rule, ()))


def test_every_question_about_a_record_is_planted() -> None:
    assert set(ASKED) == {*LACKING, *AROUND}
    assert isinstance(complete.FULL, Record)
