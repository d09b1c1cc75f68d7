"""The wrong answers of the stock server (CONFORMANCE 1, items 1 to 4, and its filters), asked of our whole application.

Every answer is told again from the source by shapely, pyproj, SQLite or pandas, and the sets of ids are compared. Tiles
and records (items 7 and 8) are not served by this node yet: ``test_stock_manners`` holds that nothing says they are.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import geopandas
import numpy as np
import pandas
import pyproj
import pytest
import shapely

from geoportal.ingest.reader import read_layer
from geoportal.model.layer import Layer
from geoportal.model.record import Record
from geoportal.model.text import LocalText
from tests.ogc.differential.layers import samples
from tests.ogc.differential.meaning import strict
from tests.ogc.whole import ALL, EPSG, degrees, ids, inside, problem, whole
from tests.ogc.world import World, make_layer

HOSTILE = [
    "a<b & c>d",
    "<b>tebal</b>",
    "&lt;bukan&gt;",
    "O'Brien",
    'kata "kutip"',
    "\u2028\u2029",
    "村 é \U0001f30f",
    "\\u003c",
    "</script>",
    "{{7*7}}",
    "%3Cb%3E",
    "baris\nbaru\ttab",
    " tepi ",
    "'; DROP TABLE rows; --",
    "\u202eterbalik",
]
DAYS = ["2026-01-05", "2026-03-15", None, "2026-06-30", "2026-12-31", "2024-02-29", None, "1999-12-31"]
Frames = dict[str, geopandas.GeoDataFrame]
LAYERS = ("ne_110m_admin_0_countries", "ne_110m_populated_places_simple", "ne_110m_rivers_lake_centerlines")


def crossing() -> geopandas.GeoDataFrame:
    """Polygons like those of Natural Earth: cut at 180 degrees, around the pole, with holes, along the antimeridian."""
    shapes = dict(zip((row["nama"] for row in samples()[1].rows), samples()[1].geometries, strict=True))
    ring = [(-180, 60), (-172, 61), (-170, 66), (-176, 69), (-180, 68)]
    shapes["tepi_barat"] = shapely.Polygon(ring)
    shapes["tepi_timur"] = shapely.Polygon([(abs(x) if x != -180 else 180, y) for x, y in ring])
    shapes["kutub_utara"] = shapely.box(-180, 84, 180, 90)
    shapes["titik_180"] = shapely.Point(180, 10)
    shapes["titik_minus_180"] = shapely.Point(-180, -30)
    shapes["tanpa"] = None
    return geopandas.GeoDataFrame({"nama": list(shapes)}, geometry=list(shapes.values()), crs="EPSG:4326")


def curved(epsg: int) -> geopandas.GeoDataFrame:
    """Cells that share out two degrees by two, stored in metres, where the edges of a box of degrees are curves."""
    edges_x, edges_y = np.linspace(115.5, 117.5, 17), np.linspace(-1.1, 1.4, 17)
    cells = [shapely.box(edges_x[i], edges_y[j], edges_x[i + 1], edges_y[j + 1]) for i in range(16) for j in range(16)]
    frame = geopandas.GeoDataFrame({"kode": [f"C{n:03}" for n in range(len(cells))]}, geometry=cells, crs="OGC:CRS84")
    frame = frame.to_crs(f"EPSG:{epsg}")
    frame.loc[7, "geometry"] = None
    return frame


def layer_of(frame: geopandas.GeoDataFrame, crs: str, **types: str) -> Layer:
    rows = frame.drop(columns="geometry").to_dict("records")
    return make_layer(rows, list(frame.geometry), crs=crs, types=types)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with whole(tmp_path_factory.mktemp("faults")) as made:
        made.publish("lintas", layer_of(crossing(), "EPSG:4326"), key="nama")
        for epsg in (32750, 9470):
            made.publish(f"petak_{epsg}", layer_of(curved(epsg), f"EPSG:{epsg}"))
        heights = [shapely.Point(117, 0, z) for z in (0, 50, 100)] + [shapely.Point(117, 0), None]
        made.publish("tinggi", make_layer([{"kode": name} for name in "abcde"], heights))
        timed = [{"kode": f"T{n}", "tanggal": day} for n, day in enumerate(DAYS)]
        record = Record(title=LocalText("Kala", "Time"), time=("tanggal",))
        places = [shapely.Point(116 + n / 10, 0) for n in range(len(DAYS))]
        made.publish("kala", make_layer(timed, places, types={"tanggal": "date"}), record=record)
        rows = [
            {"kode": f"H{n}", "teks": text, "urut": n, "panjang": n * 1.5, "genap": n % 2 == 0}
            for n, text in enumerate(HOSTILE)
        ]
        made.publish("teks", make_layer(rows, [shapely.Point(116 + row["urut"] / 50, 0) for row in rows]))
        yield made


@pytest.fixture(scope="module")
def earth(
    tmp_path_factory: pytest.TempPathFactory, shared: Path
) -> Iterator[tuple[World, dict[str, geopandas.GeoDataFrame]]]:
    """The dataset of OGC's abstract test suite, published, and the same read by geopandas."""
    source = shared / "conformance" / "ne110m4cql2.gpkg"
    frames = {}
    with whole(tmp_path_factory.mktemp("earth")) as made:
        for name in LAYERS:
            layer = read_layer(source, layer=name)
            made.publish(name[8:20], layer, key=None)
            frames[name[8:20]] = geopandas.read_file(source, layer=name, fid_as_index=True).reset_index()
        yield made, frames


