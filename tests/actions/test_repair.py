"""Repair and undo on the messy files of the region; what comes out is judged again by a process of its own."""

import csv
import json
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import geopandas
import pytest
import shapely

from geoportal.actions.repair import Repaired, Wanted, ledger_of, repair, undo
from geoportal.errors import BadRequest, Conflict, DamagedLedger
from geoportal.ingest.reader import read_layer
from geoportal.settings import load_settings
from tests.processes import ROOT

NAMES = (
    "kabupaten_indonesia_kode_sebagai_angka.xlsx",
    "kukar_kecamatan_attribute_defects.geojson",
    "kukar_kecamatan_bowtie_unclosed.geojson",
    "kukar_kecamatan_crs_member_dgn95.geojson",
    "kukar_kecamatan_duplicates.geojson",
    "kukar_kecamatan_lat_lon_swapped.geojson",
    "kukar_kecamatan_metres_labelled_4326.geojson",
    "kukar_kecamatan_utm_no_prj.zip",
    "pulau_kaltim_lintang_salah_tanda.csv",
)
PASSING = {"kukar_kecamatan_crs_member_dgn95.geojson", "kukar_kecamatan_duplicates.geojson"}
ASKED = {
    "kabupaten_indonesia_kode_sebagai_angka.xlsx": ("restore-codes", "--yes restore-codes"),
    "kukar_kecamatan_attribute_defects.geojson": ("drop-empty", "--yes drop-empty"),
    "kukar_kecamatan_bowtie_unclosed.geojson": ("make-valid", "--yes make-valid"),
    "kukar_kecamatan_lat_lon_swapped.geojson": ("place", "--yes swap-axes"),
    "kukar_kecamatan_metres_labelled_4326.geojson": ("place", "--yes assign-crs=EPSG:32650"),
    "kukar_kecamatan_utm_no_prj.zip": ("crs", "--crs EPSG:32750"),
    "pulau_kaltim_lintang_salah_tanda.csv": ("crs", "--crs EPSG:4326"),
}


ANSWERS = {
    "kukar_kecamatan_lat_lon_swapped.geojson": Wanted(yes=("swap-axes",)),
    "kukar_kecamatan_metres_labelled_4326.geojson": Wanted(yes=("assign-crs=EPSG:32650",)),
    "kukar_kecamatan_utm_no_prj.zip": Wanted(crs="EPSG:32750"),
    "pulau_kaltim_lintang_salah_tanda.csv": Wanted(crs="EPSG:4326", yes=("flip-latitude",)),
    "kukar_kecamatan_bowtie_unclosed.geojson": Wanted(yes=("make-valid",)),
    "kabupaten_indonesia_kode_sebagai_angka.xlsx": Wanted(yes=("restore-codes",)),
    "kukar_kecamatan_crs_member_dgn95.geojson": Wanted(target="EPSG:9470"),
}
JUDGE = """
import json, sys
from geoportal.cli.app import app
import contextlib, io
codes = {}
for path in sys.argv[1:]:
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        try:
            code = app(["check", path, "--spec", "bebas", "--json"], standalone_mode=False) or 0
        except BaseException as ended:
            code = repr(ended)
    codes[path] = code
print(json.dumps(codes))
"""


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return load_settings({"storage": {"data": tmp_path_factory.mktemp("data")}})[0]


@pytest.fixture(scope="module")
def messy(shared: Path) -> Path:
    return shared / "data" / "messy" / "indonesia"


@pytest.fixture(scope="module")
def plain(settings: Any, messy: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Repaired]:
    """Each messy file, repaired without a word of anybody."""
    folder = tmp_path_factory.mktemp("plain")
    return {name: repair(settings, messy / name, Wanted(), out=folder / f"{name}.gpkg") for name in NAMES}


@pytest.fixture(scope="module")
def answered(settings: Any, messy: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Repaired]:
    """Those that ask something, with an answer."""
    folder = tmp_path_factory.mktemp("answered")
    return {n: repair(settings, messy / n, wanted, out=folder / f"{n}.gpkg") for n, wanted in ANSWERS.items()}


def shapes(layer: Any) -> list[bytes | None]:
    return [] if layer.geometry_type is None else list(shapely.to_wkb(layer.frame.geometry.to_numpy(), flavor="iso"))


