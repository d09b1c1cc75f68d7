"""Linked data keeps every value whatever its field is called, and says in which system its coordinates are."""

from collections.abc import Iterator
from urllib.parse import quote

import geopandas
import pandas
import pytest
import shapely

from geoportal.model.layer import Field, Layer
from tests.ogc.whole import CRS84, EPSG, whole
from tests.ogc.world import BASE, World, make_layer

NAMES = [
    "geometry", "links", "type", "id", "@id", "@type", "@context", "properties", "features", "timeStamp", "schema:geo",
    "gsp:hasGeometry", "bbox", "nama", "schema",
]  # fmt: skip
PATH = "/ogc/collections/tabrakan"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with whole(tmp_path_factory.mktemp("linked")) as made:
        values = {name: [f"{name} 1", f"{name} 2"] for name in NAMES}
        table = pandas.DataFrame(values).assign(place=[shapely.Point(117, -0.5), None])
        frame = geopandas.GeoDataFrame(table, geometry="place", crs="EPSG:4326")
        fields = tuple(Field(name, "string") for name in NAMES)
        made.publish("tabrakan", Layer("tabrakan", frame, "EPSG:4326", fields, "Point"))
        yield made


def feature(world: World, way: str, fid: str, more: str = "") -> dict:
    if way == "one":
        return world.json(f"{PATH}/items/{fid}?f=jsonld{more}")
    found = world.json(f"{PATH}/items?f=jsonld{more}")["features"]
    return next(entry for entry in found if entry["@id"].endswith(f"/{fid}"))


@pytest.mark.parametrize("way", ["one", "many"])
@pytest.mark.parametrize("fid", ["1", "2"])
def test_every_value_is_there_beside_the_members(world: World, way: str, fid: str):
    found = feature(world, way, fid)
    for name in NAMES:
        key = name if name == "nama" else f"{BASE}{PATH}/schema#/properties/{quote(name, safe='')}"
        assert found[key] == f"{name} {fid}"
    assert found["@id"] == f"{BASE}{PATH}/items/{fid}"
    assert found["id"] == fid
    assert found["geometry"] == ({"type": "Point", "coordinates": [117.0, -0.5]} if fid == "1" else None)
    if way == "one":
        assert {link["rel"] for link in found["links"]} >= {"self", "collection"}
        assert found["@context"][0]["schema"] == "https://schema.org/"


@pytest.mark.parametrize("way", ["one", "many"])
@pytest.mark.parametrize("crs", [f"{EPSG}32750", f"{EPSG}4326", CRS84, None])
def test_the_text_of_a_geometry_names_its_system(world: World, way: str, crs: str | None):
    found = feature(world, way, "1", f"&crs={crs}" if crs else "")
    text = found["gsp:hasGeometry"]["gsp:asWKT"]["@value"]
    degrees = {"@type": "schema:GeoCoordinates", "schema:longitude": 117.0, "schema:latitude": -0.5}
    if crs in (CRS84, None):
        assert text == "POINT (117 -0.5)"
        assert found["schema:geo"] == degrees
    else:
        named, _, wkt = text.partition(" ")
        assert named == f"<{crs}>"
        assert list(shapely.from_wkt(wkt).coords[0]) == pytest.approx(found["geometry"]["coordinates"])
        assert "schema:geo" not in found


@pytest.mark.parametrize("text", ["POINT", "MULTIPOINT", "LINESTRING", "POLYGON", "MULTIPOLYGON", "GEOMETRYCOLLECTION"])
def test_an_empty_geometry_is_told_as_text_alone(new_world, text: str):
    world = new_world()
    world.publish("hampa", make_layer([{"n": 1}], [shapely.from_wkt(f"{text} EMPTY")]))
    one = world.json("/ogc/collections/hampa/items/1?f=jsonld")
    many = world.json("/ogc/collections/hampa/items?f=jsonld")["features"]
    assert len(many) == 1
    for found in (one, many[0]):
        assert "schema:geo" not in found
        if found["geometry"] is not None:
            assert found["gsp:hasGeometry"]["gsp:asWKT"]["@value"] == f"{text} EMPTY"
