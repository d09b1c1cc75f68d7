from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from geoportal.checks import RULES, validate
from geoportal.checks.profiles import names_of, read_specification
from geoportal.errors import InvalidSpecification
from geoportal.model.report import Gate, Severity, Verdict
from geoportal.model.specification import OFF, Specification
from tests.checks.examples import BOWTIE, EXAMPLES, REGION, SQUARE, points
from tests.factories import make_layer, squares

PROFILES = Path(__file__).parents[2] / "config" / "specifications"
Written = Callable[[str], Path]


@pytest.fixture
def written(tmp_path: Path) -> Written:
    """A specification file with this text."""

    def write(text: str) -> Path:
        path = tmp_path / "jalan.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def read(name: str | Path) -> Specification:
    return read_specification(name, PROFILES)


def test_the_profiles_are_read() -> None:
    assert names_of(PROFILES) == ["batas", "bebas", "jaringan", "kugi", "rtrw", "titik"]
    for name in names_of(PROFILES):
        spec = read(name)
        assert (spec.name, spec.profile) == (name, name)
        assert spec.title.id and spec.title.en
        assert Specification.from_dict(spec.as_dict()) == spec


@pytest.mark.parametrize("rule", sorted(EXAMPLES))
def test_bebas_blocks_nothing_beyond_the_verdict_and_a_missing_system(rule: str) -> None:
    example = EXAMPLES[rule]
    bebas = read("bebas")
    spec = Specification(
        "uji", "bebas", severities=bebas.severities, key=example.spec.key, fields=example.spec.fields,
        geometry=example.spec.geometry, expected_features=example.spec.expected_features,
    )  # fmt: skip
    report = validate(example.bad(), spec, REGION)
    blocked = report.verdict is Verdict.REJECT or rule == "crs-missing"
    assert report.gate is (Gate.BLOCKED if blocked else Gate.PASS)


@pytest.mark.parametrize("profile", ["titik", "batas"])
@pytest.mark.parametrize("shape", [BOWTIE, None, "POLYGON EMPTY", "LINESTRING (116 0, 117 1)"])
def test_titik_and_batas_block_bad_geometry(profile: str, shape: str | None) -> None:
    good = "POINT (116 0)" if profile == "titik" else SQUARE
    assert validate(make_layer([good]), read(profile), REGION).gate is Gate.PASS
    assert validate(make_layer([good, shape]), read(profile), REGION).gate is Gate.BLOCKED
    assert validate(make_layer(None, nama=["a"]), read(profile), REGION).gate is Gate.BLOCKED


@pytest.mark.parametrize("profile", ["titik", "batas"])
def test_titik_and_batas_block_repeated_keys(profile: str, written: Written) -> None:
    spec = read(written(f"profile: {profile}\nkey: kode\n"))
    shapes = ["POINT (116 0)", "POINT (117 0)"] if profile == "titik" else squares(2, 1)
    for kode, gate in ((["a", "b"], Gate.PASS), (["a", "a"], Gate.BLOCKED), (["a", None], Gate.BLOCKED)):
        assert validate(make_layer(shapes, kode=kode), spec, REGION).gate is gate
    assert validate(make_layer(shapes, nama=["a", "b"]), spec, REGION).gate is Gate.BLOCKED


def test_batas_and_bebas_warn_of_overlaps_and_titik_does_not_look() -> None:
    layer = EXAMPLES["coverage-overlap"].bad()
    for profile, weight in (("batas", Severity.WARNING), ("bebas", Severity.WARNING), ("titik", None)):
        report = validate(layer, read(profile), REGION)
        found = [item.severity for item in report.findings if item.rule == "coverage-overlap"]
        assert found == ([weight] if weight else [])
        assert ("coverage-overlap" in report.checked) is (weight is not None)
    assert "coverage-gap" in validate(layer, read("batas"), REGION).checked
    assert "coverage-gap" not in validate(layer, read("bebas"), REGION).checked


@pytest.mark.parametrize("profile", ["bebas", "titik", "batas"])
def test_a_missing_system_blocks_publishing_everywhere(profile: str, written: Written) -> None:
    shape = "POINT (116 0)" if profile == "titik" else SQUARE
    report = validate(make_layer([shape], crs=None), read(profile), REGION)
    assert (report.verdict, report.gate) == (Verdict.ACCEPT_WITH_WARNINGS, Gate.BLOCKED)
    with pytest.raises(InvalidSpecification, match="crs-missing always blocks"):
        read(written("severities: {crs-missing: warning}"))


