"""The pages of a collection and of its features: whole files first, filters in words, and a map in CRS84."""

import csv
import io
import re
from html.parser import HTMLParser
from urllib.parse import parse_qs, urlencode, urlsplit

import orjson
import pytest
import shapely

from geoportal.model.record import FieldMeaning, Record
from geoportal.model.specification import FieldSpecification, Specification
from geoportal.model.text import LocalText
from tests.ogc.world import BASE, World, make_layer, make_world, points

ITEMS = "/ogc/collections/sekolah/items"
COUNT = 60
UTM = "http://www.opengis.net/def/crs/EPSG/0/32750"
LATITUDE_FIRST = "http://www.opengis.net/def/crs/EPSG/0/4326"


@pytest.fixture(scope="module")
def school(tmp_path_factory):
    world = make_world(tmp_path_factory.mktemp("sekolah"))
    rows = [
        {
            "kode": f"S{n:03}",
            "nama": f"Sekolah {n}",
            "jenjang": ("SD", "SMP", "SMA")[n % 3],
            "murid": n * 10,
            "aktif": n % 2 == 0,
            "dibuka": f"20{n % 20:02}-03-01",
        }
        for n in range(COUNT)
    ]
    layer = make_layer(
        rows, [shapely.Point(116.5 + n / 100, -0.5 + n / 100) for n in range(COUNT)], types={"dibuka": "date"}
    )
    record = Record(
        title=LocalText("Sekolah", "Schools"),
        abstract=LocalText("Letak sekolah.", "Places of schools."),
        content_date="2026-11-24",
        licence="CC-BY-4.0",
        fields={
            "jenjang": FieldMeaning(LocalText("Jenjang", "Level")),
            "murid": FieldMeaning(LocalText("Murid", "Pupils")),
        },
    )
    fields = (FieldSpecification("jenjang", "text", codes=("SD", "SMP", "SMA")),)
    spec = Specification("bebas", "bebas", key="kode", fields=fields)
    world.publish("sekolah", layer, record=record, specification=spec, downloads=True)
    world.publish("jauh", points(3, crs="EPSG:32750"), title="Jauh")
    yield world
    world.client.close()
    world.node.close()


