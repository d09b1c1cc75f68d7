"""Spatial functions in the system of coordinates in the filter, asked beside shapely on the source's own numbers."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pyproj
import pytest
import shapely

from geoportal.ingest.formats import find_sources
from geoportal.ingest.reader import read_layer
from geoportal.ogc.cql2.compiler import Compiler
from geoportal.ogc.cql2.text import from_text
from geoportal.ogc.cql2.tree import BadFilter, from_json
from geoportal.serving.build import build
from geoportal.serving.crs import CRS84
from geoportal.serving.fragments import Serving, open_serving

EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
UTM, GEO = f"{EPSG}32750", f"{EPSG}4326"
FUNCTIONS = ("intersects", "equals", "disjoint", "touches", "within", "overlaps", "crosses", "contains")


def served(folder: Path, shapes: list[Any], crs: int) -> Serving:
    """The serving files of a layer of these shapes, numbered by ``n`` and in this order."""
    file = folder / "layer.gpkg"
    frame = geopandas.GeoDataFrame({"n": range(len(shapes)), "t": ["a" * 300] * len(shapes)}, geometry=shapes, crs=crs)
    frame.to_file(file, engine="pyogrio")
    (folder / "work").mkdir()
    (folder / "target").mkdir()
    (source,) = find_sources(file, folder / "work", name=file.name)
    build(read_layer(source), folder / "target", key=None)
    return open_serving(folder / "target")


@pytest.fixture(scope="module")
def shapes() -> list[Any]:
    draw = np.random.default_rng(11)
    found: list[Any] = []
    for x, y in zip(draw.uniform(250_000, 700_000, 60), draw.uniform(9_000_000, 9_900_000, 60), strict=True):
        found += [
            shapely.Polygon([(x, y), (x + 61_000, y + 3_000), (x + 60_000, y + 40_000), (x + 500, y + 39_000)]),
            shapely.LineString([(x, y), (x + 150_000, y)]),  # straight in its own system only
            shapely.Point(x, y),
        ]
    return [*found, None]


@pytest.fixture(scope="module")
def metric(shapes: list[Any], tmp_path_factory: pytest.TempPathFactory) -> Serving:
    return served(tmp_path_factory.mktemp("metric"), shapes, 32750)


def chosen(serving: Serving, text: str, crs: str = CRS84) -> list[int]:
    """The numbers ``n`` of the features that a filter finds."""
    rows, matched = serving.select(condition=Compiler(serving, crs).compile(from_text(text)), limit=serving.count)
    assert matched == len(rows)
    return sorted(json.loads(text)["properties"]["n"] for text in serving.page(rows))


def test_in_its_own_system_a_layer_is_asked_with_its_own_numbers(metric: Serving, shapes: list[Any]) -> None:
    own = np.array(shapes)
    vertices = [shapely.Point(*shapely.get_coordinates(shape)[0]) for shape in shapes[:9:4]]
    middles = [shapely.Point(shape.coords[0][0] + 75_000, shape.coords[0][1]) for shape in shapes[1:8:3]]
    for asked in (*shapes[:12], *vertices, *middles):
        for name in FUNCTIONS:
            true = getattr(shapely, name)(own, asked) & ~shapely.is_missing(own)
            text = f"s_{name}(geometry, {shapely.to_wkt(asked, rounding_precision=-1)})"
            assert chosen(metric, text, UTM) == np.flatnonzero(true).tolist(), text


@pytest.mark.parametrize("code", [32750, 3857])
def test_a_box_finds_what_the_parameter_bbox_finds(metric: Serving, code: int) -> None:
    way = pyproj.Transformer.from_crs(32750, code, always_xy=True)
    for x, y in ((300_000, 9_100_000), (450_000, 9_500_000), (600_000, 9_800_000)):
        (west, south), (east, north) = way.transform(x, y), way.transform(x + 150_000, y + 90_000)
        box = [west, south, east, north]
        asked = Compiler(metric, f"{EPSG}{code}").compile(from_json(_intersects({"bbox": box})))
        found = metric.select(condition=asked, limit=metric.count)[0]
        boxed = metric.select(bbox_in=(box, f"{EPSG}{code}"), limit=metric.count)[0]
        assert len(found) > 1
        assert sorted([*found, metric.count - 1]) == sorted(boxed)  # what has no place is in every box


def test_a_box_in_latitude_and_longitude_may_cross_the_antimeridian(tmp_path: Path) -> None:
    layer = served(tmp_path, [shapely.Point(x, -10) for x in (150, 175, 180, -180, -175, -150)], 4326)
    assert chosen(layer, "s_intersects(geometry, BBOX(170, -20, -170, 0))") == [1, 2, 3, 4]
    assert chosen(layer, "s_intersects(geometry, BBOX(-20, 170, 0, -170))", GEO) == [1, 2, 3, 4]
    for text, crs in (("BBOX(170, 0, -170, -20)", CRS84), ("BBOX(0, 170, -20, -170)", GEO), ("BBOX(9, 0, 1, 5)", UTM)):
        with pytest.raises(BadFilter, match="lower corner"):
            chosen(layer, f"s_intersects(geometry, {text})", crs)


def test_a_polygon_to_the_pole_is_found_in_web_mercator(tmp_path: Path) -> None:
    layer = served(tmp_path, [shapely.box(-60, -90, 60, -70), shapely.box(100, -10, 110, 0)], 4326)
    box = "BBOX(-1000000, -12000000, 1000000, -11800000)"
    assert chosen(layer, f"s_intersects(geometry, {box})", f"{EPSG}3857") == [0]
    assert chosen(layer, f"s_disjoint(geometry, {box})", f"{EPSG}3857") == [1]


def test_what_takes_too_long_is_refused(metric: Serving) -> None:
    node = from_text("s_intersects(geometry, BBOX(100, -20, 130, 20))")
    with pytest.raises(BadFilter, match="too long"):
        Compiler(metric, CRS84, until=-math.inf).compile(node)


def test_a_long_search_behind_a_wildcard_is_refused(metric: Serving) -> None:
    assert chosen(metric, f"t LIKE '{'a' * 300}%'") == chosen(metric, f"t LIKE '%{'a' * 250}%'") == list(range(181))
    for pattern in ("%" + "a" * 257 + "b", "%" + "_" * 300 + "b%", "b%" + "\\%" * 300):
        with pytest.raises(BadFilter, match="256 characters"):
            chosen(metric, f"t LIKE '{pattern}'")


def test_vertices_are_counted_flat_or_with_heights() -> None:
    for heights in ([], [1.5]):
        line = {"type": "LineString", "coordinates": [[n / 10, n % 7, *heights] for n in range(1_000)]}
        from_json(_intersects(line))
        line["coordinates"].append([200, 0, *heights])
        with pytest.raises(BadFilter, match="1000 vertices"):
            from_json(_intersects(line))


def test_a_value_in_the_filter_is_never_missing(metric: Serving) -> None:
    for value in ("POINT(0 0)", "BBOX(0, 0, 1, 1)", "INTERVAL('..', '2020-01-01')", "DATE('2020-01-01')", "'a'"):
        assert chosen(metric, f"{value} IS NULL") == []
        assert len(chosen(metric, f"{value} IS NOT NULL")) == 181
    with pytest.raises(BadFilter):
        chosen(metric, "POINT(0 0, 1 1) IS NULL")


def test_a_z_may_hang_on_the_type() -> None:
    assert from_text("s_within(geom, POINTZ(1 2 3))") == from_text("s_within(geom, POINT Z (1 2 3))")


def _intersects(shape: dict[str, Any]) -> str:
    return json.dumps({"op": "s_intersects", "args": [{"property": "geometry"}, shape]})