def boxes(count: int, seed: int, across: bool) -> list[tuple[float, float, float, float]]:
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        south, north = sorted(np.round(rng.uniform(-90, 90, 2), 3).tolist())
        west, east = np.round([rng.uniform(100, 180), rng.uniform(-180, -60)], 3).tolist()
        found.append((west, south, east, north) if across else (east, south, west, north))
    return found


CROSSING = [
    *boxes(40, 180, across=True),
    (180, -90, -180, 90),
    (179.999, 9, -179.999, 11),
    (175, -25, -170, 70),
    (180, 10, -180, 10),
    (100, -90, -100, -60),
    (170, 84, -170, 90),
]
PLAIN = [
    *boxes(20, 90, across=False),
    (-180, -90, 180, -89.999),
    (-180, -90, 180, 90),
    (-180, 10, -180, 10),
    (180, 0, 180, 20),
]


@pytest.mark.parametrize("box", [*CROSSING, *PLAIN], ids=str)
def test_a_box_across_the_antimeridian_or_at_a_pole(world, box):
    asked = ",".join(map(str, box))
    assert ids(world, f"/ogc/collections/lintas/items?{ALL}&bbox={asked}") == inside(crossing(), "nama", box)


@pytest.mark.parametrize("name", [name[8:20] for name in LAYERS])
def test_boxes_on_the_dataset_of_the_standard(earth, name):
    """Countries, places and rivers of the whole earth; ids are the row numbers of the GeoPackage."""
    world, frames = earth
    some = 0
    for box in (*CROSSING, *PLAIN):
        wanted = inside(frames[name], "fid", box)
        some += 0 < len(wanted) < len(frames[name])
        assert ids(world, f"/ogc/collections/{name}/items?{ALL}&bbox={','.join(map(str, box))}") == wanted, box
    assert some > 15, "boxes that choose nothing prove nothing"


@pytest.mark.parametrize("epsg", [32750, 9470])
def test_a_box_of_degrees_on_a_layer_in_metres_keeps_its_edge(world, epsg):
    frame = degrees(curved(epsg))
    rng = np.random.default_rng(epsg)
    asked = [(115.5, -1.1, 117.5, 1.4), (115.4999, -1.1001, 117.5001, 1.4001), (115.625, -1.1, 115.625, 1.4)]
    for _ in range(40):
        west, east = sorted(np.round(rng.uniform(115.3, 117.7, 2), 4).tolist())
        south, north = sorted(np.round(rng.uniform(-1.3, 1.6, 2), 4).tolist())
        asked.append((west, south, east, north))
    for box in asked:
        text = ",".join(map(str, box))
        assert ids(world, f"/ogc/collections/petak_{epsg}/items?{ALL}&bbox={text}") == inside(frame, "kode", box), box
        swapped = ",".join(map(str, (box[1], box[0], box[3], box[2])))
        at = f"/ogc/collections/petak_{epsg}/items?{ALL}&bbox={swapped}&bbox-crs={EPSG}4326"
        assert ids(world, at) == inside(frame, "kode", box), box


def test_a_box_of_metres_is_one_of_metres(world):
    """In UTM, on the coordinates of the source; in web Mercator, on those that pyproj makes of them."""
    rng = np.random.default_rng(50)
    for epsg in (32750, 3857):
        frame = curved(32750).to_crs(f"EPSG:{epsg}")
        west, south, east, north = frame.total_bounds
        for _ in range(25):
            x = sorted(np.round(rng.uniform(west, east, 2), 1).tolist())
            y = sorted(np.round(rng.uniform(south, north, 2), 1).tolist())
            box = (x[0], y[0], x[1], y[1])
            met = frame.geometry.isna() | shapely.intersects(frame.geometry.to_numpy(), shapely.box(*box))
            at = f"/ogc/collections/petak_32750/items?{ALL}&bbox={','.join(map(str, box))}&bbox-crs={EPSG}{epsg}"
            assert ids(world, at) == set(frame.kode[met]), box


