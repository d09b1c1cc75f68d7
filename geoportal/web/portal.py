"""The pages around the datasets: home, producers, developers, about."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response

from geoportal.errors import NotFound
from geoportal.model.dataset import Publication
from geoportal.web.addresses import API, collection
from geoportal.web.cards import card, map_picture, shortened
from geoportal.web.connect import steps
from geoportal.web.dataset import LICENCES
from geoportal.web.freshness import freshness_of
from geoportal.web.listing import ordered, suggestions
from geoportal.web.pages import AboutPage, DevelopersPage, HomePage, ProducerPage
from geoportal.web.parts import About, Link, News, Theme
from geoportal.web.report import exhibit_links
from geoportal.web.site import Site
from geoportal.web.visitor import Visitor
from geoportal.web.wording import Wording

NEWEST = 3
THEMES = 9
TOPIC_ICONS = {
    "boundaries": "batas",
    "planningCadastre": "rencana",
    "transportation": "jalan",
    "health": "kesehatan",
    "inlandWaters": "air",
    "oceans": "air",
    "location": "titik",
    "structure": "gedung",
    "society": "orang",
    "farming": "tani",
    "environment": "daun",
    "biota": "daun",
    "elevation": "gunung",
    "imageryBaseMapsEarthCover": "lapis",
}


def home(site: Site, request: Request) -> Response:
    """Beranda."""
    visitor = site.visitor(request)
    return site.show(home_page(site, visitor), request, visitor)


def home_page(site: Site, visitor: Visitor) -> HomePage:
    """The first page, of what exists for the visitor."""
    words, url = site.wording(visitor), site.url(visitor)
    everything = site.node.publications(visitor.audience)
    newest = ordered(everything, "terbaru", {}, visitor.language)
    themes = Counter(p.record.topic for p in everything if p.record.topic)
    by_size = sorted(themes.items(), key=lambda pair: (-pair[1], words.code("topic", pair[0])))
    shown = region_publication(site, everything)
    today = datetime.now(UTC).astimezone(words.zone).date()
    fresh = [freshness_of(p.record, today) for p in everything]
    return HomePage(
        region_map=map_picture(site, visitor, shown) if shown else None,
        region_map_href=url("dataset", id=shown.dataset_id) if shown else "",
        themes=tuple(
            Theme(
                title=words.code("topic", topic),
                icon=TOPIC_ICONS.get(topic, "lapis"),
                count=words.n("count.datasets", count),
                href=url("catalogue", (("tema", topic),)),
            )
            for topic, count in by_size[:THEMES]
        ),
        newest=tuple(
            News(
                title=p.record.title.in_language(visitor.language),
                href=url("dataset", id=p.dataset_id),
                abstract=p.version.note or shortened(p.record.abstract.in_language(visitor.language), 110),
                when=words.t("news.when", n=p.version.number, date=words.day(p.published_at)),
                who=site.producer_name(p.record.producer, visitor.language),
            )
            for p in newest[:NEWEST]
        ),
        total=len(everything),
        producers=len({p.record.producer for p in everything if p.record.producer}),
        features=sum(p.version.features for p in everything),
        on_schedule=sum(1 for f in fresh if f and not f.late_days),
        latest=words.t("node.latest", date=words.instant(newest[0].published_at)) if newest else words.t("node.empty"),
        lead=lead(site, words),
        example=example_search(site, words),
        exhibits=exhibit_links(site, visitor),
        suggestions=suggestions(everything, visitor.language),
    )


def lead(site: Site, words: Wording) -> str:
    """The sentence under the title, with the numbers of districts and villages where the node knows them."""
    region = site.node.region.name.in_language(words.language)
    kinds = Counter(place.kind for place in site.places.all.values())
    districts, villages = kinds["kecamatan"], kinds["desa"] + kinds["kelurahan"]
    if not districts or not villages:
        return words.t("home.lead", region=region)
    return words.t("home.lead.places", districts=words.number(districts), villages=words.number(villages))


def example_search(site: Site, words: Wording) -> str:
    """An example for the search box: the name of a place where the node knows some."""
    districts = site.places.districts()
    return (
        words.t("search.example", name=districts[len(districts) // 6].name)
        if districts
        else words.t("search.placeholder")
    )


def region_publication(site: Site, everything: list[Publication]) -> Publication | None:
    """The dataset whose drawing stands for the region on the first page.

    Of those with a drawing: polygons of topic ``boundaries`` first, then other polygons, then anything; the one with
    most features, then the first by id. No setting names it: a new node shows a map as soon as it has one.
    """

    def rank(publication: Publication) -> tuple[bool, bool, int, str]:
        polygons = "Polygon" in (publication.version.geometry_type or "")
        boundaries = polygons and publication.record.topic == "boundaries"
        return (not boundaries, not polygons, -publication.version.features, publication.dataset_id)

    drawn = [p for p in everything if "map.svg" in site.shelf.facts(p).pictures]
    return min(drawn, key=rank, default=None)


def producer(site: Site, request: Request) -> Response:
    """One producer, if a dataset of it exists for the visitor."""
    visitor, key = site.visitor(request), request.path_params["id"]
    theirs = [p for p in site.node.publications(visitor.audience) if p.record.producer == key]
    if not theirs:
        raise NotFound()
    known = site.producers.get(key)
    page = ProducerPage(
        name=site.producer_name(key, visitor.language),
        sample=bool(known and known.sample),
        contact=(known.contact if known else None) or "",
        numbers=producer_numbers(site.wording(visitor), theirs),
        cards=tuple(card(site, visitor, p) for p in ordered(theirs, "judul", {}, visitor.language)),
    )
    return site.show(page, request, visitor)


def producer_numbers(words: Wording, theirs: list[Publication]) -> tuple[About, ...]:
    """What the datasets of a producer come to: how many, how much, and whether they are as new as promised."""
    today = datetime.now(UTC).astimezone(words.zone).date()
    fresh = [freshness for p in theirs if (freshness := freshness_of(p.record, today))]
    late = sum(1 for freshness in fresh if freshness.late_days)
    rows = (
        ("published", len(theirs)),
        ("features", sum(p.version.features for p in theirs)),
        ("on-time", len(fresh) - late),
        ("late", late),
    )
    return tuple(About(words.t(f"producer.{key}"), words.number(count)) for key, count in rows)


def developers(site: Site, request: Request) -> Response:
    """Pengembang."""
    visitor = site.visitor(request)
    return site.show(developers_page(site, visitor), request, visitor)


def developers_page(site: Site, visitor: Visitor) -> DevelopersPage:
    """Addresses and examples, with a dataset that exists for the visitor."""
    words, base = site.wording(visitor), site.node.settings.base_url
    everything = ordered(site.node.publications(visitor.audience), "judul", {}, visitor.language)
    example = region_publication(site, everything) or next(iter(everything), None)
    shown = []
    if example:
        title = example.record.title.in_language(visitor.language)
        shown = list(steps(words, base, example.dataset_id, title))
    addresses = [
        About(words.t("developers.landing"), f"{base}{API}", API),
        About(words.t("developers.collections"), f"{base}{API}/collections", f"{API}/collections"),
        About(words.t("developers.openapi"), f"{base}{API}/openapi", f"{API}/openapi?f=html"),
        About(words.t("developers.conformance"), f"{base}{API}/conformance", f"{API}/conformance"),
    ]
    if example:
        path = collection(example.dataset_id, "items") + "?limit=10&f=json"
        addresses.append(About(words.t("developers.items"), f"{base}{path}", path))
    return DevelopersPage(
        steps=tuple(shown),
        example=example.record.title.in_language(visitor.language) if example else "",
        addresses=tuple(addresses),
    )


def about(site: Site, request: Request) -> Response:
    """Tentang."""
    visitor = site.visitor(request)
    everything = site.node.publications(visitor.audience)
    makers = {p.record.producer for p in everything if p.record.producer}
    used = sorted({p.record.licence for p in everything if p.record.licence})
    licences = tuple(Link(*(LICENCES.get(licence) or (licence, ""))) for licence in used)
    page = AboutPage(len(everything), len(makers), licences, exhibit_links(site, visitor))
    return site.show(page, request, visitor)
