"""Every form of every layer, under every parameter, holds the features of the JSON answer: same ids, same order, same
values, same places.
"""

import base64
from datetime import UTC, date, datetime
from pathlib import Path

import orjson
import pyproj
import pytest
import shapely

from tests.ogc.formats.layers import LAYERS
from tests.ogc.formats.reading import READERS, Read, shape_of
from tests.ogc.world import World, make_world

EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
FORMS = list(READERS)


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory):
    made = make_world(tmp_path_factory.mktemp("bentuk"))
    for dataset_id, (layer, key) in LAYERS.items():
        made.publish(dataset_id, layer(), key=key)
    yield made
    made.client.close()
    made.node.close()


def ask(node: World, dataset_id: str, query: str, form: str, folder: Path) -> tuple[dict, Read, dict]:
    path = f"/ogc/collections/{dataset_id}/items?limit=1000&{query}"
    document = node.json(f"{path}&f=json")
    response = node.get(f"{path}&f={form}")
    assert response.headers["ogc-numbermatched"] == str(document["numberMatched"])
    assert response.headers["ogc-numberreturned"] == str(document["numberReturned"])
    return document, READERS[form](response.content, folder), dict(response.headers)


def told(form: str, kind: str, value: object) -> object:
    """A value of JSON as a form should show it."""
    if value is None:
        return None
    if kind == "json":
        return orjson.dumps(value).decode()
    match form, kind:
        case "csv", "boolean":
            return str(value).lower()
        case "csv", "integer" | "number":
            return repr(value)
        case "csv", _:
            formula = isinstance(value, str) and value[:1] in ("=", "+", "-", "@") and value != "-3"
            return f"'{value}" if formula else value
        case "gml", _:
            return value if isinstance(value, str) else orjson.dumps(value).decode()
        case "fgb" | "parquet", "binary":
            return base64.b64decode(value)
        case "parquet", "date":
            return date.fromisoformat(value)
        case "parquet", "date-time":
            return datetime.fromisoformat(value)
        case "fgb", "date" | "date-time":
            return datetime.fromisoformat(value)
    return value


def shown(form: str, kind: str, value: object) -> object:
    """A value as a reader shows it, brought to what ``told`` gives."""
    if form == "fgb" and kind in ("date", "date-time") and isinstance(value, str):
        return datetime.fromisoformat(value.replace("/", "-"))
    if form == "jsonfg" and kind == "json" and value is not None:
        return orjson.dumps(value).decode()
    if form == "parquet" and kind == "date-time" and value is not None:
        return value.astimezone(UTC) if value.tzinfo else value
    if form == "fgb" and kind == "boolean" and value is not None:
        return bool(value)
    return value


def same_shape(mine: object, theirs: object, form: str) -> bool:
    """The same numbers in the same order; an empty place is none in the forms that have no word for it."""
    if theirs is not None and theirs.is_empty and form in ("fgb", "gml", "csv"):
        return mine is None or mine.is_empty
    if mine is None or theirs is None:
        return mine is theirs
    if not shapely.equals_exact(shapely.force_2d(mine), shapely.force_2d(theirs)):
        return False
    if not theirs.has_z:
        return not mine.has_z or all(z != z for *_, z in shapely.get_coordinates(mine, include_z=True).tolist())
    return (
        shapely.get_coordinates(mine, include_z=True).tolist()
        == shapely.get_coordinates(theirs, include_z=True).tolist()
    )


