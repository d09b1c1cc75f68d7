import ctypes
import shutil
import zipfile
from pathlib import Path
from typing import Any

import geopandas
import pandas as pd
import pytest
import shapely
from pyogrio import read_dataframe, write_dataframe

from geoportal.errors import UnreadableSource
from geoportal.ingest import filegdb, gdal, packing
from geoportal.ingest.reader import read_layer
from geoportal.ingest.refusal import note_of
from geoportal.model.report import Verdict
from tests.ingest import makers
from tests.ingest.conftest import Inspect, rules

ALTERNATIVE_NAME, DOMAIN = 0x40, 0x80  # ALTER_*_FLAG


def geodatabase(folder: Path, **layers: Any) -> Path:
    """A geodatabase with a layer for each frame; points in UTM zone 50 south where none is given."""
    path = folder / "Data RTRW.gdb"
    for name, data in (layers or {"desa": makers.frame()}).items():
        write_dataframe(
            data, path, layer=name, driver="OpenFileGDB", append=path.exists(),
            TARGET_ARCGIS_VERSION="ARCGIS_PRO_3_2_OR_LATER",
        )  # fmt: skip
    return path


def with_codes(path: Path, layer: str, field: str, alias: str) -> None:
    """Give a field a display name and a list of codes, as ArcGIS would."""
    pointer, text, whole = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int

    class Code(ctypes.Structure):
        _fields_ = (("code", text), ("meaning", text))

    names = (text * 2)(b"OpenFileGDB", None)
    opened = gdal.function("GDALOpenEx", pointer, text, ctypes.c_uint, *[ctypes.POINTER(text)] * 3)(
        str(path).encode(), 0x04 | 0x01, names, None, None
    )
    codes = (Code * 3)(Code(b"1", b"Lindung"), Code(b"2", b"Budidaya"), Code(None, None))
    domain = gdal.function("OGR_CodedFldDomain_Create", pointer, text, text, whole, whole, ctypes.POINTER(Code))(
        b"DFungsi", b"", 4, 0, codes
    )
    why = ctypes.c_char_p()
    add = gdal.function("GDALDatasetAddFieldDomain", ctypes.c_bool, pointer, pointer, ctypes.POINTER(text))
    assert add(opened, domain, ctypes.byref(why)), why.value
    found = gdal.function("GDALDatasetGetLayerByName", pointer, pointer, text)(opened, layer.encode())
    definition = gdal.function("OGR_L_GetLayerDefn", pointer, pointer)(found)
    index = gdal.function("OGR_FD_GetFieldIndex", whole, pointer, text)(definition, field.encode())
    old = gdal.function("OGR_FD_GetFieldDefn", pointer, pointer, whole)(definition, index)
    new = gdal.function("OGR_Fld_Create", pointer, text, whole)(field.encode(), 4)
    gdal.function("OGR_Fld_SetWidth", None, pointer, whole)(new, gdal.function("OGR_Fld_GetWidth", whole, pointer)(old))
    gdal.function("OGR_Fld_SetAlternativeName", None, pointer, text)(new, alias.encode())
    gdal.function("OGR_Fld_SetDomainName", None, pointer, text)(new, b"DFungsi")
    alter = gdal.function("OGR_L_AlterFieldDefn", whole, pointer, whole, pointer, whole)
    assert alter(found, index, new, ALTERNATIVE_NAME | DOMAIN) == 0
    gdal.function("OGR_Fld_Destroy", None, pointer)(new)
    gdal.function("OGR_FldDomain_Destroy", None, pointer)(domain)
    gdal.function("GDALClose", whole, pointer)(opened)


def zipped(path: Path, target: Path, inside: str = "") -> Path:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in sorted(path.iterdir()):
            archive.write(part, f"{inside or path.name}/{part.name}")
    return target


def test_a_geodatabase_in_a_zip_is_read_as_it_stands(tmp_path: Path, inspect: Inspect) -> None:
    data = makers.frame(4, nama=["Désa", "b", "c", None], n=[1, 2, 3, 4], x=[0.1, 2.5, 3.0, 4.0])
    report, staged = inspect(zipped(geodatabase(tmp_path, desa=data), tmp_path / "Data RTRW.gdb.zip"))
    assert report.verdict is Verdict.ACCEPT and staged is not None, rules(report)
    assert [(layer.name, layer.features, layer.crs) for layer in report.layers] == [("desa", 4, "EPSG:32750")]
    read = read_dataframe(staged.path)
    assert read["nama"].tolist()[:3] == ["Désa", "b", "c"] and read["nama"].isna()[3]
    assert read["n"].tolist() == [1, 2, 3, 4] and read["x"].tolist() == [0.1, 2.5, 3.0, 4.0]
    assert shapely.hausdorff_distance(shapely.MultiPoint(read.geometry), shapely.MultiPoint(data.geometry)) <= 1e-3
    assert "OBJECTID" not in read.columns


