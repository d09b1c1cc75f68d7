"""Every sample file beside the project gets the verdict that was written down for it, and no file does harm."""

import json
import os
import random
import tempfile
from pathlib import Path

import pytest

from geoportal.ingest import sandbox
from geoportal.model.report import Verdict
from tests.ingest import makers
from tests.ingest.conftest import Inspect, children_of, rules
from tests.processes import ROOT

DATA = ROOT.parent / "shared" / "data"
EXPECTED = json.loads((DATA / "expected.json").read_text())["files"] if DATA.is_dir() else {}
READ = [name for name in EXPECTED if name.endswith((".gpkg", ".geojson", ".json", ".zip", ".kml", ".kmz")) and ".gdb." not in name]
OTHER = sorted(set(EXPECTED) - set(READ))
# What we know better than the list: a file whose kind is not read yet is refused by name.
LATER = {
    "CSV",
    "KML",
    "KMZ",
    "GML",
    "XLSX",
    "FlatGeobuf",
    "Parquet",
    "TIFF",
    "DXF",
    "File Geodatabase",
    "XML",
    "text",
    "JPEG",
    "TopoJSON",
}


@pytest.mark.parametrize("name", READ)
def test_verdict(name: str, shared: Path, inspect: Inspect) -> None:
    expected = EXPECTED[name]
    report, staged = inspect(shared / "data" / name)
    assert report.verdict in {expected["verdict"], *expected.get("alternatives", [])}, rules(report)
    assert (staged is None) or report.verdict is not Verdict.REJECT
    measured = {layer["layer"]: layer for layer in expected.get("measured", {}).get("layers", [])}
    for layer in report.layers:
        if layer.name in measured:
            assert layer.features == measured[layer.name]["feature_count"]
            wanted, found = measured[layer.name]["crs"], layer.crs
            assert found == wanted or (found == "OGC:CRS84" and wanted == "EPSG:4326"), (found, wanted)


@pytest.mark.parametrize("name", OTHER)
def test_a_kind_that_is_not_read_is_refused_by_name(name: str, shared: Path, inspect: Inspect) -> None:
    report, staged = inspect(shared / "data" / name)
    assert report.verdict is Verdict.REJECT and staged is None
    assert report.findings[0].rule in {
        "format-not-supported", "source-unsafe", "source-empty", "archive-damaged", "archive-unsafe", "no-layer"
    }  # fmt: skip
    kind = report.findings[0].params.get("kind")
    assert kind is None or kind in LATER | {"VRT"}


def test_nothing_was_written_outside_and_nobody_is_left(shared: Path, inspect: Inspect) -> None:
    for name in ("zipslip_absolute.zip", "zipslip_parent.zip", "zip_bomb_1gib.zip"):
        inspect(shared / "data" / "messy" / "attacks" / name)
    assert not list(Path(tempfile.gettempdir()).glob("zipslip*proof.txt"))
    pid = sandbox._server.pid
    assert pid is not None and children_of(pid) == []


def test_a_hundred_mutants(tmp_path: Path, inspect: Inspect) -> None:
    """Bytes changed, cut, doubled: the parent never raises, and what it accepts can be read again."""
    seeds = [
        makers.geojson(tmp_path / "a.geojson", *[makers.point(nama=f"Desa {n}", id=n) for n in range(5)], name="desa"),
        makers.geopackage(tmp_path / "a.gpkg"),
        makers.zipped_shapefile(tmp_path),
        makers.zipped(tmp_path / "b.zip", makers.point_shapefile(["Kutai é".encode(), b"Loa"])),
    ]
    dice = random.Random(6402)
    verdicts = []
    for number in range(100):
        seed = seeds[number % len(seeds)]
        content = bytearray(seed.read_bytes())
        for _ in range(dice.randint(1, 8)):
            place = dice.randrange(len(content))
            match dice.randrange(5):
                case 0:
                    content[place] ^= 1 << dice.randrange(8)
                case 1:
                    content[place : place + 4] = dice.randbytes(4)
                case 2:
                    del content[place:]
                case 3:
                    content[place:place] = content[max(0, place - 64) : place]
                case 4:
                    content[place : place + 8] = b"\xff" * 8
            if not content:
                break
        mutant = tmp_path / f"mutant{seed.suffix}"
        mutant.write_bytes(content)
        report, staged = inspect(mutant)
        verdicts.append(report.verdict)
        assert "source-crashed" not in rules(report) or os.environ.get("CI") is None, number
        if staged is not None:
            assert staged.path.stat().st_size > 0 and staged.summary.features >= 0
    assert Verdict.REJECT in verdicts and len(set(verdicts)) > 1
