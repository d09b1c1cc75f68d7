"""The command line as scripts use it: exit codes, JSON, and what is refused (CONTRACT 4 and 5)."""

import json
from pathlib import Path

import pytest

SQUARE = [[[116, 0], [116.1, 0], [116.1, 0.1], [116, 0.1], [116, 0]]]
BOWTIE = [[[116, 0], [116.1, 0.1], [116.1, 0], [116, 0.1], [116, 0]]]


@pytest.fixture
def layer(tmp_path: Path):
    """``layer(rings, ...)``: a GeoJSON file with one polygon a ring list."""

    def write(*polygons: list, name: str = "layer") -> Path:
        features = [
            {
                "type": "Feature",
                "properties": {"kode": str(number)},
                "geometry": {"type": "Polygon", "coordinates": rings},
            }
            for number, rings in enumerate(polygons)
        ]
        path = tmp_path / f"{name}.geojson"
        path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
        return path

    return write


def answer(done) -> dict:
    assert "Traceback" not in done.stderr
    return json.loads(done.stdout)


def test_check_judges_without_a_node(geoportal, layer, data_dir):
    done = geoportal("check", layer(SQUARE), "--json")
    assert done.returncode == 0
    report = answer(done)
    assert (report["verdict"], report["gate"], report["spec"]) == ("accept", None, None)
    assert report["layers"][0]["features"] == 1
    assert not list(data_dir.iterdir())


def test_the_gate_is_asked_only_with_a_specification(geoportal, layer):
    faulty = layer(BOWTIE)
    assert geoportal("check", faulty).returncode == 0
    assert answer(geoportal("check", faulty, "--json"))["verdict"] == "accept_with_warnings"
    assert answer(geoportal("check", faulty, "--spec", "bebas", "--json"))["gate"] == "pass"
    blocked = geoportal("check", faulty, "--spec", "batas", "--json")
    assert blocked.returncode == 1
    assert answer(blocked)["gate"] == "blocked"


def test_a_blocked_version_is_kept_but_published_only_with_a_reason(geoportal, layer):
    assert geoportal("submit", layer(BOWTIE), "--dataset", "batas", "--spec", "batas").returncode == 0
    refused = geoportal("publish", "batas", "--json", "--lang", "en")
    assert refused.returncode == 1
    assert answer(refused)["error"] == "not-publishable"
    assert "geometry-invalid" in {finding["rule"] for finding in answer(refused)["report"]["findings"]}
    for empty in ("", "   ", "​"):
        assert geoportal("publish", "batas", "--override", empty).returncode == 2
    done = geoportal("publish", "batas", "--override", "surat bupati nomor 7", "--json")
    assert done.returncode == 0
    assert answer(done)["override"] == "surat bupati nomor 7"
    events = answer(geoportal("show", "batas", "--json"))["events"]
    assert "surat bupati nomor 7" in json.dumps(events)
    assert {event["actor"] for event in events} == {"local-admin"}


def test_a_rejected_file_leaves_nothing(geoportal, tmp_path):
    bad = tmp_path / "bad.geojson"
    bad.write_text('{"type":"FeatureCollection","features":[')
    done = geoportal("submit", bad, "--dataset", "x", "--json")
    assert done.returncode == 1
    assert answer(done)["report"]["verdict"] == "reject"
    assert answer(geoportal("list", "--json"))["datasets"] == []


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("publish", "nowhere"), 4),
        (("show", "nowhere"), 4),
        (("check", "/no/such/file"), 4),
        (("submit", "{file}", "--dataset", "Not-An-Id"), 7),
        (("submit", "{file}", "--dataset", "katalog"), 7),
        (("submit", "{file}", "--dataset", "x", "--crs", "EPSG:999999"), 2),
        (("submit", "{file}"), 2),
        (("publish", "x", "--version", "99999999999999999999"), 2),
        (("token", "add", "t", "--class", "SECRET"), 7),
        (("token", "add", "t", "--class", "PRIVATE", "--dataset", "nowhere"), 4),
        (("withdraw", "draft"), 6),
        (("rollback", "draft"), 6),
    ],
)
def test_exit_codes(geoportal, layer, arguments, code):
    file = layer(SQUARE)
    assert geoportal("submit", file, "--dataset", "draft").returncode == 0
    done = geoportal(*(str(word).replace("{file}", str(file)) for word in arguments))
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr


def test_the_same_bytes_are_a_new_version_that_says_so(geoportal, layer):
    file = layer(SQUARE)
    first = answer(geoportal("submit", file, "--dataset", "d", "--json"))
    second = answer(geoportal("submit", file, "--dataset", "d", "--json"))
    assert (first["version"], second["version"], second["same_as"]) == (1, 2, 1)
    assert first["digest"] == second["digest"]


def test_a_folder_without_a_node_is_no_empty_node(geoportal, tmp_path):
    done = geoportal("list", data=tmp_path / "mistyped")
    assert done.returncode == 4
    assert not (tmp_path / "mistyped").exists()


def test_every_command_explains_itself(geoportal):
    for command in (
        ["check", "submit", "publish", "withdraw", "rollback", "list", "show", "serve", "demo", "settings", "doctor"]
        + [f"token {verb}" for verb in ("add", "list", "revoke")]
    ):  # fmt: skip
        done = geoportal(*command.split(), "--help")
        assert done.returncode == 0
        assert "--data" in done.stdout


def test_the_command_line_starts_light():
    import subprocess
    import sys

    heavy = ("geopandas", "pandas", "pygeoapi", "folium")
    code = f"import sys, geoportal.cli.app; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_findings_name_their_features_and_refusals_say_once_that_nothing_was_kept(geoportal, layer, tmp_path: Path):
    said = geoportal("check", layer(SQUARE, BOWTIE), "--spec", "batas", "--lang", "en").stdout
    assert "Features: 2 (116.05 0.05)" in said
    wrong = tmp_path / "laporan.zip"
    wrong.write_bytes(b"%PDF-1.7 nothing of a map")
    refused = geoportal("submit", wrong, "--dataset", "x", "--lang", "en")
    assert refused.returncode == 1
    assert refused.stderr.count("rejected") == 1
    assert "profile" not in refused.stderr