@pytest.mark.parametrize(
    ("box", "wanted"),
    [
        ("116,-1,40,118,1,60", "bde"),
        ("116,-1,0,118,1,50", "abde"),
        ("116,-1,200,118,1,300", "de"),
        ("110,-1,0,111,1,100", "e"),
        ("116,-1,-1000,118,1,1000", "abcde"),
    ],
)
def test_a_box_of_six_numbers_bounds_heights(world, box, wanted):
    """A feature without height, or without a place at all, meets all heights."""
    assert ids(world, f"/ogc/collections/tinggi/items?bbox={box}") == set(wanted)


@pytest.mark.parametrize(
    "asked",
    [
        "2026-03-15T00:00:00Z",
        "2026-03-15",
        "2026-01-01/2026-06-30",
        "../2026-01-01T00:00:00Z",
        "2026-06-30T12:00:00Z/..",
        "1850-01-01T00:00:00Z",
        "2999-01-01/..",
        "../..",
        "2024-02-29",
        "2026-01-05T08:00:00%2B08:00/2026-01-06T00:00:00Z",
    ],
)
def test_datetime_selects_and_is_empty_where_nothing_is(world, asked):
    """By pandas: a date is its whole day; what has no date matches (fc-time-response)."""
    first = pandas.to_datetime(pandas.Series(DAYS), utc=True)
    last = first + pandas.Timedelta(days=1) - pandas.Timedelta(microseconds=1)
    start, _, end = asked.replace("%2B", "+").partition("/")
    end = end or start
    met = first.isna()
    low = first.min() if start == ".." else pandas.to_datetime(start, utc=True)
    high = last.max() if end == ".." else pandas.to_datetime(end, utc=True)
    if len(end) == 10:
        high += pandas.Timedelta(days=1) - pandas.Timedelta(microseconds=1)
    met |= (first <= high) & (last >= low)
    assert ids(world, f"/ogc/collections/kala/items?datetime={asked}") == {f"T{n}" for n in np.flatnonzero(met)}


def test_values_come_as_they_are_in_every_json(world):
    """Item 2: 24 of 240 names were damaged by HTML escapes."""
    at = "/ogc/collections/teks/items"
    served = strict(world.get(f"{at}?{ALL}").content)["features"]
    assert [feature["properties"]["teks"] for feature in served] == HOSTILE
    for n, text in enumerate(HOSTILE):
        assert strict(world.get(f"{at}/H{n}").content)["properties"]["teks"] == text
        assert strict(world.get(f"{at}/H{n}?f=jsonld").content)["teks"] == text
        assert ids(world, f"{at}?teks={quote(text)}") == {f"H{n}"}
        literal = text.replace("'", "''")
        assert ids(world, f"{at}?filter={quote(f"teks = '{literal}'")}") == {f"H{n}"}


@pytest.mark.parametrize("path", ["lintas/items?limit=100", "lintas/items/antartika?", "lintas/items/kutub_utara?"])
def test_web_mercator_at_a_pole_is_json_of_finite_numbers(world, path):
    """PROJ puts the pole itself 242,528 km away; that number is served as it is, nothing is clipped or left out."""
    document = strict(world.get(f"/ogc/collections/{path}&crs={EPSG}3857").content)
    features = document.get("features", [document])
    frame = crossing().set_index("nama")
    for feature in features:
        place = frame.geometry[feature["id"]]
        if place is None:
            assert feature["geometry"] is None
            continue
        moved = pyproj.Transformer.from_crs("OGC:CRS84", 3857, always_xy=True)
        wanted = shapely.transform(place, lambda at: np.column_stack(moved.transform(*at.T)))  # noqa: B023
        served = shapely.from_geojson(json.dumps(feature["geometry"]))
        here, there = (shapely.get_coordinates(shapely.normalize(shape)) for shape in (served, wanted))
        assert np.isfinite(here).all()
        assert np.abs(here - there).max() < 1e-3


@pytest.mark.parametrize("form", ["json", "jsonld", "csv", "fgb", "parquet", "jsonfg", "gml"])
def test_what_has_no_place_in_a_system_is_refused_and_says_so(world, form):
    """In every form: no number stands for a place that there is not."""
    for path in ("lintas/items?limit=100&", "lintas/items/nol?"):
        if path.startswith("lintas/items/") and form in ("csv", "fgb", "parquet"):
            continue
        assert "crs" in problem(world, f"/ogc/collections/{path}crs={EPSG}32750&f={form}")["description"]


