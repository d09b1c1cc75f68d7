"""The declaration of conformance: every class that is declared has a test here that asks for it, and a class that a
collection cannot prove goes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import jsonschema
import numpy as np
import orjson
import pyproj
import pytest
import shapely

from geoportal.model.access import PUBLIC_AUDIENCE, Classification
from geoportal.ogc import proofs
from geoportal.ogc.conformance import CLASSES, COMMON, SPEC, declared, proven
from geoportal.ogc.cql2.compiler import Compiler
from geoportal.ogc.schemas import KINDS, RELATION
from geoportal.ogc.source import Source
from geoportal.serving.fragments import Serving
from tests.ogc.world import BASE, World, make_layer, make_world, points

AT = shapely.Point(117, -0.4)

ISSUE = (
    *(f"ogcapi-features-1/1.0/conf/{name}" for name in ("core", "oas30", "html", "geojson")),
    "ogcapi-features-2/1.0/conf/crs",
    *(
        f"ogcapi-features-3/1.0/conf/{name}"
        for name in ("queryables", "queryables-query-parameters", "filter", "features-filter")
    ),
    *(f"ogcapi-common-3/1.0/conf/{name}" for name in ("schemas", "returnables-and-receivables")),
    *(f"ogcapi-features-5/1.0/conf/{name}" for name in ("schemas", "returnables-and-receivables")),
    *(
        f"cql2/1.0/conf/{name}"
        for name in (
            "cql2-text",
            "cql2-json",
            "basic-cql2",
            "advanced-comparison-operators",
            "case-insensitive-comparison",
            "accent-insensitive-comparison",
            "arithmetic",
            "property-property",
            "basic-spatial-functions",
            "basic-spatial-functions-plus",
            "spatial-functions",
            "temporal-functions",
        )
    ),
)
"""What must be declared on file-backed collections with geometry."""

ROWS = [
    {
        "kode": f"{number:03}",
        "nama": ("Désa Baru", "DESA LAMA", "Kelurahan", None)[number % 4],
        "nilai": number * 1.5,
        "urut": number,
        "sejak": f"2026-01-{number + 1:02}",
        "sampai": f"2026-02-{number + 1:02}",
    }
    for number in range(20)
]
PLACES = [shapely.Point(116 + number * 0.05, -0.4 + number * 0.01).buffer(0.03, quad_segs=2) for number in range(20)]


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One layer of areas in metres, with text, numbers and dates; nothing in it is changed."""
    made = make_world(tmp_path_factory.mktemp("sesuai"))
    layer = make_layer(ROWS, PLACES, types={"sejak": "date", "sampai": "date"})
    frame = layer.frame.to_crs("EPSG:32750")
    made.publish("area", type(layer)("area", frame, "EPSG:32750", layer.fields, "Polygon"))
    yield made
    made.client.close()
    made.node.close()


def conforms(world: World, **options: Any) -> set[str]:
    return {uri.removeprefix(SPEC) for uri in world.json("/ogc/conformance", **options)["conformsTo"]}


def chosen(world: World, text: str, **parameters: str) -> set[int]:
    """The numbers of the features that a filter chooses."""
    answer = world.json("/ogc/collections/area/items", params={"filter": text, "limit": "100", **parameters})
    return {feature["properties"]["urut"] for feature in answer["features"]}


def those(test: Callable[[dict[str, Any]], bool]) -> set[int]:
    return {row["urut"] for row in ROWS if test(row)}


def placed(test: Callable[[shapely.Geometry], bool]) -> set[int]:
    return {number for number, geometry in enumerate(PLACES) if test(geometry)}


# One test a class, or a group of classes that mean the same. TESTS below says which.


def test_core(node):
    landing = node.json("/ogc")
    links = {link["rel"]: link["href"].removeprefix(BASE) for link in landing["links"]}
    for relation in ("service-desc", "conformance", "data"):
        node.get(links[relation])
    collection = node.json(links["data"])["collections"][0]
    items = next(link["href"] for link in collection["links"] if link["type"] == "application/geo+json")
    page = node.json(items.removeprefix(BASE) + "&limit=7")
    assert (page["numberMatched"], page["numberReturned"], len(page["features"])) == (20, 7, 7)
    following = next(link["href"] for link in page["links"] if link["rel"] == "next")
    assert len(node.json(following.removeprefix(BASE))["features"]) == 7
    box = node.json("/ogc/collections/area/items?bbox=116,-1,116.2,1&limit=100")["features"]
    frame = shapely.box(116, -1, 116.2, 1)
    assert {feature["properties"]["urut"] for feature in box} == placed(frame.intersects)
    node.get("/ogc/collections/area/items?tidakada=1", 400)
    assert node.json("/ogc/collections/area/items/003")["properties"]["urut"] == 3


