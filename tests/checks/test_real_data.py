"""Known defects of real layers. Data beside the project; skipped where they are not there."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas
import pytest
import shapely

from geoportal.checks import validate
from geoportal.checks.profiles import read_specification
from geoportal.model.layer import Layer
from geoportal.model.report import Finding, Gate, Report, Verdict
from tests.checks.examples import REGION
from tests.factories import make_layer

PROFILES = Path(__file__).parents[2] / "config" / "specifications"


def read(path: Path) -> Layer:
    frame = geopandas.read_file(path)
    crs = ":".join(frame.crs.to_authority()) if frame.crs else None
    columns = {name: list(frame[name]) for name in frame.columns if name in ("kode", "nama")}
    return make_layer(frame.geometry.to_numpy(), crs, layer_name=path.stem, **columns)


def found(report: Report, rule: str) -> Finding:
    return next(finding for finding in report.findings if finding.rule == rule)


@pytest.mark.parametrize(
    ("file", "features"),
    [("kukar_kecamatan.gpkg", {"64.02.14"}), ("kaltim_kabupaten.geojson", {"64.02", "64.03", "64.74"})],
)
def test_nested_shells_are_found_where_they_are(shared: Path, file: str, features: set[str]) -> None:
    layer = read(shared / "data" / "real" / file)
    keyed = read_specification("bebas", PROFILES)
    report = validate(layer, type(keyed)("x", "bebas", keyed.title, keyed.severities, key="kode"), REGION)
    finding = found(report, "geometry-invalid")
    assert finding.params == {"reasons": {"Nested shells": len(features)}}
    assert {place.feature for place in finding.occurrences} == features
    for place in finding.occurrences:
        row = list(layer.frame["kode"]).index(place.feature)
        assert shapely.Point(place.where).distance(layer.frame.geometry.iloc[row]) < 1e-6
    assert report.verdict is Verdict.ACCEPT_WITH_WARNINGS
    assert validate(layer, read_specification("batas", PROFILES), REGION).gate is Gate.BLOCKED


def test_villages_are_accepted_and_their_neighbours_compared(shared: Path) -> None:
    layer = read(shared / "data" / "real" / "kukar_desa.geojson")
    assert validate(layer, None, REGION).findings == ()
    report = validate(layer, read_specification("batas", PROFILES), REGION)
    assert report.gate is Gate.PASS
    overlap, gap = found(report, "coverage-overlap"), found(report, "coverage-gap")
    assert overlap.count > 100 and gap.count > 100  # boundaries that were drawn twice
    first = overlap.occurrences[0]
    pair = [layer.frame.geometry.iloc[int(str(number)) - 1] for number in (first.feature, first.related)]
    assert shapely.intersection(*pair).buffer(1e-9).contains(shapely.Point(first.where))
    assert not shapely.union_all(layer.frame.geometry.to_numpy()).contains(shapely.Point(gap.occurrences[0].where))


@pytest.mark.filterwarnings(
    "ignore::UserWarning", "ignore::RuntimeWarning"
)  # what pyogrio says while it reads oddities
def test_verdicts_of_the_collection(shared: Path) -> None:
    """Every layer that GDAL opens as one layer gets the verdict of the list, as far as a layer can tell it."""
    expected = json.loads((shared / "data" / "expected.json").read_text())["files"]
    told_by_the_layer = (
        "invalid",
        "null",
        "empty",
        "mixed",
        "no CRS",
        "domain",
        "collection",
        "no geometry",
        "axis order",
    )
    seen = 0
    for name, facts in expected.items():
        layers = facts.get("measured", {}).get("layers", [])
        why = " ".join(facts["why"])
        if (
            len(layers) != 1
            or not name.endswith((".geojson", ".fgb", ".zip", ".gpkg"))
            or any(part in name for part in ("unclosed", "!"))
        ):
            continue
        if why and not any(word in why for word in told_by_the_layer):
            continue
        if any(word in why + name for word in ("curve", "TIN", "M values", "multipatch", "crs_member", "shp_dbf")):
            continue
        verdict = str(validate(read(shared / "data" / name), None, REGION).verdict)
        assert verdict in (facts["verdict"], *facts.get("alternatives", ())), name
        seen += 1
    assert seen > 30


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # NaN coordinates are among the cases
def test_validity_is_that_of_the_jts_suite(shared: Path) -> None:
    seen = 0
    for path in sorted((shared / "data" / "oracles" / "validity").glob("*.cases.json")):
        for case in json.loads(path.read_text()):
            try:
                shape = (
                    shapely.from_wkt(case["geometry"])
                    if case["encoding"] == "WKT"
                    else shapely.from_wkb(case["geometry"])
                )
            except shapely.errors.GEOSException:
                assert not case["valid"]
                continue
            report = validate(make_layer([shape]), None, REGION)
            broken = {finding.rule for finding in report.findings} & {"geometry-invalid", "geometry-not-finite"}
            assert bool(broken) is not case["valid"], case["desc"]
            seen += 1
    assert seen > 50
