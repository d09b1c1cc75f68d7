"""``geoportal spec``: proposed from real files, shown, described; errors are plain."""

import json
from pathlib import Path

import pytest
import yaml

from geoportal.checks.profiles import read_specification
from tests.processes import ROOT

POINTS = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "properties": {"kode": f"FK-{n:02d}", "nama": f"Puskesmas {n}", "telepon": f"0812345678{n:02d}"},
            "geometry": {"type": "Point", "coordinates": [116.5 + n / 100, -0.5]},
        }
        for n in range(12)
    ],
}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "faskes.geojson"
    path.write_text(json.dumps(POINTS))
    return path


def test_a_proposal_is_written_once_and_holds(geoportal, source, tmp_path: Path):
    target = tmp_path / "specification.yaml"
    done = geoportal("spec", "infer", source, "-o", target, "--lang", "en")
    assert done.returncode == 0, done.stderr
    assert f"--spec {target}" in done.stderr
    written = target.read_text("utf-8")
    content = yaml.safe_load(written)
    assert (content["profile"], content["geometry"], content["key"]) == ("titik", ["Point"], "kode")
    assert content["fields"][0] == {
        "name": "kode", "type": "text", "required": True, "unique": True, "length": 5, "pattern": r"FK-\d{2}",
    }  # fmt: skip
    assert "# kode is filled in all features and never comes twice; so is telepon." in written
    assert "yaml-language-server" not in written  # the schema lies in another tree
    again = geoportal("spec", "infer", source, "-o", target, "--lang", "id")
    assert again.returncode == 6
    assert "tidak ditimpa" in again.stderr
    assert target.read_text("utf-8") == written
    checked = json.loads(geoportal("check", source, "--spec", target, "--json").stdout)
    assert checked["gate"] == "pass"
    assert not [item for item in checked["findings"] if item["rule"].startswith(("field-", "key-"))]


def test_personal_data_is_not_copied_into_the_proposal(geoportal, source):
    done = json.loads(geoportal("spec", "infer", source, "--json", "--lang", "id").stdout)
    assert "081234567801" not in done["yaml"]
    assert {"place": "fields.telepon", "seen": "field-personal"}.items() <= next(
        note for note in done["notes"] if note["place"] == "fields.telepon"
    ).items()
    assert "Puskesmas 1" in done["yaml"]
    assert done["check"]["gate"] == "pass"


def test_an_editor_finds_the_schema_from_a_file_in_the_project(tmp_path: Path):
    from geoportal.cli.specifications import _modeline
    from geoportal.settings import Settings

    folder = tmp_path / "config" / "specifications"
    folder.mkdir(parents=True)
    settings = Settings.model_validate({"config": tmp_path / "config"})
    target = tmp_path / "datasets" / "faskes" / "specification.yaml"
    assert _modeline(target, settings) is None  # there is no schema yet
    (folder / "schema.json").write_text("{}")
    assert _modeline(target, settings) == "yaml-language-server: $schema=../../config/specifications/schema.json"
    assert _modeline(tmp_path.parent / "x.yaml", settings) is None
    assert _modeline(None, settings) is None


@pytest.mark.parametrize("name", ["kukar_desa.geojson", "kaltim_kecamatan_shp.zip", "kukar_kecamatan.gpkg"])
def test_a_real_file_meets_its_own_proposal(geoportal, shared, tmp_path: Path, name):
    source, target = shared / "data" / "real" / name, tmp_path / "specification.yaml"
    done = json.loads(geoportal("spec", "infer", source, "-o", target, "--json").stdout)
    assert done["specification"]["key"] == "kode"
    spec = read_specification(target, ROOT / "config" / "specifications")
    assert (spec.key, spec.profile) == ("kode", done["specification"]["profile"])
    assert done["check"]["gate"] == "pass"
    rules = {item["rule"] for item in done["check"]["findings"]}
    assert not {rule for rule in rules if rule.startswith(("field-", "key-", "region-", "feature-count"))}


def test_what_gives_no_layer_is_said(geoportal, shared, tmp_path: Path):
    real = shared / "data" / "real" / "pelabuhan_indonesia.geojson"  # it holds coordinates that cannot be
    done = geoportal("spec", "infer", real, "--lang", "id")
    assert (done.returncode, done.stdout) == (1, "")
    assert "[coordinates-outside-domain]" in done.stderr
    no_crs = shared / "data" / "messy" / "indonesia" / "kukar_kecamatan_utm_no_prj.zip"
    done = geoportal("spec", "infer", no_crs, "--lang", "en")
    assert done.returncode == 1
    assert "--crs" in done.stderr
    assert geoportal("spec", "infer", tmp_path / "tiada.zip").returncode == 4


def test_an_unknown_profile_is_named(geoportal, source):
    done = geoportal("spec", "infer", source, "--profile", "kadaster", "--lang", "en")
    assert done.returncode == 7
    assert "kadaster" in done.stderr and "titik" in done.stderr


def test_show_says_all_that_holds(geoportal, source, tmp_path: Path):
    own = tmp_path / "jalan.yaml"
    own.write_text("profile: kugi\nfields: [{name: LEBAR, type: real}]\n")
    shown = yaml.safe_load(geoportal("spec", "show", own).stdout)
    assert {"FCODE", "NAMOBJ", "LEBAR"} <= {item["name"] for item in shown["fields"]}
    assert shown["severities"]["kugi-code-form"] == "blocking"
    assert json.loads(geoportal("spec", "show", "rtrw", "--json").stdout)["profile"] == "rtrw"
    assert geoportal("spec", "show", "kadaster", "--lang", "en").returncode == 7
    assert geoportal("submit", source, "--dataset", "faskes", "--spec", own).returncode == 0
    assert "LEBAR" in geoportal("spec", "show", "faskes").stdout


def test_the_schema_is_printed_in_both_languages(geoportal):
    indonesian, english = (json.loads(geoportal("spec", "schema", "--lang", name).stdout) for name in ("id", "en"))
    assert indonesian["properties"].keys() == english["properties"].keys()
    assert indonesian["description"] != english["description"]
    kept = json.loads((ROOT / "config" / "specifications" / "schema.json").read_text("utf-8"))
    assert indonesian == kept
