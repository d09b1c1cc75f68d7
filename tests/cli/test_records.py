"""``geoportal record``: shown, edited, exported, imported; revisions are never lost."""

import json
from pathlib import Path

import pytest
import yaml

POINT = {
    "type": "FeatureCollection",
    "features": [
        {"type": "Feature", "properties": {"kode": "1"}, "geometry": {"type": "Point", "coordinates": [116, 0]}}
    ],
}


@pytest.fixture
def dataset(geoportal, tmp_path: Path) -> str:
    """A dataset of one point."""
    source = tmp_path / "titik.geojson"
    source.write_text(json.dumps(POINT))
    assert geoportal("submit", source, "--dataset", "titik").returncode == 0
    return "titik"


def test_edit_export_import(geoportal, dataset, tmp_path: Path):
    done = geoportal("record", "edit", dataset, "--title", "Titik contoh", "--title-en", "Sample points",
                     "--keyword", "contoh", "--topic", "location", "--date", "2026-11-24", "--field", "kode=Kode unsur",
                     "--json")  # fmt: skip
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["revision"] == 2
    assert set(answer["changed"]) == {"title", "keywords", "topic", "content_date", "fields"}
    target = tmp_path / "titik.yaml"
    assert geoportal("record", "export", dataset, "-o", target).returncode == 0
    content = yaml.safe_load(target.read_text())
    assert content["title"] == {"id": "Titik contoh", "en": "Sample points"}
    assert content["fields"]["kode"]["title"]["id"] == "Kode unsur"
    again = json.loads(geoportal("record", "import", dataset, target, "--json").stdout)
    assert again == {"dataset": dataset, "revision": 2, "changed": []}
    content["licence"] = "CC-BY-4.0"
    target.write_text(yaml.safe_dump(content))
    assert json.loads(geoportal("record", "import", dataset, target, "--json").stdout)["changed"] == ["licence"]
    first = json.loads(geoportal("record", "show", dataset, "--revision", "1", "--json").stdout)
    assert first["record"]["title"]["id"] == dataset
    assert json.loads(geoportal("record", "show", dataset, "--json").stdout)["record"]["licence"] == "CC-BY-4.0"


def test_mistakes_are_said_and_change_nothing(geoportal, dataset, tmp_path: Path):
    wrong = geoportal("record", "edit", dataset, "--topic", "roads")
    assert wrong.returncode == 7
    assert "transportation" in wrong.stderr
    assert geoportal("record", "edit", dataset, "--date", "24-11-2026").returncode == 2
    assert geoportal("record", "edit", dataset, "--licence", "CC BY 4.0").returncode == 7
    assert geoportal("record", "edit", dataset, "--colour-by", "kode").returncode == 7
    assert geoportal("record", "edit", dataset, "--label", "nokolom").returncode == 2
    assert geoportal("record", "edit", dataset, "--field", "nokolom=x").returncode == 2
    assert geoportal("record", "show", dataset, "--revision", "9").returncode == 4
    assert geoportal("record", "import", dataset, tmp_path / "none.yaml").returncode == 4
    assert json.loads(geoportal("record", "show", dataset, "--json").stdout)["revision"] == 1


def test_colours_names_and_what_is_still_missing(geoportal, dataset):
    options = ("--colour-by", "kode", "--palette", "qualitative", "--label", "kode", "--lineage", "Diukur sendiri")
    said = geoportal("record", "edit", dataset, *options, "--lang", "en")
    assert said.returncode == 0, said.stderr
    assert "not published" in said.stdout and "keywords" not in said.stdout
    record = json.loads(geoportal("record", "show", dataset, "--json").stdout)["record"]
    assert (record["style"]["colour_by"], record["label"]) == ("kode", "kode")
    assert record["lineage"]["id"] == "Diukur sendiri"
    published = geoportal("publish", dataset, "--lang", "en").stdout
    assert f"/dataset/{dataset}" in published
    assert "Not stated yet: title, abstract, producer, licence, topic, date of content (" in published
    wrong = geoportal("record", "edit", dataset, "--producer", "bappeda", "--lang", "en").stdout
    assert "Known are: " in wrong and "pupr" in wrong


