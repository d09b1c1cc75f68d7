"""What each page shows: one frozen dataclass a page, with a template of the same name in ``templates/``.

All values are for one reader: texts are in the reader's language, links are addresses, numbers are written out where
they are read as text. Templates lay out and never decide.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

from markupsafe import Markup


@dataclass(frozen=True, slots=True)
class Page:
    """Any page. ``nav`` is the entry of the main navigation that it belongs to."""

    nav: ClassVar[str] = ""

    @classmethod
    def template(cls) -> str:
        """The file of its template: ``DatasetPage`` -> ``dataset.html``."""
        words = re.findall(r"[A-Z][a-z]+", cls.__name__.removesuffix("Page"))
        return "_".join(words).lower() + ".html"


@dataclass(frozen=True, slots=True)
class Chip:
    """A status: ``kind`` gives shape and colour (ok, late, bad, info, lock, plain), ``word`` says it."""

    kind: str
    word: str


@dataclass(frozen=True, slots=True)
class Link:
    """A link with its text."""

    text: str
    href: str


@dataclass(frozen=True, slots=True)
class Card:
    """A dataset in a list. ``picture`` is None where there is no drawing."""

    title: str
    href: str
    abstract: str
    facts: tuple[str, ...]
    chips: tuple[Chip, ...]
    picture: str | None


@dataclass(frozen=True, slots=True)
class Theme:
    """A topic with the number of its datasets."""

    title: str
    icon: str
    count: str
    href: str


@dataclass(frozen=True, slots=True)
class News:
    """A dataset that was published lately."""

    title: str
    href: str
    abstract: str
    when: str
    who: str


@dataclass(frozen=True, slots=True)
class LegendEntry:
    """One class of a legend: its colour as ``#RRGGBB``, None for features without a value."""

    label: str
    colour: str | None
    count: str


