"""What must not be crossed: by lines, by areas, with a tolerance, and as QGIS counts it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import shapely

from geoportal.checks import validate
from geoportal.ingest.formats import find_sources
from geoportal.ingest.reader import read_layer
from geoportal.model.layer import Layer
from geoportal.model.specification import Specification
from tests.checks.examples import REGION
from tests.factories import make_layer

BOX = "POLYGON ((500000 9950000, 500100 9950000, 500100 9950100, 500000 9950100, 500000 9950000))"


def asked(shapes: list[Any], other: Any, tolerance_m: float = 0.5) -> Any:
    """The finding about shapes beside another one, in metres."""
    spec = Specification("uji", "bebas", not_crossing=("lain",), tolerance_m=tolerance_m)
    beside = {"lain": make_layer([other], "EPSG:32750", layer_name="lain")}
    report = validate(make_layer(shapes, "EPSG:32750"), spec, REGION, beside=beside)
    assert "crosses-other-layer" in report.checked
    return next((item for item in report.findings if item.rule == "crosses-other-layer"), None)


def line(*places: tuple[float, float]) -> Any:
    return shapely.LineString([(500000 + x, 9950000 + y) for x, y in places])


@pytest.mark.parametrize(
    ("shape", "places"),
    [
        (line((-50, 50), (150, 50)), 2),
        (line((-50, 50), (50, 50)), 1),
        (line((-50, 50), (0, 50)), 0),
        (line((-50, 0), (150, 0)), 0),
        (line((10, 10), (90, 90)), 0),
        (line((-50, 50), (0.3, 50)), 0),
        (line((-0.3, 50), (50, 50)), 0),
        (shapely.box(500050, 9950050, 500150, 9950150), 2),
        (shapely.box(500100, 9950000, 500200, 9950100), 0),
        (shapely.box(500010, 9950010, 500020, 9950020), 0),
        (shapely.box(500099.8, 9950010, 500150, 9950090), 0),
        (shapely.Point(500000, 9950000), 0),
    ],
)
def test_an_area_is_crossed_at_its_outline(shape: Any, places: int) -> None:
    found = asked([shape], BOX)
    assert (found.params["places"] if found else 0) == places
    if found:
        told = shapely.geometry.shape(found.occurrences[0].geometry)
        outline = shapely.boundary(shapely.from_wkt(BOX))
        assert shapely.get_num_geometries(told) == places and shapely.distance(told, outline) < 1e-6


def test_lines_cross_lines_and_tolerance_zero_sees_a_hair() -> None:
    river = line((0, -50), (0, 50))
    found = asked([line((-10, 0), (10, 0)), line((-10, 5), (0, 5)), line((-10, 9), (10, 9))], river)
    assert (found.count, found.params["places"]) == (2, 2)
    assert asked([line((-50, 50), (0.01, 50))], BOX, 0).count == 1


def test_what_is_not_there_has_not_passed() -> None:
    spec = Specification("uji", "bebas", not_crossing=("lain",))
    report = validate(make_layer([line((0, 0), (1, 1))], "EPSG:32750"), spec, REGION)
    assert "crosses-other-layer" not in report.checked
    assert "reference-missing" in {item.rule for item in report.findings}


def test_qgis_counts_the_same(shared: Path, tmp_path: Path) -> None:
    def read(name: str) -> Layer:
        folder = tmp_path / name
        folder.mkdir()
        path = shared / "data/messy/topology" / f"qgis_{name}.zip"
        (source,) = find_sources(path, folder, name=path.name)
        # Their map units are taken for metres: a plane without a place would not be measured at all.
        layer = read_layer(source, None)
        frame = layer.frame.set_crs("EPSG:32750", allow_override=True)
        frame.geometry = frame.geometry.translate(500_000, 9_950_000)
        return replace(layer, frame=frame, crs="EPSG:32750", name=name)

    spec = Specification("uji", "bebas", not_crossing=("polygon_layer",), tolerance_m=0)
    beside = {"polygon_layer": read("polygon_layer")}
    report = validate(read("line_layer"), spec, REGION, beside=beside)
    (found,) = [item for item in report.findings if item.rule == "crosses-other-layer"]
    assert found.params["places"] == 5
