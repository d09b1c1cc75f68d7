"""Specifications that are proposed, written and described for editors: what goes out comes in again, and holds."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from geoportal.checks import RULES, validate
from geoportal.checks.code_shapes import pattern_of
from geoportal.checks.editor_schema import specification_schema
from geoportal.checks.inference import Proposal, infer, under
from geoportal.checks.inferred_fields import rounded_up
from geoportal.checks.patterns import checked_pattern
from geoportal.checks.profiles import names_of, read_specification
from geoportal.checks.writing import write_specification
from geoportal.errors import InvalidSpecification
from geoportal.model.references import CodeList, References, RegionCode
from geoportal.model.specification import (
    Comparison,
    CoveredBy,
    FieldSpecification,
    Specification,
    TableJoin,
)
from geoportal.model.text import LocalText
from tests.checks.examples import POINT, REGION
from tests.factories import make_layer, squares
from tests.processes import ROOT

PROFILES = ROOT / "config" / "specifications"
LIST = CodeList("Kep 1/2025", "Kep 1/2025", (
    RegionCode("64.02", "Kutai Contoh", "kabupaten"),
    *(RegionCode(f"64.02.{n:02d}", f"Kecamatan {chr(64 + n)}barat", "kecamatan", "64.02") for n in range(1, 21)),
), "Kep")  # fmt: skip
REFERENCES = References((LIST,))
ENGLISH = jsonschema.Draft202012Validator(specification_schema("en"))
# What a proposal promises of its own: rules that it must never break itself.
OWN = {"field-missing", "field-type", "field-null", "field-duplicate", "field-pattern", "field-length", "field-code",
       "field-range", "field-renamed", "field-extra", "key-missing", "key-null", "key-duplicate",
       "feature-count-unexpected", "geometry-type-unexpected"}  # fmt: skip


class Core(yaml.SafeLoader):
    """YAML 1.2 as editors read it: yes, no, on and off are words."""


Core.yaml_implicit_resolvers = {
    first: [(tag, form) for tag, form in rules if not tag.endswith((":bool", ":timestamp"))]
    for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
Core.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"true|false"), list("tf"))


def again(written: str, folder: Path, name: str = "usulan") -> Specification:
    path = folder / f"{name}.yaml"
    path.write_text(written, encoding="utf-8")
    return read_specification(path, PROFILES)


def held(proposal: Proposal, folder: Path) -> Specification:
    """The proposal read back from its file, which must be what ``under`` says the gate goes by."""
    read = again(write_specification(proposal.specification, left_out=("tolerance_m",)), folder)
    profile = read_specification(proposal.specification.profile, PROFILES)
    assert read.as_dict() | {"name": ""} == under(proposal, profile).as_dict() | {"name": ""}
    return read


# Proposals -----------------------------------------------------------------------------------------------------------


def districts(**columns: Any) -> Any:
    names = [entry.name.upper() for entry in LIST.entries[1:]]
    codes = [entry.code for entry in LIST.entries[1:]]
    return make_layer(squares(5, 4), layer_name="kecamatan_2025", kode=codes, nama=names, **columns)


def test_areas_with_region_codes(tmp_path: Path) -> None:
    layer = districts(
        induk=["64.02"] * 20, kelas=["a", "b"] * 10, luas=np.linspace(3, 873.5, 20), tahun=[2019, 2024] * 10
    )
    proposal = infer(layer, REGION, references=REFERENCES)
    spec = proposal.specification
    assert (spec.profile, spec.key, spec.expected_features, spec.code_edition) == ("batas", "kode", 20, "Kep 1/2025")
    assert spec.geometry == ("Polygon", "MultiPolygon")
    fields = {item.name: item for item in spec.fields}
    assert {name: item.means for name, item in fields.items() if item.means} == {
        "kode": "region-code", "nama": "region-name", "induk": "region-parent-code",
    }  # fmt: skip
    assert fields["kode"].pattern == r"64\.02\.\d{2}" and fields["kode"].unique
    assert fields["kelas"].codes == ("a", "b")
    assert (fields["luas"].minimum, fields["luas"].maximum) == (0, 1000)
    report = validate(layer, held(proposal, tmp_path), REGION, references=REFERENCES)
    assert [item.rule for item in report.findings if item.rule in OWN] == []
    assert report.gate == "pass"


def test_what_is_seen_is_no_more_than_what_is_there(tmp_path: Path) -> None:
    layer = make_layer([POINT] * 3, nama=["a", None, " "], luas=[1.5, None, -2.0], kosong=[None] * 3)
    proposal = infer(layer, REGION)
    assert (proposal.specification.profile, proposal.specification.key) == ("titik", None)
    nama, luas, kosong = proposal.specification.fields
    assert not (nama.required or nama.unique or nama.codes or luas.required or kosong.required)
    assert (luas.minimum, luas.maximum) == (-2, 2)
    assert ("fields.nama", "field-gaps") in {(note.place, note.code) for note in proposal.notes}
    assert ("expect", "expect-open") in {(note.place, note.code) for note in proposal.notes}
    held(proposal, tmp_path)


def test_kugi_and_plans_are_recognised() -> None:
    assert infer(make_layer([POINT] * 2, FCODE=["GD01080040"] * 2), REGION).specification.profile == "kugi"
    plan = make_layer(squares(2, 1), NAMOBJ=["a", "b"], JNSRPR=["1", "2"])
    assert infer(plan, REGION).specification.profile == "rtrw"
    assert infer(make_layer(None, nama=["x"]), REGION).specification.geometry == ()
    assert infer(make_layer([]), REGION).specification.profile == "bebas"
    assert infer(plan, REGION, profile="titik").specification.profile == "titik"


def test_a_label_point_in_its_area_is_one() -> None:
    centres = [shape.centroid for shape in squares(3, 1)]
    columns = {"lng": [p.x for p in centres], "lat": [p.y for p in centres]}
    fields = infer(make_layer(squares(3, 1), **columns), REGION).specification.fields
    assert [item.means for item in fields] == ["label-x", "label-y"]
    fields = infer(make_layer(squares(3, 1), lng=columns["lat"], lat=columns["lng"]), REGION).specification.fields
    assert [item.means for item in fields] == [None, None]


texts = st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), max_size=12)
columns = st.one_of(
    st.lists(st.none() | texts, min_size=24, max_size=24),
    st.lists(st.sampled_from(["baik", "rusak", "no", "1", "010", " x"]), min_size=24, max_size=24),
    st.lists(st.none() | st.floats(allow_nan=False, allow_infinity=False, width=32), min_size=24, max_size=24),
    st.lists(st.integers(-(10**6), 10**12), min_size=24, max_size=24),
    st.lists(st.from_regex(r"\A[A-Z]{2}-[0-9]{1,3}\Z"), min_size=24, max_size=24, unique=True),
)


@settings(max_examples=25, deadline=None)
@given(data=st.dictionaries(st.from_regex(r"\A[A-Za-z][A-Za-z0-9_ .é]{0,9}\Z"), columns, max_size=4))
def test_a_layer_meets_what_was_proposed_from_it(data: dict[str, list[Any]], tmp_path_factory: Any) -> None:
    data = {name: values for name, values in data.items() if name not in ("geometry", "crs", "ids", "notes")}
    layer = make_layer(squares(6, 4), **data)
    proposal = infer(layer, REGION, profile="bebas", references=REFERENCES)
    spec = held(proposal, tmp_path_factory.mktemp("s"))
    broken = [item for item in validate(layer, spec, REGION).findings if item.rule in OWN]
    assert broken == []


@given(st.lists(st.from_regex(r"\A[A-Za-z0-9.\-_/]{1,20}\Z"), min_size=2, max_size=30, unique=True))
def test_a_pattern_matches_all_it_was_found_from(values: list[str]) -> None:
    pattern = pattern_of(values)
    if pattern is not None:
        assert all(checked_pattern(pattern).fullmatch(value) for value in values)


def test_patterns_say_what_is_common() -> None:
    villages = [f"11.01.{n:02d}.{2000 + n}" for n in range(1, 15)]
    assert pattern_of(villages) == r"11\.01\.\d{2}\.\d{4}"
    assert pattern_of(["A-1", "A-12"]) == r"A-\d{1,2}"
    assert pattern_of(["JL01a", "KB77c"]) == r"[A-Z]{2}\d{2}[a-z]"
    assert pattern_of(["1", "A"]) is None and pattern_of(["Jalan 1", "Jalan 2"]) is None and pattern_of(["x1"]) is None


@given(st.floats(min_value=1e-9, max_value=1e12))
def test_bounds_are_round_and_not_below(value: float) -> None:
    bound = rounded_up(value)
    assert value <= bound <= value * 10
    assert f"{bound:.12e}".split("e")[0].rstrip("0").rstrip(".") in ("1", "2", "5") or math.isclose(bound, value)


# Writing -------------------------------------------------------------------------------------------------------------

words = st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), min_size=1, max_size=30).filter(
    lambda text: text not in ("~", "null")
)
specifications = st.builds(
    Specification,
    name=st.just("usulan"),
    profile=st.sampled_from(names_of(PROFILES)),
    title=st.builds(LocalText, words, words),
    geometry=st.sampled_from([("Point",), ("Polygon", "MultiPolygon")]),
    key=st.none() | words,
    fields=st.lists(
        st.builds(FieldSpecification, name=words, codes=st.lists(words, max_size=3).map(tuple), required=st.booleans(),
                  minimum=st.none() | st.floats(-1e9, 1e9), length=st.none() | st.integers(1, 254),
                  type=st.none() | st.sampled_from(["text", "real"]), aliases=st.lists(words, max_size=2).map(tuple)),
        unique_by=lambda item: item.name, max_size=3,
    ).map(tuple),
    severities=st.dictionaries(st.sampled_from(["coverage-gap", "field-null"]), st.sampled_from(["off", "info"])),
    expected_features=st.none() | st.integers(0, 10**9),
    join=st.none() | st.builds(TableJoin, st.just("kecamatan"), st.none() | words),
    comparisons=st.lists(
        st.builds(Comparison, words, st.sampled_from(["<=", "starts-with"]), words), unique=True, max_size=2
    ).map(tuple),
    covered_by=st.lists(st.builds(CoveredBy, words), max_size=2).map(tuple),
    code_edition=st.none() | words,
    open_data=st.booleans(),
)  # fmt: skip


@settings(max_examples=30, deadline=None)
@given(spec=specifications)
def test_what_is_written_is_read_back(spec: Specification, tmp_path_factory: Any) -> None:
    comments = {"geometry": ["satu\ndua: [", "# tiga"], **{f"fields.{item.name}": [item.name] for item in spec.fields}}
    written = write_specification(spec, comments, head=["kepala\r\nprofile: x"])
    read = again(written, tmp_path_factory.mktemp("s")).as_dict()
    profile = read_specification(spec.profile, PROFILES)
    expected = spec.as_dict()
    expected["severities"] = dict(sorted({**profile.as_dict()["severities"], **expected["severities"]}.items()))
    own = {item["name"] for item in expected["fields"]}
    expected["fields"] = [item for item in expected["fields"] if item["name"] in own]
    read["fields"] = [item for item in read["fields"] if item["name"] in own]
    read["fields"].sort(key=lambda item: item["name"])
    expected["fields"].sort(key=lambda item: item["name"])
    assert read == expected
    assert list(ENGLISH.iter_errors(yaml.load(written, Core))) == []


@pytest.mark.parametrize("name", names_of(PROFILES))
def test_a_profile_that_is_shown_can_be_kept_as_a_specification(name: str, tmp_path: Path) -> None:
    profile = read_specification(name, PROFILES)
    assert again(write_specification(profile), tmp_path, name) == profile


# The schema ----------------------------------------------------------------------------------------------------------


def test_the_schema_beside_the_profiles_is_up_to_date() -> None:
    fresh = specification_schema("id", names_of(PROFILES))
    kept = json.loads((PROFILES / "schema.json").read_text("utf-8"))
    assert kept == fresh, "run: geoportal spec schema --lang id -o config/specifications/schema.json"


@pytest.mark.parametrize("language", ["id", "en"])
def test_the_schema_is_one_and_speaks(language: str) -> None:
    schema = specification_schema(language, ["bebas"])
    jsonschema.Draft202012Validator.check_schema(schema)
    assert set(schema["properties"]["severities"]["properties"]) == set(RULES)
    parts = [schema, *schema["$defs"].values()]
    said = [text for part in parts for text in (part["title"], part["description"])]
    said += [held["description"] for part in parts for held in part["properties"].values()]
    assert all(text and not text.startswith("schema.") for text in said)
    assert "ISO 19131" in schema["description"]


def test_the_schema_takes_what_the_reader_takes() -> None:
    files = [*PROFILES.glob("*.yaml"), *(ROOT / "datasets").glob("*/specification.yaml")]
    assert len(files) > 10
    for path in files:
        assert list(ENGLISH.iter_errors(yaml.load(path.read_text("utf-8"), Core) or {})) == [], path.name
    for text in ("join: kecamatan", "join: {dataset: kecamatan}", "covered_by: a", "covered_by: [a, {dataset: b}]",
                 "geometry: Point", "title: Jalan", "fields: [{name: a, codes: [010, 1.5, ya]}]"):  # fmt: skip
        assert list(ENGLISH.iter_errors(yaml.load(text, Core))) == [], text


@pytest.mark.parametrize(
    "text",
    ["profil: batas", "severities: {geometri-salah: blocking}", "severities: {geometry-invalid: fatal}",
     "severities: {coordinates-outside-domain: off}", "geometry: [Poligon]", "fields: [{type: text}]",
     "fields: [{name: a, type: number}]", "fields: [{name: a, length: 0}]", "expect: {feature: 3}",
     "tolerance_m: -1", "title: {de: Dorf}", "join: Kota Bangun", "comparisons: [{left: a, operator: '~', right: b}]"],
)  # fmt: skip
def test_schema_and_reader_refuse_the_same_mistakes(text: str, tmp_path: Path) -> None:
    assert list(ENGLISH.iter_errors(yaml.load(text, Core)))
    with pytest.raises(InvalidSpecification):
        again(text, tmp_path)
