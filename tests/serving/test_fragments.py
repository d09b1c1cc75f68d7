import json
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import geopandas
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import CRS, Transformer
from shapely.geometry import shape

from geoportal.errors import BadRequest, Unavailable
from geoportal.model.layer import Field, Layer
from geoportal.serving.crs import CRS84
from geoportal.serving.fragments import open_serving
from tests.processes import ROOT
from tests.serving.samples import features, layer, polygons, served

CODES = [9490, 9480, 23837, 23838, 32750, 32650, 3857, 4326, 9470]
EPSG = "http://www.opengis.net/def/crs/EPSG/0/{}".format


@pytest.fixture(scope="module")
def serving(tmp_path_factory):
    made = layer([*polygons(200), None], {"n": range(201), "nama": [f"<b>{n}</b> & ½" for n in range(201)]})
    return served(tmp_path_factory.mktemp("fragments"), made)


def test_pages_slices_and_rows_say_the_same(serving):
    everything = serving.page(range(201))
    assert [json.loads(text)["id"] for text in everything] == [str(n + 1) for n in range(201)]
    assert serving.page(range(20, 30)) == everything[20:30]
    assert serving.page(np.array([5, 200, 0, 5], dtype=np.int32)) == [everything[row] for row in (5, 200, 0, 5)]
    assert serving.page([7]) == [everything[7]]
    assert serving.page(range(0)) == serving.page([]) == []
    assert serving.slice(20, 30) == b",".join(everything[20:30])
    assert serving.slice(195, 10**9) == b",".join(everything[195:])
    assert serving.slice(0, 201) == b",".join(everything)
    assert serving.slice(30, 30) == serving.slice(201, 300) == b""


def test_the_bare_page_is_a_range(serving):
    assert serving.select(offset=190, limit=50) == (range(190, 201), 201)
    assert serving.select(offset=10**20, limit=5) == (range(201, 201), 201)


def test_markup_is_not_escaped(serving):
    assert '"nama":"<b>7</b> & ½"'.encode() in serving.page([7])[0]


def real(shared, name):
    path = shared / "data" / "real" / name
    frame = geopandas.read_file(path)
    kinds = {"int": "integer", "flo": "number"}
    fields = tuple(Field(c, kinds.get(str(frame[c].dtype)[:3], "string")) for c in frame.columns if c != "geometry")
    return Layer(name, frame, "EPSG:4326", fields, "MultiPolygon")


@pytest.mark.parametrize("name", ["kukar_desa.geojson", "kukar_kecamatan.gpkg"])
@pytest.mark.parametrize("source", ["EPSG:4326", "EPSG:9490", "EPSG:23837"])
def test_real_boundaries_within_a_millimetre_of_pyproj(shared, tmp_path, name, source):
    made = real(shared, name)
    if source != "EPSG:4326":
        frame = made.frame.to_crs(source)
        made = Layer(made.name, frame, source, made.fields, made.geometry_type)
    serving = served(tmp_path / "s", made)
    assert serving.count == {"kukar_desa.geojson": 237, "kukar_kecamatan.gpkg": 20}[name]
    originals = made.frame.geometry.to_numpy()
    for code in [*CODES, CRS84]:
        uri = code if code == CRS84 else EPSG(code)
        found = [shape(json.loads(text)["geometry"]) for text in serving.reproject(range(serving.count), uri)]
        order = CRS("OGC:CRS84" if code == CRS84 else code).axis_info[0].direction
        if order == "north":
            found = shapely.transform(np.array(found, dtype=object), lambda c: c[:, ::-1])
        target = "OGC:CRS84" if code == CRS84 else code
        to = Transformer.from_crs(source, target, always_xy=True)
        wanted = shapely.transform(
            shapely.orient_polygons(originals), lambda c, to=to: np.column_stack(to.transform(*c.T))
        )
        gap = np.abs(shapely.get_coordinates(found) - shapely.get_coordinates(wanted)).max()
        metres = 111_320 if CRS(target).is_geographic else 1
        assert gap * metres < 0.001, (code, gap)
        if f"EPSG:{code}" == source:
            assert gap == 0, "an answer in the source's system is the source's own numbers"


def test_the_source_s_own_numbers_to_the_last_digit(tmp_path):
    metres = [shapely.Point(500000.123456789, 9950000.1), shapely.Point(512345.0000001, 10012345.6789)]
    serving = served(tmp_path / "m", layer(metres, {"n": [1, 2]}, crs="EPSG:32750"))
    texts = serving.reproject(range(2), EPSG(32750))
    assert b'"coordinates":[500000.123456789,9950000.1]' in texts[0]
    assert b'"coordinates":[512345.0000001,10012345.6789]' in texts[1]
    degrees = [shapely.Point(116.12345678901234, -0.5)]
    serving = served(tmp_path / "d", layer(degrees, {"n": [1]}))
    assert b'"coordinates":[-0.5,116.12345678901234]' in serving.reproject([0], EPSG(4326))[0]
    assert b'"coordinates":[116.123456789,-0.5]' in serving.reproject([0], CRS84)[0]


def test_only_the_geometry_is_exchanged(serving):
    for code in (32750, 4326):
        for plain, moved in zip(serving.page(range(201)), serving.reproject(range(201), EPSG(code)), strict=True):
            before, after = json.loads(plain), json.loads(moved)
            assert plain.partition(b',"properties":')[2] == moved.partition(b',"properties":')[2]
            assert before["id"] == after["id"]
            assert list(before) == list(after)
            assert (before["geometry"] is None) == (after["geometry"] is None)
    assert serving.reproject(range(201), CRS84) == serving.page(range(201))


