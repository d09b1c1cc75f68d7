"""Administrative layers: outline, kecamatan, capitals, villages, population, and the two guarded samples."""

from __future__ import annotations

import datetime as dt

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from datasets.drawn import CONTENT_DATE, EDITION, EQUAL_AREA, GEOGRAPHIC, GROUND, NOTE, REGION, guarded_word, read_codes
from datasets.shapes import GRID_DECIMALS, draw_plot, scatter, to_millimetres

PEOPLE = {"laki_laki": 420_744, "perempuan": 386_220}
"""Kemendagri's count for the whole kabupaten (Kepmendagri 300.2.2-2138/2025); how it is shared out here is invented."""


def kabupaten_layer(outline: shapely.Polygon) -> gpd.GeoDataFrame:
    """The kabupaten as one area, WGS 84."""
    codes = read_codes()
    area_km2 = float(gpd.GeoSeries([outline], crs=GEOGRAPHIC).to_crs(EQUAL_AREA).area.iloc[0]) / 1e6
    return gpd.GeoDataFrame(
        {
            "kode": [REGION],
            "nama": [codes.set_index("kode").loc[REGION, "nama"]],
            "jumlah_kecamatan": [int((codes["jenis"] == "kecamatan").sum())],
            "jumlah_desa": [int((codes["jenis"] == "desa").sum())],
            "jumlah_kelurahan": [int((codes["jenis"] == "kelurahan").sum())],
            "penduduk": [sum(PEOPLE.values())],
            "luas_bentuk_km2": [round(area_km2, 2)],
            "edisi_kode": [EDITION],
            "catatan": [NOTE],
        },
        geometry=[shapely.orient_polygons(outline)],
        crs="EPSG:4326",
    )


def kecamatan_layer(capitals: gpd.GeoDataFrame, cells: gpd.GeoSeries) -> gpd.GeoDataFrame:
    """20 kecamatan as cells, with how many desa and kelurahan the code list gives each."""
    codes = read_codes()
    counts = codes.groupby(["induk", "jenis"]).size().unstack(fill_value=0).reindex(capitals["kode"])
    return gpd.GeoDataFrame(
        {
            "kode": capitals["kode"],
            "nama": capitals["kecamatan"],
            "ibu_kota": capitals["ibu_kota"],
            "jumlah_desa": counts["desa"].to_numpy(),
            "jumlah_kelurahan": counts["kelurahan"].to_numpy(),
            "jumlah_total": counts[["desa", "kelurahan"]].sum(axis=1).to_numpy(),
            "luas_km2": (cells.to_crs(EQUAL_AREA).area / 1e6).round(2),
            "edisi_kode": EDITION,
            "catatan": NOTE,
        },
        geometry=cells,
        crs=GEOGRAPHIC,
    )


