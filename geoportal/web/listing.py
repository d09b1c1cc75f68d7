"""Katalog: the datasets that exist for a reader, searched, filtered, sorted, counted; every choice is a link."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from starlette.requests import Request
from starlette.responses import Response

from geoportal.model.dataset import Publication
from geoportal.web import twin
from geoportal.web.addresses import address, collection
from geoportal.web.cards import card
from geoportal.web.facets import extent_facet, extent_of, facets, label_of, shelf_of
from geoportal.web.pages import CataloguePage
from geoportal.web.parts import Link, Option, PlaceHit
from geoportal.web.places import Hit, Spot
from geoportal.web.question import CHOICES, EXTENT, SORTS, Question, question_of
from geoportal.web.site import Site
from geoportal.web.spelling import plain, respelled, words_of
from geoportal.web.visitor import Visitor
from geoportal.web.wording import Wording

PAGE_SIZE = 10
SUGGESTIONS = 40


def weight(site: Site, publication: Publication, words: list[str]) -> int:
    """How well a dataset answers: every word must be found somewhere; one in the title counts most. 0: not at all."""
    record = publication.record
    fields = [text for name, meaning in record.fields.items() for text in (name, meaning.title.id, meaning.title.en)]
    places = (
        (8, [record.title.id, record.title.en, publication.dataset_id]),
        (4, [word for language in ("id", "en") for word in record.keywords_in(language)]),
        (2, [*(site.producer_name(record.producer, language) for language in ("id", "en")), record.producer or ""]),
        (1, [record.abstract.id, record.abstract.en, *fields]),
    )
    haystacks = [(worth, plain(" ".join(texts))) for worth, texts in places]
    total = 0
    for word in words:
        found = max((worth for worth, haystack in haystacks if word in haystack), default=0)
        if not found:
            return 0
        total += found
    return total


def catalogue(site: Site, request: Request) -> Response:
    """The catalogue page, or its JSON twin."""
    visitor = site.visitor(request)
    if twin.wanted(visitor):
        return twin.show(document(site, visitor), request, visitor)
    return site.show(catalogue_page(site, visitor), request, visitor)


def catalogue_page(site: Site, visitor: Visitor) -> CataloguePage:
    """The catalogue as a visitor asks for it."""
    words, asked = site.wording(visitor), question_of(visitor)
    everything = site.node.publications(visitor.audience)
    spots = site.places.spots(everything)
    extent = extent_of(site, words, asked, spots)
    terms = plain(asked.words).split()
    weights = {p.dataset_id: weight(site, p, terms) if terms else 1 for p in everything}
    shelf = shelf_of(site, visitor, [p for p in everything if weights[p.dataset_id]], extent)
    holding = [p for p in shelf.matching if shelf.holds(p.dataset_id, asked.chosen)]
    found = ordered(holding, asked.sort, weights, visitor.language)
    last = max(1, -(-len(found) // PAGE_SIZE))
    page = min(max(1, asked.page), last)
    kept = (("lang", visitor.language),) if visitor.explicit else ()

    def link(**changes: object) -> str:
        return address("catalogue", [*asked.pairs(**changes), *kept])

    hits = site.places.hits(asked.words) if terms else ()
    by_extent = extent_facet(site, words, asked, shelf, spots, link)
    return CataloguePage(
        asked=asked.words,
        kept=tuple((name, value) for name, value in [*asked.pairs(q=""), *kept]),
        total=len(everything),
        producers=len({p.record.producer for p in everything if p.record.producer}),
        found=len(found),
        facets=(*facets(site, words, asked, shelf, link), *((by_extent,) if by_extent else ())),
        chosen=chosen_links(site, words, asked, extent.label if extent else "", link),
        clear=link(**dict.fromkeys(CHOICES, ()), wilayah=""),
        sorts=tuple(
            Option(words.t(f"sort.{sort}"), link(urut=sort), 0, sort == asked.sort)
            for sort in SORTS
            if terms or sort != "relevan"
        ),
        places=tuple(place_hit(site, visitor, hit, everything, spots) for hit in hits),
        cards=tuple(card(site, visitor, p) for p in found[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]),
        numbers=tuple(Option(str(n), link(hal=n), 0, n == page) for n in shown_numbers(page, last)) if last > 1 else (),
        previous=link(hal=page - 1) if page > 1 else None,
        following=link(hal=page + 1) if page < last else None,
        meant=meant(site, asked, everything, link) if terms and not found and not hits else None,
        suggestions=suggestions(everything, visitor.language),
        data_href=twin.twin_href(visitor),
    )


def chosen_links(
    site: Site, words: Wording, asked: Question, extent_label: str, link: Callable[..., str]
) -> tuple[Link, ...]:
    """What is chosen, each a link that takes it away; a value that no dataset has is shown too, so that it can go."""
    found = [
        Link(
            f"{words.t(f'facet.{name}')}: {label_of(site, words, name, value)}",
            link(**{name: tuple(v for v in asked.chosen[name] if v != value)}),
        )
        for name in CHOICES
        for value in asked.chosen[name]
    ]
    if asked.extent:
        label = extent_label or words.t("extent.unknown")
        found.append(Link(f"{words.t('facet.wilayah')}: {label}", link(wilayah="")))
    return tuple(found)


def place_hit(
    site: Site, visitor: Visitor, hit: Hit, everything: list[Publication], spots: Mapping[str, Spot]
) -> PlaceHit:
    """A place with the ways on from it: the datasets that reach it, and its own feature."""
    words, place = site.wording(visitor), hit.place
    parent = site.places.all.get(place.parent)
    spot = spots.get(place.code)
    area = next((s for code in (place.code, place.parent) if (s := spots.get(code)) and s.is_area), None)
    datasets = None
    if area is not None:
        named = site.places.all[area.fid]
        count = sum(site.places.reaches(p, area.box) for p in everything)
        query = [*((("q", hit.rest),) if hit.rest else ()), (EXTENT, area.fid)]
        key = "places.search" if hit.rest else "places.datasets"
        title = words.locality(named.kind, named.name)
        text = words.t(key, q=hit.rest, n=words.n("count.datasets", count), place=title)
        datasets = Link(text, site.url(visitor)("catalogue", tuple(query)))
    return PlaceHit(
        title=words.locality(place.kind, place.name),
        inside=words.locality(parent.kind, parent.name) if parent else "",
        code=place.code,
        datasets=datasets,
        feature=Link(words.t("places.feature"), collection(spot.dataset_id, "items", spot.fid)) if spot else None,
    )


def ordered(found: list[Publication], sort: str, weights: dict[str, int], language: str) -> list[Publication]:
    """Datasets in the order asked for; equals by title, so that pages never overlap."""
    found = sorted(found, key=lambda p: (plain(p.record.title.in_language(language)), p.dataset_id))
    if sort == "judul":
        return found
    found.sort(key=lambda p: p.published_at, reverse=True)
    if sort == "relevan":
        found.sort(key=lambda p: -weights[p.dataset_id])
    return found


def shown_numbers(page: int, last: int, around: int = 2) -> list[int]:
    """The page numbers that are offered: the first, the last, and those around this one."""
    return [n for n in range(1, last + 1) if n in (1, last) or abs(n - page) <= around]


def meant(site: Site, asked: Question, everything: Iterable[Publication], link: Callable[..., str]) -> Link | None:
    """The question with words that are written alike in the catalogue or in names of places, for one that found
    nothing. Only a question that finds something is offered.
    """
    everything = list(everything)
    titles = (
        text
        for p in everything
        for text in (
            *(p.record.title.id, p.record.title.en, *p.record.keywords_in("id"), *p.record.keywords_in("en")),
            *(p.record.abstract.id, p.record.abstract.en),
            *(site.producer_name(p.record.producer, language) for language in ("id", "en")),
        )
    )
    better = respelled(asked.words, words_of(titles) | words_of(place.name for place in site.places.all.values()))
    if not better:
        return None
    terms = better.split()
    if any(weight(site, p, terms) for p in everything) or site.places.hits(better):
        return Link(better, link(q=better))
    return None


def suggestions(publications: Iterable[Publication], language: str) -> tuple[str, ...]:
    """Titles for the search box."""
    return tuple(sorted({p.record.title.in_language(language) for p in publications}, key=plain)[:SUGGESTIONS])


def document(site: Site, visitor: Visitor) -> dict[str, object]:
    """The answer of the catalogue for programs: the same question, the same page, the same counts."""
    page, base = catalogue_page(site, visitor), site.node.settings.base_url
    return {
        "asked": page.asked,
        "total": page.total,
        "found": page.found,
        "chosen": [link.text for link in page.chosen],
        "meant": page.meant.text if page.meant else None,
        "facets": {
            facet.title: [
                {"label": option.label, "count": option.count, "chosen": option.chosen, "href": base + option.href}
                for option in (*facet.options, *facet.more)
            ]
            for facet in page.facets
        },
        "places": [{"title": hit.title, "inside": hit.inside, "code": hit.code} for hit in page.places],
        "datasets": [
            {"id": item.key, "title": item.title, "abstract": item.abstract, "href": base + item.href}
            | {"api": base + collection(item.key)}
            for item in page.cards
        ],
        "next": f"{base}{page.following}&f=json" if page.following else None,
    }
