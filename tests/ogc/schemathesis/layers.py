"""The layers of the node that is asked: all types of values, names that need care in an address, and all places."""

from __future__ import annotations

import geopandas
import pandas
import shapely
from shapely.affinity import translate

from geoportal.model.access import Classification
from geoportal.model.layer import Field, Layer
from geoportal.model.record import Record
from geoportal.model.text import LocalText
from tests.ogc.world import World, make_layer, points


def areas() -> Layer:
    """Squares in UTM 50S with dates and times; one has no place and no values."""
    square = shapely.box(440_000, 9_950_000, 440_400, 9_950_300)
    rows = {
        "kode": pandas.array([f"A{number}" for number in range(9)], dtype="string"),
        "berlaku": pandas.array([*(f"2026-0{number}-11" for number in range(1, 9)), None], dtype="string"),
        "diubah": pandas.array(
            [*(f"2026-0{number}-11T0{number}:00:00Z" for number in range(1, 9)), None], dtype="string"
        ),
        "luas": pandas.array([*(number / 8 for number in range(8)), None], dtype="Float64"),
        "jiwa": pandas.array([*range(-2, 6), None], dtype="Int64"),
        "sah": pandas.array([*(number % 2 == 0 for number in range(8)), None], dtype="boolean"),
    }
    types = dict(zip(rows, ("string", "date", "date-time", "number", "integer", "boolean"), strict=True))
    places = [*(translate(square, 500 * number) for number in range(8)), None]
    frame = geopandas.GeoDataFrame(rows, geometry=places, crs="EPSG:32750")
    return Layer("wilayah", frame, "EPSG:32750", tuple(Field(name, kind) for name, kind in types.items()), "Polygon")


def lines() -> Layer:
    """Lines with heights, some over the antimeridian; their fields have names that mean something in an address."""
    rows = [
        {"no": 1, "nama jalan": "Jalan <A> & 'B'", "limit": 5, "a+b": "x,y", "luas[ha]": 1.5, "jarak/km": "50%"},
        {"no": 2, "nama jalan": "Jalan é 道", "limit": 6, "a+b": "", "luas[ha]": -0.0, "jarak/km": "a=b&c=d"},
        {"no": 3, "nama jalan": "", "limit": 7, "a+b": "-nama", "luas[ha]": 1e300, "jarak/km": "#?"},
    ]
    places = [
        shapely.LineString([(116, 0, 5), (116.5, 0.25, 10)]),
        shapely.MultiLineString([[(179.5, 1, 0), (180, 1, 2)], [(-180, 1, 2), (-179.5, 1.5, 3)]]),
        shapely.LineString([(0, -89, 0), (10, 89.5, 2.5)]),
    ]
    return make_layer(rows, places)


def table() -> Layer:
    """Rows without any geometry."""
    return make_layer([{"kode": f"T{number}", "jiwa": number % 3} for number in range(5)], [None] * 5)


def fill(world: World) -> World:
    """The node with these layers: one with an earlier version, one that is hidden from the public."""
    world.publish("titik", points(31), title="Titik", english="Points")
    world.publish("titik", points(37), title="Titik", english="Points")
    record = Record(LocalText("Wilayah", "Areas"), LocalText("Tentang", "About"), time=("berlaku",))
    world.publish("wilayah", areas(), record=record)
    world.publish("ruas", lines(), key="no")
    world.publish("tabel", table())
    world.publish("rahasia", points(3), access=Classification.GOVERNMENT)
    return world
