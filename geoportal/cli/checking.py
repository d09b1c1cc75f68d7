"""``geoportal check``: judge a file without server or register; for any produsen data."""

from __future__ import annotations

import shlex
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from geoportal.cli.progress import on_terminal
from geoportal.cli.session import Data, Json, Lang, complain, language_for, print_json, say, settings_for
from geoportal.errors import BadRequest, NotFound
from geoportal.language import number, text
from geoportal.model.report import Finding, Gate, Report, Severity, Verdict

if TYPE_CHECKING:
    from geoportal.ingest.faults import Faults
    from geoportal.ingest.join import JoinWish
    from geoportal.reports.summary import Summary
    from geoportal.settings import Settings

MOST_NAMED = 3
PAGES = (".html", ".htm")
PLACED = (
    "coordinates-outside-domain",
    "crs-axes-swapped",
    "crs-sign-lost",
    "crs-hemisphere",
    "crs-zone",
    "crs-degrees-as-metres",
    "crs-datum-shift",
    "layer-outside-region",
)
"""Rules whose candidates a repair can apply to a layer that states a reference system."""
TURNS = {"swap-axes": "swap-axes", "flip-y": "flip-latitude"}
"""What a candidate calls a turn of the coordinates, and the word of ``repair --yes`` for it."""
MARKS = {Severity.BLOCKING: "[X]", Severity.WARNING: "[!]", Severity.INFO: "[i]"}


_LINES = {"Raster": "layer.raster", None: "layer.table"}


def check(
    file: Annotated[Path, typer.Argument(help="The file, or a folder of loose shapefiles or a .gdb.")],
    spec: Annotated[
        str | None,
        typer.Option("--spec", help="Profile (bebas, titik, batas, jaringan, kugi, rtrw) or specification file."),
    ] = None,
    layer: Annotated[str | None, typer.Option("--layer", help="Check this layer only.")] = None,
    crs: Annotated[str | None, typer.Option("--crs", help="Reference system, where the file does not say.")] = None,
    map_: Annotated[Path | None, typer.Option("--map", help="Write a map of all places to this HTML file.")] = None,
    gpkg: Annotated[Path | None, typer.Option("--gpkg", help="Write all places to this GeoPackage, for QGIS.")] = None,
    html: Annotated[Path | None, typer.Option("--html", help="Write the report to print to this HTML file.")] = None,
    tolerance: Annotated[
        float | None,
        typer.Option("--tolerance", min=0, max=1000, help="Differences up to so many metres do not matter."),
    ] = None,
    json: Json = False,
    lang: Lang = None,
    data: Data = None,
) -> None:
    """Check a file: can it be read safely (verdict), and does it meet a profile (gate, with --spec).

    Exit code 0, or 1 when the file is rejected or, with --spec, its gate is blocked.
    """
    settings = settings_for(data)
    language = language_for(lang, settings)
    if not file.exists():
        raise NotFound(f"there is no file {file}", say="file", path=str(file))
    wanted = Wanted(map_, gpkg, html)
    wanted.ensure_writable(file)
    from geoportal.actions.references import references_at
    from geoportal.checks.profiles import read_specification
    from geoportal.checks.texts import report_json
    from geoportal.ingest.sandbox import all_faults, inspect_in_child
    from geoportal.repairs import REPAIRS
    from geoportal.reports.summary import summarise, summary_json

    specification = read_specification(spec, settings.profiles) if spec else None
    if tolerance is not None and specification is not None:
        specification = replace(specification, tolerance_m=tolerance)
    elif tolerance is not None:
        complain(text("cli", "check.tolerance", language))
    with (
        tempfile.TemporaryDirectory(prefix="geoportal-check-") as staging,
        on_terminal(language, quiet=json) as progress,
    ):
        read = partial(
            inspect_in_child,
            file,
            specification,
            settings.region,
            staging=Path(staging),
            limits=settings.ingest,
            layer=layer,
            crs=crs,
            write=False,
            progress=progress,
            references=references_at(settings, specification),
            faults=bool(wanted),
        )
        report, _ = read()
        if [item.geometry_type for item in report.layers] == [None] and (wish := _joinable(settings)):
            report, _ = read(join=wish)
        if wanted:
            wanted.write(all_faults(Path(staging), report, settings.ingest), file.name, language)
    summary = summarise(report)
    if json:
        print_json({**report_json(report, language), "summary": summary_json(summary, language)})
    else:
        for line in describe(report, language):
            say(line)
        for line in choices(report, language):
            say(line)
        for line in in_short(summary, language):
            say(line)
        if any(finding.rule in REPAIRS for finding in report.findings):
            say(text("cli", "check.repair", language, command=_repairing(file, spec, crs)))
    for line in wanted.told(language):
        (complain if json else say)(line)
    if report.verdict is Verdict.REJECT or report.gate is Gate.BLOCKED:
        raise typer.Exit(1)