def test_forms(node):
    for path in ("/ogc", "/ogc/conformance", "/ogc/collections", "/ogc/collections/area"):
        assert node.get(path).headers["content-type"].startswith("application/json")
        assert node.get(path, headers={"accept": "text/html"}).headers["content-type"].startswith("text/html")
    for path in ("/ogc/collections/area/items", "/ogc/collections/area/items/003"):
        assert node.get(path).headers["content-type"] == "application/geo+json"
        assert "<html" in node.get(f"{path}?f=html").text
        document = node.json(path)
        assert document["type"] in ("FeatureCollection", "Feature")


def test_openapi(node):
    answer = node.get("/ogc/openapi", headers={"accept": "application/vnd.oai.openapi+json;version=3.0"})
    assert answer.headers["content-type"] == "application/vnd.oai.openapi+json;version=3.0"
    assert answer.json()["openapi"].startswith("3.0")
    for path in answer.json()["paths"]:
        node.get("/ogc" + path.replace("{featureId}", "003"))


def test_systems(node):
    collection = node.json("/ogc/collections/area")
    assert collection["storageCrs"] == "http://www.opengis.net/def/crs/EPSG/0/32750"
    transform = pyproj.Transformer.from_crs("OGC:CRS84", "EPSG:32750", always_xy=True)
    for uri in collection["crs"]:
        answer = node.get("/ogc/collections/area/items/003", params={"crs": uri})
        assert answer.headers["content-crs"] == f"<{uri}>"
        if uri.endswith("/32750"):
            ring = shapely.from_geojson(orjson.dumps(answer.json()["geometry"])).exterior.coords[:]
            moved = shapely.transform(PLACES[3], transform.transform, interleaved=False)
            assert shapely.Polygon(ring).normalize().equals_exact(moved.normalize(), 0.01)
    west, south, east, north = shapely.transform(PLACES[3], transform.transform, interleaved=False).bounds
    box = {"bbox": f"{west},{south},{east},{north}", "bbox-crs": collection["storageCrs"], "limit": "100"}
    found = node.json("/ogc/collections/area/items", params=box)["features"]
    assert 3 in {feature["properties"]["urut"] for feature in found}
    node.get("/ogc/collections/area/items?crs=http://www.opengis.net/def/crs/EPSG/0/1", 400)


def test_schemas(node):
    for kind in KINDS:
        found = node.json(f"/ogc/collections/area/{kind}")
        jsonschema.Draft202012Validator.check_schema(found)
        link = [one for one in node.json("/ogc/collections/area")["links"] if one["rel"] == f"{RELATION}{kind}"]
        assert {one["type"] for one in link} == {"application/schema+json", "text/html"}
    roles = {
        entry["x-ogc-role"]: name
        for name, entry in node.json("/ogc/collections/area/schema")["properties"].items()
        if "x-ogc-role" in entry
    }
    assert roles == {"id": "kode", "primary-geometry": "geometry"}
    answer = node.json("/ogc/collections/area/items?sortby=-nilai&limit=3")["features"]
    assert [feature["properties"]["urut"] for feature in answer] == [19, 18, 17]


def test_parameters(node):
    for name, entry in node.json("/ogc/collections/area/queryables")["properties"].items():
        if "type" in entry:
            value = ROWS[5][name]
            found = node.json("/ogc/collections/area/items", params={name: str(value), "limit": "100"})["features"]
            assert {one["properties"]["urut"] for one in found} == those(lambda row: row[name] == value)  # noqa: B023


def test_filter_in_text_and_json(node):
    expected = those(lambda row: row["urut"] > 15)
    assert chosen(node, "urut > 15") == expected
    tree = {"op": ">", "args": [{"property": "urut"}, 15]}
    assert chosen(node, orjson.dumps(tree).decode(), **{"filter-lang": "cql2-json"}) == expected
    posted = node.client.post("/ogc/collections/area/items?limit=100", json=tree).json()
    assert {feature["properties"]["urut"] for feature in posted["features"]} == expected
    for wrong in ("tidakada = 1", "urut >", "urut = 'x'"):
        node.get("/ogc/collections/area/items", 400, params={"filter": wrong})


