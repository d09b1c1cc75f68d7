"""Every sample file beside the project gets the verdict that was written down for it, and no file does harm."""

import json
import logging
import random
import tempfile
import time
from pathlib import Path

import pytest

from geoportal.ingest import sandbox
from geoportal.ingest.doctor import cuts
from geoportal.model.report import Report, Verdict
from tests.ingest import makers
from tests.ingest.conftest import Inspect, children_of, rules
from tests.ingest.seeds import mutant, seeds
from tests.processes import ROOT

DATA = ROOT.parent / "shared" / "data"
EXPECTED = json.loads((DATA / "expected.json").read_text())["files"] if DATA.is_dir() else {}
ACCIDENTS = {"source-crashed", "source-too-slow", "check-failed"}

# Geometries that the schema of their file lets be missing or empty: accepted, and told all the same.
TOLD_AS_NOTES = {
    f"messy/geoparquet/{name}.parquet": {"geometry-empty", "geometry-missing"}
    for name in ("native_point", "ogc_point_wkb", "ogc_linestring_wkb", "ogc_polygon_wkb")
}
# Rows that the list counts as data and that are a heading of several lines.
ROWS = {"messy/xlsx/frictionless_multiline-headers.xlsx": 1}


@pytest.mark.parametrize("name", EXPECTED)
def test_verdict(name: str, shared: Path, tmp_path: Path, inspect: Inspect, caplog: pytest.LogCaptureFixture) -> None:
    expected = EXPECTED[name]
    original = shared / "data" / name
    path = tmp_path / "kiriman" / original.name
    path.parent.mkdir()
    path.write_bytes(original.read_bytes())
    with caplog.at_level(logging.WARNING):
        report, staged = inspect(path)
    assert report.verdict in {expected["verdict"], *expected.get("alternatives", [])}, rules(report)
    assert TOLD_AS_NOTES.get(name, set()) <= set(rules(report))
    assert not ACCIDENTS & set(rules(report)) and not caplog.records
    assert (staged is None) or report.verdict is not Verdict.REJECT
    assert _below(tmp_path) <= {"kiriman", f"kiriman/{path.name}", "staging-1", "staging-1/layer.gpkg",
                                "staging-1/out", "staging-1/source", *_copies(tmp_path)}  # fmt: skip
    _same_facts(name, report)


def _below(folder: Path) -> set[str]:
    return {item.relative_to(folder).as_posix() for item in folder.rglob("*")}


def _copies(folder: Path) -> set[str]:
    """What the parent itself puts into staging: one copy of the file under a name of ours."""
    found = {item.name for item in (folder / "staging-1" / "source").iterdir()}
    assert len(found) <= 1 and all(name.startswith("source.") for name in found)
    return {f"staging-1/source/{name}" for name in found}


def _same_facts(name: str, report: Report) -> None:
    measured = {layer["layer"]: layer for layer in EXPECTED[name].get("measured", {}).get("layers", [])}
    for layer in report.layers:
        if layer.name in measured:
            assert layer.features == ROWS.get(name, measured[layer.name]["feature_count"])
            wanted, found = measured[layer.name]["crs"], layer.crs
            assert found == wanted or (found == "OGC:CRS84" and wanted == "EPSG:4326"), (found, wanted)


@pytest.mark.parametrize("name", [name for name in EXPECTED if name.endswith(".tif")])
def test_facts_of_rasters(name: str, shared: Path, inspect: Inspect) -> None:
    measured = EXPECTED[name].get("measured", {})
    report, staged = inspect(shared / "data" / name)
    assert staged is None
    if report.verdict is Verdict.REJECT:
        assert not report.layers
        return
    told = rules(report)["raster-layer"]
    assert [told["columns"], told["rows"]] == measured["size"] and told["bands"] == len(measured["bands"])
    (layer,) = report.layers
    assert layer.crs == measured["crs"] and layer.geometry_type == "Raster"
    assert layer.extent is not None
    x0, dx, rx, y0, ry, dy = measured["geotransform"]
    corners = [(x0 + c * dx + r * rx, y0 + c * ry + r * dy) for c in (0, told["columns"]) for r in (0, told["rows"])]
    assert layer.extent == pytest.approx((min(x for x, _ in corners), min(y for _, y in corners),
                                          max(x for x, _ in corners), max(y for _, y in corners)))  # fmt: skip


