"""Repairs of outlines and of areas against each other, each with what must not change."""

from __future__ import annotations

import pytest
import shapely

from geoportal.checks import validate
from geoportal.repairs import Kind
from tests.factories import make_layer, squares
from tests.repairs.conftest import FREE, REGION, STRICT, Mend

METRE = 1 / 111_195


def rules(done: object) -> list[str]:
    return [receipt.rule for receipt in done.receipts]  # type: ignore[attr-defined]


def test_of_repeated_vertices_the_first_is_kept(mended: Mend) -> None:
    shape = "POLYGON ((116 0, 116.1 0, 116.1 0, 116.1 0.1, 116 0.1, 116 0.099999999, 116 0))"
    done = mended(make_layer([shape]))
    assert set(rules(done)) == {"geometry-repeated-points"}
    assert shapely.get_num_coordinates(done.layer.frame.geometry.iloc[0]) == 5
    assert abs(done.receipts[0].area_delta_m2 or 0) < 5


def test_a_spike_is_taken_off_an_area_and_its_ground_stays(mended: Mend) -> None:
    shape = "POLYGON ((116 0, 116.1 0, 116.1 0.1, 116.05 0.1, 116.05 0.2, 116.0499999 0.1, 116 0.1, 116 0))"
    done = mended(make_layer([shape]))
    assert "geometry-spike" in rules(done)
    found = done.layer.frame.geometry.iloc[0]
    assert found.bounds == (116, 0, 116.1, 0.1)
    assert found.symmetric_difference(shapely.box(116, 0, 116.1, 0.1)).area < 1e-8


def test_tiny_holes_are_filled_and_tiny_parts_left_out(mended: Mend) -> None:
    whole = shapely.box(116, 0, 116.1, 0.1)
    hole = shapely.box(116.05, 0.05, 116.05 + 0.5 * METRE, 0.05 + 0.5 * METRE)
    part = shapely.box(116.2, 0, 116.2 + 0.5 * METRE, 0.5 * METRE)
    done = mended(make_layer([shapely.multipolygons([whole.difference(hole), part])]))
    found = done.layer.frame.geometry.iloc[0]
    assert found.geom_type == "MultiPolygon" and found.equals(whole)
    assert "ring-tiny" in rules(done)


def test_the_only_part_of_an_area_stays_however_small(mended: Mend) -> None:
    done = mended(make_layer([shapely.box(116, 0, 116 + 0.5 * METRE, 0.5 * METRE), *squares(1, 1)]))
    assert len(done.layer) == 2 and not done.layer.frame.geometry.iloc[0].is_empty


def test_slivers_go_after_a_yes(mended: Mend) -> None:
    sliver = shapely.box(116.2, 0, 116.2 + 0.4 * METRE, 100 * METRE)
    layer = make_layer([*squares(1, 1), sliver, shapely.multipolygons([shapely.box(116.5, 0, 116.6, 0.1), sliver])])
    asked = mended(layer)
    assert "drop-slivers" in {item.key for item in asked.questions} and len(asked.layer) == 3
    done = mended(layer, "drop-slivers")
    assert len(done.layer) == 2
    assert done.layer.frame.geometry.iloc[1].area == pytest.approx(0.01)


def test_collections_of_one_kind_become_multi_others_are_asked(mended: Mend) -> None:
    layer = make_layer(
        [
            "GEOMETRYCOLLECTION (POINT (116 0), MULTIPOINT (116.1 0, 116.2 0))",
            "GEOMETRYCOLLECTION (POINT (116 0.5), LINESTRING (116 0.4, 116.1 0.4))",
        ]
    )
    done = mended(layer)
    assert list(done.layer.frame.geometry.geom_type) == ["MultiPoint", "GeometryCollection"]
    assert len(done.layer.frame.geometry.iloc[0].geoms) == 3
    assert "keep-main-kind" in {item.key for item in done.questions}


def test_boundaries_are_not_moved_without_a_width(mended: Mend) -> None:
    one, other = shapely.box(116, 0, 116.1, 0.1), shapely.box(116.1 - 3 * METRE, 0, 116.2, 0.1)
    done = mended(make_layer([one, other]), spec=STRICT)
    assert done.receipts == ()
    assert {item.rule: item.reason for item in done.left}["coverage-overlap"] == "wide"


def test_what_is_narrower_than_the_width_is_closed_and_nothing_wider(mended: Mend) -> None:
    narrow = [shapely.box(116, 0, 116.1, 0.1), shapely.box(116.1 - 3 * METRE, 0, 116.2, 0.1)]
    wide = [shapely.box(116, 0.5, 116.1, 0.6), shapely.box(116.1 - 40 * METRE, 0.5, 116.2, 0.6)]
    done = mended(make_layer([*narrow, *wide]), spec=STRICT, gap_width_m=5.0)
    assert {receipt.feature for receipt in done.receipts} <= {"1", "2"} and done.receipts
    report = validate(done.layer, STRICT, REGION)
    overlap = next(item for item in report.findings if item.rule == "coverage-overlap")
    assert overlap.count == 1
    assert sum(receipt.area_delta_m2 or 0 for receipt in done.receipts) == pytest.approx(-3 * 11_119.5, rel=0.02)


def test_a_narrow_gap_is_closed(mended: Mend) -> None:
    around = shapely.box(116, 0, 116.1, 0.1).difference(shapely.box(116.05, 0.02, 116.05 + 2 * METRE, 0.08))
    done = mended(make_layer([around, shapely.box(116.1, 0, 116.2, 0.1)]), spec=STRICT, gap_width_m=5.0)
    assert done.layer.frame.geometry.iloc[0].equals(shapely.box(116, 0, 116.1, 0.1))


def test_only_the_direction_of_rings_changes(mended: Mend) -> None:
    shape = shapely.Polygon(
        [(116, 0), (116, 0.1), (116.1, 0.1), (116.1, 0)],
        [[(116.02, 0.02), (116.04, 0.02), (116.04, 0.04), (116.02, 0.04)]],
    )
    done = mended(make_layer([shape]))
    (receipt,) = done.receipts
    assert receipt.kind is Kind.GEOMETRY and receipt.rule == "ring-orientation"
    assert (receipt.area_delta_m2, receipt.centroid_delta_m) == pytest.approx((0, 0), abs=1e-3)
    found = done.layer.frame.geometry.iloc[0]
    assert found.exterior.is_ccw and not found.interiors[0].is_ccw
    assert sorted(found.exterior.coords[:-1]) == sorted(shape.exterior.coords[:-1])
    assert validate(done.layer, FREE, REGION).gate == "pass"
