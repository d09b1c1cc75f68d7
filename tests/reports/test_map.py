"""The fault map: one file, nothing fetched, nothing of a file taken for code."""

import json
import re

import pytest
import shapely
from axe_playwright_python.sync_playwright import Axe

from geoportal.errors import Unavailable
from geoportal.language import LANGUAGES
from geoportal.model.layer import Layer
from geoportal.reports import map as maps
from geoportal.reports.map import MOST_PLACES, fault_map, standalone
from tests.factories import make_layer
from tests.reports.reported import overlapping, report_of

PAYLOADS = [
    "</script><script>window.xss=1</script>",
    "<img src=x onerror=window.xss=1>",
    "{{ 7*7 }}${window.xss=1}'\"`",
]
FETCHES = re.compile(r"""(?:src|href|action)\s*=\s*["']?(?!#|data:)[\w./:]+|url\((?!data:|#)|@import""", re.IGNORECASE)


def page_of(layer: Layer, language="id", title="uji.geojson", spec=True) -> str:
    report = report_of(layer) if spec else report_of(layer, None)
    return standalone(fault_map(report, [layer], title=title, language=language))


def data_in(page: str) -> dict:
    """What the script of a page gets."""
    return json.loads(json.loads(re.search(r", JSON\.parse\((\".*\")\)\);", page)[1]))


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_fetched(language):
    page = page_of(overlapping(), language)
    markup = re.sub(r"<script>.*?</script>|<!--.*?-->", "", page, flags=re.DOTALL)
    assert not FETCHES.findall(markup) and "http" not in markup.replace("http-equiv", "")
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', page)[1]
    assert policy.startswith("default-src 'none'; script-src 'sha256-") and "unsafe" not in policy
    assert f'<html lang="{language}">' in page
    assert "reports." not in markup and "{n}" not in markup and not re.search(r"\b(map|grade|score)\.[a-z]", markup)


def test_the_same_report_is_the_same_bytes():
    assert page_of(overlapping()) == page_of(overlapping())


def test_marks_and_shapes_stand_where_the_faults_are():
    data = data_in(page_of(overlapping(3)))
    assert data["onEarth"] and len(data["lines"]) == 3
    rows = [row for row in data["places"] if data["findings"][row[0]]["title"] and row[7]]
    assert len(rows) == 2
    for row in rows:
        shape = shapely.geometry.shape(row[7])
        assert shapely.distance(shape, shapely.Point(row[1], row[2])) < 1e-6
        assert 116.9 < row[1] < 117.1 and -0.5 < row[2] < -0.4  # 500 000, 9 950 000 in UTM 50 S
    assert {row[3] for row in rows} | {row[4] for row in rows} == {"0", "1", "2"}
    assert "9950" in rows[0][6].replace(".", "")  # in the numbers that QGIS shows


def test_an_unknown_system_is_drawn_in_plain_coordinates_and_said():
    layer = make_layer(
        [shapely.box(0, 0, 5000, 5000), shapely.box(4000, 0, 9000, 5000), "POLYGON((0 0,9 9,9 0,0 9,0 0))"], None
    )
    page = page_of(layer, "en", spec=False)
    data = data_in(page)
    assert not data["onEarth"] and "L.CRS.Simple" in page and "unknown and was not guessed" in page
    (row,) = (row for row in data["places"] if row[3] == "3")
    assert row[1:3] == [4.5, 4.5]


def test_too_many_places_are_drawn_in_part_and_counted(monkeypatch):
    monkeypatch.setattr(maps, "MOST_PLACES", 200)
    monkeypatch.setattr(maps, "LEAST_EACH", 20)
    layer = overlapping(301)
    page = page_of(layer, "en")
    data = data_in(page)
    assert 150 < len(data["places"]) <= 200 < MOST_PLACES
    assert {row[0] for row in data["places"]} >= {
        at for at, f in enumerate(data["findings"]) if f["severity"] != "info"
    }
    more = re.search(r"This map shows (\d+) places; (\d+) more are in the fault GeoPackage", page)
    report = report_of(layer)
    placed = sum(o.where is not None for f in report.findings for o in f.occurrences)
    assert int(more[1]) == len(data["places"]) and int(more[1]) + int(more[2]) == placed


def test_layers_of_points_and_of_nothing():
    assert data_in(page_of(make_layer(["POINT (117 -0.5)", "POINT (117 -0.5)"])))["points"] == [117, -0.5, 117, -0.5]
    assert data_in(page_of(make_layer(None, None, kode=["1"])))["places"] == []
    assert data_in(page_of(make_layer([])))["lines"] == []


def test_without_the_assets_it_says_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setattr(maps, "ASSETS", tmp_path)
    with pytest.raises(Unavailable, match="make assets"):
        page_of(overlapping())


def test_ids_and_names_are_never_code():
    for payload in PAYLOADS:
        page = page_of(overlapping(prefix=payload), title=payload)
        assert "<img src=x" not in page and "</script><script>window" not in page and "{{ 7*7 }}" not in page
        assert any(payload in (row[3] or "") for row in data_in(page)["places"])


@pytest.mark.parametrize("width", [1280, 360])
def test_it_opens_without_a_network_and_shows_overlaps(chromium, tmp_path, width):
    file = tmp_path / "peta.html"
    file.write_text(page_of(overlapping(3, prefix=PAYLOADS[0]), title=PAYLOADS[1]), "utf-8")
    with chromium.new_context(viewport={"width": width, "height": 800}, offline=True) as context:
        opened, asked, said = context.new_page(), [], []
        opened.on("request", lambda request: asked.append(request.url))
        opened.on("console", lambda message: said.append(message.text))
        opened.on("pageerror", lambda error: said.append(str(error)))
        opened.goto(file.as_uri())
        opened.wait_for_selector(".leaflet-overlay-pane svg path")
        assert opened.locator(".leaflet-overlay-pane svg path").count() == 2  # the shared ground
        opened.locator(".leaflet-overlay-pane svg path").first.dispatch_event("click")
        opened.wait_for_selector(".leaflet-popup h2")
        told = opened.locator(".leaflet-popup-content").inner_text()
        assert PAYLOADS[0] in told and "Saran:" in told and "0,10 ha" in told
        marks = opened.locator(".tanda, .kelompok.leaflet-interactive").count()
        assert marks
        switch = opened.locator("input[data-temuan]:checked").first
        switch.uncheck(force=True)
        assert opened.locator(".leaflet-overlay-pane svg path").count() == 0
        assert (
            opened.evaluate("window.xss") is None and opened.evaluate("document.documentElement.scrollWidth") <= width
        )
        assert asked == [file.as_uri()] and not said


def test_it_is_accessible(chromium, tmp_path):
    file = tmp_path / "lembar.html"
    file.write_text(page_of(overlapping(3)), "utf-8")
    for width in (1280, 360):
        with chromium.new_context(viewport={"width": width, "height": 800}, bypass_csp=True) as context:
            opened = context.new_page()
            opened.goto(file.as_uri())
            found = Axe().run(opened).response["violations"]
            assert not found, [(one["id"], one["nodes"][0]["html"]) for one in found]