def test_without_an_editor_the_way_on_is_said(geoportal, dataset):
    done = geoportal("record", "edit", dataset, "--lang", "en")
    assert done.returncode == 2
    assert "record export" in done.stderr


def test_completeness_is_scored_and_what_is_missing_is_told(geoportal, dataset, tmp_path: Path):
    first = json.loads(geoportal("record", "show", dataset, "--json", "--lang", "en").stdout)["completeness"]
    assert first["stated"] + len(first["missing"]) == first["asked"]
    rules = {item["rule"]: item for item in first["missing"]}
    assert rules["record-abstract-missing"]["severity"] == "warning"
    assert rules["record-keywords-missing"]["severity"] == "info"
    assert all(item["message"] and item["hint"] for item in rules.values())
    abstract = "Titik contoh untuk menguji kelengkapan keterangan, dibuat tanpa survei di lapangan."
    done = geoportal("record", "edit", dataset, "--title", "Titik contoh", "--title-en", "Sample points",
                     "--abstract", abstract, "--abstract-en", "Points.", "--topic", "location", "--producer", "pupr",
                     "--licence", "CC-BY-4.0", "--date", "2026-11-24", "--field", "kode=Kode")  # fmt: skip
    assert done.returncode == 0, done.stderr
    then = json.loads(geoportal("record", "show", dataset, "--json").stdout)["completeness"]
    assert then["stated"] - first["stated"] >= 6
    assert {item["severity"] for item in then["missing"]} == {"info"}
    shown = geoportal("record", "show", dataset, "--lang", "id").stdout
    assert f"# Kelengkapan keterangan: {then['stated']} dari {then['asked']}" in shown
    assert yaml.safe_load(shown)["licence"] == "CC-BY-4.0"
    earlier = json.loads(geoportal("record", "show", dataset, "--revision", "1", "--json").stdout)
    assert earlier["completeness"]["stated"] == first["stated"]
    assert "Not stated yet" not in geoportal("publish", dataset, "--lang", "en").stdout
    assert json.loads(geoportal("publish", dataset, "--json").stdout)["completeness"]["stated"] == then["stated"]


def test_a_specification_may_refuse_to_publish_without_a_licence(geoportal, dataset, tmp_path: Path):
    specification = tmp_path / "ketat.yaml"
    specification.write_text("severities: {record-licence-missing: blocking}\n")
    source = tmp_path / "titik.geojson"
    assert geoportal("submit", source, "--dataset", dataset, "--spec", specification).returncode == 0
    refused = geoportal("publish", dataset, "--lang", "en")
    assert refused.returncode == 1
    assert "[record-licence-missing]" in refused.stderr
    assert geoportal("record", "edit", dataset, "--licence", "CC0-1.0").returncode == 0
    assert geoportal("publish", dataset).returncode == 0


def test_the_time_of_features_is_a_field_with_dates(geoportal, tmp_path: Path):
    source = tmp_path / "izin.geojson"
    source.write_text(json.dumps(POINT).replace('"kode": "1"', '"kode": "1", "tanggal": "2026-01-31"'))
    assert geoportal("submit", source, "--dataset", "izin").returncode == 0
    wrong = geoportal("record", "edit", "izin", "--time", "kode", "--lang", "id")
    assert wrong.returncode == 7
    assert "isinya string, bukan tanggal" in wrong.stderr
    for value, time in (("tanggal", ["tanggal"]), ("", None)):
        done = json.loads(geoportal("record", "edit", "izin", "--time", value, "--json").stdout)
        assert done["changed"] == ["time"]
        assert json.loads(geoportal("record", "show", "izin", "--json").stdout)["record"].get("time") == time
