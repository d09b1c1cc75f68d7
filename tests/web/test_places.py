"""Places by name: what a search means, where places lie, which datasets reach them; the facets of the catalogue."""

from __future__ import annotations

import json
from urllib.parse import parse_qsl

import geopandas
import pytest
import shapely

from geoportal.model.access import EVERYTHING, PUBLIC_AUDIENCE, Classification
from geoportal.model.layer import Field, Layer
from geoportal.web.listing import catalogue_page
from geoportal.web.places import read_box, read_localities
from geoportal.web.site import site_of
from geoportal.web.spelling import respelled
from geoportal.web.visitor import Visitor
from tests.web import nodes
from tests.web.conftest import Portal, client_of
from tests.web.test_pages import read

KOTA_BANGUN, SAMBOJA = "64.02.08", "64.02.13"
BOXES = {KOTA_BANGUN: (116.4, -0.4, 116.6, -0.2), SAMBOJA: (116.9, -1.1, 117.1, -0.9)}


def districts() -> Layer:
    frame = geopandas.GeoDataFrame(
        {"kode": list(BOXES)}, geometry=[shapely.box(*box) for box in BOXES.values()], crs="EPSG:4326"
    )
    return Layer("layer", frame, "EPSG:4326", (Field("kode", "string", 13),), "Polygon")


def villages() -> Layer:
    frame = geopandas.GeoDataFrame(
        {"kode": ["64.02.08.2009", "64.02.13.1001"]},
        geometry=shapely.points([(116.45, -0.25), (117.0, -1.0)]),
        crs="EPSG:4326",
    )
    return Layer("layer", frame, "EPSG:4326", (Field("kode", "string", 13),), "Point")


@pytest.fixture(scope="module")
def atlas(tmp_path_factory):
    node = nodes.make_node(tmp_path_factory.mktemp("wilayah"), region_code="64.02")
    nodes.publish(node, "kecamatan", districts(), record=nodes.record_of("Kecamatan", topic="boundaries"))
    nodes.publish(node, "desa", villages(), record=nodes.record_of("Desa", topic="location"))
    late = nodes.record_of("Puskesmas", content_date="2020-01-01")
    nodes.publish(node, "puskesmas", nodes.points(3), record=late)
    secret = nodes.record_of("XQRAHASIAQX", topic="farming", update_frequency=None)
    nodes.publish(node, "rahasia", villages(), record=secret, access=Classification.PRIVATE)
    with client_of(node) as client:
        yield Portal(node, client, nodes.token(node, *Classification))
    node.close()


def ask(atlas, *query, audience=PUBLIC_AUDIENCE):
    return catalogue_page(site_of(atlas.node), Visitor("id", False, audience, True, "/katalog", query))


def test_names_come_from_the_configuration(atlas):
    config = atlas.node.settings.config
    known = read_localities(config, "64.02")
    assert known[KOTA_BANGUN].name == "Kota Bangun" and len(known) > 250
    assert read_localities(config, "99.99") == {} and read_localities(config, None) == {}


@pytest.mark.parametrize(
    ("asked", "first", "rest"),
    [
        ("kota bangun", "Kota Bangun", ""),
        ("Kecamatan KOTA BANGUN", "Kota Bangun", ""),
        ("desa pela", "Pela", ""),
        ("sekolah kota bangun", "Kota Bangun", "sekolah"),
        ("64.02.08", "Kota Bangun", ""),
        ("kota bangun darat", "Kota Bangun Darat", ""),
    ],
)
def test_a_search_means_a_place(atlas, asked, first, rest):
    hit = site_of(atlas.node).places.hits(asked)[0]
    assert hit.place.name == first and hit.rest == rest


@pytest.mark.parametrize("asked", ["", "ko", "puskesmas", "(a+)+!", "desa"])
def test_other_searches_mean_none(atlas, asked):
    assert not site_of(atlas.node).places.hits(asked)


def test_a_village_leads_to_datasets_there_and_to_its_feature(atlas):
    hit = ask(atlas, ("q", "desa pela")).places[0]
    assert (hit.title, hit.inside) == ("Desa Pela", "Kecamatan Kota Bangun")
    assert hit.feature.href == "/ogc/collections/desa/items/64.02.08.2009"
    assert hit.datasets.href == f"/katalog?wilayah={KOTA_BANGUN}"
    assert "3 dataset" in hit.datasets.text, "districts, villages and health centres reach there"
    assert atlas.client.get(hit.feature.href + "?f=json").status_code == 200


