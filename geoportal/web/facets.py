"""The facets of the catalogue: what each dataset has there, and how many datasets each further choice leads to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from geoportal.model.dataset import Publication
from geoportal.web.freshness import freshness_of
from geoportal.web.parts import Facet, Option
from geoportal.web.places import Box, Spot, read_box
from geoportal.web.question import CHOICES, EXTENT, Question
from geoportal.web.site import Site
from geoportal.web.spelling import plain
from geoportal.web.visitor import Visitor
from geoportal.web.wording import Wording

SHOWN_OPTIONS = 5
"""So many choices of a facet are shown at once; the rest opens on a tap."""

Link = Callable[..., str]


@dataclass(frozen=True, slots=True)
class Extent:
    """The extent that is asked for: its box in degrees and the words for it."""

    value: str
    box: Box
    label: str


@dataclass(frozen=True, slots=True)
class Shelf:
    """The datasets that answer the words of a question, with the values that each has in each facet."""

    matching: Sequence[Publication]
    values: Mapping[str, Mapping[str, tuple[str, ...]]]
    extent: Extent | None
    reached: frozenset[str]

    def holds(self, dataset_id: str, chosen: Mapping[str, tuple[str, ...]], but: str = "") -> bool:
        """Whether a dataset has one of the chosen values in each facet, leaving out the facet ``but``."""
        if self.extent is not None and but != EXTENT and dataset_id not in self.reached:
            return False
        has = self.values[dataset_id]
        return all(
            not wanted or name == but or not set(wanted).isdisjoint(has[name]) for name, wanted in chosen.items()
        )


def shelf_of(site: Site, visitor: Visitor, matching: Sequence[Publication], extent: Extent | None) -> Shelf:
    """The datasets with their values."""
    today = datetime.now(UTC).astimezone(site.wording(visitor).zone).date()

    def values_of(publication: Publication) -> dict[str, tuple[str, ...]]:
        record, fresh = publication.record, freshness_of(publication.record, today)
        downloads = site.shelf.facts(publication).downloads
        return {
            "tema": (record.topic,) if record.topic else (),
            "produsen": (record.producer,) if record.producer else (),
            "akses": (str(publication.classification),),
            "format": tuple(item.extension for item in downloads),
            "kesegaran": (("late" if fresh.late_days else "on-time") if fresh else "none",),
        }

    reached = (p.dataset_id for p in matching if extent and site.places.reaches(p, extent.box))
    return Shelf(matching, {p.dataset_id: values_of(p) for p in matching}, extent, frozenset(reached))


def extent_of(site: Site, words: Wording, asked: Question, spots: Mapping[str, Spot]) -> Extent | None:
    """The extent that a question names; None where it names none, or one that nobody here can place."""
    if box := read_box(asked.extent):
        west, south, east, north = box
        label = words.t("about.extent.value", a=words.place(west, south, 2), b=words.place(east, north, 2))
        return Extent(asked.extent, box, label)
    spot, place = spots.get(asked.extent), site.places.all.get(asked.extent)
    if spot is None or place is None or not spot.is_area:
        return None
    return Extent(asked.extent, spot.box, words.locality(place.kind, place.name))


def label_of(site: Site, words: Wording, name: str, value: str) -> str:
    """A value of a facet in the reader's language."""
    if name == "produsen":
        return site.producer_name(value, words.language)
    return words.code({"tema": "topic", "akses": "access", "format": "format", "kesegaran": "freshness"}[name], value)


def facets(site: Site, words: Wording, asked: Question, shelf: Shelf, link: Link) -> tuple[Facet, ...]:
    """The facets with the number of datasets that each choice leads to; choices that lead nowhere are not shown."""
    made = []
    for name in CHOICES:
        chosen = asked.chosen[name]
        left = [p.dataset_id for p in shelf.matching if shelf.holds(p.dataset_id, asked.chosen, but=name)]
        counts = Counter(value for dataset_id in left for value in shelf.values[dataset_id][name])
        options = [
            Option(
                label_of(site, words, name, value),
                link(**{name: tuple(v for v in chosen if v != value) if value in chosen else (*chosen, value)}),
                counts[value],
                value in chosen,
            )
            for value in counts
        ]
        options.sort(key=lambda option: (-option.count, plain(option.label)))
        if options:
            made.append(folded(words.t(f"facet.{name}"), options))
    return tuple(made)


def extent_facet(
    site: Site, words: Wording, asked: Question, shelf: Shelf, spots: Mapping[str, Spot], link: Link
) -> Facet | None:
    """The districts that datasets reach into; one at a time, since each is an extent. None where nobody knows where
    they lie.
    """
    left = [p for p in shelf.matching if shelf.holds(p.dataset_id, asked.chosen, but=EXTENT)]
    options = []
    for place in site.places.districts():
        spot = spots.get(place.code)
        if spot is None or not spot.is_area:
            continue
        chosen = place.code == asked.extent
        if count := sum(site.places.reaches(p, spot.box) for p in left):
            options.append(Option(place.name, link(wilayah="" if chosen else place.code), count, chosen))
    return folded(words.t("facet.wilayah"), options, 0) if options else None


def folded(title: str, options: Sequence[Option], shown: int = SHOWN_OPTIONS) -> Facet:
    """A facet whose first choices, and all that were chosen, are seen at once."""
    if len(options) <= shown + 1:
        return Facet(title, tuple(options), ())
    seen = [option for index, option in enumerate(options) if index < shown or option.chosen]
    return Facet(title, tuple(seen), tuple(option for option in options if option not in seen))