@dataclass(frozen=True, slots=True)
class Wanted:
    """The files that a check was asked to write besides its answer."""

    map: Path | None
    gpkg: Path | None
    html: Path | None

    def __bool__(self) -> bool:
        """Whether any was asked for."""
        return any((self.map, self.gpkg, self.html))

    def ensure_writable(self, source: Path) -> None:
        """Raise BadRequest or NotFound for a place that cannot be written to, before the file is read: a folder, the
        file itself, the same place twice.
        """
        from geoportal.reports.target import ensure_writable

        taken = {source.resolve()}
        for target, ends in ((self.map, PAGES), (self.gpkg, (".gpkg",)), (self.html, PAGES)):
            if target is None:
                continue
            ensure_writable(target)
            # What lies there under another ending is no report: it may be a part of the shapefile itself.
            if target.exists() and target.suffix.lower() not in ends:
                raise BadRequest(f"{target} would be written over", say="over", path=str(target))
            if target.resolve() in taken or (target.exists() and target.samefile(source)):
                raise BadRequest(f"{target} would be written over", say="over", path=str(target))
            taken.add(target.resolve())

    def write(self, faults: Faults, title: str, language: str) -> None:
        """Write what was asked for."""
        if not faults.complete:
            complain(text("reports", "incomplete", language))
        if self.map:
            from geoportal.reports.map import write_map

            write_map(faults.report, faults.outlines, self.map, title=title, language=language)
        if self.gpkg:
            from geoportal.reports.faults import write_faults

            write_faults(faults.report, self.gpkg, language)
        if self.html:
            from geoportal.reports.page import write_page

            write_page(faults.report, faults.outlines, self.html, title=title, language=language)

    def told(self, language: str) -> Iterator[str]:
        """Where it was written, a line each."""
        for kind, target in (("map", self.map), ("gpkg", self.gpkg), ("html", self.html)):
            if target:
                yield text("cli", f"check.written.{kind}", language, path=str(target))


def _repairing(file: Path, spec: str | None, crs: str | None) -> str:
    """The command that repairs the file that was checked."""
    named = [*(("--spec", spec) if spec else ()), *(("--crs", crs) if crs else ())]
    return shlex.join(["geoportal", "repair", str(file), *named])


def in_short(summary: Summary, language: str) -> Iterator[str]:
    """The score, and what to do first."""
    from geoportal.checks import texts
    from geoportal.reports.summary import score_line, sentence

    yield ""
    yield f"{score_line(summary, language)} {sentence(summary, language)}"
    if summary.first:
        yield f"{text('reports', 'first', language)}:"
    for at, finding in enumerate(summary.first, start=1):
        yield f"  {at}. {texts.title(finding.rule, language)}: {texts.hint(finding, language)}"


def _joinable(settings: Settings) -> JoinWish | None:
    """The public region layers of the node whose data directory is known: a table may be joined to them at submit."""
    if not (settings.storage.data / "register.db").is_file():
        return None
    from geoportal.actions.joining import automatic_wish
    from geoportal.model.access import Classification
    from geoportal.node import Node

    node = Node(settings)
    try:
        return automatic_wish(node, Classification.PUBLIC, (), only_suggest=True)
    finally:
        node.close()


