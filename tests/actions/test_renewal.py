"""What an earlier version of the program built comes back by itself, and nothing else of a build is touched."""

import json

import pytest

from geoportal.actions import publish as acts
from geoportal.actions.renewal import renew_all, unreadable
from geoportal.actions.submit import submit
from geoportal.model.access import Actor, Role
from geoportal.serving.fragments import open_serving
from geoportal.serving.wholeness import FORMAT, whole
from tests.web.nodes import make_node

ADMIN = Actor("wati", Role.ADMIN)


@pytest.fixture
def node(tmp_path):
    """A node with one dataset that went out in two versions."""
    node = make_node(tmp_path / "node")
    for count in (3, 5):
        path = tmp_path / "titik.geojson"
        features = [
            {
                "type": "Feature",
                "properties": {"kode": str(n), "nama": f"tempat {n}"},
                "geometry": {"type": "Point", "coordinates": [116 + n / 10, -0.5]},
            }
            for n in range(count)
        ]
        path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
        submit(node, ADMIN, "titik", path, spec="bebas")
        acts.publish(node, ADMIN, "titik")
    yield node
    node.close()


def builds(node):
    with node.register.read() as conn:
        from geoportal.store import datasets

        return [node.derived(one) for one in datasets.published_history(conn, "titik")]


def everything(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def aged(folder):
    """A build as format 1 had it: other files, another number."""
    summary = json.loads((folder / "summary.json").read_bytes())
    (folder / "summary.json").write_text(json.dumps(summary | {"format": FORMAT - 1}))
    (folder / "words.sqlite").unlink()


def test_a_node_as_it_is_needs_nothing(node):
    assert unreadable(node) == []
    assert renew_all(node, progress=pytest.fail) == []


def test_an_upgraded_node_comes_back(node):
    folders = builds(node)
    assert len(folders) == 2
    before = [everything(folder) for folder in folders]
    publications = node.all_publications()
    for folder in folders:
        aged(folder)
    assert [one.version.number for one in unreadable(node)] == [2, 1], "what is out first"
    told = []
    assert renew_all(node, progress=lambda *line: told.append(line)) == []
    assert told == [("titik", 2, None), ("titik", 1, None)]
    assert [everything(folder) for folder in folders] == before
    assert [open_serving(folder).count for folder in folders] == [5, 3]
    assert node.all_publications() == publications
    assert unreadable(node) == []


@pytest.mark.parametrize("name", ["summary.json", "fragments.bin", "rows.sqlite", "spatial.boxes"])
def test_what_is_missing_or_short_is_made_again(node, name):
    folder = builds(node)[0]
    before = everything(folder)
    path = folder / name
    path.write_bytes(path.read_bytes()[:-1])
    assert not whole(folder)
    assert renew_all(node, progress=lambda *_: None) == []
    path.unlink()
    assert renew_all(node, progress=lambda *_: None) == []
    assert everything(folder) == before


def test_files_that_the_format_no_longer_has_go(node):
    folder = builds(node)[0]
    aged(folder)
    (folder / "exact.wkb").write_bytes(b"old")
    renew_all(node, progress=lambda *_: None)
    assert not (folder / "exact.wkb").exists()


def test_a_start_cut_short_is_made_good_at_the_next(node, monkeypatch):
    """Power fails between the first and the last file that takes its place."""
    folder = builds(node)[0]
    before = everything(folder)
    aged(folder)
    rename = type(folder).rename

    def failing(path, target):
        if path.name == "rows.sqlite":
            raise KeyboardInterrupt
        return rename(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(type(folder), "rename", failing)
        with pytest.raises(KeyboardInterrupt):
            renew_all(node, progress=lambda *_: None)
    assert [one.version.number for one in unreadable(node)] == [2]
    assert renew_all(node, progress=lambda *_: None) == []
    assert everything(folder) == before


def test_one_that_cannot_be_renewed_does_not_keep_the_others(node, monkeypatch):
    for folder in builds(node):
        aged(folder)
    opened, newest = type(node.files).open_layer, node.all_publications()[0].version.digest

    def broken(files, dataset_id, digest):
        if digest == newest:
            raise OSError("the disk says no")
        return opened(files, dataset_id, digest)

    monkeypatch.setattr(type(node.files), "open_layer", broken)
    told = []
    assert renew_all(node, progress=lambda *line: told.append(line)) == ["titik"]
    assert told == [("titik", 2, "the disk says no"), ("titik", 1, None)]
    assert [one.version.number for one in unreadable(node)] == [2]


def test_a_build_that_is_gone_is_not_guessed_at(node):
    import shutil

    shutil.rmtree(builds(node)[0])
    assert unreadable(node) == []