def test_layers_and_tables_are_all_named(tmp_path: Path, inspect: Inspect) -> None:
    lines = geopandas.GeoDataFrame({"a": [1]}, geometry=[shapely.LineString([(0, 0, 5), (1, 1, 6)])], crs="EPSG:4326")
    path = geodatabase(tmp_path, desa=makers.frame(), jalan=lines, penduduk=pd.DataFrame({"kode": ["01", "02"]}))
    report, staged = inspect(zipped(path, tmp_path / "a.zip"))
    assert [(layer.name, layer.features) for layer in report.layers] == [("desa", 3), ("jalan", 1), ("penduduk", 2)]
    assert rules(report)["layers-several"] == {"names": ["desa", "jalan", "penduduk"]} and staged is None
    _, staged = inspect(zipped(path, tmp_path / "b.zip"), layer="jalan")
    assert staged is not None
    (line,) = read_dataframe(staged.path).geometry
    assert shapely.get_coordinates(line, include_z=True)[:, 2].tolist() == [5.0, 6.0]


def test_codes_are_kept_and_said(tmp_path: Path) -> None:
    path = geodatabase(tmp_path, pola=makers.frame(2, fungsi=["1", "2"], nama=["a", "b"]))
    with_codes(path, "pola", "fungsi", "Fungsi kawasan")
    layer = read_layer(path)
    assert layer.frame["fungsi"].tolist() == ["1", "2"]
    notes = dict(layer.notes)
    assert notes["codes-kept"] == {"fields": ["fungsi (DFungsi: 1=Lindung; 2=Budidaya)"], "count": 1}
    assert notes["aliases-left"] == {"fields": ["fungsi = Fungsi kawasan"], "count": 1}


def test_a_loose_folder_is_packed_alike_every_time(tmp_path: Path, inspect: Inspect) -> None:
    path = geodatabase(tmp_path)
    (path / "rahasia.gdbtable").symlink_to("/etc/passwd")
    first, second = (packing.pack_folder(path, tmp_path / f"{n}.zip", 64 << 20).read_bytes() for n in (1, 2))
    assert first == second
    with zipfile.ZipFile(tmp_path / "1.zip") as archive:
        assert {name.split("/")[0] for name in archive.namelist()} == {"Data RTRW.gdb"}
        assert "Data RTRW.gdb/rahasia.gdbtable" not in archive.namelist()
    report, staged = inspect(path)
    assert report.verdict is Verdict.ACCEPT and staged is not None and staged.source.name == "source.zip"


def test_a_zip_of_the_files_without_their_folder(tmp_path: Path, inspect: Inspect) -> None:
    path = geodatabase(tmp_path)
    members = {part.name: part.read_bytes() for part in path.iterdir()}
    report, _ = inspect(makers.zipped(tmp_path / "isi.zip", members))
    assert report.verdict is Verdict.ACCEPT and report.layers[0].name == "desa"


def test_a_compressed_geodatabase_is_named_with_its_way_out(tmp_path: Path, inspect: Inspect) -> None:
    path = geodatabase(tmp_path)
    (path / "a00000009.gdbtable").rename(path / "a00000009.cdf")
    report, _ = inspect(zipped(path, tmp_path / "a.zip"))
    assert rules(report) == {"format-not-supported": {"kind": "File Geodatabase (compressed)"}}


@pytest.mark.parametrize("keep", [40, 1])
def test_a_damaged_geodatabase_is_refused(keep: int, tmp_path: Path, inspect: Inspect) -> None:
    path = geodatabase(tmp_path)
    table = path / "a00000001.gdbtable"
    table.write_bytes(table.read_bytes()[:keep])
    report, staged = inspect(zipped(path, tmp_path / "a.zip"))
    assert report.verdict is Verdict.REJECT and staged is None
    assert set(rules(report)) <= {"source-unreadable", "no-layer"}


def test_a_folder_that_only_has_the_name(tmp_path: Path, inspect: Inspect) -> None:
    report, _ = inspect(makers.zipped(tmp_path / "a.zip", {"x.gdb/baca.txt": b"x", "x.gdb/a00000009.gdbtable": b"y"}))
    assert rules(report)["source-unreadable"]["reason"] == "gdb"


def test_too_many_fields_are_refused_before_they_are_read(tmp_path: Path) -> None:
    path = geodatabase(tmp_path)
    with pytest.raises(UnreadableSource) as caught:
        filegdb.feature_classes(path, 1)
    assert note_of(caught.value)[0] == "fields-too-many"


def test_indexes_are_not_taken_out(tmp_path: Path, inspect: Inspect) -> None:
    path = geodatabase(tmp_path, desa=makers.frame(50))
    for part in path.glob("*.spx"):
        part.write_bytes(b"\xff" * 4096)
    shutil.copy(path / "gdb", path / "a00000009.kode.atx")
    report, _ = inspect(zipped(path, tmp_path / "a.zip"))
    assert report.verdict is Verdict.ACCEPT and report.layers[0].features == 50
