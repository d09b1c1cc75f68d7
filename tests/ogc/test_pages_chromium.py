"""The explorer pages in Chromium, off line: the map and its list, and a plain click on Execute."""

import json

import geopandas
import pytest
import shapely

from geoportal.model.layer import Field, Layer
from geoportal.model.specification import FieldSpecification, Specification
from tests.processes import free_port, serving
from tests.web import nodes

LEVELS = ("SD", "SMP")
SPECIFICATION = Specification(
    "bebas", "bebas", key="kode", fields=(FieldSpecification("jenjang", "text", codes=LEVELS),)
)


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    folder = tmp_path_factory.mktemp("peta")
    node = nodes.make_node(folder)
    frame = geopandas.GeoDataFrame(
        {
            "kode": [f"{n:03}" for n in range(40)],
            "nama": [f"Sekolah {n}" for n in range(40)],
            "jenjang": [LEVELS[n % 2] for n in range(40)],
        },
        geometry=[shapely.box(116.5 + n / 40, -0.4, 116.51 + n / 40, -0.3) for n in range(40)],
        crs="EPSG:4326",
    )
    fields = (Field("kode", "string"), Field("nama", "string"), Field("jenjang", "string"))
    layer = Layer("layer", frame, "EPSG:4326", fields, "Polygon")
    record = nodes.record_of("Sekolah", label="nama")
    nodes.publish(node, "sekolah", layer, record=record, specification=SPECIFICATION, pictures="none")
    node.close()
    with serving(folder / "data", workers=1, port=free_port()) as running:
        yield running


@pytest.fixture
def opened(served, chromium):
    contexts = []

    def go(path: str, width: int = 1280, *, script: bool = True):
        context = chromium.new_context(viewport={"width": width, "height": 900}, java_script_enabled=script)
        contexts.append(context)
        page = context.new_page()
        page.faults = []
        page.on("console", lambda m: page.faults.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: page.faults.append(str(error)))
        page.on(
            "request", lambda r: None if r.url.startswith((served.url, "data:", "blob:")) else page.faults.append(r.url)
        )
        page.goto(served.url + path)
        return page

    yield go
    for context in contexts:
        context.close()


def test_the_map_is_one_stop_and_speaks_with_its_list(opened):
    page = opened("/ogc/collections/sekolah/items?f=html&lang=id&limit=34")
    page.wait_for_selector("#peta.sea canvas")
    stops = page.evaluate(
        "[...document.querySelectorAll('#peta, #peta *')].filter(e => e.tabIndex >= 0).map(e => e.id || e.tagName)"
    )
    assert stops == ["peta"]
    page.locator('tr[data-n="3"] a').focus()
    assert page.locator("tr.chosen").get_attribute("data-n") == "3"
    page.locator("#peta").scroll_into_view_if_needed()
    box = page.locator("#peta").bounding_box()
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    for step in range(60):  # shapes are narrow, and there is room between them
        page.mouse.move(middle[0] + step, middle[1])
        page.wait_for_timeout(40)  # Leaflet looks at the mouse thirty times a second
        if page.locator(".leaflet-tooltip").count():
            break
    name = page.locator(".leaflet-tooltip").inner_text()
    assert name.startswith("Sekolah ")
    page.mouse.click(middle[0] + step, middle[1])
    chosen = page.locator("tr.chosen")
    assert name in chosen.inner_text()
    link = page.locator(".leaflet-popup a")
    assert link.get_attribute("href") == page.evaluate("document.querySelector('tr.chosen a').href")
    assert page.faults == []


@pytest.mark.parametrize("language", ["id", "en"])
@pytest.mark.parametrize(
    "path",
    [
        "/ogc",
        "/ogc/collections",
        "/ogc/collections/sekolah",
        "/ogc/collections/sekolah/items",
        "/ogc/collections/sekolah/items/003",
        "/ogc/collections/sekolah/queryables",
    ],
)
def test_nothing_scrolls_sideways_on_a_phone(opened, path, language):
    page = opened(f"{path}?f=html&lang={language}", 360)
    page.wait_for_load_state("networkidle")
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    if path.endswith("/items"):
        scroll = page.locator(".table-scroll")
        assert scroll.evaluate("e => e.scrollWidth <= e.clientWidth"), "the table is a list of blocks"
    faults = [fault for fault in page.faults if "/peta/" not in fault and "404" not in fault]
    assert faults == []


def test_without_script_there_are_words_and_a_form(opened):
    page = opened("/ogc/collections/sekolah/items?f=html&lang=id", script=False)
    assert "membutuhkan skrip" in page.locator("#peta").inner_text()
    page.locator("#s-q").fill("sekolah 7")
    page.locator(".sieve .button.main").click()
    assert page.locator("tr[data-n]").count() == 1
    assert "dari 1" in page.locator(".lead").first.inner_text()


def test_a_plain_click_on_execute_asks_for_the_plain_address(opened, served):
    page = opened("/ogc/openapi?f=html&lang=id")
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.locator('.opblock-tag[data-tag="sekolah"]').click()
    operation = page.locator(".opblock-get").filter(has_text="/collections/sekolah/items").first
    operation.locator(".opblock-summary-control").click()
    operation.locator(".try-out__btn").click()
    with page.expect_response(lambda answer: "/items" in answer.url) as found:
        operation.locator("button.execute").click()
    assert found.value.url == f"{served.url}/ogc/collections/sekolah/items"
    assert json.loads(found.value.text())["numberMatched"] == 40
    said = operation.inner_text()
    assert "Misalnya: SD, SMP" in said and "Tanpa isian: 10" in said
    assert page.faults == []