def capital_layer(capitals: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """20 capitals as points; field names of at most ten characters, for the .dbf."""
    return capitals.assign(catatan=NOTE)[["kode", "kecamatan", "ibu_kota", "catatan", "geometry"]]


def village_layer(capitals: gpd.GeoDataFrame, cells: gpd.GeoSeries, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """237 desa and kelurahan as points in the cell of their kecamatan; a capital's own village stands there."""
    codes = read_codes()
    villages = codes[codes["jenis"].isin(["desa", "kelurahan"])].sort_values("kode", ignore_index=True)
    capitals_m, cells_m = capitals.geometry.to_crs(GROUND), cells.to_crs(GROUND)
    places: dict[str, shapely.Point] = {}
    for capital, point_m, cell_m in zip(capitals.itertuples(), capitals_m, cells_m, strict=True):
        mine = villages[villages["induk"] == capital.kode]
        seat = mine["nama"] == capital.ibu_kota
        places |= dict(zip(mine.loc[seat, "kode"], [point_m], strict=True))
        places |= dict(zip(mine.loc[~seat, "kode"], scatter(cell_m, int((~seat).sum()), rng, [point_m]), strict=True))
    points = gpd.GeoSeries([places[kode] for kode in villages["kode"]], crs=GROUND).to_crs("OGC:CRS84")
    names = codes.set_index("kode")["nama"]
    return gpd.GeoDataFrame(
        {
            "kode": villages["kode"],
            "nama": villages["nama"],
            "jenis": villages["jenis"],
            "kode_kecamatan": villages["induk"],
            "kecamatan": villages["induk"].map(names),
            "edisi_kode": villages["edisi"],
            "catatan": NOTE,
        },
        geometry=shapely.transform(np.asarray(points), lambda xy: np.round(xy, GRID_DECIMALS)),
        crs="OGC:CRS84",
    )


def population_table(capitals: gpd.GeoDataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """People of each kecamatan, without shapes: the real sums of the kabupaten, shared out by an invented weight."""
    codes = read_codes()
    villages = codes[codes["jenis"].isin(["desa", "kelurahan"])]
    towns = villages.groupby("induk")["jenis"].agg(lambda kinds: float((kinds == "kelurahan").sum()))
    size = villages.groupby("induk").size() + 2.5 * towns
    weight = size.reindex(capitals["kode"]).to_numpy() * (0.7 + 0.6 * rng.random(len(capitals)))
    table = pd.DataFrame({"kode_kecamatan": capitals["kode"], "kecamatan": capitals["kecamatan"]})
    for kind, total in PEOPLE.items():
        table[kind] = _shared_out(total, weight * (1 + 0.03 * (rng.random(len(weight)) - 0.5)))
    table["jumlah"] = table[list(PEOPLE)].sum(axis=1)
    table["rasio_jenis_kelamin"] = (100 * table["laki_laki"] / table["perempuan"]).round(1)
    return table.assign(catatan=NOTE)


def _shared_out(total: int, weight: np.ndarray) -> np.ndarray:
    """A whole number in whole parts by weight; the largest remainders get what rounding left."""
    exact = total * weight / weight.sum()
    parts = np.floor(exact).astype(int)
    first = np.argsort(parts - exact, kind="stable")[: total - int(parts.sum())]
    parts[first] += 1
    return parts


def permit_layer(capitals: gpd.GeoDataFrame, cells: gpd.GeoSeries, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """16 invented permits as plots west of 117 E, in DGN95 / TM-3 zone 50.1."""
    word = guarded_word("lokasi_izin_contoh")
    kinds = ["Izin lokasi", "KKPR", "PBG"]
    works = ["Perkebunan contoh", "Perumahan contoh", "Gudang contoh", "Keramba contoh"]
    stages = ["diajukan", "diperiksa", "terbit"]
    west = capitals.index[capitals.geometry.x < 116.9]
    zone_m = shapely.box(-1e6, 0, 495_000, 2e7)  # the zone ends at 117 E, which is easting 500,000 here
    rows: list[dict[str, object]] = []
    shapes: list[shapely.Polygon] = []
    for at, cell_m in cells.to_crs(GROUND)[west].items():
        for centre in scatter(shapely.intersection(cell_m, zone_m).buffer(-2_500), 2, rng):
            number = len(rows) + 1
            rows.append(
                {
                    "nomor": f"{word}-{number:03d}",
                    "pemohon": f"Pemohon Contoh {word} {number:02d}",
                    "jenis_izin": kinds[number % len(kinds)],
                    "kegiatan": works[number % len(works)],
                    "tahap": stages[number // 2 % len(stages)],
                    "tanggal": CONTENT_DATE - dt.timedelta(days=23 * number),
                    "kode_kecamatan": capitals["kode"][at],
                    "catatan": NOTE,
                }
            )
            shapes.append(draw_plot(centre, 900 + 1_300 * float(rng.random()), rng))
    layer = to_millimetres(gpd.GeoDataFrame(rows, geometry=shapes, crs=GROUND), "EPSG:23837")
    layer.insert(6, "luas_ha", (layer.to_crs(EQUAL_AREA).area / 1e4).round(2))
    return layer


def asset_layer(capitals: gpd.GeoDataFrame, cells: gpd.GeoSeries, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """24 invented public assets as points, in SRGI2013 / UTM 50S: one a kecamatan, five in the kabupaten's seat."""
    word = guarded_word("aset_daerah_contoh")
    kinds = ["Tanah", "Gedung", "Jembatan", "Alat berat"]
    conditions = ["baik", "rusak ringan", "rusak berat"]
    cells_m, capitals_m = cells.to_crs(GROUND), capitals.geometry.to_crs(GROUND)
    seat = capitals.index[capitals["kecamatan"] == "Tenggarong"][0]
    rows: list[dict[str, object]] = []
    points: list[shapely.Point] = []
    for at in capitals.index:
        for point in scatter(cells_m[at], 5 if at == seat else 1, rng, [capitals_m[at]]):
            number = len(rows) + 1
            kind = kinds[number % len(kinds)]
            rows.append(
                {
                    "kode_aset": f"{word}-{number:03d}",
                    "nama": f"{kind} Contoh {word} {number:02d}",
                    "jenis": kind,
                    "kondisi": conditions[number % len(conditions)],
                    "tahun": 2008 + (7 * number) % 18,
                    "nilai_rp": 50_000_000 * (2 + int(rng.random() * 200)),
                    "kode_kecamatan": capitals["kode"][at],
                    "catatan": NOTE,
                }
            )
            points.append(point)
    return to_millimetres(gpd.GeoDataFrame(rows, geometry=points, crs=GROUND), GROUND)
