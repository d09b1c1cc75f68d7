import struct
import zipfile
import zlib
from pathlib import Path
from typing import Any

import pytest

from geoportal.errors import UnreadableSource
from geoportal.ingest.archive import unpack
from geoportal.ingest.packing import pack_parts
from geoportal.ingest.refusal import note_of
from tests.ingest import makers

GOOD = {"desa.shp": b"\0\0\x27\x0a" + bytes(96), "desa.dbf": b"x", "desa.prj": b"y"}
QUOTA = 64 << 20


def refused(path: Path, work: Path, max_bytes: int = QUOTA) -> tuple[str, dict[str, Any]]:
    with pytest.raises(UnreadableSource) as caught:
        unpack(path, work, max_bytes)
    assert {item.name for item in work.rglob("*")} <= {"1.shp", "1.dbf", "1-prj", "1.zip", "1-in"}
    return note_of(caught.value)


@pytest.fixture
def work(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    return folder


def test_wanted_parts_get_invented_names(tmp_path: Path, work: Path) -> None:
    members = {f"Data Desa/{name}": content for name, content in GOOD.items()}
    members |= {"Data Desa/desa.sbn": b"z", "Data Desa/baca saya.txt": b"z", "__MACOSX/._desa.shp": b"z"}
    contents = unpack(makers.zipped(tmp_path / "a.zip", members), work, QUOTA)
    (found,) = contents.layers
    assert contents.left == ()
    assert (found.folder, found.stem, sorted(found.parts)) == ("Data Desa", "desa", [".dbf", ".prj", ".shp"])
    assert sorted(item.name for item in work.iterdir()) == ["1-prj", "1.dbf", "1.shp"]
    assert found.parts[".prj"].read_bytes() == b"y"


def test_several_layers_and_other_cases(tmp_path: Path, work: Path) -> None:
    members = {
        "a/JALAN.SHP": b"1",
        "a/jalan.dbf": b"2",
        "b/desa.shp": b"3",
        "c/batas.gpkg": b"4",
        "titik.GeoJSON": b"5",
    }
    found = unpack(makers.zipped(tmp_path / "a.zip", members), work, QUOTA).layers
    assert [(item.stem, sorted(item.parts)) for item in found] == [
        ("JALAN", [".dbf", ".shp"]),
        ("desa", [".shp"]),
        ("batas", [".gpkg"]),
        ("titik", [".geojson"]),
    ]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("../desa.cpg", "parent-path"),
        ("a/../../b.txt", "parent-path"),
        ("/etc/cron.d/x", "absolute-path"),
        ("C:/desa.txt", "absolute-path"),
        ("a\\b.txt", "backslash"),
        ("a\nb.txt", "control-character"),
        ("a\u202egnp.exe", "control-character"),
        ("x" * 300, "name-too-long"),
        ("/".join("x" * 30), "name-too-long"),
        ("DESA.SHP", "same-name-twice"),
    ],
)
def test_unsafe_names(name: str, reason: str, tmp_path: Path, work: Path) -> None:
    rule, params = refused(makers.zipped(tmp_path / "a.zip", {**GOOD, name: b"x"}), work)
    assert (rule, params["reason"]) == ("archive-unsafe", reason)
    assert list(work.iterdir()) == []


def test_a_nul_in_a_name(tmp_path: Path, work: Path) -> None:
    path = makers.zipped(tmp_path / "a.zip", {**GOOD, "abcdef.shpXtxt": b"x"})
    path.write_bytes(path.read_bytes().replace(b"abcdef.shpXtxt", b"abcdef.shp\0txt"))
    assert refused(path, work)[1]["reason"] == "control-character"