def test_nothing_was_written_outside_and_nobody_is_left(shared: Path, inspect: Inspect) -> None:
    for name in ("zipslip_absolute.zip", "zipslip_parent.zip", "zip_bomb_1gib.zip"):
        inspect(shared / "data" / "messy" / "attacks" / name)
    assert not list(Path(tempfile.gettempdir()).glob("zipslip*proof.txt"))
    pid = sandbox._server.pid
    assert pid is not None and children_of(pid) == []


LINKS = {
    "a.kml": '<kml xmlns="http://www.opengis.net/kml/2.2"><Document><NetworkLink><Link><href>{url}</href></Link>'
    "</NetworkLink><Placemark><name>x</name><Point><coordinates>117,-0.5</coordinates></Point></Placemark>"
    "<GroundOverlay><Icon><href>{url}</href></Icon></GroundOverlay></Document></kml>",
    "a.gml": '<gml:FeatureCollection xmlns:gml="http://www.opengis.net/gml" xmlns:xlink="http://www.w3.org/1999/xlink"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="http://x {url}">'
    '<gml:featureMember xlink:href="{url}"/><gml:featureMember><d gml:id="a"><gml:pointProperty>'
    '<gml:Point srsName="{url}"><gml:pos>117 -0.5</gml:pos></gml:Point></gml:pointProperty></d></gml:featureMember>'
    "</gml:FeatureCollection>",
    "a.gpx": '<gpx version="1.1" xmlns="http://www.topografix.com/GPX/1/1" xmlns:xsi="http://www.w3.org/2001/XMLSchema'
    '-instance" xsi:schemaLocation="http://x {url}"><wpt lat="-0.5" lon="117"><link href="{url}"/></wpt></gpx>',
    "a.geojson": '{{"type":"FeatureCollection","crs":{{"type":"link","properties":{{"href":"{url}","type":"proj4"}}}},'
    '"features":[{{"type":"Feature","properties":{{"a":"{url}"}},"geometry":{{"type":"Point","coordinates":[117,0]}}}}]}}',
    "a.vrt": "<OGRVRTDataSource><OGRVRTLayer name='x'><SrcDataSource>/vsicurl/{url}</SrcDataSource></OGRVRTLayer>"
    "</OGRVRTDataSource>",
    "wfs.gml": "<OGRWFSDataSource><URL>{url}</URL></OGRWFSDataSource>",
    "a.csv": "nama,tautan,lon,lat\nx,/vsicurl/{url},117,-0.5\n",
}


@pytest.mark.parametrize("name", LINKS)
def test_no_link_is_followed(name: str, tmp_path: Path, inspect: Inspect, canary: tuple[int, list[bytes]]) -> None:
    port, visits = canary
    text = LINKS[name].format(url=f"http://127.0.0.1:{port}/x")
    path = tmp_path / name
    path.write_text(text, "utf-8")
    assert inspect(path)[0].verdict in set(Verdict)
    inspect(makers.zipped(tmp_path / "a.zip", {name: text}))
    assert visits == [] and any(cuts().values())


def test_five_hundred_mutants(tmp_path: Path, inspect: Inspect) -> None:
    """Bytes changed, cut, doubled, in every format: the parent never raises, every answer is a report."""
    files = seeds(tmp_path / "seeds")
    for file in files:
        assert inspect(file)[0].verdict is not Verdict.REJECT, file.name
    dice = random.Random(6402)
    verdicts, accidents = [], []
    begun = time.monotonic()
    for number in range(500):
        seed = files[number % len(files)]
        path = tmp_path / f"mutant-{seed.name}"
        path.write_bytes(mutant(seed, dice))
        report, staged = inspect(path, write=number % 4 == 0)
        assert isinstance(report, Report)
        verdicts.append(report.verdict)
        if ACCIDENTS & set(rules(report)):
            accidents.append((number, seed.name, rules(report)))
        if staged is not None:
            assert staged.path.stat().st_size > 0 and staged.summary.features >= 0
    print(f"500 mutants in {time.monotonic() - begun:.0f} s, accidents: {accidents}")
    assert {Verdict.REJECT, Verdict.ACCEPT} <= set(verdicts)
    assert sandbox._server.pid is not None and children_of(sandbox._server.pid) == []
    # A library that crashes in the child is a report too; that it stays rare is what our looks before GDAL are for.
    assert len(accidents) <= 5, accidents
