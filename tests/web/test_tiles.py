"""Base maps of other hosts: offered when the settings name them, and then only their hosts are let in."""

from __future__ import annotations

import json
import re

import pytest
from pydantic import ValidationError

from geoportal.model.access import PUBLIC_AUDIENCE
from geoportal.settings import MapsSettings, TileLayer
from geoportal.web.tiles import with_tiles

PAGE = (
    b"<!DOCTYPE html><html><head><script src='/static/vendor/leaflet/leaflet.js'></script></head><body></body></html>"
)
POLICY = "default-src 'none'; script-src 'self' 'sha256-x'; img-src 'self' data:; font-src 'self'"
TILES = (
    TileLayer(
        name="Citra </script><b>", url="https://ubin.contoh.go.id/{z}/{x}/{y}.png", attribution="© Contoh & kawan"
    ),
    TileLayer(name="Topografi", url="https://Peta.Contoh.id:8443/t/{z}/{y}/{x}?k=1", attribution="Contoh", max_zoom=16),
    TileLayer(name="Malam", url="https://ubin.contoh.go.id/malam/{z}/{x}/{y}.png", attribution="Contoh"),
)


def test_without_tiles_page_and_policy_stay_as_they_were_written() -> None:
    assert with_tiles(PAGE, POLICY, (), "id") == (PAGE, POLICY)


def test_only_the_hosts_of_the_tiles_are_added_and_only_for_images() -> None:
    _, policy = with_tiles(PAGE, POLICY, TILES, "id")
    before, after = ({p.split()[0]: p.split()[1:] for p in text.split(";")} for text in (POLICY, policy))
    assert after.pop("img-src") == ["'self'", "data:", "https://ubin.contoh.go.id", "https://peta.contoh.id:8443"]
    before.pop("img-src")
    assert after == before


def test_names_and_credits_arrive_as_text_and_close_no_script() -> None:
    page, _ = with_tiles(PAGE, POLICY, TILES, "en")
    found = re.search(rb'<script type="application/json" id="ubin">(.*?)</script>', page)
    assert found is not None
    offered = json.loads(found[1])
    assert [layer["name"] for layer in offered["layers"]] == ["Citra </script><b>", "Topografi", "Malam"]
    assert offered["layers"][0]["attribution"] == "© Contoh & kawan" and offered["layers"][1]["maxZoom"] == 16
    assert offered["ground"] == "Base map of this node"
    assert page.index(b"leaflet.js") < page.index(b"/static/tiles.js") < page.index(b"</head>")


def test_a_page_of_another_make_is_left_alone() -> None:
    assert with_tiles(b"<p>", POLICY, TILES, "id") == (b"<p>", POLICY)
    assert with_tiles(PAGE, "default-src 'none'", TILES, "id") == (PAGE, "default-src 'none'")


@pytest.mark.parametrize(
    "url",
    [
        "http://ubin.contoh.go.id/{z}/{x}/{y}.png",
        "https://ubin.contoh.go.id/{z}/{x}.png",
        "https://{s}.contoh.go.id/{z}/{x}/{y}.png",
        "https://ubin.contoh.go.id; script-src */{z}/{x}/{y}",
        "https://ubin.contoh.go.id/{z}/{x}/{y}.png' onload='x",
        "https://a@ubin.contoh.go.id/{z}/{x}/{y}.png",
        "https://*/{z}/{x}/{y}.png",
        "javascript:alert(1)//{z}/{x}/{y}",
    ],
)
def test_what_is_no_tile_address_is_refused(url: str) -> None:
    with pytest.raises(ValidationError):
        TileLayer(name="x", url=url, attribution="x")


def test_the_portal_offers_the_tiles_of_its_settings_and_none_without(portal) -> None:
    address = "/peta/puskesmas?version=2&lang=id"
    plain = portal.client.get(address)
    assert b"tiles.js" not in plain.content and "https:" not in plain.headers["content-security-policy"]
    before = portal.node.settings
    page = PAGE.decode()
    built = portal.node.derived(portal.node.publication(PUBLIC_AUDIENCE, "puskesmas", 2)) / "preview.id.html"
    written = built.read_text("utf-8")
    try:
        portal.node.settings = before.model_copy(update={"maps": MapsSettings(tiles=TILES)})
        built.write_text(page, "utf-8")
        offered = portal.client.get(address)
        assert b'src="/static/tiles.js"' in offered.content
        assert "https://ubin.contoh.go.id" in offered.headers["content-security-policy"]
        assert offered.headers["etag"] != plain.headers["etag"]
        other = portal.client.get("/").headers["content-security-policy"]
        assert "contoh.go.id" not in other, "the pages around a map stay as they were"
    finally:
        portal.node.settings = before
        built.write_text(written, "utf-8")
    assert portal.client.get("/static/tiles.js").status_code == 200