@pytest.mark.parametrize(
    ("mode", "reason"), [(0o120777, "symlink"), (0o010644, "special-file"), (0o060644, "special-file")]
)
def test_links_and_devices(mode: int, reason: str, tmp_path: Path, work: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        entry = zipfile.ZipInfo("desa.cpg")
        entry.external_attr = mode << 16
        archive.writestr(entry, "/etc/passwd")
        archive.writestr("desa.shp", b"x")
    assert refused(path, work)[1] == {"reason": reason, "member": "desa.cpg"}


def test_a_bomb_is_refused_from_the_directory(tmp_path: Path, work: Path) -> None:
    path = makers.zipped(tmp_path / "a.zip", {**GOOD, "gelap.shp": bytes(20 << 20)})
    assert refused(path, work)[1]["reason"] == "compression-ratio"
    assert list(work.iterdir()) == []


def test_the_sum_of_sizes_has_a_quota(tmp_path: Path, work: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for number in range(5):
            archive.writestr(f"{number}.shp", bytes(1 << 20))
    assert refused(path, work, 4 << 20)[1]["reason"] == "too-large"
    assert len(unpack(path, work, 6 << 20).layers) == 5


def test_a_size_that_lies(tmp_path: Path, work: Path) -> None:
    path = makers.zipped(tmp_path / "a.zip", {"desa.shp": bytes(range(256)) * 40})
    path.write_bytes(path.read_bytes().replace(struct.pack("<L", 10240), struct.pack("<L", 1000)))
    assert refused(path, work)[0] == "archive-damaged"


def test_too_many_members(tmp_path: Path, work: Path) -> None:
    path = makers.zipped(tmp_path / "a.zip", {**GOOD, **{f"{n}.txt": b"" for n in range(2001)}})
    assert refused(path, work)[1]["reason"] == "too-many-members"


def test_a_directory_that_hides_its_size(tmp_path: Path, work: Path) -> None:
    path = makers.zipped(tmp_path / "a.zip", {**GOOD, **{f"{n}.txt": b"" for n in range(2001)}})
    content = path.read_bytes()
    end = content.rfind(b"PK\x05\x06")
    path.write_bytes(content[: end + 8] + struct.pack("<2H", 3, 3) + content[end + 12 :])
    assert refused(path, work)[1]["reason"] == "too-many-members"


def test_members_that_share_bytes(tmp_path: Path, work: Path) -> None:
    path = makers.zipped(tmp_path / "a.zip", {"desa.shp": b"a" * 500, "desa.dbf": b"b" * 500})
    content = path.read_bytes()
    second = content.rfind(b"PK\x01\x02")
    path.write_bytes(content[: second + 42] + struct.pack("<L", 0) + content[second + 46 :])
    assert refused(path, work)[1]["reason"] == "overlap"


def test_a_directory_that_lies_about_its_place(tmp_path: Path, work: Path) -> None:
    path = makers.zipped(tmp_path / "a.zip", GOOD)
    content = bytearray(path.read_bytes())
    end = content.rfind(b"PK\x05\x06")
    content[end + 16 : end + 20] = struct.pack("<L", int.from_bytes(content[end + 16 : end + 20], "little") + 10)
    path.write_bytes(content)
    assert refused(path, work)[0] in ("archive-unsafe", "archive-damaged")


def test_encryption(tmp_path: Path, work: Path) -> None:
    path = makers.zipped(tmp_path / "a.zip", GOOD)
    content = bytearray(path.read_bytes())
    content[content.rfind(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    assert refused(path, work)[1]["reason"] == "encrypted"


def test_a_flipped_bit_is_found_by_the_checksum(tmp_path: Path, work: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("desa.shp", b"geometry" * 100)
    path.write_bytes(path.read_bytes().replace(b"geometry", b"geomevry", 1))
    assert refused(path, work) == ("archive-damaged", {"member": "desa.shp"})


def test_cut_off_and_other_compressions(tmp_path: Path, work: Path) -> None:
    path = makers.zipped(tmp_path / "a.zip", GOOD)
    path.write_bytes(path.read_bytes()[:-30])
    assert refused(path, work)[0] == "archive-damaged"
    with zipfile.ZipFile(tmp_path / "b.zip", "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("desa.shp", b"x" * 1000)
    assert refused(tmp_path / "b.zip", work)[1]["reason"] == "compression"


@pytest.mark.parametrize(
    ("members", "rule", "kind"),
    [
        ({"a.txt": b"x", "b/setup.exe": b"MZ"}, "no-layer", None),
        ({"desa.dbf": b"x", "desa.prj": b"x"}, "no-layer", None),
        ({"gambar.dwg": b"AC1032"}, "format-not-supported", "DWG"),
        (
            {"a.gdb/a00000001.gdbtable": b"", "a.gdb/a00000009.cdf": b""},
            "format-not-supported",
            "File Geodatabase (compressed)",
        ),
        ({"x.gdb/a00000009.gdbtable": b""}, "source-unreadable", None),
    ],
)
def test_archives_without_a_layer(members: Any, rule: str, kind: str | None, tmp_path: Path, work: Path) -> None:
    found, params = refused(makers.zipped(tmp_path / "a.zip", members), work)
    assert (found, params.get("kind")) == (rule, kind)


def test_a_loose_shapefile_is_packed_alike_every_time(tmp_path: Path) -> None:
    shp = makers.shapefile(tmp_path / "data", "Desa")
    (shp.parent / "Desa.prj").rename(shp.parent / "DESA.PRJ")
    (shp.parent / "Desa lain.dbf").write_text("x")
    (shp.parent / "Desa.cst").symlink_to("/etc/passwd")
    first, second = (pack_parts(shp, tmp_path / name, QUOTA).read_bytes() for name in ("1.zip", "2.zip"))
    assert first == second and zlib.crc32(first)
    with zipfile.ZipFile(tmp_path / "1.zip") as archive:
        assert sorted(archive.namelist()) == ["Desa.cpg", "Desa.dbf", "Desa.prj", "Desa.shp", "Desa.shx"]
