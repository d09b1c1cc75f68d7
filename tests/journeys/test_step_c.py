"""The quality engine as an officer meets it: what the issue of Step C promises, each line as a command of its own.

The numbers are those of ../shared/data/README.md, which nobody here computed.
"""

import http.client
import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import fiona
import pandas
import pytest
import shapely

from geoportal.checks.texts import title
from geoportal.ingest.reader import read_layer
from geoportal.model.layer import Layer
from tests.processes import ServedNode, run_cli, serving

FOREIGN = re.compile(r"""(?:src|href|url)\s*[=(]\s*["']?(?:https?:)?//(?!leafletjs\.com)[^"')\s]+""", re.IGNORECASE)
MESSY = (
    "kabupaten_indonesia_kode_sebagai_angka.xlsx",
    "kukar_kecamatan_attribute_defects.geojson",
    "kukar_kecamatan_bowtie_unclosed.geojson",
    "kukar_kecamatan_crs_member_dgn95.geojson",
    "kukar_kecamatan_duplicates.geojson",
    "kukar_kecamatan_lat_lon_swapped.geojson",
    "kukar_kecamatan_metres_labelled_4326.geojson",
    "kukar_kecamatan_utm_no_prj.zip",
    "pulau_kaltim_lintang_salah_tanda.csv",
)
WITHOUT_QUESTION = {"kukar_kecamatan_crs_member_dgn95.geojson", "kukar_kecamatan_duplicates.geojson"}
"""Files that a repair mends by itself; each of the others holds a choice that only its maker can make."""


def ran(data: Path, *arguments: object, code: int | None = 0) -> dict:
    """The JSON answer of a command."""
    done = run_cli(*arguments, "--json", data=data)
    assert "Traceback" not in done.stderr, done.stderr
    assert code is None or done.returncode == code, done.stdout + done.stderr
    return json.loads(done.stdout) | {"exit": done.returncode}


@pytest.fixture(scope="module")
def checked(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict]:
    """``check --spec batas --map --gpkg --html --json`` on the 237 desa of Kukar: the folder and the answer."""
    folder = tmp_path_factory.mktemp("periksa")
    answer = ran(
        folder / "data", "check", shared / "data" / "real" / "kukar_desa.geojson", "--spec", "batas",
        "--map", folder / "out.html", "--gpkg", folder / "faults.gpkg", "--html", folder / "report.html",
    )  # fmt: skip
    return folder, answer


def test_check_tells_verdict_gate_and_what_to_do_first(checked) -> None:
    _, answer = checked
    counts = {finding["rule"]: finding["occurrences_total"] for finding in answer["findings"]}
    assert (answer["verdict"], answer["gate"], answer["spec"]) == ("accept", "pass", "batas")
    assert answer["layers"][0]["features"] == 237
    # At half a metre a few of the 173 pairs and 610 gaps are no wider than the tolerance.
    assert 150 <= counts["coverage-overlap"] <= 173 and 500 <= counts["coverage-gap"] <= 610
    assert all(len(finding["occurrences"]) <= 50 and finding["message"] for finding in answer["findings"])
    assert [item["rule"] for item in answer["summary"]["first"]] == ["coverage-gap", "coverage-overlap"]


def test_without_tolerance_the_known_truth_of_kukar_is_found(shared: Path, tmp_path: Path) -> None:
    path = shared / "data" / "real" / "kukar_desa.geojson"
    answer = ran(tmp_path / "data", "check", path, "--spec", "batas", "--tolerance", "0")
    counts = {finding["rule"]: finding["count"] for finding in answer["findings"]}
    assert counts["coverage-overlap"] >= 173 and counts["coverage-gap"] == 610


def test_the_fault_package_holds_every_place_and_opens_elsewhere(checked) -> None:
    folder, answer = checked
    wanted = {finding["rule"]: finding["occurrences_total"] for finding in answer["findings"]}
    told: dict[str, int] = {}
    with fiona.open(folder / "faults.gpkg", layer="titik") as layer:
        for feature in layer:
            told[feature["properties"]["rule"]] = told.get(feature["properties"]["rule"], 0) + 1
            assert feature["properties"]["message"] and feature["properties"]["severity"]
    assert told == wanted
    with fiona.open(folder / "faults.gpkg", layer="luas") as layer:
        assert len(layer) == wanted["coverage-overlap"] + wanted["coverage-gap"]
    with closing(sqlite3.connect(folder / "faults.gpkg")) as connection:
        styled = {name for (name,) in connection.execute("SELECT f_table_name FROM layer_styles")}
    assert {"titik", "luas"} <= styled


def test_map_and_page_ask_for_nothing_from_anywhere(checked) -> None:
    folder, _ = checked
    for name in ("out.html", "report.html"):
        text = (folder / name).read_text("utf-8")
        assert not FOREIGN.findall(text), name
        for rule in ("coverage-overlap", "coverage-gap"):
            assert title(rule, "id") in text, (name, rule)