def assert_restored(settings: Any, source: Path, out: Path | None, restored: Path) -> None:
    """Undo gives a file that reads as the original: every geometry byte for byte, every value, names, order, system."""
    assert out is not None
    undo(settings, out, out=restored)
    was, now = read_layer(source), read_layer(restored)
    assert shapes(now) == shapes(was)
    assert [(f.name, f.type) for f in now.fields] == [(f.name, f.type) for f in was.fields]
    for field in was.fields:
        one, other = was.frame[field.name].astype(object), now.frame[field.name].astype(object)
        assert one.where(one.notna(), None).tolist() == other.where(other.notna(), None).tolist(), field.name
    assert now.crs == ("EPSG:4326" if was.crs == "OGC:CRS84" else was.crs)


@pytest.mark.parametrize("name", NAMES)
def test_each_messy_file_passes_or_asks(plain: dict[str, Repaired], name: str) -> None:
    done = plain[name]
    assert done.out is not None and done.out.is_file() and done.ledger == ledger_of(done.out)
    if name in PASSING:
        assert done.passes and not done.questions
    else:
        key, option = ASKED[name]
        assert not done.passes
        question = next(item for item in done.questions if item.key == key)
        assert option in [choice.option for choice in question.choices]


@pytest.mark.parametrize("name", NAMES)
def test_each_comes_back_exactly(
    settings: Any, messy: Path, plain: dict[str, Repaired], answered: dict[str, Repaired], tmp_path: Path, name: str
) -> None:
    assert_restored(settings, messy / name, plain[name].out, tmp_path / "plain.gpkg")
    if name in answered:
        assert_restored(settings, messy / name, answered[name].out, tmp_path / "answered.gpkg")


@pytest.mark.parametrize("name", ANSWERS)
def test_once_answered_it_passes_and_a_second_repair_does_nothing(
    settings: Any, answered: dict[str, Repaired], name: str
) -> None:
    done = answered[name]
    assert done.passes and done.out is not None, done.questions
    again = repair(settings, done.out, ANSWERS[name], dry_run=True)
    assert again.outcome is not None and again.outcome.receipts == () and again.passes


def test_what_passes_here_passes_in_a_new_process(plain: dict[str, Repaired], answered: dict[str, Repaired]) -> None:
    passing = [str(done.out) for done in (*plain.values(), *answered.values()) if done.passes]
    blocked = [
        str(plain[name].out) for name in ("kukar_kecamatan_lat_lon_swapped.geojson", "kukar_kecamatan_utm_no_prj.zip")
    ]
    done = subprocess.run(
        [sys.executable, "-c", JUDGE, *passing, *blocked], cwd=ROOT, capture_output=True, text=True, check=True
    )
    codes = json.loads(done.stdout)
    assert {codes[path] for path in passing} == {0} and len(passing) == len(PASSING) + len(ANSWERS)
    assert {codes[path] for path in blocked} == {1}


def test_swapped_axes_land_where_the_good_file_lies(answered: dict[str, Repaired], shared: Path) -> None:
    good = geopandas.read_file(shared / "data" / "real" / "kukar_kecamatan.gpkg")
    out = geopandas.read_file(answered["kukar_kecamatan_lat_lon_swapped.geojson"].out)
    assert out.total_bounds == pytest.approx(good.total_bounds)


def test_islands_turned_south_lie_where_the_list_in_degrees_and_minutes_has_them(
    answered: dict[str, Repaired], shared: Path
) -> None:
    out = geopandas.read_file(answered["pulau_kaltim_lintang_salah_tanda.csv"].out)
    raw = read_layer(shared / "data/messy/indonesia/pulau_kaltim_lintang_salah_tanda.csv").frame
    assert list(out.geometry.y) == [-y for y in raw.geometry.y] and list(out.geometry.x) == list(raw.geometry.x)


def test_codes_come_back_as_they_were_before_the_spreadsheet(answered: dict[str, Repaired], shared: Path) -> None:
    with (shared / "data" / "real" / "kode_wilayah_indonesia.csv").open(encoding="utf-8", newline="") as stream:
        known = {row["kode"] for row in csv.DictReader(stream) if row["kode"].count(".") == 1}
    assert set(read_layer(answered["kabupaten_indonesia_kode_sebagai_angka.xlsx"].out).frame["kode"]) == known


