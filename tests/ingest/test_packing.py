"""Folders, archives in archives, parts that lie apart, tables of blanks, documents beside data."""

import os
import zipfile
from pathlib import Path
from typing import Any

import pytest

from geoportal.errors import UnreadableSource
from geoportal.ingest.archive import unpack
from geoportal.ingest.packing import pack_folder
from geoportal.ingest.refusal import note_of
from geoportal.model.report import Verdict
from tests.ingest import makers
from tests.ingest.conftest import Inspect, rules

QUOTA = 64 << 20


def parts(tmp_path: Path, name: str = "desa", **options: Any) -> dict[str, bytes]:
    return makers.parts(makers.shapefile(tmp_path / f"parts-{name}", name, **options))


def layers(inspect: Inspect, path: Path) -> list[tuple[str, int, str | None]]:
    report, _ = inspect(path)
    return [(layer.name, layer.features, layer.crs) for layer in report.layers]


def test_a_folder_of_loose_shapefiles_is_checked_like_a_zip(tmp_path: Path, inspect: Inspect) -> None:
    makers.shapefile(tmp_path / "data", "desa")
    makers.shapefile(tmp_path / "data" / "tematik", "jalan", makers.frame(2))
    (tmp_path / "data" / "catatan.docx").write_bytes(b"x")
    (tmp_path / "data" / "rahasia.dbf").symlink_to("/etc/passwd")
    (tmp_path / "data" / "luar").symlink_to("/etc")
    assert layers(inspect, tmp_path / "data") == [("desa", 3, "EPSG:32750"), ("jalan", 2, "EPSG:32750")]
    packed = pack_folder(tmp_path / "data", tmp_path / "a.zip", QUOTA)
    with zipfile.ZipFile(packed) as archive:
        names = archive.namelist()
    assert not [name for name in names if "rahasia" in name or "luar" in name or "catatan" in name]
    assert packed.read_bytes() == pack_folder(tmp_path / "data", tmp_path / "b.zip", QUOTA).read_bytes()


def test_a_folder_without_layers_says_what_to_name(tmp_path: Path, inspect: Inspect) -> None:
    (tmp_path / "kosong").mkdir()
    (tmp_path / "kosong" / "baca.txt").write_text("x")
    report, _ = inspect(tmp_path / "kosong")
    assert rules(report) == {"source-unreadable": {"reason": "folder-empty"}}


def test_a_folder_beyond_the_limit_is_refused(tmp_path: Path) -> None:
    makers.shapefile(tmp_path / "data", "desa")
    with pytest.raises(UnreadableSource) as caught:
        pack_folder(tmp_path / "data", tmp_path / "a.zip", 100)
    assert note_of(caught.value) == ("source-too-large", {"reason": "file", "limit_mb": 0})


def test_a_pipe_and_a_socket_in_a_folder_hold_nobody(tmp_path: Path, inspect: Inspect) -> None:
    makers.shapefile(tmp_path / "data", "desa")
    os.mkfifo(tmp_path / "data" / "pipa.shp")
    assert layers(inspect, tmp_path / "data") == [("desa", 3, "EPSG:32750")]


def test_an_archive_in_an_archive(tmp_path: Path, inspect: Inspect) -> None:
    inner = [makers.zipped(tmp_path / f"{n}.zip", parts(tmp_path, n)).read_bytes() for n in ("desa", "jalan")]
    path = makers.zipped(tmp_path / "a.zip", {"Data/desa.shp.zip": inner[0], "Data/jalan.zip": inner[1]})
    assert layers(inspect, path) == [("desa", 3, "EPSG:32750"), ("jalan", 3, "EPSG:32750")]


def test_an_archive_in_an_archive_in_an_archive_is_not_looked_into(tmp_path: Path, inspect: Inspect) -> None:
    content = makers.zipped(tmp_path / "1.zip", parts(tmp_path)).read_bytes()
    content = makers.zipped(tmp_path / "2.zip", {"1.zip": content}).read_bytes()
    report, _ = inspect(makers.zipped(tmp_path / "3.zip", {"2.zip": content}))
    assert set(rules(report)) == {"no-layer"}


def test_the_inner_archive_passes_the_same_gate_and_shares_the_quota(tmp_path: Path) -> None:
    slip = makers.zipped(tmp_path / "slip.zip", {**parts(tmp_path), "../x.txt": b"x"}).read_bytes()
    bomb = makers.zipped(tmp_path / "bomb.zip", {"a.shp": bytes(20 << 20)}).read_bytes()
    large = makers.zipped(tmp_path / "large.zip", {"a.shp": os.urandom(1 << 20) * 5}).read_bytes()
    for number, (inner, reason) in enumerate(
        [({"slip.zip": slip}, "parent-path"), ({"bomb.zip": bomb}, "compression-ratio"),
         ({f"{n}.zip": large for n in range(3)}, "too-large")]
    ):  # fmt: skip
        work = tmp_path / f"work-{number}"
        work.mkdir()
        with pytest.raises(UnreadableSource) as caught:
            unpack(makers.zipped(tmp_path / f"outer-{number}.zip", inner), work, 28 << 20)
        assert note_of(caught.value)[1]["reason"] == reason
    assert not (tmp_path / "x.txt").exists()


