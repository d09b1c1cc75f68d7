"""The explorer pages: both languages, nothing from elsewhere, nothing inline, and no value that becomes code."""

import re
from html.parser import HTMLParser

import pytest
import shapely

from geoportal.language import catalogue
from geoportal.model.record import FieldMeaning, Record
from geoportal.model.text import LocalText
from geoportal.ogc.app import RESOURCES
from geoportal.ogc.pages import local, shown
from geoportal.ogc.visit import Site, Visit, visiting
from tests.ogc.world import World, make_layer
from tests.processes import ROOT

PATHS = [resource.path.replace("{collection}", "desa").replace("{item:path}", "0001") for resource in RESOURCES]
EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(1)>'\"${alert(1)}`"
FETCHING = {
    "script": "src",
    "link": "href",
    "img": "src",
    "iframe": "src",
    "source": "src",
    "object": "data",
    "embed": "src",
}


class Page(HTMLParser):
    """What a browser would fetch, run and show of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.links: list[str] = []
        self.inline: list[str] = []
        self.events: list[tuple[str, str]] = []
        self.tags: list[str] = []
        self.attributes: dict[str, dict[str, str | None]] = {}
        self.data: dict[str, str] = {}
        self._script: str | None = None
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.append(tag)
        self.attributes.setdefault(tag, given)
        self.events += [(tag, name) for name in given if name.startswith("on") or name == "style"]
        if tag == "a":
            self.links.append(given.get("href") or "")
        if tag in FETCHING and given.get(FETCHING[tag]) and not (tag == "link" and given.get("rel") == "alternate"):
            self.fetched.append(given[FETCHING[tag]] or "")
        self._script = None
        if tag in ("script", "style") and not given.get("src"):
            self._script = given.get("type") or "script"

    def handle_data(self, data: str) -> None:
        if self._script is not None and data.strip():
            if self._script == "application/json":
                self.data[self._script] = data
            else:
                self.inline.append(data)

    def handle_endtag(self, tag: str) -> None:
        self._script = None


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("language", ["id", "en"])
def test_pages_ask_for_nothing_from_elsewhere(village, path, language):
    response = village.get(f"{path}?f=html&lang={language}")
    page = Page(response.text)
    assert page.attributes["html"] == {"lang": language, "dir": "ltr"}
    assert page.fetched and all(re.match(r"/(static|peta)/", target) for target in page.fetched)
    assert page.inline == [] and page.events == []
    assert page.tags.count("h1") == 1 and page.tags.count("main") == 1
    assert not re.search(r"\{\{|\{%|text_direction|Undefined|>None<", response.text)
    policy = response.headers["content-security-policy"]
    assert "unsafe" not in policy and "default-src 'none'" in policy and "http" not in policy


@pytest.mark.parametrize("path", PATHS)
def test_every_file_that_a_page_asks_for_is_there(village, path):
    for target in Page(village.get(f"{path}?f=html").text).fetched:
        if target.startswith("/static/"):
            assert (ROOT / "geoportal/web" / target.removeprefix("/").partition("?")[0]).is_file(), target


@pytest.mark.parametrize("path", PATHS)
def test_links_of_pages_lead_somewhere(village, path):
    for target in Page(village.get(f"{path}?f=html").text).links:
        if target.startswith("/ogc"):
            village.get(target)
        else:
            assert re.match(r"(/|#|https://spdx\.org/|mailto:)", target), target


def test_pages_say_the_same_in_two_languages(village):
    indonesian, english = (village.get(f"/ogc/collections/desa?f=html&lang={code}").text for code in ("id", "en"))
    assert "Sistem koordinat penyimpanan" in indonesian and "Storage reference system" in english
    assert "Storage reference system" not in indonesian
    for text, other in ((indonesian, "lang=en"), (english, "lang=id")):
        assert other in text


def test_language_switch_keeps_the_question(village):
    text = village.get("/ogc/collections/desa/items?f=html&limit=5&offset=10&nama=titik%2012&lang=id").text
    target = next(link for link in Page(text).links if "lang=en" in link and "offset=10" in link)
    assert "Features" in village.get(target).text


def test_the_preview_stands_in_a_sandbox(village):
    frame = Page(village.get("/ogc/collections/desa?f=html&lang=en").text).attributes["iframe"]
    assert frame["sandbox"] == "allow-scripts"
    assert frame["src"] == "/peta/desa?lang=en"
    assert frame["loading"] == "lazy" and frame["title"]


@pytest.fixture(scope="module")
def evil(tmp_path_factory: pytest.TempPathFactory):
    from tests.ogc.world import make_world

    world = make_world(
        tmp_path_factory.mktemp("jahat"), title={"id": EVIL, "en": EVIL}, organisation={"id": EVIL, "en": EVIL}
    )
    record = Record(
        title=LocalText(EVIL, EVIL),
        abstract=LocalText(EVIL, EVIL),
        keywords={"id": (EVIL,), "en": (EVIL,)},
        licence=EVIL,
        producer=EVIL,
        label=f"kolom {EVIL}",
        fields={f"kolom {EVIL}": FieldMeaning(LocalText(EVIL, EVIL), EVIL)},
    )
    rows = [{"kode": EVIL, f"kolom {EVIL}": EVIL, "alamat": "javascript:alert(1)"}]
    world.publish("jahat", make_layer(rows, [shapely.Point(117, 0)]), record=record)
    yield world
    world.client.close()
    world.node.close()


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda resource: resource.name)
@pytest.mark.parametrize("language", ["id", "en"])
def test_no_value_becomes_code(evil: World, resource, language):
    from urllib.parse import quote

    path = resource.path.replace("{collection}", "jahat").replace("{item:path}", quote(EVIL, safe=""))
    response = evil.get(f"{path}?f=html&lang={language}")
    page = Page(response.text)
    assert "<script>alert" not in response.text and "<img src=x" not in response.text
    assert page.inline == [] and page.events == []
    assert all(re.match(r"/(static|peta)/", target) for target in page.fetched)
    assert not any(target.lower().startswith("javascript:") for target in page.links)
    if resource.name == "items":
        assert "\\u003c/script\\u003e" in page.data["application/json"]


def test_hostile_addresses_and_parameters_stay_text(village):
    for path in (
        "/ogc/<script>alert(1)</script>",
        f"/ogc/collections/desa/items/{'<script>alert(1)<%2Fscript>'}",
        "/ogc/collections?<script>=<script>alert(1)</script>",
    ):
        response = village.client.get(path, headers={"accept": "text/html"})
        assert response.status_code in (400, 404)
        assert "<script>alert" not in response.text
        assert Page(response.text).inline == []


def test_a_page_that_is_too_heavy_draws_no_map(village, monkeypatch):
    monkeypatch.setattr("geoportal.ogc.sketch.MOST_BYTES", 10)
    text = village.get("/ogc/collections/desa/items?f=html&lang=en").text
    assert "too many to draw" in text and 'id="unsur"' not in text
    assert "titik 1" in text


@pytest.mark.parametrize(
    ("value", "indonesian", "english"),
    [
        (None, "", ""),
        (True, "ya", "yes"),
        (370.0, "370", "370"),
        (1425.25, "1.425,25", "1,425.25"),
        (2023, "2023", "2023"),
        (1e-7, "1e-07", "1e-07"),
        (1e300, "1e+300", "1e+300"),
        ("a<b", "a<b", "a<b"),
        ([1, {"b": None}], '[1,{"b":null}]', '[1,{"b":null}]'),
    ],
)
def test_values_are_written_for_people(value, indonesian, english):
    assert (shown(value, "id"), shown(value, "en")) == (indonesian, english)


def test_only_web_addresses_become_links():
    with visiting(Visit(site=Site(base_url="http://node:1/x", root="/x"))):
        assert local("http://node:1/x/ogc?f=html") == "/x/ogc?f=html"
        assert local("http://node:1/x") == "/x"
        assert local("http://node:1/xyz") == "http://node:1/xyz"
        assert local("https://spdx.org/licenses/MIT.html") == "https://spdx.org/licenses/MIT.html"
        for hostile in ("javascript:alert(1)", "data:text/html,x", "//evil.example/", "/\\evil", None, ""):
            assert local(hostile) == "#"


def test_every_text_that_is_named_is_written():
    package = ROOT / "geoportal/ogc"
    sources = [path.read_text("utf-8") for path in package.rglob("*") if path.suffix in (".py", ".html", ".jsonld")]
    named = {key for text in sources for key in re.findall(r"""\bsay\(\s*["']([^"']+)["']""", text)}
    named |= {key for text in sources for key in re.findall(r"""\bProblem\(\s*\d+,\s*"([^"{]+[^"]*)\"""", text)}
    assert len(named) > 60
    for language in ("id", "en"):
        written = catalogue("messages", language)._catalog
        assert {key for key in named if key not in written} == set()