def test_a_reprojection_names_its_operation_and_accuracy(answered: dict[str, Repaired]) -> None:
    done = answered["kukar_kecamatan_crs_member_dgn95.geojson"]
    assert done.out is not None and done.ledger is not None
    lines = [json.loads(line) for line in done.ledger.read_text().splitlines()]
    move = next(line for line in lines if line.get("kind") == "crs")
    assert (move["before"]["crs"], move["after"]["crs"]) == ("EPSG:4755", "EPSG:9470")
    assert move["facts"]["accuracy_m"] == pytest.approx(0.2) and "DGN95" in move["facts"]["operation"]
    assert read_layer(done.out).crs == "EPSG:9470"


def test_a_ring_that_the_reader_closed_is_told(plain: dict[str, Repaired]) -> None:
    done = plain["kukar_kecamatan_bowtie_unclosed.geojson"]
    assert done.outcome is not None
    first = done.outcome.receipts[0]
    assert first.kind == "read" and first.facts["count"] == 1


def test_a_dry_run_writes_nothing(settings: Any, messy: Path, plain: dict[str, Repaired], tmp_path: Path) -> None:
    name = "kukar_kecamatan_duplicates.geojson"
    dry = repair(settings, messy / name, Wanted(), out=tmp_path / "out.gpkg", dry_run=True)
    wet = plain[name]
    assert not list(tmp_path.iterdir()) and dry.out is None
    assert dry.outcome is not None and wet.outcome is not None and dry.outcome.receipts == wet.outcome.receipts


def test_undo_refuses_a_file_or_a_ledger_that_was_changed_since(
    settings: Any, plain: dict[str, Repaired], tmp_path: Path
) -> None:
    done = plain["kukar_kecamatan_duplicates.geojson"]
    assert done.out is not None and done.ledger is not None
    out = tmp_path / "out.gpkg"
    shutil.copy(done.out, out)
    ledger_of(out).write_text(done.ledger.read_text().replace("Muara Muntai", "Muara Kaman"))
    with pytest.raises(DamagedLedger):
        undo(settings, out)
    shutil.copy(done.ledger, ledger_of(out))
    with closing(sqlite3.connect(out)) as base, base:
        for (name,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            base.execute(f'DROP TRIGGER "{name}"')  # they call functions that only GDAL has
        base.execute("UPDATE layer SET nama = 'Lain' WHERE fid = 1")
    with pytest.raises(Conflict):
        undo(settings, out)
    assert not list(tmp_path.glob("*restored*")) and not list(tmp_path.glob(".*"))


def test_nothing_that_is_not_ours_is_overwritten(settings: Any, messy: Path, tmp_path: Path) -> None:
    path = messy / "kukar_kecamatan_duplicates.geojson"
    mine = tmp_path / "mine.gpkg"
    mine.write_bytes(b"precious")
    with pytest.raises(Conflict):
        repair(settings, path, Wanted(), out=mine)
    assert mine.read_bytes() == b"precious"
    for wanted, out in (
        (Wanted(), tmp_path / "a.shp"),
        (Wanted(yes=("everything",)), None),
        (Wanted(only=("no-such-rule",)), None),
        (Wanted(target="EPSG:1"), None),
    ):
        with pytest.raises(BadRequest):
            repair(settings, path, wanted, out=out)


def test_a_stated_system_is_not_overruled_by_another_without_a_word(settings: Any, messy: Path) -> None:
    path = messy / "kukar_kecamatan_crs_member_dgn95.geojson"
    done = repair(settings, path, Wanted(crs="EPSG:4326"), dry_run=True)
    assert [(item.key, item.choices[0].option) for item in done.questions] == [
        ("other-crs", "--yes assign-crs=EPSG:4326")
    ]


def test_a_repaired_file_is_never_its_own_target(settings: Any, plain: dict[str, Repaired], tmp_path: Path) -> None:
    done = plain["kukar_kecamatan_duplicates.geojson"]
    assert done.out is not None and done.ledger is not None
    mine = tmp_path / "a.repaired.gpkg"
    shutil.copy(done.out, mine)
    shutil.copy(done.ledger, ledger_of(mine))
    before = mine.read_bytes(), ledger_of(mine).read_bytes()
    again = repair(settings, mine, Wanted())
    assert again.out == tmp_path / "a.repaired.repaired.gpkg"
    assert (mine.read_bytes(), ledger_of(mine).read_bytes()) == before
    target, _ = undo(settings, mine, dry_run=True)
    assert target == tmp_path / "a.restored.gpkg" and not target.exists()
