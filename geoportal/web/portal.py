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
from geoportal.web.freshness import freshness_of
from geoportal.web.listing import ordered, suggestions
from geoportal.web.pages import AboutPage, DevelopersPage, HomePage, ProducerPage
from geoportal.web.parts import About, News, Theme
from geoportal.web.site import Site
from geoportal.web.visitor import Visitor

NEWEST = 3
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
            for topic, count in sorted(themes.items(), key=lambda pair: (-pair[1], words.code("topic", pair[0])))
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
        suggestions=suggestions(everything, visitor.language),
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
        cards=tuple(card(site, visitor, p) for p in ordered(theirs, "judul", {}, visitor.language)),
    )
    return site.show(page, request, visitor)


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
    return site.show(AboutPage(len(everything), len(makers)), request, visitor)
