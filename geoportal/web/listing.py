"""Katalog: the datasets that exist for a reader, searched, filtered, sorted, counted; every choice is a link."""

from __future__ import annotations

import difflib
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from geoportal.model.dataset import Publication
from geoportal.web.addresses import address
from geoportal.web.cards import card
from geoportal.web.pages import CataloguePage
from geoportal.web.parts import Facet, Link, Option
from geoportal.web.site import Site
from geoportal.web.visitor import Visitor
from geoportal.web.wording import Wording

PAGE_SIZE = 10
LONGEST_QUERY = 200
SUGGESTIONS = 40
FACETS: dict[str, Callable[[Publication], str]] = {
    "tema": lambda publication: publication.record.topic or "",
    "produsen": lambda publication: publication.record.producer or "",
    "akses": lambda publication: str(publication.classification),
}
"""Parameter of the address -> the value that a dataset has there."""

SORTS = ("relevan", "terbaru", "judul")


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of the catalogue."""

    words: str
    chosen: dict[str, tuple[str, ...]]
    sort: str
    page: int

    def pairs(self, **changes: object) -> list[tuple[str, str]]:
        """The question as an address, with some parts changed; a changed question starts at its first page."""
        words, sort = changes.get("q", self.words), changes.get("urut", self.sort)
        found = [("q", str(words))] if words else []
        for name in FACETS:
            values = changes.get(name, self.chosen[name])
            found += [(name, value) for value in values]  # type: ignore[attr-defined]
        if sort and sort != default_sort(str(words)):
            found.append(("urut", str(sort)))
        if changes.get("hal", 1) != 1:
            found.append(("hal", str(changes["hal"])))
        return found


def question_of(visitor: Visitor) -> Question:
    """Read the question from an address; what makes no sense there is left out."""
    words = " ".join(visitor.value("q").split())[:LONGEST_QUERY]
    page = visitor.value("hal")
    sort = visitor.value("urut")
    return Question(
        words=words,
        chosen={name: tuple(dict.fromkeys(visitor.values(name))) for name in FACETS},
        sort=sort if sort in SORTS and (words or sort != "relevan") else default_sort(words),
        page=int(page) if page.isascii() and page.isdigit() and len(page) < 7 else 1,
    )


def default_sort(words: str) -> str:
    """Best first where something was sought, else newest first."""
    return "relevan" if words else "terbaru"


def plain(text: str) -> str:
    """A text without case and accents, as it is compared."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


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


def holds(publication: Publication, chosen: dict[str, tuple[str, ...]], but: str = "") -> bool:
    """Whether a dataset has one of the chosen values in each facet, leaving out the facet ``but``."""
    return all(not values or FACETS[name](publication) in values for name, values in chosen.items() if name != but)


def label_of(site: Site, words: Wording, name: str, value: str) -> str:
    """A value of a facet in the reader's language."""
    if name == "produsen":
        return site.producer_name(value, words.language)
    return words.code({"tema": "topic", "akses": "access"}[name], value)


def catalogue(site: Site, request: Request) -> Response:
    """The catalogue page."""
    visitor = site.visitor(request)
    return site.show(catalogue_page(site, visitor), request, visitor)


def catalogue_page(site: Site, visitor: Visitor) -> CataloguePage:
    """The catalogue as a visitor asks for it."""
    words, asked = site.wording(visitor), question_of(visitor)
    everything = site.node.publications(visitor.audience)
    terms = plain(asked.words).split()
    weights = {p.dataset_id: weight(site, p, terms) if terms else 1 for p in everything}
    matching = [p for p in everything if weights[p.dataset_id]]
    found = ordered([p for p in matching if holds(p, asked.chosen)], asked.sort, weights, visitor.language)
    last = max(1, -(-len(found) // PAGE_SIZE))
    page = min(max(1, asked.page), last)
    kept = (("lang", visitor.language),) if visitor.explicit else ()

    def link(**changes: object) -> str:
        return address("catalogue", [*asked.pairs(**changes), *kept])

    chosen = [(name, value) for name, values in asked.chosen.items() for value in values]
    return CataloguePage(
        asked=asked.words,
        kept=tuple((name, value) for name, value in [*asked.pairs(q=""), *kept]),
        total=len(everything),
        producers=len({p.record.producer for p in everything if p.record.producer}),
        found=len(found),
        facets=facets(site, words, asked, matching, link),
        chosen=tuple(
            Link(
                f"{words.t(f'facet.{name}')}: {label_of(site, words, name, value)}",
                link(**{name: tuple(v for v in asked.chosen[name] if v != value)}),
            )
            for name, value in chosen
        ),
        clear=link(**dict.fromkeys(FACETS, ())),
        sorts=tuple(
            Option(words.t(f"sort.{sort}"), link(urut=sort), 0, sort == asked.sort)
            for sort in SORTS
            if terms or sort != "relevan"
        ),
        cards=tuple(card(site, visitor, p) for p in found[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]),
        numbers=tuple(Option(str(n), link(hal=n), 0, n == page) for n in shown_numbers(page, last)) if last > 1 else (),
        previous=link(hal=page - 1) if page > 1 else None,
        following=link(hal=page + 1) if page < last else None,
        meant=meant(words, asked, everything, link) if terms and not found else None,
        suggestions=suggestions(everything, visitor.language),
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


def facets(
    site: Site, words: Wording, asked: Question, matching: list[Publication], link: Callable[..., str]
) -> tuple[Facet, ...]:
    """The facets with the number of datasets that each choice leads to; choices that lead nowhere are not shown."""
    made = []
    for name, value_of in FACETS.items():
        chosen = asked.chosen[name]
        counts = Counter(value_of(p) for p in matching if holds(p, asked.chosen, but=name) and value_of(p))
        options = [
            Option(
                label_of(site, words, name, value),
                link(**{name: tuple(v for v in chosen if v != value) if value in chosen else (*chosen, value)}),
                counts[value],
                value in chosen,
            )
            for value in counts
        ]
        if options:
            made.append(
                Facet(words.t(f"facet.{name}"), tuple(sorted(options, key=lambda o: (-o.count, plain(o.label)))))
            )
    return tuple(made)


def shown_numbers(page: int, last: int, around: int = 2) -> list[int]:
    """The page numbers that are offered: the first, the last, and those around this one."""
    return [n for n in range(1, last + 1) if n in (1, last) or abs(n - page) <= around]


def meant(words: Wording, asked: Question, everything: Iterable[Publication], link: Callable[..., str]) -> Link | None:
    """The question with words that are written alike in the catalogue, for one that found nothing."""
    known = {
        word
        for p in everything
        for text in (p.record.title.id, p.record.title.en, *p.record.keywords_in("id"), *p.record.keywords_in("en"))
        for word in plain(text).replace("(", " ").replace(")", " ").replace(",", " ").split()
    }
    terms = plain(asked.words).split()[:8]
    better = [next(iter(difflib.get_close_matches(term, known, 1, 0.72)), term) for term in terms]
    return Link(" ".join(better), link(q=" ".join(better))) if better != terms else None


def suggestions(publications: Iterable[Publication], language: str) -> tuple[str, ...]:
    """Titles for the search box."""
    return tuple(sorted({p.record.title.in_language(language) for p in publications}, key=plain)[:SUGGESTIONS])
