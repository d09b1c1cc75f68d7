"""Rules about KUGI and plans: worked codes of the catalogue, faults seen in official data, and nothing invented."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geoportal.catalogue.kugi import read_kugi
from geoportal.checks import RULES, validate
from geoportal.checks.profiles import read_specification
from geoportal.checks.texts import message
from geoportal.model.references import References
from geoportal.model.report import Finding, Report, Severity
from geoportal.model.specification import Specification
from tests.checks.examples import CODES, PLAN, REGION, two
from tests.factories import make_layer, squares
from tests.processes import ROOT

PROFILES = ROOT / "config" / "specifications"
KUGI = read_specification("kugi", PROFILES)
PRINTED = References(kugi=read_kugi(ROOT / "config").lists())
OURS = {rule for rule in RULES if rule.startswith(("kugi-", "srs-id-", "rtrw-"))}
SHAPES = {
    "01": shapely.Point(116, 0),
    "02": shapely.LineString([(116, 0), (117, 0)]),
    "03": shapely.box(116, 0, 117, 1),
}


def report(codes: list[Any], spec: Specification = CODES, shapes: list[Any] | None = None, **parts: Any) -> Report:
    layer = make_layer(shapes or [shapely.Point(116, 0)] * len(codes), FCODE=codes, **parts)
    return validate(layer, spec, REGION, references=PRINTED)


def found(said: Report) -> dict[str, Finding]:
    return {item.rule: item for item in said.findings if item.rule in OURS}


@pytest.mark.parametrize(
    ("code", "shape"),
    [("BA03070040", "03"), ("BA03050040", "03"), ("BA02050040", "02"), ("CA02040160", "02"), ("GD01080040", "01")],
)
def test_the_worked_codes_fit_their_geometry_and_no_other(code: str, shape: str) -> None:
    for other, geometry in SHAPES.items():
        rules = set(found(report([code], shapes=[geometry])))
        assert rules == (set() if other == shape else {"kugi-geometry-differs"})


@settings(max_examples=60, deadline=None)
@given(
    st.from_regex(r"\A[A-Z]{2}(01|02|03)(0[1-9]|10)[0-9]{4}\Z"),
    st.integers(0, 9),
    st.sampled_from("?-Ł ٣"),
)
def test_any_code_of_the_form_passes_and_a_damaged_one_does_not(code: str, place: int, mark: str) -> None:
    assert "kugi-code-form" not in found(report([code, code.lower(), f" {code} "]))
    damaged = code[:place] + mark + code[place + 1 :]
    assert "kugi-code-form" in found(report([damaged]))


def test_each_fault_of_form_is_named() -> None:
    finding = found(report(["BA0307004", "1A03070040", "BA04070040", "BA03110040", "BA030700X0"]))["kugi-code-form"]
    reasons = [place.params["reason"] for place in finding.occurrences]
    assert sorted(reasons) == ["kugi-geometry", "kugi-length", "kugi-letters", "kugi-scale", "kugi-serial"]


def test_an_unknown_letter_is_told_only_where_letters_are_known() -> None:
    assert found(report(["XA01040160"]))["kugi-code-unknown-catalogue"].severity is Severity.WARNING
    layer = make_layer([shapely.Point(116, 0)], FCODE=["XA01040160"])
    without = validate(layer, CODES, REGION)
    assert "kugi-code-unknown-catalogue" not in without.checked
    assert not found(without)


def test_scales_are_compared_and_old_codes_have_none() -> None:
    assert "kugi-scale-mixed" not in found(report(["GD01080040", "GB0020", None]))
    mixed = found(report(["GD01080040", "GD01070040", "GD01070041"]))["kugi-scale-mixed"]
    assert mixed.params["scales"] == ["1:10000", "1:5000"]


@pytest.mark.parametrize(
    ("name", "present"),
    [("ADMINISTRASIDESA_AR_25K", "ADMINISTRASIDESA_AR"), ("JALAN_LN_25K", "JALAN_LN"), ("SUNGAI_LN_25K", "SUNGAI_LN"),
     ("ADMINISTRASI_AR_DESAKEL", None), ("JALAN_LN", "-"), ("jalan 25k", "-")],
)  # fmt: skip
def test_old_names_are_taken_with_a_hint(name: str, present: str | None) -> None:
    said = report(["CA02040160"], shapes=[SHAPES["02"]], layer_name=name)
    if present == "-":
        assert "kugi-name-old" not in found(said)
        return
    finding = found(said)["kugi-name-old"]
    assert finding.severity is Severity.INFO and finding.params["present"] == present
    for language in ("id", "en"):
        sentence = message(finding, language)
        assert name in sentence and (present or "–") in (sentence if present else "–") and "{" not in sentence


@pytest.mark.parametrize(
    ("values", "crs", "count"),
    [
        (["4326", "SRGI 2013", None, "4326"], "EPSG:4326", 2),
        ([4326.0, 4326.0], "EPSG:4326", 0),
        (["9470", "9470"], "EPSG:4326", 2),  # agrees with itself, not with the layer
        (["SRGI 2013", "SRGI 2013"], "EPSG:9470", 0),
        (["SRGI 2013", "srgi2013"], "EPSG:9470", 1),
        ([None, " "], "EPSG:9470", 0),  # nothing is said, so nothing differs
        (["4326", "4326"], "OGC:CRS84", 0),
    ],
)
def test_srs_id(values: list[Any], crs: str, count: int) -> None:
    layer = make_layer([shapely.Point(116, 0)] * len(values), crs, SRS_ID=values)
    finding = found(validate(layer, Specification("uji", "bebas"), REGION)).get("srs-id-differs")
    assert (finding.count if finding else 0) == count


def test_nothing_of_this_is_asked_of_layers_without_codes() -> None:
    said = validate(two(nama=["a", "b"])(), Specification("uji", "bebas"), REGION, references=PRINTED)
    assert not OURS & set(said.checked)


@pytest.mark.parametrize("profile", ["kugi", "rtrw"])
def test_the_profiles_ask_short_names_and_lists_that_are_printed(profile: str) -> None:
    spec = read_specification(profile, PROFILES)
    assert all(len(item.name) <= 10 for item in spec.fields)
    assert not any(item.codes for item in spec.fields)
    assert not {rule for rule in OURS if spec.severities.get(rule) == "blocking"} - {
        "kugi-code-missing",
        "kugi-code-form",
    }


def test_the_kugi_gate_wants_code_and_name_and_no_more() -> None:
    whole = {"NAMOBJ": ["Toko"], "REMARK": [None], "METADATA": [None], "SRS_ID": [None]}
    assert report(["GD01080040"], KUGI, **whole).gate == "pass"
    assert report(["GB0020"], KUGI, **whole).gate == "pass"  # an old code is a note
    assert report(["XA01080040"], KUGI, **whole).gate == "pass"  # an unknown letter is a warning
    assert report(["GD01080040"], KUGI, **whole, TIPADM=[3]).gate == "pass"  # an unknown value too
    assert report([None], KUGI, **whole).gate == "blocked"  # as the shops of a real layer have it
    assert report(["toko"], KUGI, **whole).gate == "blocked"
    assert report(["GD01080040"], KUGI, **{**whole, "NAMOBJ": [" "]}).gate == "blocked"
    bare = validate(make_layer([shapely.Point(116, 0)], **whole), KUGI, REGION)
    assert [item.rule for item in bare.blocking()] == ["kugi-code-missing"]


@pytest.mark.parametrize(
    ("name", "reason"),
    [("_6306_50KB_RTRW_KABUPATEN_HULUSUNGAISELATAN_2025", "plan-region"), ("_6402_50K_RTRW_JALAN_CONTOH_2025", None),
     ("_64_250K_RTRW_CONTOH_2025", None), ("POLARUANG_2025", "plan-name"), ("_6402_RTRW_2025", "plan-name")],
)  # fmt: skip
def test_names_of_plans(name: str, reason: str | None) -> None:
    layer = make_layer(squares(1, 1), layer_name=name, JNSRPR=["1"])
    finding = found(validate(layer, PLAN, REGION)).get("rtrw-name-form")
    assert (finding.params["reason"] if finding else None) == reason
    anywhere = replace(REGION, code=None)
    finding = found(validate(layer, PLAN, anywhere)).get("rtrw-name-form")
    assert (finding.params["reason"] if finding else None) == (reason if reason == "plan-name" else None)


def test_no_list_holds_more_than_the_sources_print(shared: Path) -> None:
    printed = (shared / "DOMAIN.md").read_text("utf-8")
    lists = PRINTED.kugi
    assert lists is not None
    letters = re.search(r"Catalogues in book order: (.+?)\(order", printed, re.DOTALL)
    assert letters is not None
    assert set(re.findall(r"\b([A-Z]) [A-Z]", letters[1])) == set(lists.catalogues)
    for name, values in lists.domains.items():
        told = re.search(rf"{name} \(([^)]+)\)", printed)
        assert told is not None
        assert set(values) == set(re.findall(r"\b\d+\b", told[1])) | {"999"}
    assert all(name in printed for name in lists.old_names)
    for item in (*KUGI.fields, *read_specification("rtrw", PROFILES).fields):
        assert item.name in printed or re.fullmatch(r"ORDE0[1-4]", item.name), item.name
