"""The catalogue finds, filters, counts, sorts and pages."""

from __future__ import annotations

import pytest

from geoportal.model.access import PUBLIC_AUDIENCE
from geoportal.web.listing import catalogue_page, plain, question_of, shown_numbers
from geoportal.web.site import site_of
from geoportal.web.visitor import Visitor
from tests.web import nodes

TITLES = {
    "jalan": ("Jaringan Jalan", "transportation", "pupr"),
    "jembatan": ("Jembatan", "transportation", "pupr"),
    "sekolah": ("Sekolah Dasar", "society", "pendidikan"),
    "cafe": ("Kafé Tepi Sungai", "economy", "pariwisata"),
}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    node = nodes.make_node(tmp_path_factory.mktemp("katalog"))
    layer = nodes.points(2)
    for dataset_id, (title, topic, producer) in TITLES.items():
        nodes.publish(
            node, dataset_id, layer, record=nodes.record_of(title, topic=topic, producer=producer), pictures="none"
        )
    yield site_of(node)
    node.close()


def ask(site, query=(), language="id"):
    return catalogue_page(site, Visitor(language, False, PUBLIC_AUDIENCE, True, "/katalog", tuple(query)))


def titles(page):
    return [card.title for card in page.cards]


def test_newest_first(site):
    assert titles(ask(site)) == ["Kafé Tepi Sungai", "Sekolah Dasar", "Jembatan", "Jaringan Jalan"]


def test_by_title(site):
    assert titles(ask(site, [("urut", "judul")]))[0] == "Jaringan Jalan"


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("jalan", ["Jaringan Jalan"]),
        ("JALAN jaringan", ["Jaringan Jalan"]),
        ("kafe", ["Kafé Tepi Sungai"]),
        ("pupr", ["Jembatan", "Jaringan Jalan"]),
        ("jalan sekolah", []),
        ("  ", ["Kafé Tepi Sungai", "Sekolah Dasar", "Jembatan", "Jaringan Jalan"]),
        ("(a+)+!", []),
    ],
)
def test_every_word_must_be_found(site, words, found):
    assert titles(ask(site, [("q", words)])) == found


def test_a_word_written_wrong_is_answered(site):
    page = ask(site, [("q", "jmbatan")])
    assert page.meant.text == "jembatan" and page.meant.href == "/katalog?q=jembatan"
    assert ask(site, [("q", "xyzxyz")]).meant is None


def test_facets_count_what_they_lead_to(site):
    page = ask(site)
    facets = {facet.title: {o.label: o.count for o in facet.options} for facet in page.facets}
    assert facets["Tema"]["Jalan dan perhubungan"] == 2
    for facet in page.facets:
        for option in facet.options:
            query = [tuple(pair.split("=")) for pair in option.href.split("?")[1].split("&")]
            assert ask(site, query).found == option.count


def test_choices_are_links_that_add_and_remove(site):
    page = ask(site, [("tema", "transportation"), ("akses", "PUBLIC"), ("lang", "x")])
    assert page.found == 2 and len(page.chosen) == 2
    assert page.chosen[0].href == "/katalog?akses=PUBLIC" and page.clear == "/katalog"
    theme = next(facet for facet in page.facets if facet.title == "Tema")
    hrefs = {option.label: option.href for option in theme.options}
    assert hrefs["Jalan dan perhubungan"] == "/katalog?akses=PUBLIC"
    assert "tema=transportation&tema=society" in next(h for label, h in hrefs.items() if "Penduduk" in label)
    assert ask(site, [("tema", "tidak_ada")]).found == 0


def test_pages_hold_everything_once(site, monkeypatch):
    monkeypatch.setattr("geoportal.web.listing.PAGE_SIZE", 3)
    first, second, beyond = (ask(site, [("hal", number)]) for number in ("1", "2", "9"))
    assert len(first.cards) == 3 and first.previous is None and first.following == "/katalog?hal=2"
    assert titles(second) == titles(beyond) == ["Jaringan Jalan"] and second.previous == "/katalog"
    assert not set(titles(first)) & set(titles(second))


def test_page_numbers():
    assert shown_numbers(1, 1) == [1]
    assert shown_numbers(6, 20) == [1, 4, 5, 6, 7, 8, 20]


def test_a_question_leaves_out_what_makes_no_sense():
    pairs = (("q", " a  b " + "c" * 500), ("hal", "²"), ("urut", "relevan; drop"), ("tema", "x"), ("tema", "x"))
    asked = question_of(Visitor("id", False, PUBLIC_AUDIENCE, True, "/", pairs))
    assert asked.words.startswith("a b c") and len(asked.words) == 200
    assert asked.page == 1 and asked.sort == "relevan" and asked.chosen["tema"] == ("x",)


def test_plain_text_compares_without_accents():
    assert plain("Désa ÉLOK") == "desa elok"
