"""Every page in both languages: it renders, it is whole, and it says what it should."""

from __future__ import annotations

import itertools
import re
from html.parser import HTMLParser

import pytest

from tests.web.nodes import EVIL

PAGES = {
    "/": 200,
    "/katalog": 200,
    "/katalog?q=puskesmas": 200,
    "/katalog?q=tidakada": 200,
    "/katalog?tema=health&produsen=kesehatan&akses=PUBLIC&urut=judul&hal=2": 200,
    "/dataset/puskesmas": 200,
    "/dataset/puskesmas/v/1": 200,
    "/dataset/puskesmas/v/2": 200,
    "/dataset/puskesmas/mutu": 200,
    "/dataset/puskesmas/mutu?version=1": 200,
    "/dataset/jahat": 200,
    "/dataset/jahat/mutu": 200,
    "/dataset/tanpa_gambar": 200,
    "/dataset/tanpa_gambar/mutu": 200,
    "/produsen/kesehatan": 200,
    "/pengembang": 200,
    "/tentang": 200,
    "/bantuan": 200,
    "/bantuan/geometry-invalid": 200,
    "/bantuan/umum": 200,
    "/bantuan/petugas": 200,
    "/bantuan/instansi": 200,
    "/bantuan/pengelola": 200,
    "/bantuan/istilah": 200,
    "/bantuan/crs-missing": 200,
    "/bantuan/coverage-gap": 200,
    "/masalah/not-found": 200,
    "/lapor": 200,
    "/lapor?dataset=puskesmas&unsur=001&titik=116.5,-0.4": 200,
    "/lapor?jenis=akses": 200,
    "/lapor?nomor=L-2026-0000-0000": 404,
    "/lapor/L-2026-0000-0000": 404,
    "/masalah/tidak-ada": 404,
    "/bantuan/tidak-ada": 404,
    "/dataset/tidak_ada": 404,
    "/dataset/puskesmas/v/3": 404,
    "/tidak/ada": 404,
}
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