QUERIES = [
    "",
    "limit=4&offset=3",
    "bbox=116.15,-1,116.95,1",
    f"crs={EPSG}32750",
    f"crs={EPSG}4326",
    f"crs={EPSG}3857&bbox=116.15,-1,116.95,1",
    "sortby=-kode",
    "properties=luas,kode,dicatat&sortby=luas",
    "properties=rinci&crs=" + EPSG + "9470",
    "skipGeometry=true&aktif=true",
    "filter=luas>0.3 AND jumlah IS NOT NULL",
    "filter=S_INTERSECTS(geometry,BBOX(116.15,-1,116.5,1))&version=1&lang=en",
    "filter=kode='tidak ada'",
    "resulttype=hits",
]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("dataset_id", [name for name in LAYERS if name != "salah"])
def test_every_form_holds_what_json_holds(node, tmp_path, dataset_id, form):
    fields = {each["name"]: each for each in orjson.loads(orjson.dumps(kinds(node, dataset_id)))}
    for query in QUERIES:
        if not applies(query, fields, dataset_id):
            continue
        if query.startswith("limit"):
            path = f"/ogc/collections/{dataset_id}/items?{query}"
            document, read = node.json(f"{path}&f=json"), READERS[form](node.get(f"{path}&f={form}").content, tmp_path)
            headers = dict(node.get(f"{path}&f={form}").headers)
        else:
            document, read, headers = ask(node, dataset_id, query, form, tmp_path)
        features = document["features"]
        assert len(read.rows) == len(features), (dataset_id, form, query)
        geometries = [feature["geometry"] and shape_of(feature["geometry"]) for feature in features]
        asked_crs = next((part[4:] for part in query.split("&") if part.startswith("crs=")), CRS84)
        if form in ("fgb", "parquet") and asked_crs.endswith(("/4326", "/9470")):  # x before y in these files
            geometries = [shape and flipped(shape) for shape in geometries]
        for feature, row, shape, theirs in zip(features, read.rows, read.shapes, geometries, strict=True):
            where = (dataset_id, form, query, feature["id"])
            if form == "gml":
                assert row["gml:id"].startswith(f"{dataset_id}."), where
            key = "kode" if "kode" in row and "id" not in row else "id"
            if form != "gml" or "id" in row:
                assert row[key] == feature["id"], where
            for name, value in feature["properties"].items():
                kind = fields[name]["type"]
                column = name.replace(" ", "_") if form == "gml" else name
                mine = row.get(column) if form == "gml" else row[column]
                assert shown(form, kind, mine) == told(form, kind, value), (*where, name)
            if form not in ("gml", "jsonfg"):
                extra = set(row) - set(feature["properties"]) - {"id", "wkt", "lon", "lat", "geometry", "bbox"}
                assert not extra, where
            assert same_shape(shape, theirs, form), (*where, shape, theirs)
        places = "skipGeometry" not in query and dataset_id != "tabel"
        if "content-crs" in headers and asked_crs != CRS84:
            assert headers["content-crs"] == f"<{asked_crs}>"
        if places and any(shape is not None for shape in read.shapes) and form != "csv":
            assert same_system(read.crs, asked_crs), (dataset_id, form, query, read.crs)


def kinds(node: World, dataset_id: str) -> list[dict]:
    return [
        {"name": each.name, "type": each.type}
        for view in [node.engine.snapshot(node.node.audience(None))]
        for each in view.sources[dataset_id].serving.summary.fields
    ]


def applies(query: str, fields: dict, dataset_id: str) -> bool:
    named = ("luas", "jumlah", "dicatat", "rinci")
    if any(name in query and name not in fields for name in named):
        return False
    return dataset_id != "tabel" or "S_INTERSECTS" not in query


def flipped(shape):
    return shapely.transform(shape, lambda c: c[:, [1, 0, *range(2, c.shape[1])]], include_z=shape.has_z)


def same_system(found: object, asked_crs: str) -> bool:
    wanted = pyproj.CRS(asked_crs)
    if isinstance(found, dict):
        found = f"{found['authority']}:{found['code']}"
    found = pyproj.CRS(found)
    return found.equals(wanted, ignore_axis_order=True) or (asked_crs == CRS84 and found.to_epsg() == 4326)