def test_comparisons(node):
    assert chosen(node, "nama IS NULL OR urut < 2") == those(lambda row: row["nama"] is None or row["urut"] < 2)
    assert chosen(node, "NOT (nama = 'Kelurahan') AND nilai >= 7.5") == those(
        lambda row: row["nama"] not in (None, "Kelurahan") and row["nilai"] >= 7.5
    )
    assert chosen(node, "sejak <= DATE('2026-01-03')") == those(lambda row: row["sejak"] <= "2026-01-03")


def test_advanced_comparisons(node):
    assert chosen(node, "nama LIKE 'D_S%'") == those(lambda row: bool(row["nama"] and re.match(r"D.S", row["nama"])))
    assert chosen(node, "nilai BETWEEN 3 AND 6") == those(lambda row: 3 <= row["nilai"] <= 6)
    assert chosen(node, "urut IN (1, 5, 99)") == {1, 5}


def test_cases_and_accents(node):
    assert chosen(node, "CASEI(nama) = CASEI('desa lama')") == those(lambda row: row["nama"] == "DESA LAMA")
    assert chosen(node, "ACCENTI(nama) = ACCENTI('Desa Baru')") == those(lambda row: row["nama"] == "Désa Baru")
    assert chosen(node, "ACCENTI(CASEI(nama)) LIKE ACCENTI(CASEI('desa%'))") == those(
        lambda row: row["nama"] in ("Désa Baru", "DESA LAMA")
    )


def test_arithmetic(node):
    assert chosen(node, "urut * 2 - 1 > 3 ^ 3") == those(lambda row: row["urut"] * 2 - 1 > 27)
    assert chosen(node, "urut % 7 = 3 AND urut div 2 = 5") == those(
        lambda row: row["urut"] % 7 == 3 and row["urut"] // 2 == 5
    )


def test_properties_with_properties(node):
    assert chosen(node, "nilai > urut + 5") == those(lambda row: row["nilai"] > row["urut"] + 5)
    assert chosen(node, "sejak < sampai AND kode = kode") == those(lambda row: row["sejak"] < row["sampai"])


LITERALS = (
    "POINT(116.25 -0.35)",
    "LINESTRING(116 -0.4, 117 -0.2)",
    "POLYGON((116.1 -0.5, 116.5 -0.5, 116.5 0, 116.1 0, 116.1 -0.5))",
    "MULTIPOINT((116.25 -0.35), (116.5 -0.3))",
    "MULTIPOLYGON(((116.1 -0.5, 116.2 -0.5, 116.2 0, 116.1 0, 116.1 -0.5)))",
)


@pytest.mark.parametrize("literal", LITERALS)
def test_spatial(node, literal):
    shape = shapely.from_wkt(literal)
    for function in ("intersects", "disjoint", "within", "contains", "touches", "overlaps", "crosses", "equals"):
        with np.errstate(invalid="ignore"):
            expected = placed(lambda geometry: bool(getattr(geometry, function)(shape)))  # noqa: B023
        assert chosen(node, f"S_{function.upper()}(geometry, {literal})") == expected, function


def test_spatial_box(node):
    box = shapely.box(116.1, -0.5, 116.4, 0)
    assert chosen(node, "S_INTERSECTS(geometry, BBOX(116.1, -0.5, 116.4, 0))") == placed(box.intersects)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("T_AFTER(sejak, DATE('2026-01-10'))", lambda row: row["sejak"] > "2026-01-10"),
        ("T_BEFORE(sejak, DATE('2026-01-10'))", lambda row: row["sejak"] < "2026-01-10"),
        ("T_EQUALS(sejak, DATE('2026-01-10'))", lambda row: row["sejak"] == "2026-01-10"),
        (
            "T_DURING(INTERVAL(sejak, sampai), INTERVAL('2026-01-05', '2026-02-10'))",
            lambda row: row["sejak"] > "2026-01-05" and row["sampai"] < "2026-02-10",
        ),
        (
            "T_INTERSECTS(INTERVAL(sejak, sampai), INTERVAL('2026-02-15', '..'))",
            lambda row: row["sampai"] >= "2026-02-15",
        ),
        ("T_MEETS(INTERVAL(sejak, sampai), INTERVAL('2026-02-10', '..'))", lambda row: row["sampai"] == "2026-02-10"),
    ],
)
def test_temporal(node, text, expected):
    assert chosen(node, text) == those(expected)


