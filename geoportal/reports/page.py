"""The report as one page to print (A4) or to send: no script, nothing fetched, the same words as on the portal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from geoportal.checks import texts
from geoportal.language import has_text, number, text
from geoportal.maps.escape import visible
from geoportal.model.layer import Layer, LayerSummary
from geoportal.model.report import Finding, Occurrence, Report, Severity
from geoportal.reports.marks import mark
from geoportal.reports.places import named, where
from geoportal.reports.summary import Summary, score_line, sentence, summarise
from geoportal.reports.target import write_text

HERE: Final = Path(__file__).parent
DOMAIN: Final = "reports"
SHOWN_PLACES: Final = {Severity.BLOCKING: 25, Severity.WARNING: 25, Severity.INFO: 5}
CODE: Final = 40


@dataclass(frozen=True, slots=True)
class Line:
    """One place in the list: its number in the picture (0: none), name, coordinates, what is said of it."""

    number: int
    title: str
    where: str
    said: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One finding in words."""

    severity: str
    rule: str
    title: str
    sentence: str
    hint: str
    count: str
    layer: str
    element: str
    lines: tuple[Line, ...]
    more: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """Everything that the page says; ``about`` are the rows of the table of layers."""

    language: str
    title: str
    verdict: str
    gate: str
    judged: str
    summary: Summary
    score: str
    sentence: str
    first: tuple[Entry, ...]
    tiles: tuple[tuple[str, str, str], ...]
    picture: Markup
    picture_note: str
    about: tuple[tuple[str, ...], ...]
    entries: tuple[Entry, ...]
    passed: tuple[str, ...]


def write_page(report: Report, outlines: Sequence[Layer], target: Path, *, title: str, language: str) -> None:
    """Write the page of a report; BadRequest where ``target`` is a folder."""
    write_text(target, page(report, outlines, title=title, language=language))


def page(report: Report, outlines: Sequence[Layer], *, title: str, language: str) -> str:
    """The page of a report as HTML. Every text of the file is escaped; an unknown reference system is not guessed."""

    def t(key: str, **params: object) -> str:
        return text(DOMAIN, key, language, **params)

    sheet = sheet_of(report, outlines, title=title, language=language)
    content = {
        "sheet": sheet,
        "t": t,
        "severities": {str(level): t(f"severity.{level}") for level in Severity},
        "css": Markup((HERE / "page.css").read_text("utf-8")),
        "mark": lambda severity: Markup(mark(severity)),
    }
    return _templates().get_template("page.html").render(content).strip() + "\n"


@cache
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )


def sheet_of(report: Report, outlines: Sequence[Layer], *, title: str, language: str) -> Sheet:
    """What the page says of a report."""
    summary = summarise(report)
    entries, places = _entries(report, language)
    drawing, note = _picture(report, outlines, places, title, language)
    # A mere note counts as passed, on paper as on the portal.
    broken = {finding.rule for finding in report.findings if finding.severity is not Severity.INFO}
    profile = report.spec
    return Sheet(
        language=language,
        title=visible(title),
        verdict=text("cli", f"verdict.{report.verdict}", language),
        gate=text("cli", f"gate.{report.gate}", language, spec=profile) if report.gate else "",
        judged=text(DOMAIN, "page.profile" if profile else "page.intake", language, spec=profile),
        summary=summary,
        score=score_line(summary, language),
        sentence=sentence(summary, language),
        first=tuple(entries[report.findings.index(finding)] for finding in summary.first),
        tiles=tuple(
            (
                str(level),
                number(summary.findings[level], language),
                _counted("page.places", summary.places[level], language),
            )
            for level in Severity
        ),
        picture=Markup(drawing),
        picture_note=note,
        about=tuple(_about(layer, language) for layer in report.layers),
        entries=tuple(entries),
        passed=tuple(texts.title(rule, language) for rule in report.checked if rule not in broken),
    )


def _counted(key: str, count: int, language: str) -> str:
    single = f"{key}.one"
    chosen = single if count == 1 and has_text(DOMAIN, single, language) else key
    return text(DOMAIN, chosen, language, n=number(count, language))


def _entries(report: Report, language: str) -> tuple[list[Entry], list[tuple[int, Finding, Occurrence, str]]]:
    """The findings in words, and the places among them that can be drawn, numbered through."""
    entries = []
    to_mend = any(finding.severity is not Severity.INFO for finding in report.findings)
    drawn: list[tuple[int, Finding, Occurrence, str]] = []
    for finding in report.findings:
        lines = []
        for item in finding.occurrences[: SHOWN_PLACES[finding.severity]]:
            title, said = named(item, texts.occurrence(finding, item, language), language)
            # Notes stand in nobody's way: on the picture they would hide what is to be mended.
            marked = item.where is not None and not (to_mend and finding.severity is Severity.INFO)
            if marked:
                drawn.append((len(drawn) + 1, finding, item, visible(title)))
            lines.append(Line(len(drawn) if marked else 0, visible(title), where(item, language), visible(said)))
        rest = finding.count - len(lines)
        entries.append(
            Entry(
                severity=str(finding.severity),
                rule=finding.rule,
                title=texts.title(finding.rule, language),
                sentence=visible(texts.message(finding, language)),
                hint=visible(texts.hint(finding, language)),
                count=_counted("page.places", finding.count, language),
                layer=visible(finding.layer) if finding.layer and len(report.layers) > 1 else "",
                element=text("portal", f"element.{finding.element}", language),
                lines=tuple(lines),
                more=_counted("page.more", rest, language) if lines and rest > 0 else "",
            )
        )
    return entries, drawn


def _about(layer: LayerSummary, language: str) -> tuple[str, ...]:
    """A row of the table of layers."""
    crs = layer.crs or text(DOMAIN, "page.crs.unknown", language)
    if len(crs) > CODE and '"' in crs:
        crs = crs.split('"')[1]
    values = (
        layer.name, number(layer.features, language), layer.geometry_type or "–", crs[:80],
        number(len(layer.fields), language),
    )  # fmt: skip
    return tuple(visible(value) for value in values)


def _picture(
    report: Report,
    outlines: Sequence[Layer],
    places: Sequence[tuple[int, Finding, Occurrence, str]],
    title: str,
    language: str,
) -> tuple[str, str]:
    """The still picture and a line about it; empty where no place can be drawn."""
    if not places:
        return "", ""
    from geoportal.reports.ground import Ground, outlines_on
    from geoportal.reports.picture import picture

    ground = Ground(report)
    placed = []
    for finding in report.findings:
        own = [place for place in places if place[1] is finding]
        for (at, _, _, label), point in zip(own, ground.points(finding.layer, [p[2] for p in own]), strict=True):
            if point is not None:
                placed.append((at, str(finding.severity), point.x, point.y, label))
    heading = text(DOMAIN, "map.title", language, title=visible(title))
    drawing, _ = picture(ground, outlines_on(ground, outlines), placed, heading)
    note = text(DOMAIN, "page.picture.note", language)
    if not ground.on_earth:
        note = f"{text(DOMAIN, 'map.plain', language)} {note}"
    about = {id(place[1]): place[1].count for place in places}
    shown, total = number(len(placed), language), number(sum(about.values()), language)
    marked = text(DOMAIN, "page.marked", language, shown=shown, total=total)
    return drawing, f"{note} {marked}" if drawing else ""
