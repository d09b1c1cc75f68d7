"""What officers have on their disk, from the command line: rasters, folders, refusals, in the language asked for."""

import json
import sys
from pathlib import Path

import pytest

from geoportal.cli import progress
from geoportal.cli.sentences import told
from geoportal.errors import error_classes
from geoportal.language import LANGUAGES, has_text
from tests.ingest import makers
from tests.ingest.seeds import WRITERS


def answer(done) -> dict:
    assert "Traceback" not in done.stderr
    return json.loads(done.stdout)


def test_a_raster_is_checked_and_not_kept(geoportal, tmp_path):
    path = tmp_path / "citra.tif"
    WRITERS["a.tif"](path)
    done = geoportal("check", path, "--lang", "id")
    assert done.returncode == 0 and done.stderr == ""
    assert "Layer citra: raster, EPSG:32750" in done.stdout and "20 × 16 piksel" in done.stdout
    assert geoportal("check", path, "--spec", "bebas").returncode == 1
    for language, first in (("id", "unreadable-source: Berkas ini raster."), ("en", "unreadable-source: The file is")):
        done = geoportal("submit", path, "--dataset", "citra", "--lang", language)
        assert done.returncode == 1 and done.stderr.startswith(first)
    assert answer(geoportal("submit", path, "--dataset", "citra", "--json"))["error"] == "unreadable-source"
    assert answer(geoportal("list", "--json"))["datasets"] == []


def test_a_folder_of_loose_shapefiles_and_a_geodatabase_are_kept_as_one_zip(geoportal, tmp_path, data_dir):
    makers.shapefile(tmp_path / "Data Desa", "desa")
    done = geoportal("submit", tmp_path / "Data Desa", "--dataset", "desa", "--json")
    assert done.returncode == 0 and answer(done)["source"] == "Data Desa.zip"
    WRITERS["a.gdb.zip"](tmp_path / "batas.gdb.zip")
    assert (tmp_path / "batas.gdb").is_dir()
    done = geoportal("submit", tmp_path / "batas.gdb", "--dataset", "batas", "--json")
    assert done.returncode == 0 and answer(done)["source"] == "batas.gdb.zip"
    assert geoportal("publish", "batas").returncode == 0
    assert len(list(data_dir.rglob("source/batas.gdb.zip"))) == 1


def test_several_layers_are_named_in_the_first_sentence(geoportal, tmp_path):
    path = makers.geopackage(tmp_path / "a.gpkg", layer="desa")
    makers.geopackage(path, makers.frame(2), layer="jalan", append=True)
    done = geoportal("submit", path, "--dataset", "x", "--lang", "id")
    assert done.returncode == 2
    assert done.stderr.splitlines()[0] == (
        "bad-request: Berkas ini memuat beberapa layer (desa, jalan). Pilih satu dengan --layer."
    )


@pytest.mark.parametrize(
    ("arguments", "indonesian", "english"),
    [
        (("check", "tidak-ada.zip"), "Tidak ada berkas tidak-ada.zip.", "There is no file tidak-ada.zip."),
        (("show", "x"), "Tidak ada simpul di", "There is no node in"),
    ],
)
def test_the_first_sentence_is_in_the_language_asked_for(geoportal, arguments, indonesian, english):
    for language, sentence in (("id", indonesian), ("en", english)):
        done = geoportal(*arguments, "--lang", language)
        assert done.returncode == 4 and done.stderr.startswith(f"not-found: {sentence}")


def test_every_error_has_a_sentence_in_both_languages():
    for cls in error_classes():
        assert all(has_text("cli", f"error.{cls.code}", language) for language in LANGUAGES), cls.code
        lines = list(told(cls("a detail for the log"), "id"))
        assert lines[0].startswith(f"{cls.code}: ") and "detail" not in lines[0]
        assert lines[1] == "  (a detail for the log)"
        assert list(told(cls("a detail for the log"), "en")) == [f"{cls.code}: a detail for the log"]


class Terminal:
    """Standard error as a terminal."""

    def __init__(self) -> None:
        self.text = ""

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> None:
        self.text += text

    def flush(self) -> None:
        pass


def test_progress_is_shown_on_a_terminal_and_wiped(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with pytest.raises(ValueError, match="done"), progress.on_terminal("id", quiet=False) as show:
        assert show is not None
        show("copy", 0.25)
        show("read", None)
        raise ValueError("done")
    assert "Menyalin berkas 25 %" in terminal.text and "Membaca layer" in terminal.text
    assert terminal.text.endswith(" \r")
    with progress.on_terminal("id", quiet=True) as show:
        assert show is None


def test_nothing_is_shown_in_a_pipe(geoportal, tmp_path):
    path: Path = makers.geopackage(tmp_path / "a.gpkg")
    assert geoportal("check", path).stderr == ""