def test_properties_that_look_like_geometry(tmp_path):
    trap = '},"geometry":null,"properties":{"x":1'
    serving = served(tmp_path / "s", [shapely.Point(116, 0)], {trap: [trap]}, key=trap)
    feature = json.loads(serving.reproject([0], EPSG(32750))[0])
    assert feature["properties"] == {trap: trap}
    assert feature["id"] == trap
    assert feature["geometry"]["coordinates"][0] > 300_000


def test_decimals_of_metres(tmp_path):
    serving = served(tmp_path / "s", polygons(20), {"n": range(20)})
    for text in serving.reproject(range(20), EPSG(9490)):
        numbers = shapely.get_coordinates(shape(json.loads(text)["geometry"]))
        assert np.array_equal(numbers, np.round(numbers, 4))


def test_no_infinity_ever(tmp_path):
    serving = served(
        tmp_path / "s", [shapely.Point(10, 95), shapely.Point(10, 5), shapely.Point(0, 90)], {"n": range(3)}
    )
    with pytest.raises(BadRequest) as error:
        serving.reproject(range(2), EPSG(3857))
    assert error.value.facts["parameter"] == "crs"
    assert json.loads(serving.reproject([1], EPSG(3857))[0])["geometry"]["coordinates"][0] == pytest.approx(
        1113194.9079
    )
    for text in serving.reproject([2], EPSG(3857)):
        assert b"nan" not in text.lower()
        assert b"inf" not in text.lower()
        assert None not in json.loads(text)["geometry"]["coordinates"]


@pytest.mark.parametrize("uri", ["", "EPSG:1", EPSG(999999), "http://example.org/x"])
def test_an_unknown_system(serving, uri):
    with pytest.raises(BadRequest):
        serving.reproject([0], uri)


def test_a_system_that_nothing_leads_to(serving):
    for code in (5773, 9468):
        with pytest.raises(BadRequest) as error:
            serving.reproject([0], EPSG(code))
        assert error.value.facts["parameter"] == "crs"


def test_what_was_read_from_once_reads_on_after_the_folder_is_gone(tmp_path):
    folder = tmp_path / "s"
    serving = served(folder, polygons(500), {"n": range(500)}, ids=[f"f{n}" for n in range(500)])
    before = (
        serving.slice(0, 500),
        serving.reproject([3], EPSG(9490)),
        serving.select((115.5, -1, 117, 1), limit=999)[0],
        serving.row_of("f3"),
        serving.select(properties=[("n", "3")]),
    )
    shutil.rmtree(folder)
    assert serving.slice(0, 500) == before[0]
    assert serving.reproject([3], EPSG(9490)) == before[1]
    assert np.array_equal(serving.select((115.5, -1, 117, 1), limit=999)[0], before[2])

    def ask(number):
        row = serving.row_of(f"f{number}")
        return row, serving.select(properties=[("n", str(number))])[1]

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, range(500))) == [(number, 1) for number in range(500)]


def test_threads_get_what_one_reader_gets(serving):
    def ask(number):
        rows, matched = serving.select((115.5, -1, 117, 1), [("n", str(number % 201))], [("nama", -1)])
        return (
            list(rows),
            matched,
            serving.page(range(number % 200, number % 200 + 1)),
            serving.reproject([number % 201], EPSG(9490)),
        )

    alone = [ask(number) for number in range(60)]
    with ThreadPoolExecutor(12) as pool:
        assert list(pool.map(ask, [*range(60)] * 5)) == alone * 5


def test_opening_what_is_not_whole(tmp_path):
    folder = tmp_path / "s"
    with pytest.raises(Unavailable):
        open_serving(folder)
    served(folder, polygons(30), {"n": range(30)})
    for name in [path.name for path in folder.iterdir() if path.name != "summary.json"]:
        broken = tmp_path / f"without-{name}"
        shutil.copytree(folder, broken)
        (broken / name).unlink()
        with pytest.raises(Unavailable, match=name):
            open_serving(broken)
        if name != "spatial.placeless":
            (broken / name).write_bytes((folder / name).read_bytes()[:-1])
            with pytest.raises(Unavailable, match=name):
                open_serving(broken)
    summary = json.loads((folder / "summary.json").read_text())
    (folder / "summary.json").write_text(json.dumps(summary | {"format": 99}))
    with pytest.raises(Unavailable, match="format"):
        open_serving(folder)
    (folder / "summary.json").write_text("{")
    with pytest.raises(Unavailable):
        open_serving(folder)


def test_readers_load_nothing_heavy():
    heavy = ("geopandas", "pandas", "pyogrio", "fiona", "pyarrow")
    script = f"import sys, geoportal.serving.fragments; print(*[name for name in {heavy!r} if name in sys.modules])"
    run = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.split() == []


def test_features_are_valid_geojson_in_every_way_of_asking(serving):
    for feature in features(serving):
        assert list(feature) == ["type", "id", "geometry", "properties"]
        assert feature["type"] == "Feature"
        assert isinstance(feature["id"], str)


@given(st.lists(st.integers(0, 2), max_size=30))
def test_joined_pieces_are_what_lies_between_them(steps: list[int]) -> None:
    from geoportal.serving.opened import Texts

    words = [f"w{number}".encode() for number in range(70)]
    data, ends = b",".join(words), np.cumsum([0, *(len(word) + 1 for word in words)])
    texts = Texts(data, memoryview(data), ends.astype(np.int64), 1)
    rows = np.cumsum(np.array(steps, dtype=np.int32), dtype=np.int32) + 3
    assert texts.joined(rows) == b",".join(words[row] for row in rows)