@pytest.mark.parametrize("form", FORMS)
def test_values_that_are_not_of_their_type_are_text(node, tmp_path, form):
    document, read, _ = ask(node, "salah", "", form, tmp_path)
    for feature, row in zip(document["features"], read.rows, strict=True):
        for name, value in feature["properties"].items():
            found = row[name]
            assert (found if isinstance(found, str) else str(found)) == str(value), (form, name)
    if form == "parquet":
        types = {each.name: str(each.type) for each in read.raw[0].schema}
        assert (types["besar"], types["hari"], types["saat"]) == ("string", "string", "string")


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("limit=0", "limit"),
        ("bbox=1,2,3", "bbox"),
        ("tidakada=1", "tidakada"),
        (f"crs={EPSG}27700", "crs"),
        ("filter=luas>", "filter"),
        ("sortby=tidakada", "sortby"),
        ("properties=tidakada", "properties"),
        ("version=9", ""),
    ],
)
def test_refusals_are_those_of_json(node, query, named):
    wanted = node.client.get(f"/ogc/collections/petak/items?f=json&{query}")
    for form in FORMS:
        response = node.client.get(f"/ogc/collections/petak/items?f={form}&{query}")
        assert response.status_code == wanted.status_code in (400, 404)
        assert response.headers["content-type"] == "application/problem+json"
        assert response.json()["description"] == wanted.json()["description"]
        assert named in response.json()["description"]


def test_a_filter_may_come_as_a_body(node, tmp_path):
    body = {"op": ">", "args": [{"property": "luas"}, 0.9]}
    document = node.client.post("/ogc/collections/petak/items?f=json", json=body).json()
    assert 0 < document["numberMatched"] < 12
    for form, read in READERS.items():
        response = node.client.post(f"/ogc/collections/petak/items?f={form}", json=body)
        assert response.status_code == 200
        assert len(read(response.content, tmp_path).rows) == document["numberMatched"]


@pytest.mark.parametrize("form", ["jsonfg", "gml"])
@pytest.mark.parametrize("crs", [CRS84, f"{EPSG}4326", f"{EPSG}32750"])
def test_one_feature(node, tmp_path, form, crs):
    for dataset_id in ("petak", "campur", "tinggi", "tabel"):
        for feature in node.json(f"/ogc/collections/{dataset_id}/items?limit=3&crs={crs}&f=json")["features"]:
            path = f"/ogc/collections/{dataset_id}/items/{feature['id'].replace('/', '%2F')}"
            response = node.get(f"{path}?f={form}&crs={crs}")
            read = READERS[form](response.content, tmp_path)
            (row,), (shape,) = read.rows, read.shapes
            assert row["nama desa" if form == "jsonfg" else "nama_desa"] == feature["properties"]["nama desa"]
            theirs = feature["geometry"] and shape_of(feature["geometry"])
            assert same_shape(shape, theirs, form)
            assert response.headers["content-crs"] == f"<{crs}>"
            assert "ogc-numbermatched" not in response.headers
    assert node.client.get(f"/ogc/collections/petak/items/tidak-ada?f={form}").status_code == 404


@pytest.mark.parametrize(
    ("form", "turned"), [("csv", True), ("gml", True), ("jsonfg", True), ("fgb", False), ("parquet", False)]
)
@pytest.mark.parametrize("code", ["4326", "9470"])
def test_coordinates_are_in_the_axis_order_of_content_crs_but_where_a_format_has_its_own(
    node, tmp_path, form, turned, code
):
    """EPSG:4326 and 9470 are latitude first; GeoParquet and FlatGeobuf hold x before y whatever the system is."""
    answer = node.get(f"/ogc/collections/desa/items?limit=1&f={form}&crs={EPSG}{code}")
    assert answer.headers["content-crs"] == f"<{EPSG}{code}>"
    (place,) = READERS[form](answer.content, tmp_path).shapes
    first, second = shapely.get_coordinates(place)[0]
    longitude, latitude = (second, first) if turned else (first, second)
    assert longitude > 90 > latitude
    if form == "csv":
        row = READERS[form](answer.content, tmp_path).rows[0]
        assert float(row["lon"]) > 90 > float(row["lat"])
