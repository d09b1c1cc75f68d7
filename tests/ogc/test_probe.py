"""The probe: what cannot be served is found before it goes out, and a good version passes."""

import pytest

from geoportal.errors import GeoportalError, Unavailable
from geoportal.model.access import PUBLIC_AUDIENCE
from geoportal.ogc.features import LayerProvider
from geoportal.ogc.probe import probe
from tests.ogc.world import points


@pytest.fixture
def candidate(world):
    publication = world.publish("desa", points(5), downloads=True)
    return publication, world.node.derived(publication), world.node.settings


def test_a_good_version_passes_and_leaves_no_trace(world, candidate):
    before = world.get("/ogc/collections").content
    assert probe(*candidate) is None
    assert world.get("/ogc/collections").content == before
    assert world.engine.snapshot(PUBLIC_AUDIENCE).sources["desa"]


@pytest.mark.parametrize(
    "name", ["summary.json", "fragments.bin", "fragments.offsets", "rows.sqlite", "spatial.blocks"]
)
def test_missing_or_cut_files_are_found(candidate, name):
    publication, folder, settings = candidate
    (folder / name).write_bytes((folder / name).read_bytes()[:-1])
    with pytest.raises((GeoportalError, OSError)):
        probe(publication, folder, settings)
    (folder / name).unlink()
    with pytest.raises((GeoportalError, OSError)):
        probe(publication, folder, settings)


def test_text_that_is_no_json_is_found(candidate):
    publication, folder, settings = candidate
    text = (folder / "fragments.bin").read_bytes()
    (folder / "fragments.bin").write_bytes(b"]" + text[1:])
    with pytest.raises(ValueError, match="unexpected"):
        probe(publication, folder, settings)


def test_a_count_that_is_wrong_is_found(candidate, monkeypatch):
    def query(self: LayerProvider, **options: object) -> dict:
        return {**real(self, **options), "numberMatched": 4}

    real = LayerProvider.query
    monkeypatch.setattr(LayerProvider, "query", query)
    with pytest.raises(Unavailable, match="of 5 features 4"):
        probe(*candidate)


def test_what_pygeoapi_refuses_is_found(candidate, monkeypatch):
    from pygeoapi.provider.base import ProviderQueryError

    def query(self: LayerProvider, **_: object) -> dict:
        raise ProviderQueryError("no")

    monkeypatch.setattr(LayerProvider, "query", query)
    with pytest.raises(Unavailable, match="pygeoapi cannot serve desa"):
        probe(*candidate)
