"""Datasets in a few words: cards for lists, chips for states, the map beside them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from geoportal.model.access import Classification
from geoportal.model.dataset import Publication
from geoportal.web.addresses import address
from geoportal.web.facts import Facts
from geoportal.web.freshness import freshness_of
from geoportal.web.parts import Card, Chip, Legend, LegendEntry, MapPicture
from geoportal.web.quality import Quality
from geoportal.web.site import Site
from geoportal.web.visitor import Visitor
from geoportal.web.wording import Wording

COLOUR = re.compile(r"#[0-9A-Fa-f]{6}")
MOST_CLASSES = 8
QUALITY_KINDS = {"passed": "ok", "warned": "late", "blocked": "bad", "unchecked": "plain"}


def card(site: Site, visitor: Visitor, publication: Publication) -> Card:
    """The card of a dataset: at most three chips, so that each is read."""
    words, url, facts = site.wording(visitor), site.url(visitor), site.shelf.facts(publication)
    record, version = publication.record, publication.version
    lines = [
        site.producer_name(record.producer, visitor.language),
        words.t("card.updated", date=words.day(publication.published_at)),
        words.t("card.version", n=version.number),
    ]
    if record.synthetic:
        lines.append(words.t("chip.synthetic"))
    second = access_chip(words, publication.classification) or freshness_chip(words, publication)
    return Card(
        key=publication.dataset_id,
        title=record.title.in_language(visitor.language),
        href=url("dataset", id=publication.dataset_id),
        abstract=shortened(record.abstract.in_language(visitor.language)),
        facts=tuple(line for line in lines if line),
        chips=tuple(chip for chip in (quality_chip(words, facts.quality), second, geometry_chip(words, facts)) if chip),
        picture=drawing(publication, facts, "thumbnail"),
    )


def shortened(text: str, longest: int = 150) -> str:
    """The first sentences of a text, as many as fit; cut between words where not even one does."""
    if len(text) <= longest:
        return text
    head = text[: longest + 1]
    for mark in (". ", "; ", ": "):
        if (end := head.rfind(mark)) > longest // 4:
            return head[: end + 1].rstrip(";: ") + ("" if mark == ". " else " …")
    return head[: head.rfind(" ")].rstrip(",;:") + " …"


def quality_chip(words: Wording, quality: Quality) -> Chip:
    """The score, or that nothing was checked: never a tick for what was not looked at."""
    if quality.score is None:
        return Chip("plain", words.t("chip.unchecked"))
    return Chip(QUALITY_KINDS[quality.state], words.t("chip.quality", n=quality.score))


def freshness_chip(words: Wording, publication: Publication) -> Chip | None:
    """On schedule, or late by so many days; nothing where no date was promised."""
    freshness = freshness_of(publication.record, datetime.now(UTC).astimezone(words.zone).date())
    if freshness is None:
        return None
    if freshness.late_days:
        return Chip("late", words.n("chip.late", freshness.late_days))
    return Chip("ok", words.t("chip.on-time"))


def access_chip(words: Wording, classification: Classification) -> Chip | None:
    """The class of access, where it is not open to everybody."""
    if classification is Classification.PUBLIC:
        return None
    return Chip("lock", words.code("access", str(classification)))


def geometry_chip(words: Wording, facts: Facts) -> Chip:
    """Kind of geometry and number of features."""
    return Chip("plain", f"{geometry_word(words, facts.geometry_type)} · {words.number(facts.features)}")


def geometry_word(words: Wording, geometry_type: str | None) -> str:
    """Point, line, polygon, mixed, or a plain table."""
    kind = (geometry_type or "None").removeprefix("Multi").removesuffix("Z").removesuffix("M").strip()
    return words.code("geometry", {"LineString": "Line", "GeometryCollection": "Unknown"}.get(kind, kind))


def drawing(publication: Publication, facts: Facts, name: str) -> str | None:
    """The address of a drawing of this very build, None where it was not made."""
    file = {"thumbnail": "thumb.svg", "picture": "map.svg"}[name]
    if file not in facts.pictures:
        return None
    number = publication.version.number
    return address(name, (("version", str(number)), ("v", publication.build[:12])), id=publication.dataset_id)


def legend(words: Wording, facts: Facts) -> Legend | None:
    """The legend of a drawing in the reader's language; None where there is none that can be read."""
    written: Any = facts.legends.get(words.language)
    try:
        return Legend(
            title=str(written["title"]),
            shape=str(written["shape"]),
            entries=tuple(
                LegendEntry(
                    label=str(entry["label"]),
                    colour=entry["colour"] if COLOUR.fullmatch(str(entry["colour"])) else None,
                    count=words.number(int(entry["count"])),
                )
                for entry in written["entries"][:MOST_CLASSES]
            ),
            notes=tuple(str(note) for note in written["notes"]),
        )
    except (TypeError, KeyError, ValueError):
        return None


def map_picture(site: Site, visitor: Visitor, publication: Publication) -> MapPicture:
    """The map of a dataset: its drawing, the address of the living map, and what both show."""
    words, facts = site.wording(visitor), site.shelf.facts(publication)
    title, number = publication.record.title.in_language(visitor.language), publication.version.number
    frame = None
    if facts.previews:
        # One page a language: its address names it, so that a cache keeps both.
        frame = address("map", (("version", str(number)), ("lang", visitor.language)), id=publication.dataset_id)
    source = [site.producer_name(publication.record.producer, visitor.language), words.day(publication.published_at)]
    return MapPicture(
        picture=drawing(publication, facts, "picture"),
        legend=legend(words, facts),
        frame=frame,
        title=words.t("map.title", title=title, n=number),
        label=words.t(
            "map.label", title=title, kind=geometry_word(words, facts.geometry_type), n=words.number(facts.features)
        ),
        caption=" · ".join(part for part in (title, words.t("card.version", n=number), *source) if part),
    )
