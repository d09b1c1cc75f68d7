import struct
import warnings
from contextlib import suppress
from pathlib import Path

import geopandas
import pytest
import shapely
from pyogrio import write_dataframe

from geoportal.errors import UnreadableSource
from geoportal.ingest import flatgeobuf
from geoportal.ingest.reader import read_layer
from geoportal.ingest.refusal import note_of
from geoportal.model.report import Verdict
from tests.ingest import makers
from tests.ingest.conftest import Inspect, rules


def fgb(path: Path, count: int = 3, crs: str | None = "EPSG:32750", **options: str) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a layer without reference system
        write_dataframe(makers.frame(count, crs), path, driver="FlatGeobuf", layer="desa", **options)
    return path


@pytest.mark.parametrize("count", [1, 2, 15, 16, 17, 300])
@pytest.mark.parametrize("index", ["YES", "NO"])
def test_features_are_counted_behind_an_index_of_any_height(count: int, index: str, tmp_path: Path) -> None:
    path = fgb(tmp_path / "a.fgb", count, SPATIAL_INDEX=index)
    [source] = flatgeobuf.read_sources(path, "a", 500)
    assert source.claims["table"] == count and source.name == "desa" and source.crs == "EPSG:32750"
    layer = read_layer(path)
    assert len(layer.frame) == count and layer.notes == ()


def test_a_count_that_nobody_knows_is_no_difference(tmp_path: Path) -> None:
    content = bytearray(fgb(tmp_path / "a.fgb", SPATIAL_INDEX="NO").read_bytes())
    at = content.index(struct.pack("<Q", 3), 12)
    content[at : at + 8] = bytes(8)
    path = tmp_path / "b.fgb"
    path.write_bytes(content)
    layer = read_layer(path)
    assert len(layer.frame) == 3 and layer.notes == ()


def test_a_header_without_system_or_with_wkt_alone(tmp_path: Path, inspect: Inspect) -> None:
    report, staged = inspect(fgb(tmp_path / "a.fgb", crs=None))
    assert staged is None and "crs-missing" in rules(report)
    own = "+proj=tmerc +lat_0=0 +lon_0=116 +k=0.9996 +x_0=200000 +y_0=1500000 +ellps=WGS84 +units=m +type=crs"
    report, staged = inspect(fgb(tmp_path / "b.fgb", crs=own))
    assert staged is not None and report.verdict is Verdict.ACCEPT and "crs-without-authority" in rules(report)


def test_heights_and_null_shapes(tmp_path: Path) -> None:
    shapes = [shapely.Point(1, 2, 3), None, shapely.Point(4, 5, 6)]
    data = geopandas.GeoDataFrame({"n": [1, 2, 3]}, geometry=shapes, crs="EPSG:32750")
    write_dataframe(data, tmp_path / "a.fgb", driver="FlatGeobuf", SPATIAL_INDEX="NO")
    layer = read_layer(tmp_path / "a.fgb")
    assert layer.frame.geometry[0].z == 3 and layer.frame.geometry[1] is None and layer.frame["n"].tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("at", "value", "reason"),
    [
        (8, b"\xff\xff\xff\xff", "header"),
        (8, b"\0\0\0\0", "header"),
        (12, b"\xff\xff\xff\x7f", "header"),
        (12, b"\0\0\0\0", "header"),
        (-4, None, "truncated"),
    ],
)
def test_a_damaged_header_and_a_cut_file(at: int, value: bytes | None, reason: str, tmp_path: Path) -> None:
    content = bytearray(fgb(tmp_path / "a.fgb").read_bytes())
    if value is None:
        del content[at:]
    else:
        content[at : at + len(value)] = value
    path = tmp_path / "b.fgb"
    path.write_bytes(content)
    with pytest.raises(UnreadableSource) as caught:
        flatgeobuf.read_sources(path, "b", 500)
    assert note_of(caught.value) == ("source-unreadable", {"reason": reason})


def test_a_claim_of_more_features_than_there_are_bytes(tmp_path: Path) -> None:
    content = bytearray(fgb(tmp_path / "a.fgb").read_bytes())
    at = content.index(struct.pack("<Q", 3), 12)
    content[at : at + 8] = struct.pack("<Q", 1 << 60)
    path = tmp_path / "b.fgb"
    path.write_bytes(content)
    with pytest.raises(UnreadableSource) as caught:
        flatgeobuf.read_sources(path, "b", 500)
    assert note_of(caught.value)[1] == {"reason": "header"}


def test_every_byte_of_the_header_may_lie(tmp_path: Path) -> None:
    whole = fgb(tmp_path / "a.fgb").read_bytes()
    end = 12 + int.from_bytes(whole[8:12], "little")
    for at in range(8, end):
        for value in (0x00, 0xFF, 0x80, whole[at] ^ 1):
            content = bytearray(whole)
            content[at] = value
            with suppress(UnreadableSource):  # the only thing that may be raised
                flatgeobuf.read_header(bytes(content), 500)


def test_too_many_columns(tmp_path: Path) -> None:
    with pytest.raises(UnreadableSource) as caught:
        flatgeobuf.read_sources(fgb(tmp_path / "a.fgb"), "a", 1)
    assert note_of(caught.value) == ("fields-too-many", {"count": 2, "limit": 1})


def test_integers_without_sign(shared: Path) -> None:
    layer = read_layer(shared / "data" / "messy" / "fgb" / "alldatatypes.fgb")
    assert dict(layer.notes)["reader-message"]["count"] == 1
    assert layer.frame["uint"].tolist() == [4294967295] and layer.frame["long"].tolist() == [-1]
