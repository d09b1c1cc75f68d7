"""The demonstration: everything declared goes the way of any other file, and its maps lie on the node's ground."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import shapely

from geoportal.actions.demo import FOLDER, declared_folders, load_demo
from geoportal.actions.ground import ground_of
from geoportal.catalogue.declaration import read_declaration
from geoportal.cli.session import local_admin
from geoportal.errors import InvalidSpecification
from geoportal.maps.ground import read_ground
from geoportal.model.access import PUBLIC_AUDIENCE, Classification
from geoportal.model.report import Gate
from geoportal.node import Node
from geoportal.settings import MapsSettings, Settings, load_settings
from geoportal.store import datasets

DECLARED = {folder.name: read_declaration(folder) for folder in declared_folders()}
OPEN = {name for name, each in DECLARED.items() if each.access is Classification.PUBLIC and not each.exhibit}


def settings_of(data: Path, **maps: object) -> Settings:
    settings = load_settings({"storage": {"data": data}}, {})[0]
    return settings.model_copy(update={"maps": MapsSettings.model_validate(maps)})


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory, demo_data) -> Path:
    return demo_data(tmp_path_factory.mktemp("demo") / "data")


@pytest.fixture
def node(data: Path) -> Iterator[Node]:
    opened = Node(settings_of(data))
    yield opened
    opened.close()


def test_every_open_layer_is_published_and_no_other(node: Node) -> None:
    shown = {publication.dataset_id for publication in node.publications(PUBLIC_AUDIENCE)}
    assert shown == OPEN and len(shown) >= 14
    with node.register.read() as conn:
        published = {publication.dataset_id for publication in datasets.publications(conn)}
        versions = {name: datasets.versions(conn, name) for name in DECLARED}
    assert published == {name for name, each in DECLARED.items() if not each.exhibit}
    assert {name for name, found in versions.items() if found[-1].gate is not Gate.PASS} == {"batas_desa_keliru"}


def test_the_refused_one_is_on_show_for_its_report_alone(node: Node) -> None:
    (exhibit,) = node.exhibits(PUBLIC_AUDIENCE)
    assert exhibit.dataset_id == "batas_desa_keliru"
    blocking = {finding.rule for finding in node.files.report(exhibit.dataset_id, exhibit.version.digest).blocking()}
    assert blocking >= {
        "geometry-invalid", "geometry-missing", "geometry-duplicate", "key-duplicate", "coverage-overlap",
    }  # fmt: skip


def test_the_table_has_become_areas_with_all_people_of_the_kabupaten(node: Node) -> None:
    publication = node.publication(PUBLIC_AUDIENCE, "penduduk_kecamatan")
    layer = node.files.open_layer(publication.dataset_id, publication.version.digest)
    assert len(layer) == 20 and layer.frame.geometry.notna().all()
    assert int(layer.frame["jumlah"].sum()) == 806_964


@pytest.mark.parametrize("dataset_id", sorted(OPEN))
def test_each_map_lies_on_the_ground_and_keeps_to_its_weight(node: Node, dataset_id: str) -> None:
    built = node.derived(node.publication(PUBLIC_AUDIENCE, dataset_id))
    picture, thumb = (built / "map.svg").read_text("utf-8"), (built / "thumb.svg").read_text("utf-8")
    assert len(picture.encode()) <= 60_000 and len(thumb.encode()) <= 6_000
    assert "#4C9BAA" in picture and "#EEEAE0" in picture, "rivers and the land around"
    for language in ("id", "en"):
        page = (built / f"preview.{language}.html").read_text("utf-8")
        assert '"pane": "land"' in page and '"pane": "around"' in page
        assert len(page.encode()) < 700_000


def test_loading_again_changes_nothing(node: Node) -> None:
    before = node.register.generation()
    again = load_demo(node, local_admin())
    assert node.register.generation() == before
    assert {publication.version.number for publication in again} == {1}


def test_a_sample_of_a_refusal_that_passes_is_a_mistake(tmp_path: Path) -> None:
    folder = tmp_path / "datasets" / "danau"
    shutil.copytree(FOLDER / "danau", folder)
    declaration = folder / "dataset.yaml"
    declaration.write_text(declaration.read_text("utf-8").replace("synthetic: true", "synthetic: true\nexhibit: true"))
    fresh = Node(settings_of(tmp_path / "data"))
    try:
        with pytest.raises(InvalidSpecification, match="nothing blocks"):
            load_demo(fresh, local_admin(), folder.parent)
        assert fresh.publications(PUBLIC_AUDIENCE) == []
    finally:
        fresh.close()


def test_layers_of_the_node_become_the_ground(data: Path, caplog: pytest.LogCaptureFixture) -> None:
    wanted = {"land": "kabupaten", "district": "kecamatan", "river": "sungai", "lake": "danau"}
    guarded = {"neighbour": "lokasi_izin_contoh", "road": "tidak_ada"}
    opened = Node(settings_of(data, ground=wanted | guarded))
    try:
        file = read_ground(opened.settings.file("ground.geojson"))
        with caplog.at_level(logging.WARNING):
            ground = ground_of(opened)
        assert ground is not None and file is not None
        assert ground.neighbour[0].equals(file.neighbour[0])
        assert len(ground.road) == len(file.road) and ground.names == file.names
        assert "lokasi_izin_contoh" in caplog.text and "tidak_ada" in caplog.text
        assert shapely.area(ground.land).sum() == pytest.approx(shapely.area(file.land).sum(), rel=0.01)
        assert len(ground.lake) == 5 and len(ground.river) == len(ground.order) and list(ground.order).count(1) == 1
        assert shapely.length(ground.district).sum() == pytest.approx(shapely.length(file.district).sum(), rel=0.15)
        assert "Kecamatan (data contoh, SINTETIS)" in ground.source.id and file.source.id in ground.source.id
        built = opened.derived(opened.publication(PUBLIC_AUDIENCE, "kecamatan"))
        kept = (built / "ground.district.json").read_bytes()
        assert ground_of(opened).source == ground.source and (built / "ground.district.json").read_bytes() == kept
    finally:
        opened.close()


def test_without_the_setting_the_file_is_the_ground(node: Node) -> None:
    ground = ground_of(node)
    assert ground is not None and ground.source.id == "peta dasar: data contoh (sintetis)"