TESTS: dict[str, Callable[..., None]] = {
    "ogcapi-common-1/1.0/conf/core": test_core,
    "ogcapi-common-1/1.0/conf/landing-page": test_core,
    "ogcapi-common-1/1.0/conf/json": test_forms,
    "ogcapi-common-1/1.0/conf/html": test_forms,
    "ogcapi-common-1/1.0/conf/oas30": test_openapi,
    "ogcapi-common-2/1.0/conf/collections": test_core,
    "ogcapi-features-1/1.0/conf/core": test_core,
    "ogcapi-features-1/1.0/conf/oas30": test_openapi,
    "ogcapi-features-1/1.0/conf/html": test_forms,
    "ogcapi-features-1/1.0/conf/geojson": test_forms,
    "ogcapi-features-2/1.0/conf/crs": test_systems,
    "ogcapi-features-3/1.0/conf/queryables": test_schemas,
    "ogcapi-features-3/1.0/conf/queryables-query-parameters": test_parameters,
    "ogcapi-features-3/1.0/conf/filter": test_filter_in_text_and_json,
    "ogcapi-features-3/1.0/conf/features-filter": test_filter_in_text_and_json,
    "ogcapi-common-3/1.0/conf/schemas": test_schemas,
    "ogcapi-common-3/1.0/conf/advanced-property-roles": test_schemas,
    "ogcapi-common-3/1.0/conf/returnables-and-receivables": test_schemas,
    "ogcapi-common-3/1.0/conf/queryables": test_schemas,
    "ogcapi-common-3/1.0/conf/sortables": test_schemas,
    "ogcapi-features-5/1.0/conf/schemas": test_schemas,
    "ogcapi-features-5/1.0/conf/core-roles-features": test_schemas,
    "ogcapi-features-5/1.0/conf/returnables-and-receivables": test_schemas,
    "ogcapi-features-5/1.0/conf/queryables": test_schemas,
    "ogcapi-features-5/1.0/conf/sortables": test_schemas,
    "cql2/1.0/conf/cql2-text": test_filter_in_text_and_json,
    "cql2/1.0/conf/cql2-json": test_filter_in_text_and_json,
    "cql2/1.0/conf/basic-cql2": test_comparisons,
    "cql2/1.0/conf/advanced-comparison-operators": test_advanced_comparisons,
    "cql2/1.0/conf/case-insensitive-comparison": test_cases_and_accents,
    "cql2/1.0/conf/accent-insensitive-comparison": test_cases_and_accents,
    "cql2/1.0/conf/arithmetic": test_arithmetic,
    "cql2/1.0/conf/property-property": test_properties_with_properties,
    "cql2/1.0/conf/basic-spatial-functions": test_spatial_box,
    "cql2/1.0/conf/basic-spatial-functions-plus": test_spatial,
    "cql2/1.0/conf/spatial-functions": test_spatial,
    "cql2/1.0/conf/temporal-functions": test_temporal,
}


def test_every_class_has_a_test(node):
    """A class without a row fails, whether it is declared here or could be on another node; so does an idle row."""
    assert conforms(node) == set(TESTS)
    assert {uri.removeprefix(SPEC) for uri in COMMON} | {each.name for each in CLASSES} == set(TESTS)


def test_what_the_issue_asks_for_is_declared(node):
    assert conforms(node) >= set(ISSUE)


SPATIAL = {
    f"cql2/1.0/conf/{name}" for name in ("basic-spatial-functions", "basic-spatial-functions-plus", "spatial-functions")
}
ARITHMETIC = {"cql2/1.0/conf/arithmetic"}
TEXT = {"cql2/1.0/conf/case-insensitive-comparison", "cql2/1.0/conf/accent-insensitive-comparison"}
CRS = {"ogcapi-features-2/1.0/conf/crs"}


@pytest.mark.parametrize(
    ("rows", "places", "types", "without"),
    [
        ([{"kode": "1", "n": 1, "t": "2026-01-01"}], [AT], {"t": "date"}, set()),
        ([{"kode": "1", "n": 1, "t": "2026-01-01"}], [None], {"t": "date"}, SPATIAL | CRS),
        ([{"kode": "1", "n": 1}], [AT], {}, set()),
        ([{"kode": 1}], [AT], {}, set()),
        ([{"kode": True}], [AT], {}, set()),
        ([{"kode": "1", "t": "08:00:00"}], [None], {"t": "time"}, SPATIAL | CRS),
    ],
)
def test_a_class_is_about_layers_that_have_what_it_speaks_of(world, rows, places, types, without):
    world.publish("uji", make_layer(rows, places, types=types))
    assert set(TESTS) - conforms(world) == without