class Reader(HTMLParser):
    """Links with their text, inputs, and the place of each word on the page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[list[str]] = []
        self.inputs: dict[str, str] = {}
        self.types: dict[str, str] = {}
        self.chosen: dict[str, list[str]] = {}
        self.rows = 0
        self.heads: list[dict] = []
        self._select = ""
        self._open = False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag == "a":
            self.links.append([given.get("href", ""), given.get("aria-label", "")])
            self._open = True
        elif tag == "input" and given.get("name"):
            self.inputs[given["name"]] = given.get("value", "")
            self.types[given["name"]] = given.get("type", "")
        elif tag == "select":
            self._select = given["name"]
            self.inputs[self._select] = ""
            self.chosen[self._select] = []
        elif tag == "option":
            self.chosen[self._select].append(given["value"])
            if "selected" in given:
                self.inputs[self._select] = given["value"]
        elif tag == "tr" and "data-n" in given:
            self.rows += 1
        elif tag == "th" and given.get("scope") == "col":
            self.heads.append(given)

    def handle_endtag(self, tag):
        if tag == "a":
            self._open = False

    def handle_data(self, data):
        if self._open:
            self.links[-1][1] += data

    def link(self, words: str) -> str:
        """The address of the first link with these words."""
        return next(href for href, text in self.links if words in " ".join(text.split()))


def page(world: World, language: str = "id", path: str = ITEMS, **asked: object) -> Reader:
    return Reader(world.get(f"{path}?{urlencode({**asked, 'f': 'html', 'lang': language})}").text)


def drawn(text: str) -> list[dict]:
    found = re.search(r'<script type="application/json" id="unsur">(.*?)</script>', text, re.DOTALL)
    return orjson.loads(found[1]) if found else []


@pytest.mark.parametrize(("language", "words"), [("id", "berkas lengkap, 60 unsur"), ("en", "whole file, 60 features")])
def test_whole_files_come_before_pages_of_the_api(school, language, words):
    text = school.get(f"/ogc/collections/sekolah?f=html&lang={language}").text
    files, pages = text.index("/berkas/sekolah/1/sekolah.gpkg"), text.index("items?f=csv")
    assert files < text.index("<details", files) < pages, "pages are folded away behind the files"
    shown = re.findall(rf'href="(/berkas/[^"]+)".*?{words}.*?class="size">([^<]+)<', text, re.DOTALL)
    offered = [link for link in school.json("/ogc/collections/sekolah")["links"] if link["rel"] == "enclosure"]
    assert len(offered) > 3
    assert [href for href, _ in shown] == [urlsplit(link["href"]).path for link in offered]
    assert all(re.fullmatch(r"[\d.,]+ (B|KB|MB)", size) for _, size in shown)
    first = {"id": "10 pertama", "en": "first 10"}[language]
    assert text.count(f">{first}<") >= 5, "each form says that it is a page"


def test_items_as_csv_stay_a_page(school):
    assert len(list(csv.DictReader(io.StringIO(school.get(f"{ITEMS}?f=csv").text)))) == 10


def test_the_form_asks_by_the_fields_that_there_are(school):
    found = page(school, jenjang="SMP", limit=5)
    assert found.chosen["jenjang"] == ["", "SD", "SMP", "SMA"]
    assert found.chosen["aktif"] == ["", "true", "false"]
    assert found.inputs["jenjang"] == "SMP" and found.inputs["limit"] == "5" and "offset" not in found.inputs
    assert (found.types["murid"], found.types["dibuka"], found.types["nama"]) == ("number", "date", "text")
    assert {"murid", "-murid", ""} <= set(found.chosen["sortby"])


def test_a_form_that_is_sent_as_it_is_gives_the_same_page(school):
    found = page(school, jenjang="SMP")
    again = school.get(f"{ITEMS}?{urlencode(found.inputs)}").text
    assert Reader(again).rows == 10 and "dari 20" in again
    everything = {name: "" for name in found.inputs if name not in ("f", "lang")}
    assert "dari 60" in school.get(f"{ITEMS}?{urlencode({**everything, 'f': 'html', 'lang': 'id'})}").text
    assert school.json(f"{ITEMS}?nama=&f=json")["numberMatched"] == 0, "to programs an empty value is a value"
    school.get(f"{ITEMS}?murid=&f=json", 400)
    school.get(f"{ITEMS}?tidak_ada=&f=html", 400)


def test_every_parameter_is_a_condition_that_can_be_removed(school):
    asked = {"jenjang": "SD", "murid": "30", "q": "sekolah", "bbox": "116,-1,118,1", "sortby": "-murid", "limit": "5"}
    asked["filter"] = "murid >= 0"
    text = school.get(f"{ITEMS}?{urlencode({**asked, 'filter-lang': 'cql2-text', 'f': 'html', 'lang': 'en'})}").text
    found = Reader(text)
    removed = [parse_qs(urlsplit(href).query) for href, words in found.links if words.startswith("Remove ")][:8]
    missing = [({*asked, "filter-lang"} - set(left)) for left in removed]
    assert sorted(map(sorted, missing)) == sorted(
        [["filter", "filter-lang"], *([name] for name in (*(n for n in asked if n != "filter"), "filter-lang"))]
    )
    for href, words in found.links:
        if words.startswith("Remove "):
            school.get(href)
    assert "Level: SD" in text


def test_an_empty_result_leads_on(school):
    for language, words in (("id", "Hapus semua saringan"), ("en", "Remove all filters")):
        found = page(school, language, jenjang="SD", q="zzz", limit=7)
        assert found.rows == 0
        way = found.link(words)
        assert parse_qs(urlsplit(way).query) == {"limit": ["7"], "f": ["html"], "lang": [language]}
        assert Reader(school.get(way).text).rows == 7
    beyond = page(school, "en", offset=500)
    assert Reader(school.get(beyond.link("To the first page")).text).rows == 10


def test_headers_sort(school):
    first = page(school, "en", jenjang="SD", offset=10)
    ascending = school.get(first.link("Pupils")).text
    assert "offset" not in first.link("Pupils")
    assert [head.get("aria-sort") for head in Reader(ascending).heads if head["title"] == "murid"] == ["ascending"]
    descending = school.get(Reader(ascending).link("Pupils")).text
    codes = re.findall(r'<th scope="row"><a [^>]*>([^<]+)<', descending)
    assert codes == [f"S{n:03}" for n in range(57, 29, -3)]


def test_the_id_stands_there_once(school):
    found = page(school)
    assert [head["title"] for head in found.heads] == ["kode", "nama", "jenjang", "murid", "aktif", "dibuka"]


@pytest.mark.parametrize("name", ["CSV", "GeoJSON", "FlatGeobuf", "GeoParquet"])
def test_a_result_is_taken_as_a_whole(school, name):
    found = page(school, jenjang="SMP", limit=3, offset=6, sortby="-murid")
    href = found.link(name)
    assert parse_qs(urlsplit(href).query) | {"f": []} == {
        "f": [], "jenjang": ["SMP"], "sortby": ["-murid"], "limit": ["20"]
    }  # fmt: skip
    answer = school.get(href)
    if name == "CSV":
        rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
        assert [row["kode"] for row in rows] == [f"S{n:03}" for n in range(58, 0, -3)]
    if name == "GeoJSON":
        assert answer.json()["numberReturned"] == 20


def test_a_result_that_is_too_large_says_so(school, monkeypatch):
    monkeypatch.setitem(school.engine.base.config["server"]["limits"], "max_items", 15)
    text = school.get(f"{ITEMS}?jenjang=SMP&f=html&lang=id").text
    assert "15 unsur pertama dari 20" in text
    assert "limit=15" in Reader(text).link("CSV")


def test_the_address_of_a_result_can_be_copied(school):
    text = school.get(f"{ITEMS}?jenjang=SMP&f=html").text
    address = re.search(r'<pre id="hasil"[^>]*>([^<]+)</pre>', text)[1].replace("&amp;", "&")
    assert address.startswith(f"{BASE}{ITEMS}?f=json&")
    assert school.json(address.removeprefix(BASE))["numberReturned"] == 20
    assert 'data-copy="hasil"' in text and "/static/geoportal.js" in text


@pytest.mark.parametrize("crs", [UTM, LATITUDE_FIRST])
def test_the_map_is_drawn_in_crs84(school, crs):
    plain = drawn(school.get(f"{ITEMS}?f=html").text)
    text = school.get(f"{ITEMS}?f=html&lang=id&{urlencode({'crs': crs})}").text
    asked = drawn(text)
    assert len(asked) == len(plain) == 10
    for one, other in zip(asked, plain, strict=True):
        assert one["properties"] == other["properties"]
        assert one["geometry"]["coordinates"] == pytest.approx(other["geometry"]["coordinates"], abs=1e-7)
    assert "Peta digambar dalam CRS84" in text
    single = drawn(school.get(f"{ITEMS}/S003?f=html&{urlencode({'crs': crs})}").text)
    assert single[0]["geometry"]["coordinates"] == pytest.approx([116.53, -0.47], abs=1e-7)


def test_shapes_carry_their_names_and_nothing_else(school):
    shapes = drawn(school.get(f"{ITEMS}?f=html&limit=2").text)
    assert [shape["properties"] for shape in shapes] == [{"n": 0, "name": "Sekolah 0"}, {"n": 1, "name": "Sekolah 1"}]
    assert "<h1>Sekolah 3</h1>" in school.get(f"{ITEMS}/S003?f=html").text


def test_without_script_the_map_says_where_its_content_stands(school):
    for path in (ITEMS, f"{ITEMS}/S003"):
        text = school.get(f"{path}?f=html&lang=id").text
        assert re.search(r'id="peta"[^>]*><noscript><p class="map-empty">Peta ini membutuhkan skrip\.', text)


def test_steps_lead_to_desktop_programs(school):
    for path in ("/ogc", "/ogc/collections/sekolah", ITEMS):
        for language in ("id", "en"):
            found = school.get(f"{path}?f=html&lang={language}").text
            assert f"{BASE}/ogc</pre>" in found and 'data-copy="alamat"' in found
            assert "QGIS" in found and "ArcGIS Pro" in found
            main = found[found.index("<main") : found.index("</main>")]
            assert f'href="/pengembang?lang={language}"' in main


def test_words_of_the_language(school):
    indonesian, english = (school.get(f"/ogc/collections/sekolah?f=html&lang={code}").text for code in ("id", "en"))
    assert "24 Nov 2026" in indonesian and "2026-11-24" not in indonesian
    assert "116,5000; -0,5000; 117,0900; 0,0900" in indonesian and "116.5000; -0.5000" in english
    assert ">Teks<" in indonesian and ">Text<" in english and ">string<" not in indonesian + english
    assert "WGS 84" in indonesian and "Titik" in indonesian and ">Point<" not in indonesian
    assert "Items as" not in english
    far = school.get("/ogc/collections/jauh?f=html").text
    assert 'WGS 84 / UTM zone 50S <span class="quiet">(EPSG:32750)' in far
