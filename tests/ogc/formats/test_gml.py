"""GML that XML readers and GDAL take: names, ids, characters, systems and their axes."""

import fiona
import pyogrio
import pytest
import shapely
from lxml import etree

from geoportal.ogc.formats.gml import geometry
from geoportal.ogc.formats.names import element_names, escaped, id_of
from tests.ogc.formats.layers import LAYERS
from tests.ogc.world import World, make_layer

EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
GML = "{http://www.opengis.net/gml/3.2}"


def test_names_of_elements():
    names = ["nama", "nama desa", "nama_desa", "2020", "", "a:b", "Luas (ha)", "ülke", "文字", "-x"]
    found = element_names(names)
    assert found == ["nama", "nama_desa", "nama_desa_2", "_2020", "_", "a_b", "Luas__ha_", "ülke", "文字", "_-x"]
    assert len({name.casefold() for name in found}) == len(found)
    for name in found:
        etree.fromstring(f"<{name}/>".encode())


def test_ids_differ_where_features_do():
    fids = ["1", "64.02.01", "a b", "a_b", "a_x0020_b", "a/b", "ä", "文", "🌋", "a\u0000b", "a:b", " ", "_x"]
    found = [id_of("desa", fid) for fid in fids]
    assert len(set(found)) == len(fids)
    for each in found:
        etree.fromstring(f'<a xml:id="{each}"/>'.encode())  # libxml2 refuses what is no NCName


@pytest.mark.parametrize("text", ["a<b>&c", "]]>", "\t\n", "\r\n", 'kutip "', "🌋"])
def test_characters_come_back(text):
    assert etree.fromstring(f"<a>{escaped(text)}</a>".encode()).text == text


@pytest.mark.parametrize("text", ["\x00", "\x0b", "\ufffe", "\x1f"])
def test_characters_that_xml_has_not_are_seen_to_be_missing(text):
    assert etree.fromstring(f"<a>x{escaped(text)}y</a>".encode()).text == "x\ufffdy"


def test_empty_members_are_left_out():
    shape = shapely.from_wkt("MULTIPOLYGON(EMPTY, ((0 0, 1 0, 1 1, 0 0)))")
    root = etree.fromstring(
        geometry(shape, "a.g", f"{EPSG}3857").replace(" ", ' xmlns:gml="http://www.opengis.net/gml/3.2" ', 1).encode()
    )
    assert len(root) == 1
    assert root.get("srsName") == f"{EPSG}3857"
    assert root[0][0].get("srsName") is None


@pytest.mark.parametrize("name", ["desa", "utm", "petak", "campur"])
@pytest.mark.parametrize("crs", ["OGC/1.3/CRS84", "EPSG/0/4326", "EPSG/0/32750"])
def test_gdal_puts_every_feature_where_it_is(new_world, tmp_path, name, crs):
    world: World = new_world()
    layer, key = LAYERS[name]
    world.publish(name, layer(), key=key)
    uri = f"http://www.opengis.net/def/crs/{crs}"
    path = tmp_path / "x.gml"
    path.write_bytes(world.get(f"/ogc/collections/{name}/items?f=gml&limit=100&crs={uri}").content)
    wanted = world.json(f"/ogc/collections/{name}/items?f=json&limit=100&crs={uri}")["features"]
    meta, _, wkb, columns = pyogrio.raw.read(path, datetime_as_string=True)
    names = meta["fields"].tolist()
    assert len(wkb) == len(wanted)
    assert list(columns[names.index("kode")]) == [feature["properties"]["kode"] for feature in wanted]
    for place, feature in zip(wkb, wanted, strict=True):
        theirs = feature["geometry"] and shapely.geometry.shape(feature["geometry"])
        if theirs is None or theirs.is_empty:
            assert place is None
            continue
        mine = shapely.force_2d(shapely.from_wkb(place))
        theirs = shapely.force_2d(theirs)
        if crs == "EPSG/0/4326":  # GDAL holds x before y
            theirs = shapely.transform(theirs, lambda c: c[:, ::-1])
        assert mine.equals_exact(theirs, 1e-8), (mine, theirs)


@pytest.mark.parametrize(("name", "kind"), [("desa", "Point"), ("petak", "Polygon"), ("tinggi", "LineString Z")])
def test_gdal_sees_the_kind_of_geometry(new_world, tmp_path, name, kind):
    world: World = new_world()
    layer, key = LAYERS[name]
    world.publish(name, layer(), key=key)
    path = tmp_path / "x.gml"
    path.write_bytes(world.get(f"/ogc/collections/{name}/items?f=gml&limit=100").content)
    assert pyogrio.read_info(path)["geometry_type"] == kind


def test_heights_by_fiona(new_world, tmp_path):
    world: World = new_world()
    world.publish("tinggi", LAYERS["tinggi"][0]())
    path = tmp_path / "x.gml"
    path.write_bytes(world.get(f"/ogc/collections/tinggi/items?f=gml&limit=100&crs={EPSG}32750").content)
    wanted = world.json(f"/ogc/collections/tinggi/items?f=json&limit=100&crs={EPSG}32750")["features"]
    with fiona.open(path) as opened:
        assert opened.crs.to_epsg() == 32750
        found = [shapely.geometry.shape(feature.geometry) for feature in opened]
    for mine, feature in zip(found, wanted, strict=True):
        theirs = shapely.geometry.shape(feature["geometry"])
        assert mine.has_z
        assert (
            abs(shapely.get_coordinates(mine, include_z=True) - shapely.get_coordinates(theirs, include_z=True)).max()
            < 1e-8
        )


def test_a_collection_whose_names_are_strange(new_world):
    world: World = new_world()
    rows = [{"kode": "1", "Nama & Desa": "x", "<b>": 1}]
    world.publish("2020-desa", make_layer(rows, [shapely.Point(117, 0)]))
    root = etree.fromstring(world.get("/ogc/collections/2020-desa/items?f=gml").content)
    assert etree.QName(root[0][0]).localname == "_2020-desa"
    assert root[0][0].get(f"{GML}id") == "_2020-desa.1"
    assert [etree.QName(child).localname for child in root[0][0]] == ["kode", "Nama___Desa", "_b_", "geom"]
