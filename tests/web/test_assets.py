"""The node's own files: found, kept, compressed, replaced by a region's theme, and nothing else."""

from __future__ import annotations

import gzip
import re

import brotli
import pytest

from geoportal.errors import NotFound
from geoportal.web.assets import STATIC, Assets


def test_a_named_version_may_be_kept_for_ever(portal):
    page = portal.client.get("/").text
    address = re.search(r'href="(/static/geoportal\.css\?v=[0-9a-f]{12})"', page)[1]
    answer = portal.client.get(address)
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    for other in ("/static/geoportal.css", "/static/geoportal.css?v=000000000000"):
        assert "immutable" not in portal.client.get(other).headers["cache-control"]


def test_unchanged(portal):
    tag = portal.client.get("/static/geoportal.css").headers["etag"]
    answer = portal.client.get("/static/geoportal.css", headers={"if-none-match": tag})
    assert answer.status_code == 304 and not answer.content


@pytest.mark.parametrize(("encoding", "unpack"), [("br", brotli.decompress), ("gzip", gzip.decompress)])
def test_texts_are_sent_small(portal, encoding, unpack):
    plain = (STATIC / "geoportal.css").read_bytes()
    with portal.client.stream("GET", "/static/geoportal.css", headers={"accept-encoding": encoding}) as answer:
        body = b"".join(answer.iter_raw())
    assert answer.headers["content-encoding"] == encoding and "Accept-Encoding" in answer.headers["vary"]
    assert unpack(body) == plain and len(body) < 9_000


def test_the_emblem_is_where_browsers_look(portal):
    for path in ("/favicon.ico", "/emblem.svg", "/static/emblem.svg"):
        answer = portal.client.get(path)
        assert answer.headers["content-type"] == "image/svg+xml" and answer.text.startswith("<svg")
    assert portal.client.get("/robots.txt").text.startswith("User-agent: *")


@pytest.mark.parametrize(
    "path",
    [
        "",
        "nichts.css",
        "../app.py",
        "..",
        ".",
        "vendor",
        "vendor/",
        "/etc/passwd",
        "a\0.css",
        "..\\x.css",
        ".geheim.css",
    ],
)
def test_nothing_else_is_found(tmp_path, path):
    assert Assets(tmp_path).find(path) is None
    with pytest.raises(NotFound):
        Assets(tmp_path).get(path)


def test_a_region_brings_its_own_emblem_and_colours(tmp_path):
    theme = tmp_path / "theme"
    theme.mkdir()
    assets = Assets(tmp_path)
    ours = assets.get("emblem.svg").tag
    assert not assets.has("theme.css")
    (theme / "emblem.svg").write_text("<svg/>", "utf-8")
    (theme / "theme.css").write_text(":root { --m700: #123456; }", "utf-8")
    assert assets.get("emblem.svg").body == b"<svg/>" and assets.get("emblem.svg").tag != ours
    assert assets.has("theme.css") and assets.url("theme.css").startswith("/static/theme.css?v=")
    (theme / "emblem.svg").write_text("<svg></svg>", "utf-8")
    assert assets.get("emblem.svg").body == b"<svg></svg>", "a changed file is read again"


def test_the_land_under_the_maps_is_that_of_the_configuration(tmp_path):
    assets = Assets(tmp_path)
    assert not assets.has("ground.geojson")
    (tmp_path / "theme").mkdir()
    (tmp_path / "theme" / "ground.geojson").write_text("{}", "utf-8")
    (tmp_path / "rahasia.geojson").write_text("{}", "utf-8")
    assert not assets.has("ground.geojson") and not assets.has("rahasia.geojson")
    (tmp_path / "ground.geojson").write_text('{"type":"FeatureCollection","features":[]}', "utf-8")
    found = assets.get("ground.geojson")
    assert found.body.startswith(b'{"type":"FeatureCollection"') and found.media_type == "application/geo+json"
    (tmp_path / "local").mkdir()
    (tmp_path / "local" / "ground.geojson").write_text("{}", "utf-8")
    assert assets.get("ground.geojson").body == b"{}", "the node's own comes first"


def test_the_land_is_sent_small(portal):
    answer = portal.client.get("/static/ground.geojson", headers={"accept-encoding": "br"})
    assert answer.status_code == 200 and answer.headers["content-encoding"] == "br"
    assert int(answer.headers["content-length"]) < 15_000