def test_a_specification_adds_to_its_profile(written: Written) -> None:
    spec = read(
        written(
            """
            profile: batas
            title: {id: Desa, en: Villages}
            geometry: Polygon
            key: kode
            expect: {features: 237}
            tolerance_m: 2
            severities: {coverage-gap: off, coverage-overlap: blocking, field-code: info}
            fields:
              - {name: kode, type: text, required: true, unique: yes, pattern: '64\\.02\\.\\d\\d', length: 8}
              - name: jenis
                codes: [010, 32.10, on, desa]
            """
        )
    )
    assert (spec.name, spec.profile, spec.key, spec.expected_features) == ("jalan", "batas", "kode", 237)
    assert spec.geometry == ("Polygon",) and spec.tolerance_m == 2
    assert spec.severities["coverage-gap"] == OFF
    assert spec.severities["coverage-overlap"] is Severity.BLOCKING
    assert spec.severities["geometry-invalid"] is Severity.BLOCKING  # from the profile
    kode, jenis = spec.fields
    assert kode.required and kode.unique and kode.length == 8
    assert jenis.codes == ("010", "32.10", "on", "desa")  # as written, never as numbers
    assert Specification.from_dict(spec.as_dict()) == spec


def test_names_of_specifications(written: Written, tmp_path: Path) -> None:
    assert read(written("")).profile == "bebas"
    assert read_specification(written("profile: titik"), PROFILES, name="sekolah").name == "sekolah"
    folder = tmp_path / "desa"
    folder.mkdir()
    (folder / "specification.yaml").write_text("profile: titik\n")
    assert read(folder / "specification.yaml").name == "desa"
    assert read(str(folder / "specification.yaml")).profile == "titik"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("profil: batas", "profil: Extra inputs are not permitted"),
        ("profile: tata-ruang", "no profile 'tata-ruang'"),
        ("profile: ../../etc/passwd", "no profile"),
        ("severities: {geometri-salah: blocking}", "there is no rule 'geometri-salah'"),
        ("severities: {geometry-invalid: fatal}", "severities.geometry-invalid"),
        ("severities: {coordinates-outside-domain: off}", "always blocks"),
        ("geometry: [Poligon]", "geometry.0"),
        ("fields: [{type: text}]", "fields.0.name"),
        ("fields: [{name: a, type: number}]", "fields.0.type"),
        ("fields: [{name: a}, {name: a}]", "described twice: a"),
        ("fields: [{name: a, pattern: '('}]", "fields.0.pattern: not a regular expression"),
        ("fields: [{name: a, pattern: '(a+)+'}]", "fields.0.pattern: this pattern could take very long"),
        ("fields: [{name: a, length: 0}]", "fields.0.length"),
        ("expect: {feature: 3}", "expect.feature"),
        ("expect: {features: -1}", "expect.features"),
        ("tolerance_m: -1", "tolerance_m"),
        ("tolerance_m: nan", "tolerance_m"),
        ("title: {de: Dorf}", "title"),
        ("key: a\nkey: b", "'key' comes twice"),
        ("a: &x [1]\nb: *x", "aliases are not taken"),
        ("- a\n- b", "valid dictionary"),
        ("a: [", "not YAML"),
        ("\x00", "not YAML"),
    ],
)
def test_nonsense_is_refused_with_its_place(written: Written, text: str, complaint: str) -> None:
    with pytest.raises(InvalidSpecification) as caught:
        read(written(text))
    assert complaint in caught.value.detail
    assert caught.value.detail.startswith("jalan.yaml: ")


def test_unknown_names_list_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(
        InvalidSpecification, match=r"neither a profile \(batas, bebas, jaringan, kugi, rtrw, titik\) nor a file"
    ):
        read("kadaster")
    with pytest.raises(InvalidSpecification):
        read(tmp_path)
    huge = tmp_path / "huge.yaml"
    huge.write_bytes(b"a" * 300_000)
    with pytest.raises(InvalidSpecification, match="longer than 256 kB"):
        read(huge)
    huge.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InvalidSpecification, match="cannot be read"):
        read(huge)


def test_a_profile_is_read_again_when_it_changes(tmp_path: Path) -> None:
    profile = tmp_path / "bebas.yaml"
    profile.write_text("tolerance_m: 1\n")
    assert read_specification("bebas", tmp_path).tolerance_m == 1
    profile.write_text("tolerance_m: 25\n")
    assert read_specification("bebas", tmp_path).tolerance_m == 25
    profile.write_text("profile: bebas\n")
    with pytest.raises(InvalidSpecification, match="stands by itself"):
        read_specification("bebas", tmp_path)


def test_the_specifications_of_the_demonstration_are_sound() -> None:
    found = sorted((PROFILES.parents[1] / "datasets").glob("*/specification.yaml"))
    for path in found:
        assert read(path).name == path.parent.name


def test_every_rule_may_be_named_in_a_profile(written: Written) -> None:
    lines = "\n".join(f"  {rule}: blocking" for rule in RULES)
    spec = read(written(f"severities:\n{lines}\n"))
    assert set(spec.severities.values()) >= {Severity.BLOCKING}
    official = replace(points((116, 0)), crs="EPSG:9470")  # a profile that asks for the official datum gets it
    assert validate(official, spec, REGION).gate is Gate.PASS