def test_a_layer_that_cannot_be_asked_has_no_class_of_asking(world):
    world.publish("uji", make_layer([{"isi": "[1]"}], [None], types={"isi": "json"}), key=None)
    found = conforms(world)
    assert not any(name.startswith(("cql2/", "ogcapi-features-3")) or name.endswith("sortables") for name in found)
    assert "ogcapi-common-3/1.0/conf/schemas" in found and "ogcapi-features-1/1.0/conf/core" in found


def test_layers_of_different_kinds_prove_what_they_can(world):
    world.publish("titik", points(5))
    world.publish("tabel", make_layer([{"kode": "1", "t": "2026-01-01"}], [None], types={"t": "date"}))
    assert conforms(world) == set(TESTS)
    sources = world.engine.snapshot(PUBLIC_AUDIENCE).sources
    for dataset, applies in (("titik", SPATIAL), ("tabel", set())):
        given = {uri.removeprefix(SPEC) for uri in proven(sources[dataset])}
        assert given & SPATIAL == applies


def test_an_empty_node_declares_what_the_api_itself_has(world):
    assert conforms(world) == {uri.removeprefix(SPEC) for uri in COMMON}


def test_a_field_called_like_a_parameter_has_one_under_another_name(world):
    """The class asks for a parameter for every queryable (OGC 19-079r2), with its schema; not for one of its name."""
    world.publish("titik", points(3))
    world.publish("aneh", make_layer([{"kode": "1", "limit": 5}, {"kode": "2", "limit": 7}], [AT, AT]))
    assert conforms(world) == set(TESTS)
    items = "/ogc/collections/aneh/items"
    assert world.json(f"{items}?filter=limit=5")["numberMatched"] == 1
    assert world.json(f"{items}?properties.limit=7")["features"][0]["id"] == "2"
    assert world.json(f"{items}?limit=1&properties.limit=5")["numberMatched"] == 1
    parameters = world.json("/ogc/openapi?f=json")["paths"]["/collections/aneh/items"]["get"]["parameters"]
    named = {entry["name"]: entry["schema"] for entry in parameters if "name" in entry}
    queryables = world.json("/ogc/collections/aneh/queryables")["properties"]
    assert named["properties.limit"]["type"] == queryables["limit"]["type"] == "integer"


@pytest.mark.parametrize(
    ("target", "name", "lost"),
    [
        (Serving, "exact_geometry", SPATIAL | CRS),
        (Serving, "reproject", CRS),
        (Compiler, "_spatial", SPATIAL),
        (Compiler, "_reckoned", ARITHMETIC),
        (Compiler, "_folded", TEXT),
        (Compiler, "_like", {"cql2/1.0/conf/advanced-comparison-operators"}),
    ],
)
def test_a_class_that_is_not_proven_goes(world, monkeypatch, caplog, target, name, lost):
    """Where a layer fails a probe, the class is not declared, for all collections that one may see."""

    def fail(*_: object, **__: object) -> None:
        raise OSError("the file is gone")

    world.publish("area", make_layer(ROWS, PLACES, types={"sejak": "date", "sampai": "date"}))
    monkeypatch.setattr(proofs, "_GIVEN", set())
    monkeypatch.setattr(target, name, fail)
    assert set(TESTS) - conforms(world) == lost
    assert "area does not give the proof" in caplog.text


def test_wrong_answers_are_no_proof(world, monkeypatch):
    """It is not enough that no error comes: what is chosen is compared with the rows."""
    world.publish("area", make_layer(ROWS, PLACES, types={"sejak": "date", "sampai": "date"}))
    monkeypatch.setattr(proofs, "_GIVEN", set())
    right = Serving.select

    def wrong(self: Serving, **more: Any) -> Any:
        rows, count = right(self, **more)
        return rows, count + 1

    monkeypatch.setattr(Serving, "select", wrong)
    left = {name for name in conforms(world) if name.startswith(("cql2/", "ogcapi-features-3/"))}
    assert left == {f"ogcapi-features-3/1.0/conf/{name}" for name in ("queryables", "queryables-query-parameters")}


