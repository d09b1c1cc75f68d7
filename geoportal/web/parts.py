"""The parts that pages are made of: chips, cards, links, rows; frozen facts for one reader, as ``pages`` says."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup


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
    """A dataset in a list. ``picture`` is None where there is no drawing, ``key`` the id of the dataset."""

    key: str
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
class Option:
    """A choice that is a link: ``count`` is how many datasets it leads to."""

    label: str
    href: str
    count: int
    chosen: bool


@dataclass(frozen=True, slots=True)
class Facet:
    """A group of choices; those of ``more`` are folded away until somebody asks for them."""

    title: str
    options: tuple[Option, ...]
    more: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class PlaceHit:
    """A place that a search means: what it is, what it lies in, and links to datasets there and to its feature."""

    title: str
    inside: str
    code: str
    datasets: Link | None
    feature: Link | None


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
    """A file to download; ``hint`` ends with its reference system."""

    title: str
    hint: str
    href: str
    size: str


@dataclass(frozen=True, slots=True)
class DownloadNotes:
    """What to know of one format: what it could not keep, or why the dataset is not offered in it."""

    title: str
    lines: tuple[str, ...]
    missing: bool = False


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
class Place:
    """Where a rule was broken. ``number`` is that of its mark on the fault map, whose id is ``mark``; 0 for none."""

    title: str
    where: str
    said: str
    href: str | None
    number: int = 0
    mark: str = ""


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
class Sieve:
    """A choice of findings by severity, as a link; an empty ``severity`` is all of them."""

    severity: str
    label: str
    count: str
    href: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Tile:
    """A number with its words and the shape of its severity."""

    severity: str
    value: str
    words: str
    strong: bool


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A rule in the list of rules."""

    title: str
    severity: str
    href: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """An error in one language."""

    language: str
    title: str
    what: str
    advice: str


@dataclass(frozen=True, slots=True)
class FormChoice:
    """A choice of a form's list."""

    value: str
    label: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class FormField:
    """One field of a form: label above, hint below it, the error above the input. ``choices`` make it a list.

    ``folded`` fields are for those who know more, and stand behind a fold.
    """

    name: str
    label: str
    hint: str
    value: str
    error: str
    required: bool
    lines: int
    longest: int
    autocomplete: str
    choices: tuple[FormChoice, ...]
    folded: bool


@dataclass(frozen=True, slots=True)
class Progress:
    """A step of what became of a message; ``shape`` is that of a severity."""

    title: str
    when: str
    note: str
    shape: str


@dataclass(frozen=True, slots=True)
class Sample:
    """A text to copy. ``kind`` says what it is for (terminal, curl, python, html ...), ``exit_code`` how it ends."""

    key: str
    kind: str
    text: str
    exit_code: int = 0


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of the handbook, and the sample that stands behind it."""

    html: Markup
    sample: Sample | None


@dataclass(frozen=True, slots=True)
class Section:
    """A section of a chapter; ``id`` is its anchor."""

    id: str
    title: str
    passages: tuple[Passage, ...]


@dataclass(frozen=True, slots=True)
class ChapterCard:
    """A chapter of the handbook in the overview, with its tasks as links."""

    title: str
    lead: str
    icon: str
    href: str
    tasks: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class Weight:
    """What a rule weighs under a profile; ``severity`` is none where it is switched off."""

    profile: str
    name: str
    severity: str
    word: str


@dataclass(frozen=True, slots=True)
class FormGroup:
    """Fields of a form that belong together, under one heading."""

    title: str
    fields: tuple[FormField, ...]


@dataclass(frozen=True, slots=True)
class SetupRow:
    """An answer about the node; ``before`` is what it replaces, empty where nothing changes."""

    label: str
    value: str
    before: str
