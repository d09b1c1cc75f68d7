"""GDAL as a foreign client: counts, extents, and coordinates in every reference system of the region."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyproj
import pytest
import shapely

from tests.journeys.test_live_publishing import ask
from tests.processes import ServedNode, run_cli, serving

SYSTEMS = ("9470", "9480", "9490", "23837", "23838", "32650", "32750", "3857", "4326")


@pytest.fixture(scope="module")
def source(shared: Path) -> Path:
    return shared / "data" / "real" / "kukar_desa.geojson"


@pytest.fixture(scope="module")
def node(tmp_path_factory, source: Path) -> Iterator[ServedNode]:
    data = tmp_path_factory.mktemp("gdal") / "data"
    for arguments in (("submit", "--dataset", "desa_nyata", "--spec", "bebas", source), ("publish", "desa_nyata")):
        done = run_cli(*arguments, data=data)
        assert done.returncode == 0, done.stdout + done.stderr
    with serving(data, workers=2) as served:
        yield served


def gdal(node: ServedNode, ogrinfo: str, *arguments: str) -> str:
    command = [ogrinfo, "-ro", f"OAPIF:{node.url}/ogc", "desa_nyata", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    assert "ERROR" not in done.stderr, done.stderr
    return done.stdout


def test_summary(node: ServedNode, ogrinfo: str):
    assert "Feature Count: 237" in gdal(node, ogrinfo, "-so")


def test_a_filter_by_place_finds_what_shapely_finds(node: ServedNode, ogrinfo: str, source: Path):
    box = (116.9, -0.6, 117.1, -0.3)
    told = gdal(node, ogrinfo, "-so", "-spat", *map(str, box))
    features = json.loads(source.read_text("utf-8"))["features"]
    shapes = shapely.from_geojson([json.dumps(feature["geometry"]) for feature in features])
    expected = int(shapely.intersects(shapes, shapely.box(*box)).sum())
    assert 0 < expected < 237
    assert f"Feature Count: {expected}" in told


@pytest.mark.parametrize("code", SYSTEMS)
def test_coordinates_equal_pyproj_on_the_source(node: ServedNode, source: Path, code: str):
    uri = f"http://www.opengis.net/def/crs/EPSG/0/{code}"
    status, body = ask(node.url, f"/ogc/collections/desa_nyata/items?limit=1000&crs={uri}")
    assert status == 200, body
    served = shapely.from_geojson([json.dumps(feature["geometry"]) for feature in body["features"]])
    original = shapely.from_geojson(
        [json.dumps(feature["geometry"]) for feature in json.loads(source.read_text("utf-8"))["features"]]
    )
    # In the order of axes that the authority defines, which is what `always_xy=False` gives.
    transformer = pyproj.Transformer.from_crs("OGC:CRS84", f"EPSG:{code}")
    moved = shapely.transform(shapely.force_2d(original), lambda xy: np.column_stack(transformer.transform(*xy.T)))
    away = shapely.hausdorff_distance(shapely.normalize(served), shapely.normalize(moved))
    in_degrees = pyproj.CRS.from_epsg(int(code)).is_geographic
    metres = away.max() * (111_320 if in_degrees else 1)
    assert len(served) == 237
    assert metres < 0.001