def test_the_whole_earth_in_web_mercator(earth):
    world, frames = earth
    document = strict(world.get(f"/ogc/collections/{LAYERS[0][8:20]}/items?{ALL}&crs={EPSG}3857").content)
    assert len(document["features"]) == len(frames[LAYERS[0][8:20]]) == 177


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("kala/items?datetime=kemarin", 400),
        ("kala/items?datetime=2026-13-45", 400),
        ("teks/items?datetime=sampah", 400),
        ("teks/items?datetime=2026-01-01T00:00:00Z", 200),
        ("teks/items?urut=abc", 400),
        ("teks/items?panjang=abc", 400),
        ("teks/items?genap=barangkali", 400),
        ("teks/items?urut=99999999999999999999999", 200),
        ("teks/items?offset=999999999999999", 200),
        ("teks/items?offset=9223372036854775807", 200),
        ("teks/items?limit=9223372036854775807", 200),
        ("teks/items/%00", 404),
        ("teks/items/H1%00", 404),
        ("teks/items?teks=%00", 200),
        ("teks/items?filter=tidakada%3D1", 400),
        ("teks/items?filter=teks%3D%27%00%27", 200),
        ("teks/items?bbox=nan,nan,nan,nan", 400),
        ("tinggi/items?bbox=1,2,3,4,5,6", 200),
        ("teks/items?filter=urut%3D1%20AND", 400),
        ("teks/items?filter=urut%3E%27abc%27", 400),
    ],
)
def test_a_mistake_of_the_client_is_told_to_the_client(world, path, status):
    """Item 4: each of these, or its like, was a 5xx and a closed connection."""
    response = world.client.get(f"/ogc/collections/{path}")
    assert response.status_code == status, response.text[:300]
    assert response.headers["content-type"] in ("application/geo+json", "application/problem+json")
    strict(response.content)


FILTERS = (
    "urut > 3 AND urut <= 9",
    "NOT (urut = 1 OR urut = 2)",
    "teks = 'O''Brien'",
    "teks LIKE '%b%'",
    "urut BETWEEN 2 AND 5",
    "urut IN (1, 3, 99)",
    "panjang = urut * 1.5",
    "genap = TRUE AND urut > 4",
    "teks IS NULL",
    "urut + 1 > panjang",
    "urut <> 3",
    "urut % 3 = 0",
)


@pytest.mark.parametrize("text", FILTERS)
def test_filters_mean_what_sql_means(world, text):
    """By SQLite on the rows themselves (its LIKE made to heed case, as that of CQL2 does)."""
    connection = sqlite3.connect(":memory:")
    connection.execute("PRAGMA case_sensitive_like = 1")
    connection.execute("CREATE TABLE t (kode, teks, urut INTEGER, panjang REAL, genap)")
    rows = [(f"H{n}", value, n, n * 1.5, n % 2 == 0) for n, value in enumerate(HOSTILE)]
    connection.executemany("INSERT INTO t VALUES (?, ?, ?, ?, ?)", rows)
    wanted = {row[0] for row in connection.execute(f"SELECT kode FROM t WHERE {text}")}
    connection.close()
    assert ids(world, f"/ogc/collections/teks/items?{ALL}&filter={quote(text)}") == wanted


@pytest.mark.parametrize("name", ["lintas", "petak_32750", "petak_9470"])
def test_filters_of_place_on_any_storage(world, name):
    """Spatial predicates were 500 in CRS84 and worked in UTM; BBOX() was 500 in both."""
    frame = crossing() if name == "lintas" else degrees(curved(int(name[6:])))
    key = frame.columns[0]
    area = shapely.Polygon([(115.9, -0.7), (117.1, -0.4), (116.6, 0.9), (101, 1)])
    rectangle = shapely.box(116, -0.5, 117, 0.5)
    places = frame.geometry.to_numpy()
    asked = {
        f"S_INTERSECTS(geometry, {area.wkt})": shapely.intersects(places, area),
        f"S_WITHIN(geometry, {area.wkt})": shapely.within(places, area),
        "S_INTERSECTS(geometry, BBOX(116, -0.5, 117, 0.5))": shapely.intersects(places, rectangle),
        f"NOT S_DISJOINT(geometry, {rectangle.wkt})": shapely.intersects(places, rectangle),
    }
    for text, met in asked.items():
        wanted = set(frame[key][met & ~shapely.is_missing(places)])
        assert ids(world, f"/ogc/collections/{name}/items?{ALL}&filter={quote(text)}") == wanted, text
    swapped = shapely.transform(area, lambda at: at[:, ::-1])
    text = quote(f"S_INTERSECTS(geometry, {swapped.wkt})")
    at = f"/ogc/collections/{name}/items?{ALL}&filter={text}&filter-crs={EPSG}4326"
    assert ids(world, at) == set(frame[key][shapely.intersects(places, area)])