def describe(report: Report, language: str, *, judged: bool = True) -> Iterator[str]:
    """The report as lines for a terminal: verdict, layers, then the findings with a sentence, the features and what to
    do. ``judged=False`` leaves out verdict and gate, where an error has said already that nothing was kept.
    """
    from geoportal.checks import texts

    if judged:
        yield text("cli", f"verdict.{report.verdict}", language)
    if judged and report.gate is not None:
        yield text("cli", f"gate.{report.gate}", language, spec=report.spec)
    for layer in report.layers:
        facts = text(
            "cli",
            _LINES.get(layer.geometry_type, "layer.line"),
            language,
            name=layer.name,
            features=number(layer.features, language),
            geometry=layer.geometry_type or "-",
            crs=_short(layer.crs) or text("cli", "crs.unknown", language),
        )
        yield f"  {facts}"
    for finding in report.findings:
        where = f" ({finding.layer})" if finding.layer and len(report.layers) > 1 else ""
        yield f"{MARKS[finding.severity]} {texts.message(finding, language)}{where}  [{finding.rule}]"
        if finding.severity is not Severity.INFO and (named := _named(finding)):
            more = finding.count - len(named)
            key = "finding.features.more" if more > 0 else "finding.features"
            yield f"    {text('cli', key, language, features=', '.join(named), count=number(more, language))}"
        if hint := texts.hint(finding, language):
            yield f"    {hint}"


def choices(report: Report, language: str) -> Iterator[str]:
    """What the officer may say of where a layer lies, as options to type, each with where the layer would land.

    For a layer without a reference system the options of this command; for one that lies wrong as it is read, those of
    ``repair``. Nothing of it is done without being typed.
    """
    from geoportal.language import text

    missing = [c for f in report.findings if f.rule == "crs-missing" for c in f.params.get("candidates", [])]
    if missing:
        yield text("cli", "crs.choose", language)
    for candidate in missing:
        if option := _option(candidate, "--crs {crs}"):
            command = "geoportal repair FILE " if "--yes" in option else ""  # a check turns nothing
            yield f"  {command}{option}  {candidate.get('name', '')}  {_landing(candidate, language)}".rstrip()
    asked = [c for f in report.findings if f.rule in PLACED for c in f.params.get("candidates", [])]
    options = {_option(c, "--yes assign-crs={crs}"): c for c in reversed(asked)}
    options.pop("", None)
    if options:
        yield text("cli", "crs.repair", language)
    for option, candidate in reversed(options.items()):
        yield f"  geoportal repair FILE {option}  {candidate.get('name', '')}  {_landing(candidate, language)}".rstrip()


def _option(candidate: dict[str, Any], assigning: str) -> str:
    """The words that confirm what a candidate would do to the layer; empty where it may not be done to all of it."""
    steps = candidate.get("repair", {"assign-crs": candidate["crs"]})
    words = [assigning.format(crs=steps["assign-crs"])] if "assign-crs" in steps else []
    words += [f"--yes {word}" for step, word in TURNS.items() if steps.get(step)]
    return " ".join(words)


def _landing(candidate: dict[str, Any], language: str) -> str:
    """Where a layer would land, and how much of it in the region."""
    from geoportal.language import text

    if "extent_degrees" not in candidate:
        return ""
    west, south, east, north = (number(value, language, 2) for value in candidate["extent_degrees"])
    share = number(100 * candidate["share_inside"], language, 0)
    return text("cli", "crs.lands", language, share=share, west=west, south=south, east=east, north=north)


def _named(finding: Finding) -> list[str]:
    """The first features that a finding is about, each with its place in the layer's own coordinates."""
    named = []
    for item in finding.occurrences[:MOST_NAMED]:
        place = f" ({item.where[0]:.10g} {item.where[1]:.10g})" if item.where else ""
        if item.feature is not None or place:
            named.append(f"{item.feature or ''}{place}".strip())
    return named


def _short(crs: str | None) -> str | None:
    """A reference system in a few words: its code, or the name out of its WKT."""
    if crs is None or len(crs) < 40:
        return crs
    return crs.split('"')[1] if '"' in crs else crs[:40]
