"""Features in those of other layers: desa in kecamatan, schools in their desa, and layers that are not to be had."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas
import pytest
import shapely

from geoportal.checks import texts, validate
from geoportal.ingest.reader import read_layer
from geoportal.ingest.writer import write_layer
from geoportal.model.layer import Layer
from geoportal.model.references import ReferenceLayer, References
from geoportal.model.report import Finding, Report, Severity
from geoportal.model.specification import CoveredBy, FieldSpecification, Specification
from tests.checks.examples import REGION, spec
from tests.factories import make_layer

UTM = "EPSG:32750"
X, Y = 500_000, 9_950_000
KECAMATAN = make_layer(
    [shapely.box(X, Y, X + 1000, Y + 1000), shapely.box(X + 1000, Y, X + 2000, Y + 1000)],
    UTM, layer_name="kecamatan", kode=["64.02.01", "64.02.02"],
)  # fmt: skip
BY_CODE = CoveredBy("kecamatan", "kec", "kode")
TOGETHER = CoveredBy("kecamatan")


def box(west: float, south: float, east: float, north: float) -> Any:
    return shapely.box(X + west, Y + south, X + east, Y + north)


def checked(layer: Layer, *promises: CoveredBy, beside: Any = None, **parts: Any) -> Report:
    report = validate(
        layer, spec(covered_by=promises, **parts), REGION, beside={"kecamatan": KECAMATAN} if beside is None else beside
    )
    assert not [item for item in report.findings if item.rule == "check-failed"]
    return report


def found(report: Report, rule: str) -> Finding | None:
    return next((item for item in report.findings if item.rule == rule), None)


def outside(layer: Layer, *promises: CoveredBy, **parts: Any) -> Finding | None:
    report = checked(layer, *promises, **parts)
    assert "not-covered" in report.checked
    return found(report, "not-covered")


@pytest.mark.parametrize(
    ("over", "tolerance", "seen"), [(0, 0, False), (0.4, 0.5, False), (0.6, 0.5, True), (0.01, 0, True)]
)
@pytest.mark.parametrize("crs", [UTM, "EPSG:4326"])
def test_what_is_narrower_than_the_tolerance_does_not_lie_outside(
    over: float, tolerance: float, seen: bool, crs: str
) -> None:
    shapes = geopandas.GeoSeries([box(200, 200, 1000 + over, 800)], crs=UTM).to_crs(crs)
    finding = outside(make_layer(shapes, crs, kec=["64.02.01"]), BY_CODE, tolerance_m=tolerance)
    assert (finding is not None) is seen


def test_an_area_may_lie_in_two_together_but_not_in_the_one_that_it_names() -> None:
    layer = make_layer([box(900, 100, 1100, 200)], UTM, kec=["640201"], kode=["a"])
    assert outside(layer, TOGETHER) is None
    finding = outside(layer, BY_CODE, key="kode")
    assert finding is not None and finding.count == 1
    (place,) = finding.occurrences
    assert (place.feature, place.related) == ("a", "64.02.01")
    assert place.params["area_m2"] == pytest.approx(10_000, rel=0.01)
    assert shapely.geometry.shape(place.geometry).equals(box(1000, 100, 1100, 200))
    assert texts.occurrence(finding, place, "en").endswith("lies outside 64.02.01 of the layer kecamatan.")
    json.dumps(finding.as_dict(), allow_nan=False)


def test_what_lies_outside_of_all() -> None:
    layer = make_layer([box(1900, 900, 2100, 1100), box(5000, 5000, 5100, 5100), box(10, 10, 20, 20)], UTM)
    finding = outside(layer, TOGETHER)
    assert finding is not None and [place.feature for place in finding.occurrences] == ["1", "2"]
    assert [place.params["area_m2"] for place in finding.occurrences] == pytest.approx([30_000, 10_000], rel=0.01)
    assert texts.occurrence(finding, finding.occurrences[1], "id") == "1,00 ha berada di luar layer kecamatan."


def test_a_code_that_names_nothing_is_compared_with_all_together() -> None:
    layer = make_layer(
        [box(10, 10, 20, 20), box(5000, 0, 5001, 1), box(30, 10, 40, 20)], UTM, kec=["x", None, "64.02.01"]
    )
    finding = outside(layer, BY_CODE)
    assert finding is not None and [place.feature for place in finding.occurrences] == ["2"]


def test_lines_are_measured_by_length_and_points_by_distance() -> None:
    line = shapely.LineString([(X + 100, Y + 100), (X + 100, Y - 50)])
    along = shapely.LineString([(X, Y - 0.3), (X + 1000, Y - 0.3)])
    layer = make_layer([line, along, shapely.Point(X - 30, Y + 500), shapely.Point(X - 0.3, Y + 500)], UTM)
    finding = outside(layer, TOGETHER)
    assert finding is not None and [place.feature for place in finding.occurrences] == ["1", "3"]
    first, second = finding.occurrences
    assert first.params["length_m"] == pytest.approx(50, rel=0.01)
    assert second.params["distance_m"] == pytest.approx(30, rel=0.01)
    assert texts.occurrence(finding, first, "en") == "50 m lies outside the layer kecamatan."
    assert texts.occurrence(finding, second, "id") == "30 m di luar layer kecamatan."


def test_a_point_in_another_region_and_one_in_none_are_two_faults() -> None:
    places = [(500, 500), (1500, 500), (1000.3, 500), (1500, 500), (2500, 500), (500, 500)]
    layer = make_layer(
        [shapely.Point(X + x, Y + y) for x, y in places], UTM,
        kec=["64.02.01", "64.02.01", "64.02.01", "64.02.02", "64.02.02", None],
    )  # fmt: skip
    report = checked(layer, BY_CODE)
    other, lost = found(report, "point-in-other-region"), found(report, "not-covered")
    assert other is not None and lost is not None
    assert [(place.feature, place.related, place.params["value"]) for place in other.occurrences] == [
        ("2", "64.02.02", "64.02.01")
    ]
    assert [(place.feature, place.related) for place in lost.occurrences] == [("5", "64.02.02")]


def test_points_find_region_layers_by_their_codes(tmp_path: Path) -> None:
    write_layer(KECAMATAN, tmp_path / "a.gpkg")
    desa = make_layer([box(0, 0, 1000, 1000)], UTM, kode=["64.02.01.2001"])
    write_layer(desa, tmp_path / "b.gpkg")
    paths = {"desa": str(tmp_path / "b.gpkg"), "kecamatan": str(tmp_path / "a.gpkg")}
    references = References(layers=tuple(ReferenceLayer(name, path, "kode") for name, path in paths.items()))
    layer = make_layer([shapely.Point(X + 1500, Y + 10)], UTM, KODE=["64.02.01"])
    asked = spec(fields=(FieldSpecification("KODE", means="region-code"),))
    report = validate(layer, asked, REGION, references=references)
    finding = found(report, "point-in-other-region")
    assert finding is not None and finding.occurrences[0].params["dataset"] == "kecamatan"
    for quiet in (spec(), spec(fields=(FieldSpecification("KODE", means="region-name"),))):
        assert "point-in-other-region" not in validate(layer, quiet, REGION, references=references).checked


@pytest.mark.parametrize(
    ("promise", "reason"),
    [
        (CoveredBy("tiada"), "reference-not-there"),
        (CoveredBy("kecamatan", "tiada", "kode"), "reference-no-column"),
        (CoveredBy("kecamatan", "kec", "tiada"), "reference-no-key"),
        (CoveredBy("campur"), "reference-no-areas"),
        (CoveredBy("tabel"), "reference-not-there"),
        (CoveredBy("tanpa-sistem"), "reference-not-there"),
    ],
)
def test_what_cannot_be_compared_is_not_checked(promise: CoveredBy, reason: str) -> None:
    beside = {
        "kecamatan": KECAMATAN,
        "campur": make_layer([box(0, 0, 1, 1), shapely.Point(X, Y)], UTM),
        "tabel": make_layer(None, crs=None, kode=["a"]),
        "tanpa-sistem": replace(KECAMATAN, crs=None),
    }
    layer = make_layer([box(-10, 10, 20, 20)], UTM, kec=["64.02.01"])
    report = checked(layer, promise, beside=beside)
    finding = found(report, "reference-missing")
    assert finding is not None and finding.occurrences[0].params["reason"] == reason
    assert finding.severity is Severity.WARNING
    assert not {"not-covered", "point-in-other-region", "position-differs"} & set(report.checked)
    assert reason not in texts.occurrence(finding, finding.occurrences[0], "id")
    # The other promise is kept all the same, and what was not checked weighs as much as the check.
    both = checked(layer, promise, BY_CODE, beside=beside, severities={"not-covered": Severity.BLOCKING})
    assert found(both, "not-covered") is not None and "not-covered" not in both.checked
    blocked = found(both, "reference-missing")
    assert blocked is not None and blocked.severity is Severity.BLOCKING


def test_a_reference_whose_file_is_gone_or_foreign_is_missing(tmp_path: Path) -> None:
    (tmp_path / "rusak.gpkg").write_bytes(b"bukan geopackage")
    layer = make_layer([box(0, 0, 1, 1)], UTM)
    for name in ("rusak.gpkg", "tiada.gpkg"):
        references = References(layers=(ReferenceLayer("kecamatan", str(tmp_path / name)),))
        report = validate(layer, spec(covered_by=(TOGETHER,)), REGION, references=references)
        assert found(report, "reference-missing") is not None


def test_a_layer_of_the_file_comes_before_one_of_the_node(tmp_path: Path) -> None:
    far = replace(KECAMATAN, frame=KECAMATAN.frame.assign(geometry=KECAMATAN.frame.geometry.translate(90_000)))
    write_layer(far, tmp_path / "a.gpkg")
    references = References(layers=(ReferenceLayer("kecamatan", str(tmp_path / "a.gpkg"), "kode"),))
    layer = make_layer([box(10, 10, 20, 20)], UTM)
    asked = spec(covered_by=(TOGETHER,))
    assert found(validate(layer, asked, REGION, references=references), "not-covered") is not None
    here = validate(layer, asked, REGION, references=references, beside={"kecamatan": KECAMATAN})
    assert found(here, "not-covered") is None


def test_the_villages_of_kukar_in_their_districts(shared: object) -> None:
    """By code and with the tolerance at zero: as many stick out as a plain difference says."""
    desa = read_layer(f"{shared}/data/real/kukar_desa.geojson")
    kecamatan = read_layer(f"{shared}/data/real/kukar_kecamatan.gpkg")
    desa = replace(desa, frame=desa.frame.assign(kec=[code[:8] for code in desa.frame["kode"]]),
                   fields=(*desa.fields, replace(desa.fields[0], name="kec")))  # fmt: skip
    whole = Specification(
        "desa", "batas", key="kode", covered_by=(CoveredBy("kecamatan", "kec", "kode"),), tolerance_m=1
    )
    finding = found(validate(desa, whole, REGION, beside={"kecamatan": kecamatan}, sample=None), "not-covered")
    assert finding is not None
    districts = dict(zip(kecamatan.frame["kode"], shapely.make_valid(kecamatan.frame.geometry.to_numpy()), strict=True))
    wanted = {
        code
        for code, kec, shape in zip(desa.frame["kode"], desa.frame["kec"], desa.frame.geometry, strict=True)
        if not (shape - districts[kec]).buffer(-0.5 / 111_000).is_empty
    }
    assert {place.feature for place in finding.occurrences} == wanted and len(wanted) > 150
    assert all(place.related == (place.feature or "")[:8] for place in finding.occurrences)


def test_what_qgis_says_is_contained_is_covered(shared: object) -> None:
    """QGIS' check of features within those of a polygon layer: four pairs, of which one lies within the layer itself.

    QGIS leaves out polygon 1, which is invalid; here it is looked at as it was meant, and point 3 lies in it.
    """

    def read(name: str) -> Layer:
        frame = geopandas.read_file(f"{shared}/data/messy/topology/qgis_{name}.zip")
        return make_layer(frame.geometry.to_numpy(), ids=[f"{name}:{number}" for number in range(len(frame))])

    polygons = read("polygon_layer")
    oracle = json.loads(Path(f"{shared}/data/oracles/topology/qgis_checks.json").read_text(encoding="utf-8"))
    pairs = next(item["pairs"] for item in oracle["checks"] if item["check"] == "contained")
    inside = set()
    for name in ("point_layer", "line_layer"):
        layer = read(name)
        report = checked(layer, CoveredBy("polygon_layer"), beside={"polygon_layer": polygons}, tolerance_m=0)
        finding = found(report, "not-covered")
        assert finding is not None and layer.ids is not None
        inside |= set(layer.ids) - {place.feature for place in finding.occurrences}
    overlaps = found(validate(polygons, spec(tolerance_m=0), REGION), "coverage-overlap")
    assert overlaps is not None
    assert {"polygon_layer:3", "polygon_layer:0"} in [{place.feature, place.related} for place in overlaps.occurrences]
    assert inside - {"point_layer:3"} == {one for one, _ in pairs if not one.startswith("polygon")}
    meant = shapely.make_valid(polygons.frame.geometry[1], method="structure")
    assert meant.contains(read("point_layer").frame.geometry[3]) and not polygons.frame.geometry[1].is_valid


def test_parts_of_one_region_are_one_and_codes_of_the_statistics_office_are_others() -> None:
    islands = make_layer(
        [box(0, 0, 100, 100), box(100, 0, 200, 100), box(500, 0, 600, 100)],
        UTM, kode=["64.02.01", "64.02.01", "64.02.02"], kode_bps=["6402020", "640201", "640202"],
    )  # fmt: skip
    layer = make_layer([box(50, 10, 150, 20), box(550, 10, 560, 20)], UTM, kec=[640201.0, 640202.0])
    assert outside(layer, BY_CODE, beside={"kecamatan": islands}) is None
    unnamed = checked(layer, CoveredBy("kecamatan", "kec"), beside={"kecamatan": islands})
    missing = found(unnamed, "reference-missing")
    assert missing is not None and missing.occurrences[0].params["reason"] == "reference-no-key"
