"""Out by each format and back by a reader that did not write it: the same count, CRS, values and coordinates.

Tolerances: none for the formats in the source's reference system (gpkg, shp.zip, csv, fgb, parquet: every bit of every
coordinate), 1e-9 degrees for those in CRS84 (geojson, kml: nine decimals, against the operation that PROJ chooses).
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import math
import subprocess
import zipfile
from pathlib import Path

import fiona
import geopandas
import numpy as np
import pandas as pd
import pyarrow.parquet
import pyogrio
import pyproj
import pytest
import shapely

from geoportal.model.record import Record
from geoportal.model.text import LocalText
from geoportal.serving.downloads import build_downloads
from geoportal.serving.downloads.short_names import short_names
from tests.conftest import need
from tests.serving.samples import layer, served

DEGREES = 1e-9
CRSS = ("EPSG:4326", "EPSG:9470", "EPSG:32750", "EPSG:23837", "EPSG:9490", "EPSG:3857")
RECORD = Record(LocalText("Uji pulang-pergi", "Round trip"), label="nama")
FORMATS = ("gpkg", "shp.zip", "geojson", "csv", "kml", "fgb", "parquet")

_RING = "(116.51 -0.41, 116.62 -0.41, 116.62 -0.33, 116.51 -0.33, 116.51 -0.41)"
_HOLE = "(116.53 -0.39, 116.54 -0.38, 116.55 -0.39, 116.53 -0.39)"
_FAR = "(116.71 -0.41, 116.72 -0.41, 116.72 -0.40, 116.71 -0.41)"
SHAPES: dict[str, list[str | None]] = {
    "points": ["POINT (116.5123456789 -0.4)", "POINT (116.6 0.1)", "POINT (115.9 -0.9)", "POINT (117.1 0.33333333)"],
    "lines": ["LINESTRING (116.5 -0.4, 116.6 -0.3, 116.61 -0.31)", "LINESTRING (116 0, 116.1 0)"] * 2,
    "polygons": [f"POLYGON ({_RING}, {_HOLE})", f"POLYGON ({_FAR})"] * 2,
    "multipoints": ["MULTIPOINT ((116.5 -0.4), (116.6 -0.3))", "MULTIPOINT ((116 0))"] * 2,
    "multilines": ["MULTILINESTRING ((116.5 -0.4, 116.6 -0.3), (116 0, 116.1 0.1))"] * 4,
    "multipolygons": [f"MULTIPOLYGON (({_RING}, {_HOLE}), ({_FAR}))"] * 4,
    "heights": ["POINT Z (116.5 -0.4 12.25)", "POINT Z (116.6 0.1 -3)", None, "POINT Z (117 0 1e3)"],
    "high areas": ["POLYGON Z ((116 0 1, 116.1 0 2, 116.1 0.1 3, 116 0 1))"] * 4,
    "some heights": ["POINT Z (116.5 -0.4 12.25)", "POINT (116.6 0.1)", "POINT (115.9 -0.9)", None],
    "mixed": ["POINT (116.5 -0.4)", "LINESTRING (116 0, 116.1 0)", f"POLYGON ({_RING}, {_HOLE})", None],
    "simple and multi": [f"POLYGON ({_FAR})", f"MULTIPOLYGON (({_RING}), ({_FAR}))"] * 2,
    "gaps": [None, f"POLYGON ({_RING})", "POLYGON EMPTY", f"POLYGON ({_FAR})"],
    "nowhere": [None] * 4,
}
CASES = [(shape, "EPSG:4326") for shape in SHAPES] + [
    (shape, crs) for crs in CRSS[1:] for shape in ("points", "polygons", "mixed")
]

LONG = "é" * 200
VALUES: dict[str, tuple[str, list[object]]] = {
    "kode": ("string", ["001", "64.02.01.2001", None, "1e5"]),
    "nama desa atau kelurahan": ("string", ["Muara Kaman Ulu", "Kembang Janggut — ünï", "🌴 𝔊", None]),
    "nama desa atau kelurahan lama": ("string", ["a", "b", "c", "d"]),
    "nama": ("string", ["<b>\"&'</b>", "a\tb", "baris\nkedua", "x\x01y"]),
    "rumus": ("string", ["=1+1", "-2+3", "@SUM(A1)", "+62 541"]),
    "angka_teks": ("string", ["-5", "+7", "-1.5", "007"]),
    "jumlah": ("integer", [1, None, -(2**31), 2**31 - 1]),
    "besar": ("integer", [2**63 - 2, 1 - 2**63, 0, None]),
    "nyata": ("number", [0.1, 1e300, 5e-324, None]),
    "tiga": ("number", [1 / 3, -1 / 3, 1e22, 123456789.123456789]),
    "benar": ("boolean", [True, False, None, True]),
    "tanggal": ("date", [dt.date(2024, 2, 29), dt.date(1899, 12, 31), None, dt.date(9999, 12, 31)]),
    "saat": (
        "date-time",
        [
            dt.datetime(2024, 2, 29, 1, 2, 3, 456000, tzinfo=dt.UTC),
            dt.datetime(1970, 1, 1, tzinfo=dt.UTC),
            None,
            dt.datetime(2026, 11, 24, 23, 59, 59, tzinfo=dt.UTC),
        ],
    ),
    "susunan": ("json", ['{"a":[1,2]}', "[]", None, '{"é":null}']),
    "panjang": ("string", [LONG, "pendek", None, "x" * 300]),
    "fid": ("string", ["p", "q", "r", "s"]),
    "Name": ("string", ["N1", "N2", "N3", "N4"]),
    "description": ("string", ["d1", None, "d3", "d4"]),
}
DTYPES = {"integer": "Int64", "boolean": "boolean", "number": "float64", "date-time": "datetime64[ms, UTC]"}


def columns() -> dict[str, pd.Series]:
    return {name: pd.Series(values, dtype=DTYPES.get(kind, "object")) for name, (kind, values) in VALUES.items()}


def placed(shape: str, crs: str) -> np.ndarray:
    """The geometries of a case in a reference system."""
    found = np.array([shapely.from_wkt(text) for text in SHAPES[shape]] + [None], dtype=object)[:-1]
    if crs == "EPSG:4326":
        return found
    way = pyproj.Transformer.from_crs("EPSG:4326", crs, always_xy=True)
    return shapely.transform(found, lambda xy: np.column_stack(way.transform(xy[:, 0], xy[:, 1])))


@pytest.fixture(scope="module", params=CASES, ids=lambda case: f"{case[0]}-{case[1]}".replace(" ", "_"))
def case(request, tmp_path_factory):
    shape, crs = request.param
    return made(shape, crs, tmp_path_factory.mktemp("round"))


def made(shape: str, crs: str, folder: Path):
    types = {name: kind for name, (kind, _) in VALUES.items()}
    subject = layer(placed(shape, crs), columns(), crs=crs, types=types)
    serving = served(folder, subject)
    listing = build_downloads(subject, folder, "uji", RECORD)
    assert [each.extension for each in listing.files] == list(FORMATS), listing.absent
    return shape, crs, subject, serving, folder / "berkas", listing


def test_gpkg(case):
    _, crs, subject, _, folder, _ = case
    frame = pyogrio.read_dataframe(folder / "uji.gpkg")
    assert frame.crs == crs
    expect_values(transposed(attributes(folder / "uji.gpkg")))
    expect_identical(frame.geometry.to_numpy(), subject)


def test_flatgeobuf(case):
    shape, crs, subject, _serving, folder, listing = case
    frame = pyogrio.read_dataframe(folder / "uji.fgb", use_arrow=False).sort_values("id", ignore_index=True)
    assert frame.crs == crs
    assert frame["id"].tolist() == [str(number + 1) for number in range(len(frame))]
    expect_values(transposed(sorted(attributes(folder / "uji.fgb"), key=lambda row: row["id"])))
    gaps = any(text is None or "EMPTY" in text for text in SHAPES[shape])
    codes = {note.code for note in listing.file("fgb").notes}
    assert ("flattened" in codes) == (shape == "some heights")
    expect_identical(
        frame.geometry.to_numpy(), subject, flat="flattened" in codes, empties="empty-as-null" not in codes
    )
    assert {"no-index" if gaps else "sorted", "date-as-instant", "utc-unsaid"} <= codes


def test_parquet(case):
    _, crs, subject, _, folder, _ = case
    frame = geopandas.read_parquet(folder / "uji.parquet")
    assert frame.crs == crs
    table = pyarrow.parquet.read_table(folder / "uji.parquet").to_pylist()
    expect_values(transposed(table))
    expect_identical(frame.geometry.to_numpy(), subject)
    if not frame.geometry.isna().all():
        box = tuple(frame.total_bounds)
        assert len(geopandas.read_parquet(folder / "uji.parquet", bbox=box)) >= frame.geometry.count() - 1


def test_csv(case):
    shape, _, subject, serving, folder, listing = case
    raw = (folder / "uji.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    lines = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline="")))
    rows = [dict(zip(lines[0], line, strict=True)) for line in lines[1:]]
    tamed = [row["rumus"] for row in rows]
    assert tamed == ["'" + text for text in VALUES["rumus"][1]]
    assert [row["angka_teks"] for row in rows] == VALUES["angka_teks"][1]
    for row in rows:
        row["rumus"] = row["rumus"][1:]
    expect_values({name: [row[name] for row in rows] for name in VALUES})
    expect_identical(np.array([shapely.from_wkt(row["wkt"]) if row["wkt"] else None for row in rows]), subject)
    points = all(text is None or text.startswith("POINT") for text in SHAPES[shape]) and shape != "nowhere"
    assert ("lon" in lines[0]) == points
    if points:
        expected = shapely.get_coordinates(serving_shapes(serving))
        found = [(float(row["lon"]), float(row["lat"])) for row in rows if row["lon"]]
        np.testing.assert_allclose(found, expected, rtol=0, atol=DEGREES)
    assert "formulas" in {note.code for note in listing.file("csv").notes}


def test_geojson(case):
    _, crs, subject, _serving, folder, _ = case
    frame = pyogrio.read_dataframe(folder / "uji.geojson", use_arrow=False)
    assert frame.crs.to_authority() in {("EPSG", "4326"), ("OGC", "CRS84"), ("EPSG", "4979")}
    features = json.loads((folder / "uji.geojson").read_bytes())["features"]
    expect_values({name: [feature["properties"][name] for feature in features] for name in VALUES})
    expect_degrees(frame.geometry.to_numpy(), subject, crs)


def test_kml(case):
    _, crs, subject, _serving, folder, listing = case
    frame = pyogrio.read_dataframe(folder / "uji.kml", use_arrow=False)
    assert frame.crs == "EPSG:4326"
    found = {name: frame[f"{name}_2" if name in ("Name", "description") else name].tolist() for name in VALUES}
    assert frame["Name"].tolist() == [text.replace("\x01", "�") for text in VALUES["nama"][1]]  # the label
    found["nama"] = [text.replace("�", "\x01") for text in found["nama"]]
    expect_values(found)
    expect_degrees(frame.geometry.to_numpy(), subject, crs)
    assert {"name-taken", "control-characters", "int32", "as-text"} <= {note.code for note in listing.file("kml").notes}


def test_shapefile(case):
    shape, crs, subject, _, folder, listing = case
    path = folder / "uji.shp.zip"
    with zipfile.ZipFile(path) as archive:
        layers = sorted(Path(name).stem for name in archive.namelist() if name.endswith(".dbf"))
        names = list(csv.reader(io.StringIO(archive.read("nama_kolom.csv").decode("utf-8-sig"), newline="")))[1:]
        assert archive.read(f"{layers[0]}.cpg") == b"UTF-8"
    short = short_names(list(VALUES))
    assert [(row[0], row[1].lstrip("'")) for row in names] == list(zip(short, VALUES, strict=True))
    assert len({name.casefold() for name in short}) == len(short) and max(map(len, short)) <= 10
    parts, rows = [], []
    for each in layers:
        suffix = "dbf" if shape == "nowhere" else "shp"
        frame = pyogrio.read_dataframe(f"/vsizip/{path}/{each}.{suffix}", use_arrow=False)
        if shape != "nowhere":
            assert frame.crs == crs
        parts.append(frame)
        rows += attributes(f"zip://{path}!{each}.{suffix}")
    whole = pd.concat(parts).sort_values("fid", ignore_index=True)
    rows.sort(key=lambda row: row["fid"])
    found = {name: [row[column] for row in rows] for name, column in zip(VALUES, short, strict=True)}
    assert [text and len(text.encode()) for text in found["panjang"]] == [254, 6, None, 254]
    assert LONG.startswith(found["panjang"][0])
    found["panjang"] = VALUES["panjang"][1]
    expect_values(found)
    if shape != "nowhere":
        expect_identical(np.asarray(whole.geometry.to_numpy(), dtype=object), subject, turned=True)
    codes = [note.code for note in listing.file("shp.zip").notes]
    assert {"short-names", "cut", "as-text"} <= set(codes)
    assert ("several-files" in codes) == (len(layers) > 1)


@pytest.mark.parametrize(("shape", "crs"), [("points", "EPSG:9470"), ("polygons", "EPSG:32750"), ("gaps", "EPSG:4326")])
def test_an_old_gdal_reads_the_same(shape, crs, tmp_path):
    """ogr2ogr of the distribution, years older than the library that wrote: it counts, finds the codes, and puts them
    where they are.
    """
    tool = need("ogr2ogr")
    _, _, _subject, serving, folder, _ = made(shape, crs, tmp_path)
    expected = sorted(map(tuple, np.round(shapely.get_coordinates(serving_shapes(serving)), 6).tolist()))
    for extension in ("gpkg", "shp.zip", "geojson", "csv", "kml", "fgb"):
        source = f"/vsizip/{folder}/uji.shp.zip" if extension == "shp.zip" else str(folder / f"uji.{extension}")
        named = ["-oo", "GEOM_POSSIBLE_NAMES=wkt", "-s_srs", crs] if extension == "csv" else []
        asked = [tool, "-f", "GeoJSONSeq", "-t_srs", "EPSG:4326", *named, "/vsistdout/", source]
        answer = subprocess.run(asked, capture_output=True, text=True, check=True)
        features = [json.loads(line) for line in answer.stdout.splitlines()]
        assert len(features) == 4, extension
        codes = {feature["properties"].get("kode") for feature in features}
        assert codes - {None, ""} == {"001", "64.02.01.2001", "1e5"}, extension
        shapes = [shapely.from_geojson(json.dumps(f["geometry"])) for f in features if f["geometry"]]
        found = sorted(map(tuple, np.round(shapely.get_coordinates(shapes), 6).tolist()))
        np.testing.assert_allclose(found, expected, atol=2e-6, err_msg=extension)


def attributes(path: Path | str) -> list[dict[str, object]]:
    """The attributes as fiona shows them: its GDAL is not the one that wrote."""
    with fiona.open(path) as opened:
        return [dict(feature["properties"]) for feature in opened]


def transposed(rows: list[dict[str, object]]) -> dict[str, list[object]]:
    return {name: [row[name] for row in rows] for name in VALUES}


def expect_values(found: dict[str, list[object]]) -> None:
    """Every value is that of the source; where a format writes no value as empty text, that counts as none."""
    for name, values in found.items():
        kind, expected = VALUES[name]
        assert [canonical(value, kind) for value in values] == [canonical(value, kind) for value in expected], name


def canonical(value: object, kind: str) -> object:
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, str) and not value:
        return None
    match kind:
        case "integer":
            return int(value)  # type: ignore[call-overload]
        case "number":
            return float(value)  # type: ignore[arg-type]
        case "boolean":
            return {"true": True, "false": False, "1": True, "0": False, "1.0": True, "0.0": False}[str(value).lower()]
        case "date":
            return str(value)[:10].replace("/", "-")
        case "date-time":
            moment = pd.Timestamp(str(value))
            return (moment if moment.tzinfo else moment.tz_localize("UTC")).tz_convert("UTC").isoformat()
        case "json":
            return json.loads(value) if isinstance(value, str) else value
        case _:
            return value


def expect_identical(
    found: np.ndarray, subject, *, turned: bool = False, flat: bool = False, empties: bool = True
) -> None:
    """The same coordinates to the last bit. ``turned``: rings may run the other way, an empty one may be none, and
    a single part may have lost its Multi: that is all that a Shapefile knows.
    """
    expected = np.asarray(subject.frame.geometry.to_numpy(), dtype=object)
    if flat:
        expected = shapely.force_2d(expected)
    if turned or not empties:
        expected = np.where(shapely.is_empty(expected), None, expected)
    if turned:
        for one, other in zip(found, expected, strict=True):
            assert (one is None or one != one) == (other is None)
            if other is not None:
                assert sorted(map(tuple, shapely.get_coordinates(one, include_z=other.has_z))) == sorted(
                    map(tuple, shapely.get_coordinates(other, include_z=other.has_z))
                )
                assert one.has_z == other.has_z
                assert one.equals(other)
        return
    assert (
        shapely.equals_identical(found, expected) | (shapely.is_missing(found) & shapely.is_missing(expected))
    ).all()


def expect_degrees(found: np.ndarray, subject, crs: str) -> None:
    """The place that PROJ gives the source's coordinates, within nine decimals of a degree."""
    way = pyproj.Transformer.from_crs(crs, "OGC:CRS84", always_xy=True)
    expected = np.asarray(subject.frame.geometry.to_numpy(), dtype=object)
    assert [one is None or bool(one.is_empty) for one in found] == [
        one is None or bool(one.is_empty) for one in expected
    ]
    for one, other in zip(found, expected, strict=True):
        if other is None or other.is_empty:
            continue
        mine = shapely.get_coordinates(one, include_z=True)
        xy = shapely.get_coordinates(other, include_z=True)
        if crs != "EPSG:4326":
            xy[:, 0], xy[:, 1] = way.transform(xy[:, 0], xy[:, 1])
        order, others = (np.lexsort(np.round(part[:, :2], 7).T) for part in (mine, xy))
        np.testing.assert_allclose(mine[order], xy[others], rtol=0, atol=DEGREES)
        assert one.geom_type == other.geom_type


def serving_shapes(serving) -> np.ndarray:
    texts = [json.dumps(json.loads(text)["geometry"]) for text in serving.page(np.arange(serving.count))]
    shapes = np.array([None if text == "null" else shapely.from_geojson(text) for text in texts] + [None], dtype=object)
    return shapes[:-1]
