"""Features beside the list that says where they are, and the slips that explain a difference."""

from __future__ import annotations

from dataclasses import replace

import geopandas
import pytest
import shapely

from geoportal.checks import texts, validate
from geoportal.ingest.reader import read_layer
from geoportal.model.layer import Layer
from geoportal.model.report import Finding
from geoportal.model.specification import CoveredBy
from tests.checks.examples import REGION, points, spec
from tests.factories import make_layer

LIST = points((116.5, -0.5), (116.8, 0.2), (116.1, -1.0), kode=["1", "2", "3"])


def found(layer: Layer, tolerance_m: float = 100.0, reference: Layer = LIST) -> Finding | None:
    asked = spec(tolerance_m=tolerance_m, covered_by=(CoveredBy("pulau", "kode", "kode"),))
    report = validate(layer, asked, REGION, beside={"pulau": reference})
    assert "position-differs" in report.checked
    return next((item for item in report.findings if item.rule == "position-differs"), None)


@pytest.mark.parametrize(
    ("place", "reason"),
    [
        ((116.5, -0.5), "none"), ((116.5004, -0.5), "none"), ((116.5, 0.5), "latitude-sign"),
        ((116.5, 0.5003), "latitude-sign"), ((-116.5, -0.5), "longitude-sign"), ((-0.5, 116.5), None),
        ((116.5, -0.6), None), ((116.7, 0.9), None),
    ],
)  # fmt: skip
def test_a_slip_is_named_where_it_explains_the_difference(place: tuple[float, float], reason: str | None) -> None:
    if place[1] > 90:
        return  # no latitude: told by another rule
    finding = found(points(place, kode=["1"]))
    if reason == "none":
        assert finding is None
        return
    assert finding is not None and finding.count == 1
    assert finding.occurrences[0].params.get("reason") == reason
    assert finding.params.get("reason") == reason


def test_latitude_and_longitude_exchanged() -> None:
    java = points((-0.5 + 50, 40.0), kode=["1"])
    finding = found(java, reference=points((40.0, 49.5), kode=["1"]))
    assert finding is not None and finding.params["reason"] == "axes-swapped"


def test_the_distance_is_in_metres_in_any_system_and_for_any_geometry() -> None:
    for crs in ("EPSG:4326", "EPSG:32750", "EPSG:3857"):
        moved = geopandas.GeoSeries([shapely.Point(116.51, -0.5)], crs=4326).to_crs(crs)
        finding = found(make_layer(moved, crs, kode=["1"]))
        assert finding is not None
        assert finding.occurrences[0].params["distance_m"] == pytest.approx(1113, rel=0.01)
    around = make_layer([shapely.box(116.4, -0.6, 116.6, -0.4), shapely.box(116.81, 0.1, 116.9, 0.3)], kode=["1", "2"])
    finding = found(around)
    assert finding is not None and [place.feature for place in finding.occurrences] == ["2"]
    assert finding.occurrences[0].params["distance_m"] == pytest.approx(1113, rel=0.01)


def test_codes_that_the_list_does_not_know_say_nothing() -> None:
    assert found(points((116.5, 0.5), (116.5, -0.5), kode=["77", "1"])) is None


def test_all_islands_with_a_lost_sign_are_found_by_their_codes(shared: object) -> None:
    """The 244 islands of Kaltim in a published list that lost the sign of every southern and northern latitude."""
    islands = read_layer(f"{shared}/data/messy/indonesia/pulau_kaltim_lintang_salah_tanda.csv", "EPSG:4326")
    official = read_layer(f"{shared}/data/real/pulau_indonesia_dms.csv", "EPSG:4326")
    asked = spec(key="kode", tolerance_m=100, covered_by=(CoveredBy("pulau", "kode", "code"),))
    report = validate(islands, asked, REGION, beside={"pulau": official}, sample=None)
    finding = next(item for item in report.findings if item.rule == "position-differs")
    assert len(islands) == finding.count == 244
    assert {place.feature for place in finding.occurrences} == set(islands.frame["kode"])
    assert finding.params["slips"] == {"latitude-sign": 244} and finding.params["reason"] == "latitude-sign"
    assert "Tanda minus lintang" in texts.message(finding, "id")
    assert "negatif" in texts.hint(finding, "id") and "negative" in texts.hint(finding, "en")
    mended = islands.frame.set_geometry(shapely.transform(islands.frame.geometry.to_numpy(), lambda xy: xy * [1, -1]))
    report = validate(replace(islands, frame=mended), asked, REGION, beside={"pulau": official})
    assert not [item for item in report.findings if item.rule == "position-differs"]
