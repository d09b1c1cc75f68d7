"""What lies beside an upload: copies of the node's layers, and the other layers of the file."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import geopandas
import pytest
import shapely

from geoportal.errors import StorageFull
from geoportal.ingest import beside, sandbox
from geoportal.ingest.beside import lay_references, named_beside, read_beside
from geoportal.ingest.sandbox import inspect_in_child
from geoportal.ingest.source import Source
from geoportal.ingest.writer import write_layer
from geoportal.model.references import ReferenceLayer, References
from geoportal.model.region import Region
from geoportal.model.report import Finding
from geoportal.model.specification import CoveredBy, Specification
from geoportal.settings import IngestSettings
from tests.factories import make_layer, squares

SPEC = Specification("uji", "bebas", covered_by=(CoveredBy("kecamatan"),))


@pytest.fixture(scope="module", autouse=True)
def _no_server_left() -> Iterator[None]:
    yield
    sandbox.close()


def references(path: Path) -> References:
    return References(layers=(ReferenceLayer("kecamatan", str(path), "kode"),))


def test_copies_lie_in_the_folder_and_what_is_gone_is_left_out(tmp_path: Path) -> None:
    sealed = tmp_path / "layer.gpkg"
    sealed.write_bytes(b"isi")
    folder = tmp_path / "staging"
    folder.mkdir()
    (laid,) = lay_references(references(sealed), folder).layers
    assert Path(laid.path).parent == folder.resolve() and Path(laid.path).read_bytes() == b"isi"
    assert not Path(laid.path).samefile(sealed) and (laid.name, laid.key) == ("kecamatan", "kode")
    assert lay_references(references(tmp_path / "tiada.gpkg"), folder).layers == ()


def test_a_full_disk_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "no space")

    monkeypatch.setattr(beside.shutil, "copyfile", full)
    with pytest.raises(StorageFull):
        lay_references(references(tmp_path / "layer.gpkg"), tmp_path)


def test_only_layers_that_somebody_asks_for_are_read(tmp_path: Path) -> None:
    path = tmp_path / "rusak.gpkg"
    path.write_bytes(b"bukan")
    sources = [
        Source("kecamatan", "GPKG", path),
        Source("desa", "GPKG", path),
        Source("kecamatan", None, path, has_geometry=False),
    ]
    wanted = named_beside(sources, SPEC)
    assert [(source.name, source.driver) for source in wanted] == [("kecamatan", "GPKG")]
    assert named_beside(sources, None) == []
    assert read_beside(wanted, None) == {}


@pytest.mark.parametrize("where", ["file", "node", "nowhere"])
def test_a_locked_child_compares(tmp_path: Path, where: str) -> None:
    """Behind the walls, where only the staging folder can be seen; the layer of the node is in another system."""
    one, other = squares(2, 1)
    out = shapely.box(116.005, -0.499, 116.015, -0.495)
    file = tmp_path / "wilayah.gpkg"
    geopandas.GeoDataFrame(geometry=[one, out], crs=4326).to_file(file, layer="desa")
    district = geopandas.GeoDataFrame({"kode": ["a"]}, geometry=[one], crs=4326)
    known = References()
    if where == "file":
        district.to_file(file, layer="kecamatan")
    elif where == "node":
        moved = district.to_crs(32750)
        write_layer(make_layer(moved.geometry, "EPSG:32750", kode=["a"]), tmp_path / "sealed.gpkg")
        known = references(tmp_path / "sealed.gpkg")
    staging = tmp_path / "staging"
    staging.mkdir()
    report, _ = inspect_in_child(
        file, SPEC, Region(), staging=staging, limits=IngestSettings(), layer="desa", write=False, references=known
    )
    told: dict[str, Finding] = {item.rule: item for item in report.findings}
    assert "check-failed" not in told
    assert ("reference-missing" in told) is (where == "nowhere")
    if where != "nowhere":
        assert [place.feature for place in told["not-covered"].occurrences] == ["2"]
        ground = shapely.geometry.shape(told["not-covered"].occurrences[0].geometry)
        assert ground.symmetric_difference(out - one).area < 1e-10 and not ground.intersects(other.buffer(-0.0051))
