import struct
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from rasterio.control import GroundControlPoint
from rasterio.errors import NotGeoreferencedWarning
from rasterio.transform import Affine, from_origin

from geoportal.model.report import Gate, Verdict
from geoportal.model.specification import Specification
from tests.ingest import makers
from tests.ingest.conftest import Inspect, rules

PLACE = from_origin(500000, 9950000, 10, 10)


def geotiff(path: Path, transform: Affine | None = PLACE, crs: str | None = "EPSG:32750", **options: Any) -> Path:
    pixels = (np.arange(40 * 50 * 2) % 251).astype("uint8").reshape(2, 40, 50)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with rasterio.open(
            path,
            "w",
            driver="GTiff",
            width=50,
            height=40,
            count=2,
            dtype="uint8",
            crs=crs,
            transform=transform,
            **options,
        ) as target:
            target.write(pixels)
    return path


def test_a_raster_is_judged_and_never_kept(tmp_path: Path, inspect: Inspect) -> None:
    report, staged = inspect(geotiff(tmp_path / "Citra.tif"))
    assert report.verdict is Verdict.ACCEPT and staged is None
    (layer,) = report.layers
    assert (layer.name, layer.crs, layer.geometry_type) == ("Citra", "EPSG:32750", "Raster")
    assert layer.extent == (500000, 9949600, 500500, 9950000) and len(layer.fields) == 2
    told = {"columns": 50, "rows": 40, "bands": 2, "kinds": "Byte", "share": 1.0}
    assert rules(report) == {"raster-layer": told}


@pytest.mark.parametrize("options", [{"BIGTIFF": "YES"}, {"compress": "deflate", "tiled": True, "blockxsize": 16,
                                     "blockysize": 16}, {"ENDIANNESS": "BIG"}, {"interleave": "pixel"}])  # fmt: skip
def test_kinds_of_tiff(options: dict[str, Any], tmp_path: Path, inspect: Inspect) -> None:
    report, _ = inspect(geotiff(tmp_path / "a.tif", **options))
    assert report.verdict is Verdict.ACCEPT, rules(report)


@pytest.mark.parametrize(
    ("transform", "reason"),
    [
        (Affine(10, 0, 500000, 0, 10, 9950000), "south-up"),
        (Affine(10, 3, 500000, 2, -10, 9950000), "rotated"),
        (None, "no-place"),
    ],
)
def test_an_unusual_place_is_told(transform: Affine | None, reason: str, tmp_path: Path, inspect: Inspect) -> None:
    report, _ = inspect(geotiff(tmp_path / "a.tif", transform))
    assert report.verdict is Verdict.ACCEPT_WITH_WARNINGS
    assert rules(report)["raster-placement"] == {"reason": reason}
    assert (report.layers[0].extent is None) == (reason == "no-place") and "layer-empty" not in rules(report)


def test_control_points_alone_are_told(tmp_path: Path, inspect: Inspect) -> None:
    points = [GroundControlPoint(r, c, 500000 + 10 * c, 9950000 - 10 * r) for r in (0, 40) for c in (0, 50)]
    path = tmp_path / "a.tif"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with rasterio.open(path, "w", driver="GTiff", width=50, height=40, count=1, dtype="uint8") as target:
            target.gcps = (points, rasterio.crs.CRS.from_epsg(32750))
            target.write(np.zeros((1, 40, 50), "uint8"))
    assert rules(inspect(path)[0])["raster-placement"] == {"reason": "control-points"}


def test_no_reference_system_is_asked_for(tmp_path: Path, inspect: Inspect) -> None:
    path = geotiff(tmp_path / "a.tif", crs=None)
    assert "crs-missing" in rules(inspect(path)[0])
    report, staged = inspect(path, crs="EPSG:32750")
    assert "crs-missing" not in rules(report) and report.layers[0].crs == "EPSG:32750" and staged is None


def test_coordinates_outside_the_reference_system_reject(tmp_path: Path, inspect: Inspect) -> None:
    report, _ = inspect(geotiff(tmp_path / "a.tif", crs="EPSG:4326"))
    assert report.verdict is Verdict.REJECT and "coordinates-outside-domain" in rules(report)


def test_a_profile_is_never_met(tmp_path: Path) -> None:
    from geoportal.ingest import sandbox
    from geoportal.model.region import Region
    from geoportal.settings import IngestSettings

    spec = Specification("bebas", "bebas")
    report, staged = sandbox.inspect_in_child(
        geotiff(tmp_path / "a.tif"), spec, Region(), staging=tmp_path / "s", limits=IngestSettings()
    )
    assert (report.verdict, report.gate, staged) == (Verdict.ACCEPT, Gate.BLOCKED, None)


def test_pixels_cut_off_are_seen(tmp_path: Path, inspect: Inspect) -> None:
    path = geotiff(tmp_path / "a.tif", compress="deflate")
    path.write_bytes(path.read_bytes()[:-20])
    report, _ = inspect(path)
    assert report.verdict is Verdict.REJECT and rules(report)["source-unreadable"]["reason"] in ("truncated", "tiff")


def test_pixels_that_do_not_unpack_are_seen(tmp_path: Path, inspect: Inspect) -> None:
    path = geotiff(tmp_path / "a.tif", compress="deflate")
    content = bytearray(path.read_bytes())
    offset = _first_strip(path)
    content[offset : offset + 30] = b"\xff" * 30
    path.write_bytes(content)
    report, _ = inspect(path)
    assert report.verdict is Verdict.REJECT and rules(report)["source-unreadable"]["reason"] == "pixels"


def _first_strip(path: Path) -> int:
    from geoportal.ingest import raster

    with path.open("rb") as stream:
        stream.seek(4)
        (at,) = struct.unpack("<L", stream.read(4))
        tags, _ = raster._tags(stream, at, "<", False, path.stat().st_size)
    return int(tags[raster._STRIPS][0])


def test_a_header_that_claims_a_terabyte_is_refused_unread(tmp_path: Path, inspect: Inspect) -> None:
    entries = [(256, 4, 1_000_000), (257, 4, 1_000_000), (258, 3, 8), (277, 3, 1), (273, 4, 8), (279, 4, 100)]
    body = struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHLL", t, k, 1, v) for t, k, v in entries)
    path = tmp_path / "a.tif"
    path.write_bytes(b"II*\0" + struct.pack("<L", 8) + body + bytes(4))
    report, _ = inspect(path)
    assert rules(report) == {"source-too-large": {"reason": "pixels", "columns": 1000000, "rows": 1000000}}


@pytest.mark.parametrize("directory", [8, 0, 4000000000])
def test_a_directory_that_leads_nowhere(directory: int, tmp_path: Path, inspect: Inspect) -> None:
    path = tmp_path / "a.tif"
    path.write_bytes(b"II*\0" + struct.pack("<L", directory) + struct.pack("<H", 0) + struct.pack("<L", 8))
    report, _ = inspect(path)
    assert rules(report) == {"source-unreadable": {"reason": "tiff", "message": None}}


def test_what_lies_beside_a_raster_is_not_read(tmp_path: Path, inspect: Inspect) -> None:
    content = geotiff(tmp_path / "a.tif", None, None).read_bytes()
    members = {"a.tif": content, "a.tfw": b"10\n0\n0\n-10\n500000\n9950000\n", "a.tif.aux.xml": b"<PAMDataset/>",
               "a.tif.ovr": content}  # fmt: skip
    report, _ = inspect(makers.zipped(tmp_path / "a.zip", members))
    assert report.layers[0].extent is None and report.layers[0].crs is None
