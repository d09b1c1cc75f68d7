"""Every page of the portal in Chromium, on a desk and on a phone, in both languages: clean, fitting, accessible, light.

One served node with the demonstration for all of them. What each page weighs is printed (``pytest -rP``).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from geoportal.actions import setup_key
from geoportal.node import Node
from geoportal.settings import Settings
from geoportal.web.addresses import ADDRESSES
from geoportal.web.handbook import CHAPTERS
from tests.processes import ROOT, ServedNode, free_port, serving
from tests.web import nodes
from tests.web.test_browser import tab

EXHIBIT = "contoh_uji_ditolak"
NO_PAGES = {"thumbnail", "picture", "download", "static", "robots", "favicon", "emblem", "live", "ready"}
PAGES: dict[str, tuple[str, ...]] = {
    "home": ("/",),
    "catalogue": (
        "/katalog",
        "/katalog?tema=location&akses=PUBLIC&format=gpkg",
        "/katalog?wilayah=116,-1,117,0",
        "/katalog?q=kota+bangun",
        "/katalog?q=semboja+barrat",
        "/katalog?q=tidakadasamasekali",
    ),
    "dataset": ("/dataset/kecamatan", "/dataset/desa"),
    "version": ("/dataset/kecamatan/v/1",),
    "report": ("/dataset/kecamatan/mutu", f"/dataset/{EXHIBIT}/mutu", f"/dataset/{EXHIBIT}/mutu?berat=warning"),
    "map": ("/peta/kecamatan",),
    "producer": ("/produsen/setda_tapem",),
    "developers": ("/pengembang",),
    "about": ("/tentang",),
    "help": ("/bantuan",),
    "rule": ("/bantuan/geometry-invalid", "/bantuan/crs-missing", *(f"/bantuan/{chapter}" for chapter in CHAPTERS)),
    "problem": ("/masalah/not-found",),
    "feedback": ("/lapor?dataset=desa", "/lapor?jenis=akses"),
    "feedback_status": ("/lapor/{number}",),
    "setup": ("/siapkan?kunci={key}",),
}
"""Name of an address -> examples of its pages; a new address that has none fails ``test_every_address_has_a_page``."""

OTHERS = ("/tidak/ada", "/dataset/aset_daerah_contoh", "/katalog?q=a&urut=judul&hal=99")
FIRST_VIEW = {"/": 180_000, "/katalog": 180_000, "/dataset/kecamatan": 180_000, f"/dataset/{EXHIBIT}/mutu": 200_000}
"""Bytes that a first view may bring over the wire, with an empty cache (UI 9)."""

GRAVE = ("serious", "critical")
AXE = {"resultTypes": ["violations"], "preload": False}
"""Without ``preload`` axe fetches no style sheet by itself, which the policy of the map pages forbids."""


@dataclass(frozen=True)
class Demo:
    """The served node, the number of a report that somebody sent, and the key of the set-up page."""

    node: ServedNode
    number: str
    key: str

    def url(self, path: str, language: str = "") -> str:
        """The full address of a page, in a language where one is named."""
        full = self.node.url + path.format(number=self.number, key=self.key)
        return full if not language else f"{full}{'&' if '?' in full else '?'}lang={language}"


@pytest.fixture(scope="module")
def demo(demo_data: Any, tmp_path_factory: pytest.TempPathFactory, chromium: Any) -> Iterator[Demo]:
    data: Path = demo_data(tmp_path_factory.mktemp("semua") / "data")
    node = Node(Settings.model_validate({"storage": {"data": data}, "config": ROOT / "config"}))
    nodes.exhibit(node, EXHIBIT, title="Batas Ditolak (uji)")
    node.close()
    with serving(data, workers=2, port=free_port()) as running:
        with tab(chromium) as (page, _):
            page.goto(f"{running.url}/lapor?dataset=desa")
            page.fill("[name=isi]", "Letak titik ini keliru.")
            page.click("main form button.main")
            number = page.url.rsplit("/", 1)[1].split("?")[0]
        yield Demo(running, number, setup_key.issue(data, ROOT / "config", 60))


def test_every_address_has_a_page():
    assert PAGES.keys() | NO_PAGES == ADDRESSES.keys() and not PAGES.keys() & NO_PAGES


@contextlib.contextmanager
def weighed(page: Any) -> Iterator[list[float]]:
    """What the page receives over the wire while the block lasts, in bytes, with the cache switched off."""
    client, received = page.context.new_cdp_session(page), []
    client.send("Network.enable")
    client.send("Network.setCacheDisabled", {"cacheDisabled": True})
    client.on("Network.loadingFinished", lambda event: received.append(event["encodedDataLength"]))
    yield received
    client.detach()


@pytest.mark.parametrize("language", ["id", "en"])
@pytest.mark.parametrize("width", [1280, 360])
def test_every_page_is_clean_fits_and_is_accessible(demo, chromium, width, language):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    wrong: list[str] = []
    for path in [path for paths in PAGES.values() for path in paths] + list(OTHERS):
        with tab(chromium, width) as (page, faults), weighed(page) as received:
            status = page.goto(demo.url(path, language), wait_until="load").status
            missing = path in OTHERS[:2]
            if status != (404 if missing else 200):
                wrong.append(f"{path}: {status}")
            wide = page.evaluate("document.documentElement.scrollWidth")
            if wide > width and not path.startswith("/peta/"):
                wrong.append(f"{path}: {wide} pixels wide")
            if page.evaluate("document.documentElement.lang") != language:
                wrong.append(f"{path}: is not in {language}")
            found = axe.run(page, options=AXE).response["violations"]
            wrong += [
                f"{path}: {each['id']}: {[node['html'][:160] for node in each['nodes'][:2]]}"
                for each in found
                if each["impact"] in GRAVE
            ]
            mild = [each["id"] for each in found if each["impact"] not in GRAVE]
            also = f"  mild: {', '.join(mild)}" if mild else ""
            print(f"{width:>5} {language} {sum(received):>9,.0f} B  {path}{also}")
            expected = "the server responded with a status of 404" if missing else "\0"
            wrong += [f"{path}: {fault}" for fault in faults if expected not in fault]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("path", FIRST_VIEW)
def test_a_first_view_is_light_and_has_its_map(demo, chromium, path):
    with tab(chromium, 360) as (page, faults), weighed(page) as received:
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(demo.url(path), wait_until="networkidle")
        print(f"{path}: {sum(received):,.0f} bytes")
        assert sum(received) < FIRST_VIEW[path]
        assert not [url for url in asked if "leaflet" in url or "/peta/" in url], "no map script in a first view"
        assert not faults
        if path == "/":
            assert [url for url in asked if "/map.svg" in url], "the map is part of it"


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (360, 800)])
def test_the_map_of_home_is_on_the_first_screens(demo, chromium, width, height):
    with tab(chromium, width) as (page, _):
        page.goto(demo.url("/"), wait_until="networkidle")
        box = page.locator(".hero .map-box > img").bounding_box()
        screens = 1 if width > 1000 else 1.25
        assert box["y"] + box["height"] * 0.6 < height * screens
        assert page.locator(".hero .search").bounding_box()["y"] < height
        assert page.locator(".hero .legend").is_visible()


@pytest.mark.parametrize("language", ["id", "en"])
def test_the_name_of_the_node_stays_on_two_lines(demo, chromium, language):
    with tab(chromium, 360) as (page, _):
        page.goto(demo.url("/", language))
        lines = page.evaluate(
            "(() => { const e = document.querySelector('.brand b');"
            " return e.getBoundingClientRect().height / parseFloat(getComputedStyle(e).lineHeight); })()"
        )
        assert lines < 2.5


def test_a_reader_without_script_gets_all_the_way(demo, chromium):
    with tab(chromium, 360, java_script_enabled=False) as (page, faults):
        page.goto(demo.url("/"))
        assert page.locator(".hero .map-box > img").is_visible()
        page.fill("#cari", "kecamatan")
        page.click(".search button")
        assert "/katalog?q=kecamatan" in page.url and page.locator(".card").count() >= 1
        page.click(".facets > summary")
        page.locator(".facet-box a").first.click()
        assert page.locator(".chip.chosen").count() == 1
        page.goto(demo.url("/katalog?q=kecamatan&urut=judul"))
        page.click(".card h3 a >> nth=0")
        assert "/dataset/" in page.url and page.locator(".columns .map-box > img").is_visible()
        page.click(".share summary")
        assert page.locator("#salin-alamat").inner_text().startswith("http")
        page.click(".go")
        assert "/mutu" in page.url and page.locator("h1").count() == 1
        page.goto(demo.url(f"/dataset/{EXHIBIT}/mutu"))
        assert page.locator(".spot").count() == 2
        assert not faults


def test_marks_open_their_rows_and_rows_show_their_marks(demo, chromium):
    with tab(chromium) as (page, faults):
        page.goto(demo.url(f"/dataset/{EXHIBIT}/mutu"))
        closed = page.locator("details.finding >> nth=1")
        assert closed.get_attribute("open") is None
        page.locator(".spot.is-warning").click()
        assert page.url.endswith("#lokasi-5") and closed.get_attribute("open") is not None
        assert page.locator("#lokasi-5").is_visible()
        page.locator("#lokasi-5 .number").click()
        assert page.url.endswith("#titik-5") and page.locator("#titik-5").is_visible()
        assert not faults


def test_a_printed_sheet_has_no_navigation_and_says_where_it_is_from(demo, chromium):
    for path in ("/dataset/kecamatan", f"/dataset/{EXHIBIT}/mutu"):
        with tab(chromium) as (page, _):
            page.goto(demo.url(path))
            page.emulate_media(media="print")
            assert page.locator(".print").is_visible() and path in page.locator(".print").inner_text()
            assert "diambil" in page.locator(".print").inner_text()
            for hidden in (".top nav >> nth=0", ".foot", ".band >> nth=0"):
                assert page.locator(hidden).is_hidden(), hidden
            assert page.locator("h1").is_visible()
            assert page.pdf(format="A4")[:5] == b"%PDF-"
