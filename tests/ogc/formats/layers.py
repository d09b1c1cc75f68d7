"""Layers that hold what files stumble over: every type, gaps, markup, formulas, heights, mixtures, no places at all."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time

import pandas as pd
import shapely

from geoportal.model.layer import Field, Layer
from tests.ogc.world import make_layer, points

TEXTS = (
    "Muara Kaman",
    "=1+1",
    "@SUM(A1)",
    "-3",
    "-tiga",
    'kutip "ganda", koma; titik koma',
    "baris\nbaru",
    "<b>tebal</b> & 'lain'",
    "Ünïcödé 文字 🌋",
    "  tepi  ",
    "",
    None,
)


def _moment(day: int, microsecond: int = 0) -> datetime:
    return datetime(2020, 1, day + 1, 23, 59, 59, microsecond, UTC)


def _frame() -> list[dict]:
    return [
        {
            "kode": f"{number:03}/ä {number}",
            "nama desa": text,
            "luas": None if number % 5 == 0 else number / 7,
            "jumlah": None if number % 4 == 0 else number * 10**12,
            "aktif": None if number % 3 == 0 else number % 2 == 0,
            "tanggal": None if number % 6 == 0 else date(1899 + number, 2, 28),
            "dicatat": None if number % 6 == 1 else _moment(number, 250_000 * (number % 2)),
            "setempat": None if number % 6 == 2 else _moment(number).replace(tzinfo=None),
            "jam": None if number % 6 == 3 else time(7, number),
            "rinci": None if number % 6 == 4 else {"a": [number, "<x>"], "b": None},
            "biner": None if number % 6 == 5 else bytes([number, 0, 255]),
            "bulan": f"=cmd{number}",
        }
        for number, text in enumerate(TEXTS)
    ]  # fmt: skip


TYPES = {
    "jumlah": "integer",
    "aktif": "boolean",
    "tanggal": "date",
    "dicatat": "date-time",
    "setempat": "date-time",
    "jam": "time",
    "rinci": "json",
    "biner": "binary",
}


def _typed(shapes: list, crs: str = "EPSG:4326", name: str = "layer") -> Layer:
    made = make_layer(_frame(), shapes, crs, {**TYPES, "luas": "number"}, name)
    frame = made.frame
    for column in ("jumlah", "aktif"):
        frame[column] = pd.Series([row[column] for row in _frame()], dtype=object)
    return Layer(made.name, frame, crs, made.fields, made.geometry_type)


def squares(crs: str = "EPSG:4326") -> Layer:
    """Polygons with all kinds of values; the third has a hole, the fourth no place, the fifth is empty."""
    shapes: list = [shapely.box(116.0 + n * 0.1, -0.5, 116.07 + n * 0.1, -0.43333333333333335) for n in range(12)]
    shapes[2] = shapely.Polygon(shapes[2].exterior, [shapely.box(116.22, -0.48, 116.24, -0.46).exterior])
    shapes[3], shapes[4] = None, shapely.Polygon()
    if crs == "EPSG:4326":
        return _typed(shapes)
    from pyproj import Transformer

    way = Transformer.from_crs("EPSG:4326", crs, always_xy=True)
    moved = [shape and shapely.transform(shape, way.transform, interleaved=False) for shape in shapes]
    return _typed(moved, crs)


def mixed() -> Layer:
    """Every geometry type in one layer, multiple ones with several members and holes."""
    area = shapely.box(117, 0, 117.1, 0.1)
    holed = shapely.Polygon(
        shapely.box(117.2, 0, 117.4, 0.2).exterior, [shapely.box(117.25, 0.05, 117.3, 0.1).exterior]
    )
    line = shapely.LineString([(117, 0), (117.5, 0.25), (117.6, -0.1)])
    return _typed(
        [
            shapely.Point(117.123456789, -0.987654321),
            line,
            holed,
            shapely.MultiPoint([(117, 0), (117.1, 0.1)]),
            shapely.MultiLineString([line, [(116, 0), (116.5, 0)]]),
            shapely.MultiPolygon([area, holed]),
            shapely.GeometryCollection([shapely.Point(117, 0), line, shapely.MultiPolygon([area, holed])]),
            shapely.MultiPolygon([holed]),
            area,
            None,
            shapely.MultiPoint([(117, 0)]),
            line,
        ]
    )


def high(flat_too: bool = False) -> Layer:
    """Lines with heights; some of them flat if asked for."""
    shapes = [shapely.LineString([(116 + n, 0, 10.5), (116.5 + n / 8, 0.25, n + 0.125)]) for n in range(12)]
    if flat_too:
        shapes[1] = shapely.force_2d(shapes[1])
    return _typed(shapes)


def table() -> Layer:
    """Attributes without places."""
    made = make_layer(_frame(), [None] * len(TEXTS), "EPSG:4326", {**TYPES, "luas": "number"})
    frame = pd.DataFrame(made.frame.drop(columns="geometry"))
    for column in ("jumlah", "aktif"):
        frame[column] = pd.Series([row[column] for row in _frame()], dtype=object)
    return Layer("tabel", frame, None, made.fields, None)


def wrong_types() -> Layer:
    """Fields whose values are not of their type, so that files take them for text: numbers beyond 64 bits, words among
    dates, times with and without a zone.
    """
    rows = [
        {"kode": "a", "besar": 2**63 + 5, "hari": date(2020, 5, 1), "saat": datetime(2020, 5, 1, tzinfo=UTC)},
        {"kode": "b", "besar": 7, "hari": "kemarin", "saat": _moment(1).replace(tzinfo=None)},
    ]
    made = make_layer([{**row, "besar": 0, "hari": "", "saat": ""} for row in rows], [shapely.Point(117, 0)] * 2)
    frame = made.frame
    for column in ("besar", "hari", "saat"):
        frame[column] = pd.Series([row[column] for row in rows], dtype=object)
    fields = (Field("kode", "string"), Field("besar", "integer"), Field("hari", "date"), Field("saat", "date-time"))
    return Layer("salah", frame, "EPSG:4326", fields, "Point")


LAYERS: dict[str, tuple[Callable[[], Layer], str | None]] = {
    "desa": (lambda: points(37), "kode"),
    "utm": (lambda: points(37, crs="EPSG:32750"), "kode"),
    "petak": (squares, "kode"),
    "petak-utm": (lambda: squares("EPSG:32750"), None),
    "campur": (mixed, "kode"),
    "tinggi": (high, None),
    "tinggi-datar": (lambda: high(flat_too=True), "kode"),
    "tabel": (table, "kode"),
    "salah": (wrong_types, "kode"),
}
"""Dataset -> how its layer is made and which field identifies features (None: the number of the row)."""
