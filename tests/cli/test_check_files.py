"""``geoportal check --map --gpkg --html``: one report, four uses, from one file."""

import json
import re

import fiona
import pyogrio
import pytest
import shapely


def document(text):
    return json.loads(text)


@pytest.fixture
def written(geoportal, tmp_path):
    def check(file, *options):
        names = {"map": tmp_path / "out.html", "gpkg": tmp_path / "faults.gpkg", "html": tmp_path / "report.html"}
        files = [part for name, path in names.items() for part in (f"--{name}", path)]
        result = geoportal("check", file, *files, "--json", "--lang", "id", *options)
        return result, names

    return check


def test_the_real_villages_of_the_regency(written, shared):
    result, files = written(shared / "data" / "real" / "kukar_desa.geojson", "--spec", "batas")
    answer = document(result.stdout)
    assert result.returncode == 0 and answer["gate"] == "pass" and answer["spec"] == "batas"
    assert answer["summary"]["score"] < 100
    assert [step["rule"] for step in answer["summary"]["first"]][:2] == ["coverage-gap", "coverage-overlap"]
    assert all(str(path) in result.stderr for path in files.values())
    found = {finding["rule"]: finding for finding in answer["findings"]}
    for finding in answer["findings"]:
        assert {"rule", "severity", "element", "layer", "count", "message", "hint", "occurrences"} <= set(finding)
        assert len(finding["occurrences"]) <= 50 and finding["occurrences_total"] == finding["count"]
    with fiona.open(files["gpkg"], layer="luas") as areas:
        rules = [row.properties["rule"] for row in areas]
        shapes = {
            rule: [shapely.geometry.shape(r.geometry) for r in areas if r.properties["rule"] == rule]
            for rule in set(rules)
        }
        assert areas.crs.to_epsg() == 4326
    for rule in ("coverage-overlap", "coverage-gap"):
        assert rules.count(rule) == found[rule]["count"] > 100
    # By another way: what the rule calls shared ground lies in two villages, what it calls a gap in none.
    villages = pyogrio.read_dataframe(shared / "data" / "real" / "kukar_desa.geojson").geometry.to_numpy()
    tree = shapely.STRtree(villages)
    inner = [shapely.point_on_surface(shape) for shape in shapes["coverage-overlap"]]
    hits = [len(tree.query(point, predicate="intersects")) for point in inner]
    assert min(hits) >= 2
    inner = [shapely.point_on_surface(shape) for shape in shapes["coverage-gap"]]
    assert max(len(tree.query(point, predicate="within")) for point in inner) == 0
    # The map draws every one of them, and so does its picture on paper of the first.
    page = files["map"].read_text("utf-8")
    data = json.loads(json.loads(re.search(r', JSON\.parse\((".*")\)\);', page)[1]))
    drawn = [data["findings"][row[0]]["title"] for row in data["places"] if row[7]]
    assert drawn.count(found["coverage-overlap"]["title"]) == found["coverage-overlap"]["count"]
    assert drawn.count(found["coverage-gap"]["title"]) == found["coverage-gap"]["count"]
    assert "<svg" in files["html"].read_text("utf-8")


SQUARES = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "properties": {"kode": str(n)},
            # 1 m in each other: 0.000009 degrees at the equator
            "geometry": shapely.geometry.mapping(
                shapely.box(117 + n * 0.001 - 0.000009, 0, 117.001 + n * 0.001, 0.001)
            ),
        }
        for n in range(2)
    ],
}


@pytest.fixture
def squares(tmp_path):
    file = tmp_path / "dua.geojson"
    file.write_text(json.dumps(SQUARES))
    return file


@pytest.mark.parametrize(("tolerance", "told"), [("0", True), ("0.2", True), ("5", False)])
@pytest.mark.parametrize("spec", ["bebas", "batas"])
def test_the_tolerance_is_the_one_given(geoportal, squares, spec, tolerance, told):
    result = geoportal("check", squares, "--spec", spec, "--tolerance", tolerance, "--json")
    rules = {finding["rule"] for finding in document(result.stdout)["findings"]}
    assert ("coverage-overlap" in rules) is told


def test_a_tolerance_without_a_profile_says_that_it_measures_nothing(geoportal, squares):
    result = geoportal("check", squares, "--tolerance", "5", "--json", "--lang", "en")
    assert "--spec" in result.stderr and document(result.stdout)["gate"] is None
    assert geoportal("check", squares, "--tolerance", "-1").returncode == 2


def test_without_a_profile_the_map_shows_what_was_found_at_intake(written, tmp_path):
    file = tmp_path / "simpul.geojson"
    bow = {"type": "Polygon", "coordinates": [[[117, 0], [117.01, 0.01], [117.01, 0], [117, 0.01], [117, 0]]]}
    file.write_text(json.dumps({"type": "Feature", "properties": {}, "geometry": bow}))
    result, files = written(file)
    answer = document(result.stdout)
    assert answer["gate"] is None and answer["verdict"] == "accept_with_warnings"
    with fiona.open(files["gpkg"], layer="titik") as points:
        (row,) = (row for row in points if row.properties["rule"] == "geometry-invalid")
    assert shapely.geometry.shape(row.geometry).distance(shapely.Point(117.005, 0.005)) < 1e-6
    assert "geometry-invalid" in files["html"].read_text("utf-8")


def test_a_file_that_is_none_has_a_report_too(written, tmp_path):
    file = tmp_path / "rusak.geojson"
    file.write_text("{")
    result, files = written(file)
    assert result.returncode == 1 and document(result.stdout)["summary"]["grade"] == "rejected"
    with fiona.open(files["gpkg"], layer="titik") as points:
        assert len(points) >= 1
    assert all(path.is_file() for path in files.values())


def test_the_terminal_ends_with_the_score_and_what_to_do(geoportal, squares):
    said = geoportal("check", squares, "--spec", "batas", "--lang", "en").stdout
    assert re.search(r"Score \d+ out of 100\. .+\nDo first:\n  1\. .+", said)


def test_nothing_is_written_over_a_folder(geoportal, squares, tmp_path):
    for option in ("--map", "--gpkg", "--html"):
        result = geoportal("check", squares, option, tmp_path, "--lang", "en")
        assert result.returncode == 2 and "is a folder" in result.stderr
    assert geoportal("check", squares, "--map", tmp_path / "none" / "x.html").returncode == 4


def test_what_is_checked_is_never_written_over(geoportal, squares, tmp_path):
    before = squares.read_bytes()
    alias = tmp_path / "alias.geojson"
    alias.symlink_to(squares)
    for target in (squares, alias, tmp_path / "x" / ".." / squares.name):
        result = geoportal("check", squares, "--gpkg", target, "--lang", "en")
        assert result.returncode in (2, 4) and squares.read_bytes() == before
    same = tmp_path / "a.html"
    assert geoportal("check", squares, "--map", same, "--html", same).returncode == 2 and not same.exists()
