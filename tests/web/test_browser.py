"""The portal in a browser: a real server, Chromium, with and without JavaScript, on a desk and on a phone."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import pytest

from tests.processes import free_port, serving
from tests.web import nodes

PATHS = (
    "/",
    "/katalog",
    "/dataset/peta_nyata",
    "/dataset/puskesmas/v/1",
    "/dataset/jahat",
    "/dataset/jahat/mutu",
    "/dataset/tanpa_gambar",
    "/produsen/kesehatan",
    "/pengembang",
    "/tentang",
    "/bantuan",
    "/bantuan/geometry-invalid",
    "/masalah/not-found",
    "/peta/peta_nyata",
)
FIRST_VIEW_BYTES = 180_000


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    folder = tmp_path_factory.mktemp("browser")
    node = nodes.make_node(folder)
    nodes.fill(node)
    nodes.publish(node, "peta_nyata", nodes.points(40), record=nodes.record_of("Peta Nyata"), pictures="real")
    node.close()
    with serving(Path(folder / "data"), workers=2, port=free_port()) as running:
        yield running


def failed(request: Any) -> bool:
    """Whether a request failed by itself; leaving a page ends what is still under way, and that is no fault."""
    return request.failure != "net::ERR_ABORTED"


@contextlib.contextmanager
def tab(chromium: Any, width: int = 1280, **options: Any):
    """A fresh tab, and the faults that it sees: errors in the console, failed and foreign requests."""
    context = chromium.new_context(viewport={"width": width, "height": 800}, locale="id-ID", **options)
    page = context.new_page()
    faults: list[str] = []
    page.on("console", lambda message: faults.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("requestfailed", lambda request: faults.append(f"failed: {request.url}") if failed(request) else None)
    page.on(
        "request",
        lambda request: (
            None if request.url.startswith(("http://127.0.0.1:", "data:")) else faults.append(f"foreign: {request.url}")
        ),
    )
    try:
        yield page, faults
    finally:
        context.close()


@pytest.mark.parametrize(("width", "scripted"), [(1280, True), (320, True), (360, False)])
def test_pages_are_clean_and_fit(served, chromium, width, scripted):
    with tab(chromium, width, java_script_enabled=scripted) as (page, faults):
        for path in PATHS:
            answer = page.goto(served.url + path)
            assert answer.status == 200, path
            if scripted and not path.startswith("/peta/"):
                assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{path} scrolls sideways"
                assert page.evaluate("document.images.length") > 0
                broken = page.evaluate(
                    "[...document.images].filter(i => i.complete && !i.naturalWidth).map(i => i.src)"
                )
                assert not broken
                assert page.evaluate("window.__xss") is None
            assert not faults, f"{path}: {faults}"


def test_first_view_is_light_and_loads_no_map(served, chromium):
    for path in ("/", "/katalog", "/dataset/peta_nyata"):
        with tab(chromium, 360) as (page, faults):
            client = page.context.new_cdp_session(page)
            client.send("Network.enable")
            received = []
            client.on("Network.loadingFinished", lambda event, kept=received: kept.append(event["encodedDataLength"]))
            asked = []
            page.on("request", lambda request, kept=asked: kept.append(request.url))
            page.goto(served.url + path, wait_until="networkidle")
            assert sum(received) < FIRST_VIEW_BYTES, path
            assert not [url for url in asked if "leaflet" in url or "/peta/" in url]
            assert not faults


def test_the_live_map_opens_without_script_of_ours(served, chromium):
    with tab(chromium) as (page, faults):
        page.goto(f"{served.url}/dataset/peta_nyata")
        page.click(".live summary")
        frame = page.frame_locator(".live iframe")
        frame.locator(".leaflet-container").wait_for(timeout=10_000)
        assert page.locator(".live iframe").get_attribute("sandbox") == "allow-scripts"
        assert not faults


def test_tabs_and_filters_work_without_script(served, chromium):
    with tab(chromium, java_script_enabled=False) as (page, faults):
        page.goto(f"{served.url}/dataset/puskesmas")
        assert page.locator("#salin-python").is_hidden()
        page.click("label[for=tab-python]")
        assert page.locator("#salin-python").is_visible() and page.locator("#salin-qgis").is_hidden()
        assert page.locator(".copy .button").first.is_hidden()
        page.goto(f"{served.url}/katalog")
        page.click("text=Bangunan dan aset")
        assert page.locator(".card").count() == 1 and "tema=structure" in page.url
        page.fill("#cari", "tanpa")
        page.click(".search button")
        assert "tema=structure" in page.url and page.locator(".card").count() == 1
        page.click(".switch >> text=EN")
        assert "tema=structure" in page.url and page.locator("html").get_attribute("lang") == "en"
        assert not faults


def test_copy_copies(served, chromium):
    with tab(chromium, permissions=["clipboard-read", "clipboard-write"]) as (page, faults):
        page.goto(f"{served.url}/dataset/puskesmas")
        page.click(".panel:visible .copy .button")
        page.wait_for_selector("text=Tersalin")
        assert page.evaluate("navigator.clipboard.readText()") == f"{served.url}/ogc"
        assert not faults


def test_keyboard_reaches_the_content_and_shows_where_it_is(served, chromium):
    with tab(chromium) as (page, _):
        page.goto(f"{served.url}/katalog")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        page.keyboard.press("Tab")
        style = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert style == "solid"


def test_a_phone_has_the_whole_navigation(served, chromium):
    with tab(chromium, 360, java_script_enabled=False) as (page, _):
        page.goto(f"{served.url}/katalog")
        assert page.locator(".links").is_hidden() and page.locator(".menu nav").is_hidden()
        page.click(".menu summary")
        assert page.locator(".menu nav a").count() == 4
        page.click(".menu nav >> text=Bantuan")
        assert page.url.endswith("/bantuan")
        page.goto(f"{served.url}/katalog")
        assert page.locator(".facet-box").is_hidden()
        page.click(".facets summary")
        assert page.locator(".facet-box").is_visible()
