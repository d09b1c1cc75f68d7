import hashlib
import json
import os
import stat

import pytest

from geoportal.errors import Invalid
from geoportal.store import manifest


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("desa.shp.zip", "desa.shp.zip"),
        ("Batas Désa (2024).geojson", "Batas_Desa_2024.geojson"),
        ("村.gpkg", "source.gpkg"),
        ("村", "source"),
        ("", "source"),
        ("..", "source"),
        (".htaccess", "source.htaccess"),
        ("../../etc/passwd", "etc_passwd"),
        ("a\\b\0c\u202egpj.exe", "a_b_cgpj.exe"),
        ("-rf.zip", "rf.zip"),
        ("a.tar.this-is-no-ending", "a.tar.this-is-no-ending"),
        ("caf\udce9.zip", "caf.zip"),
        ("x" * 300 + ".zip", "x" * 120 + ".zip"),
    ],
)
def test_a_name_becomes_one_that_every_file_system_takes(name, plain):
    assert manifest.plain_name(name) == plain


def test_the_same_value_is_the_same_bytes():
    one = manifest.json_bytes({"b": [1, 2.5, float("nan"), float("-inf")], "a": "é\ud800"})
    other = manifest.json_bytes({"a": "é\ud800", "b": (1, 2.5, float("inf"), float("nan"))})
    assert one == other
    assert json.loads(one) == {"a": "é\ud800", "b": [1, 2.5, None, None]}
    assert one.isascii()


def test_a_copy_is_of_the_bytes_that_were_written(tmp_path):
    content = os.urandom(3 * 1024 * 1024 + 17)
    (tmp_path / "source").write_bytes(content)
    line = manifest.copy(tmp_path / "source", tmp_path / "kept")
    assert (tmp_path / "kept").read_bytes() == content
    assert line == {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    assert stat.S_IMODE((tmp_path / "kept").stat().st_mode) == 0o444


def test_nothing_is_written_over(tmp_path):
    (tmp_path / "kept").write_bytes(b"old")
    with pytest.raises(FileExistsError):
        manifest.write(tmp_path / "kept", b"new")
    assert (tmp_path / "kept").read_bytes() == b"old"


def test_a_pipe_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(Invalid):
        manifest.copy(tmp_path / "pipe", tmp_path / "kept")


def test_a_folder_is_kept_file_by_file_without_links(tmp_path):
    source = tmp_path / "Desa"
    (source / "sub").mkdir(parents=True)
    for name, content in {"a.shp": b"1", "é.shp": b"2", "e.shp": b"3", "sub/a.shp": b"4"}.items():
        (source / name).write_bytes(content)
    (tmp_path / "secret").write_bytes(b"secret")
    (source / "link.shp").symlink_to(tmp_path / "secret")
    (source / "linked").symlink_to(tmp_path)
    (kept := tmp_path / "kept").mkdir()
    lines = manifest.copy_source(source, "Desa", kept)
    assert {name: (line["name"], (kept / name).read_bytes()) for name, line in lines.items()} == {
        "a.shp": ("Desa/a.shp", b"1"),
        "e.shp": ("Desa/e.shp", b"3"),
        "sub_a.shp": ("Desa/sub/a.shp", b"4"),
        "2_e.shp": ("Desa/é.shp", b"2"),
    }
    assert sorted(path.name for path in kept.iterdir()) == sorted(lines)