@dataclass(frozen=True, slots=True)
class Legend:
    """What the colours of a drawing mean; ``shape`` is area, line or point. ``notes`` say what is not drawn."""

    title: str
    shape: str
    entries: tuple[LegendEntry, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MapPicture:
    """A drawing of a layer with its caption; ``frame`` is the address of the living map, None where there is none."""

    picture: str | None
    legend: Legend | None
    frame: str | None
    title: str
    label: str
    caption: str


@dataclass(frozen=True, slots=True)
class HomePage(Page):
    """Beranda: search, the region on a map, three jobs, themes, what is new, how the node is."""

    region_map: MapPicture | None
    region_map_href: str
    themes: tuple[Theme, ...]
    newest: tuple[News, ...]
    total: int
    producers: int
    features: int
    on_schedule: int
    latest: str
    suggestions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Option:
    """A choice that is a link: ``count`` is how many datasets it leads to."""

    label: str
    href: str
    count: int
    chosen: bool


@dataclass(frozen=True, slots=True)
class Facet:
    """A group of choices."""

    title: str
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class CataloguePage(Page):
    """Katalog: all datasets that exist for the reader, searched, filtered and sorted by plain links."""

    nav: ClassVar[str] = "catalogue"

    asked: str
    kept: tuple[tuple[str, str], ...]
    total: int
    producers: int
    found: int
    facets: tuple[Facet, ...]
    chosen: tuple[Link, ...]
    clear: str
    sorts: tuple[Option, ...]
    cards: tuple[Card, ...]
    numbers: tuple[Option, ...]
    previous: str | None
    following: str | None
    meant: Link | None
    suggestions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class QualityCard:
    """The quality of a version: score (None: not checked), counts and the sentence below them."""

    score: int | None
    state: str
    blocking: int
    warnings: int
    notes: int
    sentence: str
    href: str


@dataclass(frozen=True, slots=True)
class DownloadRow:
    """A file to download."""

    title: str
    hint: str
    href: str
    size: str


@dataclass(frozen=True, slots=True)
class Step:
    """How to connect one application: what to do, and the text to copy."""

    key: str
    title: str
    sentence: Markup
    copy: str
    lines: int


@dataclass(frozen=True, slots=True)
class Entry:
    """A version in the history."""

    number: int
    current: bool
    shown: bool
    when: str
    sentence: str
    note: str
    href: str


@dataclass(frozen=True, slots=True)
class Column:
    """A field of the layer."""

    name: str
    meaning: str
    kind: str
    promise: str


@dataclass(frozen=True, slots=True)
class About:
    """A fact of the record: label and value."""

    label: str
    value: str
    href: str | None = None


@dataclass(frozen=True, slots=True)
class DatasetPage(Page):
    """One dataset, newest or earlier version: map, quality, downloads, connecting, history, fields, record."""

    nav: ClassVar[str] = "catalogue"

    dataset_id: str
    title: str
    abstract: str
    number: int
    old: bool
    replaced: str
    newest_href: str
    synthetic: bool
    exception: str
    topic: Link | None
    chips: tuple[Chip, ...]
    map: MapPicture
    quality: QualityCard
    downloads: tuple[DownloadRow, ...]
    steps: tuple[Step, ...]
    history: tuple[Entry, ...]
    columns: tuple[Column, ...]
    about: tuple[About, ...]
    lineage: str
    keywords: tuple[Link, ...]
    address: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where a rule was broken."""

    title: str
    where: str
    said: str
    href: str | None


@dataclass(frozen=True, slots=True)
class FindingRow:
    """What one rule found: sentence, advice and places."""

    rule: str
    severity: str
    title: str
    sentence: str
    hint: str
    count: str
    element: str
    href: str
    places: tuple[Place, ...]
    more: str
    open: bool


@dataclass(frozen=True, slots=True)
class Tile:
    """A number with its words and the shape of its severity."""

    severity: str
    value: str
    words: str
    strong: bool


@dataclass(frozen=True, slots=True)
class ReportPage(Page):
    """Mutu: the verdict first, then what was found, where, and what to do about it."""

    nav: ClassVar[str] = "catalogue"

    dataset: Link
    number: int
    verdict: str
    sentence: str
    advice: str
    exception: str
    tiles: tuple[Tile, ...]
    map: MapPicture
    heading: str
    findings: tuple[FindingRow, ...]
    passed: tuple[Link, ...]
    synthetic: bool


@dataclass(frozen=True, slots=True)
class ProducerPage(Page):
    """One producer: who it is and what it publishes here."""

    nav: ClassVar[str] = "catalogue"

    name: str
    sample: bool
    contact: str
    cards: tuple[Card, ...]


@dataclass(frozen=True, slots=True)
class DevelopersPage(Page):
    """Pengembang: the addresses for programs, with examples that work as they stand."""

    nav: ClassVar[str] = "developers"

    steps: tuple[Step, ...]
    example: str
    addresses: tuple[About, ...]


@dataclass(frozen=True, slots=True)
class AboutPage(Page):
    """Tentang: who runs the node, what the words mean, how accessible it is."""

    nav: ClassVar[str] = "about"

    total: int
    producers: int


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A rule in the list of rules."""

    title: str
    severity: str
    href: str


@dataclass(frozen=True, slots=True)
class HelpPage(Page):
    """Bantuan: how to find, use, check and publish; the list of rules."""

    nav: ClassVar[str] = "help"

    groups: tuple[tuple[str, tuple[RuleRow, ...]], ...]
    total: int


@dataclass(frozen=True, slots=True)
class RulePage(Page):
    """One rule: what it looks at, how much it weighs, what to do."""

    nav: ClassVar[str] = "help"

    id: str
    title: str
    meaning: str
    hint: str
    severity: str
    intake: str
    element: str
    scope: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """An error in one language."""

    language: str
    title: str
    what: str
    advice: str


@dataclass(frozen=True, slots=True)
class ProblemPage(Page):
    """Masalah: what an error code means, in both languages."""

    nav: ClassVar[str] = "help"

    code: str
    status: int
    texts: tuple[Explanation, ...]


@dataclass(frozen=True, slots=True)
class ErrorPage(Page):
    """What went wrong with this very request. Says nothing of the address asked for: hidden and missing look alike."""

    code: str
    status: int
    title: str
    what: str
    advice: str
    detail: str
    log_id: str