def test_one_layer_that_fails_takes_the_class_from_all(world, monkeypatch):
    world.publish("baik", points(3))
    world.publish("rusak", make_layer(ROWS, PLACES))
    right = proofs.Subject.place

    def place(self: proofs.Subject) -> Any:
        if self.source.publication.dataset_id == "rusak":
            raise OSError("the file is gone")
        return right(self)

    monkeypatch.setattr(proofs.Subject, "place", place)
    assert "cql2/1.0/conf/basic-spatial-functions" not in conforms(world)
    world.withdraw("rusak")
    assert "cql2/1.0/conf/basic-spatial-functions" in conforms(world)


def test_layers_without_any_place_and_without_features_prove_all_the_same(world):
    world.publish("kosong", make_layer(ROWS, [None, *PLACES[1:]], types={"sejak": "date", "sampai": "date"}))
    assert conforms(world) == set(TESTS)
    empty = points(3)
    world.publish("nol", type(empty)("nol", empty.frame.iloc[:0], empty.crs, empty.fields, "Point"))
    assert all(proven(world.engine.snapshot(PUBLIC_AUDIENCE).sources["nol"]).values())


def test_hidden_layers_say_nothing(world):
    """What one may not see neither adds a class nor takes one away, nor is it named anywhere."""
    world.publish("terbuka", make_layer([{"kode": "1"}], [None]))
    before = {
        path: world.get(path).content for path in ("/ogc/conformance", "/ogc", "/ogc?f=html", "/ogc/conformance?f=html")
    }
    world.publish(
        "rahasia",
        make_layer([{"kode": "1", "limit": 1, "t": "2026-01-01"}], [AT], types={"t": "date"}),
        access=Classification.PRIVATE,
    )
    for path, body in before.items():
        assert world.get(path).content == body, path
    mine = world.token(Classification.PRIVATE)
    assert SPATIAL <= conforms(world, headers=mine) and not SPATIAL & conforms(world)
    for kind in KINDS:
        hidden, absent = (world.get(f"/ogc/collections/{name}/{kind}", 404) for name in ("rahasia", "tidakada"))
        assert {**hidden.json(), "instance": ""} == {**absent.json(), "instance": ""}
        world.get(f"/ogc/collections/rahasia/{kind}", headers=mine)


def test_the_page_says_which_collections_prove_what(world):
    world.publish("titik", points(5))
    world.publish("tabel", make_layer([{"kode": "1", "t": "2026-01-01"}], [None], types={"t": "date"}))
    for language, counted in (("id", "1 dari 2 koleksi"), ("en", "1 of 2 collections")):
        text = world.get(f"/ogc/conformance?f=html&lang={language}").text
        for uri in world.json("/ogc/conformance")["conformsTo"]:
            assert f"<code>{uri}</code>" in text
        assert "OGC API Features, Part 3: Filtering" in text
        row = next(part for part in text.split("<li>") if "<b>spatial-functions</b>" in part)
        assert counted in row
        assert counted not in next(part for part in text.split("<li>") if "<b>landing-page</b>" in part)


def test_a_collection_is_asked_once(world, monkeypatch):
    """The declaration of 2,000 collections must not be found out on every request."""
    world.publish("satu", points(3))
    asked: list[Source] = []
    right = proofs.holds
    monkeypatch.setattr(proofs, "holds", lambda proof, layer: asked.append(layer.source) or right(proof, layer))
    declared(world.engine.snapshot(PUBLIC_AUDIENCE).sources.values())
    first = len(asked)
    world.publish("dua", points(4))
    declared(world.engine.snapshot(PUBLIC_AUDIENCE).sources.values())
    assert first and {source.publication.dataset_id for source in asked[first:]} == {"dua"}


def test_thousands_of_layers_are_not_opened_for_a_declaration(world, monkeypatch):
    """Of layers that are alike the first ones speak for the rest; names are looked at in each."""
    monkeypatch.setattr(proofs, "_GIVEN", set())
    monkeypatch.setattr(proofs, "_OPENED", set())
    monkeypatch.setattr(proofs, "MOST_OPENED", 2)
    asked: list[str] = []
    right = Serving.select

    def select(self: Serving, **more: Any) -> Any:
        asked.append(str(id(self)))
        return right(self, **more)

    monkeypatch.setattr(Serving, "select", select)
    for number in range(6):
        world.publish(f"l{number}", points(number + 2))
    complete = conforms(world)
    assert len(set(asked)) == 3  # the first of its kind, and two that look at themselves
    world.publish("aneh", make_layer([{"kode": "1", "nama": "x", "nilai": 1.5, "limit": 5, "aktif": True}], [AT]))
    assert complete == conforms(world)
