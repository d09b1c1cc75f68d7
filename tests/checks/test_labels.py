"""Label points in the fields of areas."""

from __future__ import annotations

from dataclasses import replace

import geopandas
import pytest

from geoportal.checks import validate
from geoportal.ingest.reader import read_layer
from geoportal.model.layer import Layer
from geoportal.model.report import Finding
from geoportal.model.specification import FieldSpecification, Specification
from tests.checks.examples import LABELS, REGION
from tests.factories import make_layer, squares


def found(layer: Layer, asked: Specification = LABELS) -> Finding | None:
    report = validate(layer, asked, REGION)
    assert "label-point-outside" in report.checked
    return next((item for item in report.findings if item.rule == "label-point-outside"), None)


def test_label_points_are_held_against_their_own_area() -> None:
    finding = found(make_layer(squares(2, 1), lng=[116.005, 116.009], lat=[-0.495, -0.495]))
    assert finding is not None
    (place,) = finding.occurrences
    assert place.feature == "2" and place.where == (116.009, -0.495)
    assert place.params["distance_m"] == pytest.approx(111.3, rel=0.01)


def test_blanks_texts_and_the_tolerance() -> None:
    assert found(make_layer(squares(2, 1), lng=["116.005", None], lat=["-0.495", "x"])) is None
    edge = 116.01 + 0.3 / 111_320
    assert found(make_layer(squares(1, 1), lng=[edge], lat=[-0.495])) is None
    assert found(make_layer(squares(1, 1), lng=[edge], lat=[-0.495]), replace(LABELS, tolerance_m=0)) is not None


def test_both_fields_must_be_there() -> None:
    one = Specification("uji", "bebas", fields=(FieldSpecification("lng", means="label-x"),))
    layer = make_layer(squares(1, 1), lng=[0.0], lat=[0.0])
    for asked in (one, Specification("uji", "bebas")):
        assert "label-point-outside" not in validate(layer, asked, REGION).checked
    assert "label-point-outside" not in validate(make_layer(squares(1, 1), lng=[0.0]), LABELS, REGION).checked


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:32750", "EPSG:9470"])
def test_eleven_labels_of_kukar_lie_outside(shared: object, crs: str) -> None:
    """data/README; the fields hold degrees, also when the layer is brought into a projected system."""
    desa = read_layer(f"{shared}/data/real/kukar_desa.geojson")
    frame: geopandas.GeoDataFrame = desa.frame.to_crs(crs)
    finding = found(replace(desa, frame=frame, crs=crs))
    assert finding is not None and finding.count == 11
