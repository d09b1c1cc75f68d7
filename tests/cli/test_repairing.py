"""``geoportal repair`` as scripts and people use it: exit codes, JSON, and plain words."""

import json
from pathlib import Path

import pytest


@pytest.fixture
def messy(shared: Path) -> Path:
    return shared / "data" / "messy" / "indonesia"


def answer(done) -> dict:
    assert "Traceback" not in done.stderr, done.stderr
    return json.loads(done.stdout)


def test_a_repair_that_passes_and_its_undo(geoportal, messy, tmp_path):
    out = tmp_path / "out.gpkg"
    done = geoportal("repair", messy / "kukar_kecamatan_duplicates.geojson", "-o", out, "--json", "--lang", "en")
    said = answer(done)
    assert done.returncode == 0 and said["passes"] and said["after"]["gate"] == "pass"
    assert {item["rule"] for item in said["repaired"]} == {"geometry-invalid", "geometry-duplicate", "ring-orientation"}
    assert all(item["message"] and "{" not in item["message"] for item in said["untouched"])
    undone = geoportal("repair", out, "--undo", "--json")
    assert undone.returncode == 0 and (tmp_path / "out.restored.gpkg").is_file()
    assert answer(undone)["changes"] == said["changes"]
    assert geoportal("repair", out, "--undo", "--json").returncode == 6, "what is there is not overwritten"


def test_a_question_names_the_command_in_both_languages(geoportal, messy, tmp_path):
    path = messy / "kukar_kecamatan_lat_lon_swapped.geojson"
    for language, word in (("id", "tukarkan"), ("en", "exchange")):
        done = geoportal("repair", path, "-o", tmp_path / "out.gpkg", "--lang", language)
        assert done.returncode == 1
        assert word in done.stdout and f"{path} -o {tmp_path}/out.gpkg --yes swap-axes" in done.stdout
        assert "{" not in done.stdout and "question." not in done.stdout and "left." not in done.stdout


def test_what_cannot_be_read_is_said_and_nothing_is_written(geoportal, shared, tmp_path):
    done = geoportal("repair", shared / "data/messy/attacks/zip_encrypted.zip", "-o", tmp_path / "o.gpkg", "--json")
    assert done.returncode == 1 and not answer(done)["read"]
    assert not list(tmp_path.glob("*.gpkg*"))
    assert geoportal("repair", tmp_path / "none.gpkg").returncode == 4
