"""The configuration: valid by pygeoapi's own schema, in both languages, without a secret or a place on disk."""

import json

import pytest
from pygeoapi.config import validate_config

from geoportal.model.access import PUBLIC_AUDIENCE
from geoportal.model.text import LocalText
from geoportal.ogc.config import api_config, both, handle_of, licence_url, storage_uri
from geoportal.ogc.engine import edition
from geoportal.serving.listing import KINDS
from tests.ogc.world import World, make_settings, points


@pytest.fixture(scope="module")
def whole(village: World) -> dict:
    view = village.engine.snapshot(PUBLIC_AUDIENCE)
    return api_config([source.served for source in view.sources.values()], village.node.settings)


def test_it_is_valid(whole, tmp_path):
    assert validate_config(whole)
    assert validate_config(api_config([], make_settings(tmp_path)))


def test_it_holds_no_place_on_disk_and_no_secret(whole, village):
    text = json.dumps(
        {
            **whole,
            "server": {
                name: value for name, value in whole["server"].items() if name not in ("templates", "locale_dir")
            },
        }
    )
    assert str(village.node.data) not in text
    assert "/" not in whole["resources"]["desa"]["providers"][0]["data"]
    assert set(whole["resources"]["desa"]["providers"][0]) <= {"type", "name", "data", "storage_crs", "crs", "id_field"}


def test_the_handle_names_dataset_version_and_build(village):
    publication = village.node.publication(PUBLIC_AUDIENCE, "desa")
    assert handle_of(publication) == f"desa@1:{publication.build}"


def test_what_a_collection_says(whole, village):
    desa = whole["resources"]["desa"]
    assert desa["title"] == {"id-ID": "Desa", "en-US": "Villages"}
    assert desa["keywords"] == {"id-ID": ["uji", "Desa"], "en-US": ["test", "Villages"]}
    assert desa["extents"]["spatial"]["bbox"] == pytest.approx([116.9, -0.4, 116.949, -0.396], abs=1e-9)
    provider = desa["providers"][0]
    assert provider["id_field"] == "kode"
    assert provider["storage_crs"].endswith("/CRS84")
    codes = [uri.rsplit("/", 1)[1] for uri in provider["crs"]]
    assert codes[0] == "CRS84" and {"4326", "3857", "32750", "9470", "23837", "9490"} <= set(codes)
    rels = {(link["rel"], link["href"].removeprefix("http://127.0.0.1:8080")): link for link in desa["links"]}
    assert ("describedby", "/dataset/desa") in rels and ("preview", "/peta/desa") in rels
    gpkg = rels["enclosure", "/berkas/desa/1/desa.gpkg"]
    publication = village.node.publication(PUBLIC_AUDIENCE, "desa")
    assert gpkg["length"] == (village.node.derived(publication) / "berkas" / "desa.gpkg").stat().st_size
    assert gpkg["type"] == "application/geopackage+sqlite3"
    assert all(link.get("length", 1) > 0 and "title" in link for link in desa["links"])


def test_limits_and_languages_follow_the_settings(whole):
    assert whole["server"]["limits"] == {"default_items": 10, "max_items": 10000, "on_exceed": "throttle"}
    assert whole["server"]["languages"] == ["id-ID", "en-US"]
    assert whole["server"]["gzip"] is False and "admin" not in whole["server"]


@pytest.mark.parametrize(
    ("licence", "url"),
    [
        ("CC-BY-4.0", "https://spdx.org/licenses/CC-BY-4.0.html"),
        (None, None),
        ("", None),
        ('"><script>', None),
        ("../../x", None),
        ("javascript:alert(1)", None),
    ],
)
def test_licences(licence, url):
    assert licence_url(licence) == url


def test_small_parts():
    assert both(LocalText("a", "")) == {"id-ID": "a", "en-US": "a"}
    assert KINDS["shp.zip"].media_type == "application/zip"
    assert [kind.title for kind in KINDS.values()][:2] == ["GeoPackage", "Shapefile"]
    assert storage_uri(None).endswith("CRS84")
    assert storage_uri("http://www.opengis.net/def/crs/EPSG/0/4326").endswith("CRS84")
    assert storage_uri("http://www.opengis.net/def/crs/EPSG/0/32750").endswith("32750")


def test_another_configuration_is_another_edition(tmp_path):
    one, other = (api_config([], make_settings(tmp_path, title={"id": name, "en": name})) for name in ("a", "b"))
    assert edition(one) == edition(one) != edition(other)


def test_no_request_goes_out_for_a_link(world, monkeypatch):
    """Upstream asks the network for the length of a file that has none in its link: each of ours has one."""
    from pygeoapi.util import UrlPrefetcher

    def ask(*_: object, **__: object) -> None:
        raise AssertionError("a request went out")

    monkeypatch.setattr(UrlPrefetcher, "get_headers", ask)
    world.publish("desa", points(3), downloads=True)
    assert [link["rel"] for link in world.json("/ogc/collections/desa")["links"]].count("enclosure") >= 2
