"""FlatGeobuf as it is laid out: aligned, countable, and read by GDAL whatever is in it."""

import struct

import numpy as np
import pyogrio
import pytest
import shapely

from geoportal.ogc.formats.flatbuffer import Buffer, Scalar, Vector
from geoportal.ogc.formats.flatgeobuf import geometry_tables
from tests.ogc.formats.layers import LAYERS
from tests.ogc.world import World, make_layer

WKTS = [
    "POINT (1 2)",
    "LINESTRING (0 0, 1 1, 2 0)",
    "POLYGON ((0 0, 4 0, 4 4, 0 0), (1 1, 2 1, 2 2, 1 1))",
    "MULTIPOINT (0 0, 1 1)",
    "MULTILINESTRING ((0 0, 1 1), (2 2, 3 3, 4 4))",
    "MULTILINESTRING ((0 0, 1 1))",
    "MULTIPOLYGON (((0 0, 4 0, 4 4, 0 0), (1 1, 2 1, 2 2, 1 1)), ((9 9, 8 9, 8 8, 9 9)))",
    "GEOMETRYCOLLECTION (POINT (1 2), MULTIPOLYGON (((0 0, 4 0, 4 4, 0 0))), GEOMETRYCOLLECTION (POINT (3 4)))",
]
EMPTY = ["POINT EMPTY", "LINESTRING EMPTY", "POLYGON EMPTY", "MULTIPOLYGON EMPTY", "GEOMETRYCOLLECTION EMPTY"]


def file_of(shapes: list, *, high: bool = False, kind: int = 0) -> bytes:
    array = np.empty(len(shapes), dtype=object)
    array[:] = shapes
    header = {
        0: "x",
        2: Scalar("B", kind),
        3: Scalar("B", int(high)),
        8: Scalar("Q", len(shapes)),
        9: Scalar("H", 0),
    }
    parts = [Buffer().finish({0: table}) for table in geometry_tables(array, high)]
    assert all(len(part) % 8 == 0 and struct.unpack_from("<I", part)[0] == len(part) - 4 for part in parts)
    return b"fgb\x03fgb\x01" + Buffer().finish(header) + b"".join(parts)


def read(body: bytes, path) -> list:
    path.write_bytes(body)
    _, _, wkb, _ = pyogrio.raw.read(path, datetime_as_string=True)
    return [place and shapely.from_wkb(place) for place in wkb]


def test_every_type_with_and_without_heights(tmp_path):
    shapes = [shapely.from_wkt(text) for text in WKTS]
    assert read(file_of(shapes), tmp_path / "a.fgb") == shapes
    for text in WKTS:
        kind = {"POINT": 1, "LINESTRING": 2, "POLYGON": 3, "MULTIPOINT": 4, "MULTILINESTRING": 5, "MULTIPOLYGON": 6}
        number = kind.get(text.partition(" ")[0], 7)
        flat, solid = shapely.from_wkt(text), shapely.force_3d(shapely.from_wkt(text), 7.5)
        assert read(file_of([flat], kind=number), tmp_path / "b.fgb") == [flat]
        (found,) = read(file_of([solid, solid], high=True, kind=number), tmp_path / "c.fgb")[1:]
        assert found.wkt == solid.wkt


def test_empty_places_are_none_and_empty_members_left_out(tmp_path):
    shapes = [shapely.from_wkt(text) for text in EMPTY]
    partly = shapely.from_wkt("MULTIPOLYGON (EMPTY, ((0 0, 1 0, 1 1, 0 0)), EMPTY)")
    lines = shapely.from_wkt("MULTILINESTRING (EMPTY, (0 0, 1 0), EMPTY, (3 3, 4 4))")
    found = read(file_of([*shapes, None, partly, lines]), tmp_path / "a.fgb")
    assert found[:6] == [None] * 6
    assert found[6:] == [
        shapely.from_wkt("MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0)))"),
        shapely.from_wkt("MULTILINESTRING ((0 0, 1 0), (3 3, 4 4))"),
    ]


@pytest.mark.parametrize("size", [1, 2, 4, 8])
def test_numbers_are_aligned_to_their_size(size):
    for name in ("", "a", "abcd", "abcdefg"):
        marker = bytes(range(1, 9)) * 3
        buffer = Buffer().finish({0: name, 1: Vector(marker, size), 2: Scalar("B", 1), 3: Scalar("Q", 2**63)})
        assert buffer.index(marker) % size == 0
        assert buffer.index(struct.pack("<Q", 2**63)) % 8 == 0


def test_a_cut_file_is_seen_to_be_cut(new_world, tmp_path):
    world: World = new_world()
    world.publish("petak", LAYERS["petak"][0]())
    body = world.get("/ogc/collections/petak/items?f=fgb&limit=100").content
    path = tmp_path / "x.fgb"
    path.write_bytes(body)
    assert pyogrio.read_info(path)["features"] == 12
    path.write_bytes(body[: len(body) * 2 // 3])
    with pytest.raises(Exception, match=r"(?i)read|feature|flatgeobuf|index"):
        _, _, wkb, _ = pyogrio.raw.read(path, datetime_as_string=True)
        raise AssertionError(f"{len(wkb)} features, unsuspected")


def test_heights_beside_several_types(new_world, tmp_path):
    world: World = new_world()
    line = shapely.LineString([(116, 0, 5), (117, 1, 6)])
    several = shapely.MultiLineString([line])
    rows = [{"kode": str(number)} for number in range(3)]
    world.publish("garis", make_layer(rows, [line, several, None]))
    world.publish("campur", make_layer(rows, [line, shapely.Point(116, 0, 7), None]))
    family = read(world.get("/ogc/collections/garis/items?f=fgb").content, tmp_path / "a.fgb")
    assert [place and place.wkt for place in family] == [several.wkt, several.wkt, None]
    mixed = read(world.get("/ogc/collections/campur/items?f=fgb").content, tmp_path / "b.fgb")
    assert {place.wkt for place in mixed if place} == {"LINESTRING (116 0, 117 1)", "POINT (116 0)"}
