"""Previews in a real browser: framed and alone, under their own policy, with nothing from elsewhere."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import geopandas
import pytest
import shapely

from geoportal.catalogue.declaration import read_declaration
from geoportal.maps.ground import read_ground
from geoportal.maps.pages import write_previews
from geoportal.maps.thumbnail import write_thumbnail
from geoportal.model.layer import Field, Layer
from geoportal.model.record import Record, Style
from geoportal.model.region import Region
from geoportal.model.text import LocalText
from tests.factories import make_layer
from tests.maps.payloads import PAYLOADS, hostile_layer, hostile_record
from tests.processes import ROOT

WIDE, NARROW = {"width": 800, "height": 560}, {"width": 360, "height": 640}
FEATURES = ".leaflet-overlay-pane path.leaflet-interactive"
POPUP = ".leaflet-popup-content"
VIOLATIONS = (
    "window.__reports = []; addEventListener('securitypolicyviolation', e => __reports.push(e.violatedDirective))"
)


def write(layer: Layer, record: Record, folder: Path) -> None:
    write_previews(
        layer,
        record,
        folder,
        region=Region(LocalText("Wilayah", "Region"), None, (115.4, -1.2, 117.6, 1.5)),
        languages=("id", "en"),
        dataset_id=folder.name,
        version=1,
        credits=LocalText("Geoportal Uji", "Test Geoportal"),
        ground=read_ground(ROOT / "config/ground.geojson"),
    )


def demonstration(name: str) -> tuple[Layer, Record]:
    declared = read_declaration(ROOT / "datasets" / name)
    frame = geopandas.read_file(ROOT / "datasets" / name / declared.source)
    fields = tuple(Field(str(column), "string") for column in frame.columns if column != "geometry")
    return Layer(name, frame, frame.crs.to_wkt(), fields, frame.geom_type.iloc[0]), declared.record()


@contextmanager
def visit(chromium: Any, address: str, home: str, viewport: dict[str, int] = WIDE) -> Iterator[Any]:
    """The frame of a map; afterwards the page must have said nothing, asked nobody else and broken no policy."""
    context = chromium.new_context(viewport=viewport, has_touch=viewport is NARROW)
    context.add_init_script(VIOLATIONS)
    page = context.new_page()
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("requestfailed", lambda request: said.append(f"failed {request.url}"))
    page.on("response", lambda answer: said.append(f"{answer.status} {answer.url}") if answer.status >= 400 else None)
    page.on("request", lambda request: asked.append(request.url))
    try:
        page.goto(home + address, wait_until="networkidle")
        frame = page.frames[-1]
        yield frame
        time.sleep(0.2)
        assert said == []
        assert [url for url in asked if not url.startswith((f"{home}/", "data:"))] == []
        for each in page.frames:
            assert each.evaluate("window.__reports") == []
            assert each.evaluate("typeof window.__xss") == "undefined"
    finally:
        context.close()


@pytest.mark.parametrize("place", ["bingkai", "peta"])
@pytest.mark.parametrize("name", ["kecamatan", "desa", "lokasi_izin_contoh"])
def test_all_features_are_drawn_and_tell_their_values(
    site: tuple[str, Path], chromium: Any, name: str, place: str
) -> None:
    home, folder = site
    layer, record = demonstration(name)
    write(layer, record, folder / name)
    with visit(chromium, f"/{place}/{name}/id", home) as frame:
        assert frame.locator(FEATURES).count() == len(layer)
        frame.locator(FEATURES).nth(len(layer) // 2).dispatch_event("click")
        frame.locator(POPUP).wait_for()
        heading = frame.locator(f"{POPUP} h2").inner_text()
        assert heading in set(layer.frame[record.label])
        labels = frame.locator(f"{POPUP} th").all_inner_texts()
        assert labels == [record.field_title(field.name, "id") for field in layer.fields if field.name != record.label]
        if name == "kecamatan":
            row = layer.frame.loc[layer.frame[record.label] == heading].iloc[0]
            values = frame.locator(f"{POPUP} td").all_inner_texts()
            assert row["kode"] in values and str(row["jumlah_total"]) in values
            assert any(value.endswith(" km²") for value in values)
        frame.locator(".leaflet-popup-close-button").click()
        frame.locator(POPUP).wait_for(state="detached")


def test_a_real_click_opens_the_pop_up_of_what_is_under_it(site: tuple[str, Path], chromium: Any) -> None:
    home, folder = site
    layer, record = demonstration("kecamatan")
    write(layer, record, folder / "kecamatan")
    with visit(chromium, "/bingkai/kecamatan/en", home) as frame:
        box = frame.locator(".nama:not(.tersimpan)", has_text="Tabang").bounding_box()
        frame.page.mouse.click(box["x"], box["y"])
        frame.locator(POPUP).wait_for()
        assert frame.locator(f"{POPUP} h2").inner_text() == "Tabang"
        assert "District code" in frame.locator(POPUP).inner_text()
        ring = "getComputedStyle(document.querySelector('.leaflet-container'), '::after').content"
        assert frame.evaluate(ring) == "none"


def test_the_target_of_a_point_is_44_pixels_wide(site: tuple[str, Path], chromium: Any) -> None:
    home, folder = site
    layer = make_layer([shapely.Point(116, -0.5), shapely.Point(117, 0.5)], nama=["Satu", "Dua"])
    write(layer, Record(title=LocalText.of("Titik"), label="nama"), folder / "titik")
    with visit(chromium, "/bingkai/titik/id", home) as frame:
        box = frame.locator(FEATURES).first.bounding_box()
        frame.page.mouse.click(box["x"] + box["width"] / 2 - 19, box["y"] + box["height"] / 2)
        frame.locator(POPUP).wait_for()
        assert frame.locator(f"{POPUP} h2").inner_text() in {"Satu", "Dua"}


@pytest.mark.parametrize("place", ["bingkai", "peta"])
@pytest.mark.parametrize("language", ["id", "en"])
def test_nothing_hostile_runs(site: tuple[str, Path], chromium: Any, place: str, language: str) -> None:
    home, folder = site
    write(hostile_layer(), hostile_record(), folder / "jahat")
    with visit(chromium, f"/{place}/jahat/{language}", home) as frame:
        assert frame.locator(FEATURES).count() == len(PAYLOADS)
        for number in range(len(PAYLOADS)):
            frame.locator(FEATURES).nth(number).dispatch_event("mouseover")
            frame.locator(FEATURES).nth(number).dispatch_event("click")
            frame.locator(POPUP).wait_for()
        shown = frame.locator(POPUP).inner_text()
        assert "window.__xss=1" in shown
        assert frame.locator("main img, main iframe, main a[href^=javascript], .leaflet-popup-content svg").count() == 0
        assert "<script>window.__xss=1</script>" in frame.locator(".legenda").inner_text()
        assert frame.locator("body").is_visible()
        assert "${window.__xss=1}" in frame.locator(".sumber").inner_text()


def test_on_a_phone_the_legend_is_under_the_map_and_nothing_is_cut(site: tuple[str, Path], chromium: Any) -> None:
    home, folder = site
    layer, record = demonstration("kecamatan")
    write(layer, record, folder / "kecamatan")
    with visit(chromium, "/peta/kecamatan/id", home, NARROW) as frame:
        chart, legend = (frame.locator(kind).bounding_box() for kind in (".folium-map", ".legenda"))
        assert legend["y"] >= chart["y"] + chart["height"] - 1
        assert frame.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
        assert frame.locator(".leaflet-control-zoom-in").bounding_box()["width"] >= 44
        frame.locator(FEATURES).nth(3).dispatch_event("click")
        frame.page.wait_for_timeout(600)  # the map moves until the pop-up is in sight
        popup = frame.locator(".leaflet-popup-content-wrapper").bounding_box()
        assert popup["x"] >= 0 and popup["x"] + popup["width"] <= NARROW["width"]


def test_names_never_touch_each_other_at_any_zoom(site: tuple[str, Path], chromium: Any) -> None:
    home, folder = site
    layer, record = demonstration("kecamatan")
    write(layer, record, folder / "kecamatan")
    with visit(chromium, "/peta/kecamatan/id", home) as frame:
        for _ in range(3):
            boxes = [name.bounding_box() for name in frame.locator(".nama:not(.tersimpan) span").all()]
            assert len(boxes) > 3
            for place, one in enumerate(boxes):
                for other in boxes[place + 1 :]:
                    assert (
                        one["x"] + one["width"] <= other["x"] + 1
                        or other["x"] + other["width"] <= one["x"] + 1
                        or one["y"] + one["height"] <= other["y"] + 1
                        or other["y"] + other["height"] <= one["y"] + 1
                    )
            frame.locator(".leaflet-control-zoom-in").click()
            frame.page.wait_for_timeout(500)


def test_a_map_without_scripts_says_where_to_look(site: tuple[str, Path], chromium: Any) -> None:
    home, folder = site
    write(*demonstration("ibu_kota_kecamatan"), folder / "ibu")
    context = chromium.new_context(java_script_enabled=False)
    try:
        page = context.new_page()
        page.goto(f"{home}/peta/ibu/id")
        assert "Peta ini memerlukan JavaScript." in page.inner_text("main")
        assert "20 titik" in page.inner_text(".legenda")
    finally:
        context.close()


def test_axe_finds_nothing(site: tuple[str, Path], chromium: Any) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    home, folder = site
    write(*demonstration("kecamatan"), folder / "kecamatan")
    with visit(chromium, "/peta/kecamatan/id", home) as frame:
        found = axe.Axe().run(frame.page).response["violations"]
        assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found] == []


def test_pictures_are_sound_svg(site: tuple[str, Path], chromium: Any) -> None:
    home, folder = site
    write_thumbnail(hostile_layer(), hostile_record(), folder / "jahat")
    layer = make_layer([shapely.Point(116, 0)], a=[1])
    write_thumbnail(layer, Record(title=LocalText.of("x"), style=Style(colour="#9B1C31")), folder / "titik")
    for name in ("jahat", "titik"):
        for picture, width in (("map.svg", 764), ("thumb.svg", 192)):
            with visit(chromium, f"/gambar/{name}/{picture}", home) as frame:
                assert frame.evaluate("document.documentElement.getAttribute('width')") == str(width)
                assert frame.evaluate("document.querySelectorAll('script, foreignObject, image').length") == 0
                assert frame.evaluate("document.querySelectorAll('path').length") > 1