def test_words_before_a_place_are_kept_for_the_search(atlas):
    hit = ask(atlas, ("q", "puskesmas kota bangun")).places[0]
    assert hit.datasets.href == f"/katalog?q=puskesmas&wilayah={KOTA_BANGUN}"
    assert ask(atlas, ("q", "puskesmas"), ("wilayah", KOTA_BANGUN)).found == 1


def test_an_extent_keeps_what_reaches_into_it(atlas):
    inside = ask(atlas, ("wilayah", SAMBOJA))
    assert sorted(card.key for card in inside.cards) == ["desa", "kecamatan"]
    assert inside.chosen[-1].text == "Wilayah: Kecamatan Samboja" and inside.clear == "/katalog"
    by_box = ask(atlas, ("wilayah", "116.49,-0.41,116.55,-0.3"))
    assert sorted(card.key for card in by_box.cards) == ["kecamatan", "puskesmas"]
    assert ask(atlas, ("wilayah", "0,0,1,1")).found == 0
    unknown = ask(atlas, ("wilayah", "64.02.99"))
    assert unknown.found == 3 and unknown.chosen[-1].text == "Wilayah: tidak dikenal"


@pytest.mark.parametrize("text", ["", "1,2,3", "1,2,3,x", "nan,0,1,1", "2,0,1,1", "0,0,181,1", "64.02", "1e999,0,1,1"])
def test_what_is_no_box_is_none(text):
    assert read_box(text) is None


@pytest.mark.parametrize("start", [(), (("wilayah", KOTA_BANGUN),), (("format", "gpkg"), ("kesegaran", "late"))])
def test_every_choice_leads_to_as_many_as_it_says(atlas, start):
    for facet in ask(atlas, *start).facets:
        options = (*facet.options, *facet.more)
        if any(option.chosen for option in options):
            continue  # a further choice of the same facet adds to those that are there
        for option in options:
            asked = parse_qsl(option.href.partition("?")[2])
            assert 0 < option.count == ask(atlas, *asked).found, option


def test_facets_of_freshness_format_and_extent(atlas):
    facets = {facet.title: {o.label: o.count for o in (*facet.options, *facet.more)} for facet in ask(atlas).facets}
    assert facets["Kesegaran"] == {"Sesuai jadwal": 2, "Terlambat": 1}
    assert facets["Format unduhan"]["GeoPackage"] == 3
    assert facets["Wilayah"] == {"Kota Bangun": 3, "Samboja": 2}


def test_nothing_is_counted_that_the_reader_may_not_see(atlas):
    assert ask(atlas, ("wilayah", SAMBOJA), audience=EVERYTHING).found == 3
    for path in (f"/katalog?wilayah={SAMBOJA}", "/katalog?f=json", "/katalog?q=desa+pela"):
        told = atlas.client.get(path).text
        assert not [word for word in ("rahasia", "farming", "XQRAHASIAQX") if word in told], path
    assert atlas.client.get("/katalog?q=XQRAHASIAQX&f=json").json()["found"] == 0


def test_misspelt_words_are_answered(atlas):
    assert respelled("semboja barrat", {"samboja", "barat", "puskesmas"}) == "samboja barat"
    assert respelled("samboja", {"samboja"}) == "" and respelled("qqqq", {"samboja"}) == ""
    page = ask(atlas, ("q", "semboja barrat"))
    assert page.found == 0 and page.meant.text == "samboja barat"
    assert ask(atlas, ("q", page.meant.text)).places[0].title == "Kecamatan Samboja Barat"
    assert ask(atlas, ("q", "puskesmass")).meant.href == "/katalog?q=puskesmas"


def test_the_catalogue_has_a_twin_for_programs(atlas):
    answer = atlas.client.get("/katalog?q=desa&f=json")
    found = json.loads(answer.text)
    assert found["found"] == 1 and found["datasets"][0]["id"] == "desa"
    assert found["datasets"][0]["api"] == "http://127.0.0.1:18080/ogc/collections/desa"
    assert read(atlas.client.get("/katalog?q=desa").text).having("link", rel="alternate", href="?q=desa&f=json")
    dataset = atlas.client.get("/dataset/desa?f=json").json()
    assert dataset["version"]["version"] == 1 and dataset["access"] == "PUBLIC"
    assert {"created_by", "source"}.isdisjoint(dataset["version"]) and dataset["downloads"][0]["bytes"] > 0
    assert atlas.client.get("/dataset/rahasia?f=json").status_code == 404
    assert "etag" not in atlas.client.get("/katalog?f=json", headers=atlas.token).headers