class Whole(HTMLParser):
    """Reads a page and keeps what the tests ask for; fails on tags that do not match."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.stack: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.stack.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.stack, f"</{tag}> closes nothing"
        assert self.stack.pop() == tag, f"</{tag}> closes another tag"

    def handle_data(self, data):
        self.text.append(data)

    def having(self, tag, **wanted):
        return [a for name, a in self.tags if name == tag and all(a.get(k) == v for k, v in wanted.items())]


def read(html: str) -> Whole:
    page = Whole()
    page.feed(html)
    page.close()
    assert not page.stack, f"never closed: {page.stack}"
    return page


@pytest.mark.parametrize("language", ["id", "en"])
@pytest.mark.parametrize("path", PAGES)
def test_page_is_whole_in_both_languages(portal, path, language):
    answer = portal.client.get(path, params=None, headers={"accept-language": language, "accept": "text/html"})
    assert answer.status_code == PAGES[path]
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    page = read(answer.text)
    assert page.having("html", lang=language)
    assert len(page.having("h1")) == 1
    assert not page.having("style"), "the policy allows no inline style"
    assert not [attributes for _, attributes in page.tags if "style" in attributes]
    assert not [name for _, a in page.tags for name in a if name.startswith("on")]
    assert all("src" in a for a in page.having("script")), "the policy allows no inline script"
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels)), f"headings jump: {levels}"
    ids = [a["id"] for _, a in page.tags if a.get("id")]
    assert len(ids) == len(set(ids)), "an id stands twice"
    visible = " ".join(page.text)
    assert not re.search(r"\{[a-z_]+\}", visible), "a gap was left unfilled"
    assert not re.search(
        r"\b(nav|home|catalogue|dataset|report|verdict|chip|topic|element|developers|word|rule|quality|history)\.[a-z]",
        visible,
    ), "a key without a text"


@pytest.mark.parametrize("path", [path for path, status in PAGES.items() if status == 200])
def test_addresses_in_a_page_lead_somewhere(portal, path):
    page = read(portal.client.get(path).text)
    links = {a["href"].split("#")[0] for tag, a in page.tags if tag in ("a", "link") and a.get("href")}
    links |= {a["src"] for _, a in page.tags if a.get("src")}
    fragments = {a["href"][1:] for a in page.having("a") if (a.get("href") or "").startswith("#")}
    assert fragments <= {a.get("id") for _, a in page.tags}
    for link in sorted(links):
        if link.startswith("/") and not link.startswith("/ogc"):
            assert portal.client.get(link).status_code == 200, link


def test_languages_are_named_for_search_engines(portal):
    page = read(portal.client.get("/dataset/puskesmas?version=1").text)
    alternates = {a["hreflang"]: a["href"] for a in page.having("link", rel="alternate") if "hreflang" in a}
    base = "http://127.0.0.1:18080/dataset/puskesmas?version=1"
    assert alternates == {"id": f"{base}&lang=id", "en": f"{base}&lang=en", "x-default": base}


def test_an_explicit_language_is_carried_on_and_kept(portal):
    answer = portal.client.get("/katalog?lang=en", headers={"accept-language": "id"})
    page = read(answer.text)
    assert "lang=en" in answer.headers["set-cookie"] and "samesite=lax" in answer.headers["set-cookie"].lower()
    links = [a["href"] for a in page.having("a") if a["href"].startswith("/") and not a["href"].startswith("/ogc")]
    assert links and all("lang=en" in link for link in links)
    assert page.having("input", name="lang", value="en")
    portal.client.cookies.clear()
    kept = portal.client.get("/", headers={"accept-language": "id", "cookie": "lang=en"})
    assert read(kept.text).having("html", lang="en")


def test_an_old_version_says_so(portal):
    old, new = (portal.client.get(path).text for path in ("/dataset/puskesmas/v/1", "/dataset/puskesmas/v/2"))
    assert "Ini versi 1, digantikan" in old and "Ini versi" not in new
    assert "?version=1" in old


def test_dataset_page_tells_the_truth(portal):
    text = portal.client.get("/dataset/puskesmas").text
    size = next(d.size_bytes for d in downloads(portal) if d.extension == "gpkg")
    assert f"{size / 1000:,.0f} KB" in text
    for word in ("Puskesmas", "Satu puskesmas baru", "1:10.000", "CC BY 4.0", "Setiap 6 bulan", "Teks (13)", "Kunci"):
        assert word in text, word
    assert "http://127.0.0.1:18080/ogc" in text
    assert '<svg class="icon"' in text and "90<span" in text, "one warning on every feature: 90"


def downloads(portal):
    from geoportal.model.access import PUBLIC_AUDIENCE
    from geoportal.web.facts import Shelf

    return Shelf(portal.node).facts(portal.node.publication(PUBLIC_AUDIENCE, "puskesmas")).downloads


def test_report_page_lists_findings_with_their_places(portal):
    page = read(portal.client.get("/dataset/puskesmas/mutu").text)
    text = " ".join(" ".join(page.text).split())
    assert "Memenuhi profilnya" in text and "2 temuan di 31 lokasi" in text
    assert "Masih ada 29 lokasi lain" in text and "0,4000° LS, 116,5000° BT" in text
    assert page.having("a", href="/ogc/collections/puskesmas/items/001")
    assert len(page.having("details", id="key-duplicate")) == 1


def test_a_missing_drawing_does_not_take_the_page_down(portal):
    text = portal.client.get("/dataset/tanpa_gambar").text
    assert "Pratinjau peta belum tersedia" in text and "<iframe" not in text
    assert portal.client.get("/peta/tanpa_gambar").status_code == 404


def test_the_legend_stands_beside_the_drawing(portal):
    html = portal.client.get("/dataset/puskesmas").text
    page = read(html)
    text = " ".join(" ".join(page.text).split())
    assert "Jenis <b> Rawat inap (1.200) Tanpa isi (1) 2 unsur tanpa letak" in text
    assert page.having("circle", fill="#2B5D8A") and "<script>" not in html


def test_hostile_texts_are_harmless(portal):
    for path in ("/", "/katalog", "/dataset/jahat", "/dataset/jahat/v/1", "/dataset/jahat/mutu", f"/katalog?q={EVIL}"):
        answer = portal.client.get(path)
        assert "<script>alert" not in answer.text, path
        assert answer.status_code == 200
        assert not [a for a in read(answer.text).having("script") if "src" not in a]
    assert "&lt;script&gt;alert(1)" in portal.client.get("/dataset/jahat").text


def test_an_exception_to_the_gate_is_shown(portal):
    assert "Terbit dengan pengecualian oleh uji" in portal.client.get("/dataset/jahat").text


def test_an_empty_node_has_pages_too(empty):
    for path in ("/", "/katalog", "/katalog?q=x", "/pengembang", "/tentang"):
        answer = empty.client.get(path)
        assert answer.status_code == 200
        read(answer.text)
    assert "Belum ada dataset yang terbit" in empty.client.get("/").text
