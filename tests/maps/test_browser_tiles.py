"""Base maps of other hosts in a real browser: asked only when a reader picks one, and no other host ever."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from geoportal.settings import TileLayer
from geoportal.web.tiles import with_tiles
from tests.maps.test_browser import VIOLATIONS, WIDE, demonstration, write

PICTURE = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="256" height="256"><path d="M0 0h256v256H0z" fill="#9BB28C"/></svg>'
)
TILES = (
    TileLayer(name="Citra <i>uji</i>", url="https://ubin.contoh.go.id/{z}/{x}/{y}.png", attribution="© <b>Uji</b>"),
)


def test_a_reader_picks_a_base_map(site: tuple[str, Path], chromium: Any) -> None:
    home, folder = site
    write(*demonstration("ibu_kota_kecamatan"), folder / "ibu")
    page, described = folder / "ibu" / "preview.id.html", folder / "ibu" / "preview.id.json"
    policy = json.loads(described.read_text("utf-8"))["csp"]
    body, policy = with_tiles(page.read_bytes(), policy, TILES, "id")
    page.write_bytes(body)
    described.write_text(json.dumps({"csp": policy}), "utf-8")
    context = chromium.new_context(viewport=WIDE)
    context.add_init_script(VIOLATIONS)
    asked: list[str] = []
    faults: list[str] = []

    def tile(route: Any) -> None:
        asked.append(route.request.url)
        route.fulfill(status=200, content_type="image/svg+xml", body=PICTURE)

    context.route(lambda url: url.startswith("https:"), tile)
    try:
        tab = context.new_page()
        tab.on("pageerror", lambda error: faults.append(str(error)))
        tab.goto(f"{home}/bingkai/ibu/id", wait_until="networkidle")
        frame = tab.frames[-1]
        assert asked == [], "nothing is asked of anybody before a reader picks"
        land = frame.locator(".leaflet-land-pane")
        assert land.evaluate("pane => getComputedStyle(pane).display") == "block"
        frame.locator(".leaflet-control-layers").hover()
        labels = frame.locator(".leaflet-control-layers-base label")
        assert [label.strip() for label in labels.all_inner_texts()] == ["Peta dasar simpul ini", "Citra <i>uji</i>"]
        labels.nth(1).click()
        frame.locator("img.leaflet-tile-loaded").first.wait_for()
        assert asked and all(url.startswith("https://ubin.contoh.go.id/") for url in asked)
        assert land.evaluate("pane => getComputedStyle(pane).display") == "none"
        assert frame.locator(".leaflet-control-attribution").inner_text() == "© <b>Uji</b>"
        frame.evaluate("new Image().src = 'https://lain.contoh.id/x.png'")
        tab.wait_for_timeout(300)
        assert not any("lain.contoh.id" in url for url in asked), "no other host is let in"
        assert frame.evaluate("__reports") == ["img-src"] and faults == []
        labels.nth(0).click()
        assert land.evaluate("pane => getComputedStyle(pane).display") == "block"
    finally:
        context.close()