def test_parts_in_other_folders_find_their_shapes(tmp_path: Path, inspect: Inspect) -> None:
    found = parts(tmp_path)
    places = {".dbf": "tabel/", ".prj": "proj/"}
    members = {places.get(Path(name).suffix, "shp/") + name.upper(): text for name, text in found.items()}
    report, _ = inspect(makers.zipped(tmp_path / "a.zip", members))
    assert report.verdict is Verdict.ACCEPT and report.layers[0].crs == "EPSG:32750"
    assert [field.name for field in report.layers[0].fields] == ["nama", "kode"]


def test_two_layers_of_one_name_keep_their_own_parts(tmp_path: Path, inspect: Inspect) -> None:
    one, two = parts(tmp_path, "desa"), parts(tmp_path, "desa2", data=makers.frame(2, crs="EPSG:4326"))
    members = {f"a/{name}": text for name, text in one.items()}
    members |= {f"b/{name.replace('desa2', 'desa')}": text for name, text in two.items() if not name.endswith("prj")}
    members["c/desa.prj"] = two["desa2.prj"]
    report, _ = inspect(makers.zipped(tmp_path / "a.zip", members))
    assert {(layer.features, layer.crs) for layer in report.layers} == {(3, "EPSG:32750"), (2, None)}


def test_documents_beside_data_are_named_and_left(tmp_path: Path, inspect: Inspect) -> None:
    members = {**parts(tmp_path), "desa.sbn": b"x", "desa.shp.xml": b"<x/>", "surat.pdf": b"%PDF", "isi.json": b"{}x"}
    report, staged = inspect(makers.zipped(tmp_path / "a.zip", members))
    assert report.verdict is Verdict.ACCEPT and staged is not None
    assert rules(report) == {"members-left": {"files": ["surat.pdf", "isi.json"]}}


def test_unsafe_xml_beside_data_is_not_overlooked(tmp_path: Path, inspect: Inspect) -> None:
    bad = b'<!DOCTYPE kml [<!ENTITY x SYSTEM "file:///etc/passwd">]><kml>&x;</kml>'
    report, _ = inspect(makers.zipped(tmp_path / "a.zip", {**parts(tmp_path), "b.json": bad}))
    assert report.verdict is Verdict.REJECT and "source-unsafe" in rules(report)


def blank_table(records: int, width: int, shapes: int | None = None) -> dict[str, bytes]:
    found = makers.point_shapefile([b""] * (records if shapes is None else shapes), width)
    if shapes is not None:
        found["titik.dbf"] = makers.point_shapefile([b""] * records, width)["titik.dbf"]
    return found


def test_a_large_table_of_blanks_is_no_bomb(tmp_path: Path, inspect: Inspect) -> None:
    members = blank_table(50_000, 250)
    assert len(members["titik.dbf"]) > 10 << 20
    path = makers.zipped(tmp_path / "a.zip", members)
    with zipfile.ZipFile(path) as archive:
        table = archive.getinfo("titik.dbf")
        assert table.file_size > 100 * table.compress_size
    report, _ = inspect(path)
    assert "archive-unsafe" not in rules(report) and report.layers[0].features == 50_000


@pytest.mark.parametrize("harm", ["no-index", "other-count", "not-a-table"])
def test_a_bomb_that_calls_itself_a_table(harm: str, tmp_path: Path, inspect: Inspect) -> None:
    members = blank_table(50_000, 250, shapes=100 if harm == "other-count" else None)
    if harm == "no-index":
        del members["titik.shx"]
    if harm == "not-a-table":
        members["titik.dbf"] = bytes(13 << 20)
    report, _ = inspect(makers.zipped(tmp_path / "a.zip", members))
    assert rules(report)["archive-unsafe"] == {"reason": "compression-ratio", "member": "titik.dbf"}


def test_a_geopackage_and_a_shapefile_in_one_zip(tmp_path: Path, inspect: Inspect) -> None:
    members = {**parts(tmp_path), "batas.gpkg": makers.geopackage(tmp_path / "b.gpkg", layer="batas").read_bytes()}
    names = [name for name, *_ in layers(inspect, makers.zipped(tmp_path / "a.zip", members))]
    assert sorted(names) == ["batas", "desa"]