def test_the_map_opens_with_the_network_off_and_shows_overlaps_and_gaps(checked, chromium) -> None:
    folder, _ = checked
    context = chromium.new_context(offline=True)
    try:
        page, faults = context.new_page(), []
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("requestfailed", lambda request: faults.append(request.url))
        page.goto((folder / "out.html").as_uri())
        page.wait_for_selector(".leaflet-container .leaflet-marker-icon, .leaflet-container path", timeout=20_000)
        shown = page.inner_text("body")
        assert not faults
        for rule in ("coverage-overlap", "coverage-gap"):
            assert title(rule, "id") in shown, rule
    finally:
        context.close()


def test_the_messy_files_are_the_ones_that_are_tested(shared: Path) -> None:
    assert {path.name for path in (shared / "data" / "messy" / "indonesia").iterdir()} == set(MESSY)


@pytest.mark.parametrize("name", MESSY)
def test_a_repair_passes_or_asks_and_can_be_taken_back(name: str, shared: Path, tmp_path: Path) -> None:
    source, out = shared / "data" / "messy" / "indonesia" / name, tmp_path / "baik.gpkg"
    before = source.read_bytes()
    done = ran(tmp_path / "data", "repair", source, "-o", out, code=None)
    assert source.read_bytes() == before
    assert (name in WITHOUT_QUESTION) == (not done["questions"])
    if done["questions"]:
        assert done["exit"] == 1
        for question in done["questions"]:
            assert question["message"] and question["count"] >= 1
            assert all(choice["command"].endswith(choice["option"]) for choice in question["choices"])
        # What only a person can know has no choice to offer; every other question has one that can be typed.
        assert any(question["choices"] for question in done["questions"])
    else:
        assert done["exit"] == 0 and done["passes"]
        # A new process says the same of the file that was written.
        again = ran(tmp_path / "data", "check", out, "--spec", "bebas")
        assert (again["verdict"], again["gate"]) == ("accept", "pass")

    lines = [json.loads(line) for line in Path(f"{out}.repair.jsonl").read_text("utf-8").splitlines()]
    assert len(lines) >= done["changes"]
    back = tmp_path / "semula.gpkg"
    undone = ran(tmp_path / "data", "repair", out, "--undo", "-o", back)
    assert undone["undone"] is True and undone["changes"] == done["changes"]
    was, now = read_layer(source), read_layer(back)
    assert [field.name for field in was.fields] == [field.name for field in now.fields]
    for field in was.fields:
        assert texts_of(was, field.name) == texts_of(now, field.name), field.name
    if was.geometry_type is not None:
        assert [wkb(shape) for shape in was.frame.geometry] == [wkb(shape) for shape in now.frame.geometry]
    assert now.crs == ("EPSG:4326" if was.crs == "OGC:CRS84" else was.crs)


def wkb(shape: object) -> bytes | None:
    """A shape to the last bit of its coordinates."""
    return None if shape is None else shapely.to_wkb(shape, output_dimension=3)


def texts_of(layer: Layer, name: str) -> list[str | None]:
    """The values of a field, whatever a format makes of what is missing."""
    return [None if pandas.isna(value) else str(value) for value in layer.frame[name]]


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedNode]:
    with serving(tmp_path_factory.mktemp("langkah_c") / "data", workers=1) as served:
        yield served


def status(node: ServedNode, path: str) -> tuple[int, str]:
    parts = urlsplit(node.url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=60)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def test_a_faulty_layer_is_refused_repaired_and_published_or_let_through_with_a_reason(
    node: ServedNode, shared: Path, tmp_path: Path
) -> None:
    """The real kecamatan of Kukar: 64.02.14 has nested shells."""
    source, out = shared / "data" / "real" / "kukar_kecamatan.gpkg", tmp_path / "baik.gpkg"
    for dataset in ("kecamatan_darurat", "kecamatan_baik"):
        ran(node.data, "submit", source, "--dataset", dataset, "--spec", "batas")
        refused = ran(node.data, "publish", dataset, code=1)
        assert refused["rules"] == ["geometry-invalid"] and refused["report"]["gate"] == "blocked"
        assert status(node, f"/ogc/collections/{dataset}")[0] == 404

    ran(node.data, "publish", "kecamatan_darurat", "--override", "Banjir, rapat 24 November")
    assert status(node, "/ogc/collections/kecamatan_darurat")[0] == 200
    assert "Banjir, rapat 24 November" in status(node, "/dataset/kecamatan_darurat/mutu")[1]
    assert ran(node.data, "record", "show", "kecamatan_darurat")["exception"]["reason"] == "Banjir, rapat 24 November"
    events = ran(node.data, "show", "kecamatan_darurat")["events"]
    assert [e["facts"]["reason"] for e in events if e["action"] == "gate:override"] == ["Banjir, rapat 24 November"]

    assert ran(node.data, "repair", source, "-o", out, "--spec", "batas")["passes"]
    ran(node.data, "submit", out, "--dataset", "kecamatan_baik")
    assert ran(node.data, "publish", "kecamatan_baik")["exception"] is None
    assert status(node, "/ogc/collections/kecamatan_baik")[0] == 200
