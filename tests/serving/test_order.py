"""Large layers lie along a Hilbert curve, and everything that was true of them stays true."""

import json

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from geoportal.model.record import Record
from geoportal.model.text import LocalText
from geoportal.serving.downloads import build_downloads, kml
from geoportal.serving.order import hilbert, reading_order
from tests.serving.samples import features, layer, polygons, served

COUNT = 700


def walk(level):
    """The curve by its own rule: four turned copies of the one before, as a list of cells (a second way to make it)."""
    if not level:
        return [(0, 0)]
    before, half = walk(level - 1), 2 ** (level - 1)
    return [
        *((y, x) for x, y in before),
        *((x, y + half) for x, y in before),
        *((x + half, y + half) for x, y in before),
        *((2 * half - 1 - y, half - 1 - x) for x, y in before),
    ]


@pytest.mark.parametrize("level", [1, 2, 4, 6])
def test_the_curve_is_hilbert_s(level):
    cells = np.array(walk(level)) * 2 ** (16 - level)
    order = np.argsort(hilbert(cells[:, 0], cells[:, 1]), kind="stable").tolist()
    straight = list(range(len(cells)))
    mirrored = np.array([(y, x) for x, y in walk(level)]) * 2 ** (16 - level)
    other = np.argsort(hilbert(mirrored[:, 0], mirrored[:, 1]), kind="stable").tolist()
    assert straight in (order, other), "the curve, or the curve with x and y exchanged"


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(*[st.one_of(st.floats(), st.floats(-180, 180))] * 4), max_size=30))
def test_any_envelopes_are_put_into_some_order(envelopes):
    array = np.array(envelopes, dtype=np.float64).reshape(-1, 4)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("geoportal.serving.order.LARGE", 0)
        order = reading_order(array)
    if order is not None:
        assert sorted(order.tolist()) == list(range(len(array)))
        placed = np.isfinite(array).all(axis=1)[order]
        assert (np.diff(placed.astype(int)) <= 0).all(), "what has no place comes last"


@pytest.fixture
def large(monkeypatch):
    monkeypatch.setattr("geoportal.serving.order.LARGE", 100)


def made(ids=None, gaps=True):
    shapes = list(polygons(COUNT))
    if gaps:
        shapes[3], shapes[400] = None, shapely.Point(np.nan, 1)
    columns = {"nomor": np.arange(COUNT) + 1000, "nama": [f"petak {n % 7}" for n in range(COUNT)]}
    return layer(shapes, columns, ids=ids)


@pytest.mark.parametrize(
    ("key", "ids", "wanted"),
    [
        (None, None, [str(n + 1) for n in range(COUNT)]),
        ("nomor", None, [str(n + 1000) for n in range(COUNT)]),
        (None, [f"x{n}" for n in range(COUNT)], [f"x{n}" for n in range(COUNT)]),
        (None, [str(-n * 3) for n in range(COUNT)], [str(-n * 3) for n in range(COUNT)]),
        (None, [str(n * 10**9) for n in range(COUNT)], [str(n * 10**9) for n in range(COUNT)]),
        (None, ["01", *map(str, range(2, COUNT + 1))], ["01", *map(str, range(2, COUNT + 1))]),
    ],
)
def test_a_feature_keeps_id_geometry_and_values(tmp_path, large, key, ids, wanted):
    plain = made(ids)
    serving = served(tmp_path / "s", plain, key=key)
    assert serving.order is not None
    found = features(serving)
    assert [feature["id"] for feature in found] != wanted
    assert sorted(feature["id"] for feature in found) == sorted(wanted)
    for row, feature in enumerate(found):
        place = wanted.index(feature["id"])
        assert serving.order[row] == place
        assert feature["properties"] == {"nomor": place + 1000, "nama": f"petak {place % 7}"}
        wkb = serving.geometry([row])[0]
        original = plain.frame.geometry.iloc[place]
        assert (wkb is None) if original is None else shapely.from_wkb(wkb).equals_exact(original) or place == 400
        assert serving.row_of(feature["id"]) == row
        assert serving.select(properties=[("nomor", str(place + 1000))])[0].tolist() == [row]
    assert serving.fids(range(COUNT)) == [feature["id"] for feature in found]
    assert serving.fids([5, 0]) == [found[5]["id"], found[0]["id"]]
    for nobody in ("-1", "", "0x1", "1.0", " 1", "+1", "00", "9" * 30, "²", "\ud800", str(10**12), "1_0"):
        assert serving.row_of(nobody) is None


def test_boxes_find_the_same_features_in_either_order(tmp_path, monkeypatch):
    before = served(tmp_path / "a", made())
    monkeypatch.setattr("geoportal.serving.order.LARGE", 100)
    after = served(tmp_path / "b", made())
    rng = np.random.default_rng(6402)
    for _ in range(50):
        west, south = rng.uniform([115, -1.5], [117.5, 1.2])
        box = (west, south, west + rng.uniform(0, 2), south + rng.uniform(0, 2))
        found = [set(one.fids(one.select(box, limit=COUNT)[0])) for one in (before, after)]
        assert found[0] == found[1]
        rows, matched = after.select(box, limit=10, offset=5)
        assert rows.tolist() == sorted(rows.tolist())
        assert matched == len(found[0])


def test_near_features_are_near_in_the_file(tmp_path, large):
    serving = served(tmp_path / "s", made(gaps=False))
    centres = shapely.get_coordinates(shapely.centroid(serving.exact_geometry(range(COUNT))))
    steps = np.hypot(*np.diff(centres, axis=0).T)
    source = np.hypot(*np.diff(shapely.get_coordinates(shapely.centroid(polygons(COUNT))), axis=0).T)
    assert np.median(steps) < np.median(source) / 8


def test_files_to_take_away_agree_on_who_is_who(tmp_path, large):
    folder = tmp_path / "s"
    served(folder, made(gaps=False), key="nomor")
    build_downloads(made(gaps=False), folder, "petak", Record(LocalText("Petak", "Plots"), LocalText("a", "b")))
    shapes = polygons(COUNT)
    placemarks = etree.parse(folder / "berkas" / "petak.kml").iter(f"{{{kml.NAMESPACE}}}Placemark")
    numbers = []
    for placemark in placemarks:
        said = {each.get("name"): each.text for each in placemark.iter(f"{{{kml.NAMESPACE}}}SimpleData")}
        ring = next(placemark.iter(f"{{{kml.NAMESPACE}}}coordinates")).text.split()
        numbers.append(int(said["nomor"]))
        there = shapely.Polygon([tuple(map(float, place.split(",")))[:2] for place in ring])
        assert there.centroid.distance(shapes[numbers[-1] - 1000].centroid) < 1e-9
        assert said["nama"] == f"petak {(numbers[-1] - 1000) % 7}"
        assert placemark.find(f"{{{kml.NAMESPACE}}}name").text == str(numbers[-1])
    assert numbers == [n + 1000 for n in range(COUNT)], "in the order of the source"
    whole = json.loads((folder / "berkas" / "petak.geojson").read_bytes())
    assert {one["id"]: one["properties"]["nomor"] for one in whole["features"]} == {str(n): n for n in numbers}
