"""``geoportal wilayah``: region codes (kode wilayah) of a file, beside the lists of the node."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from geoportal.cli.session import Data, Json, Lang, language_for, print_json, say, settings_for
from geoportal.errors import NotFound
from geoportal.language import number, text
from geoportal.model.report import Severity, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from geoportal.model.references import CodeList
    from geoportal.model.report import Finding, Report

MOST_SHOWN = 10
app = typer.Typer(help="Region codes (kode wilayah) of Kemendagri.", no_args_is_help=True)


@app.callback()
def _several() -> None:
    """Region codes (kode wilayah) of Kemendagri."""


@app.command("check")
def check(
    file: Annotated[Path, typer.Argument(help="The file, or a folder of loose shapefiles or a .gdb.")],
    column: Annotated[
        list[str] | None, typer.Option("--column", help="A field with codes; others are found by their values.")
    ] = None,
    edition: Annotated[
        str | None, typer.Option("--edition", help="Edition of the list, or a part of its name; default the newest.")
    ] = None,
    layer: Annotated[str | None, typer.Option("--layer", help="Check this layer only.")] = None,
    json: Json = False,
    lang: Lang = None,
    data: Data = None,
) -> None:
    """Compare the region codes and names of a file with the code lists: unknown codes, wrong parents, misspelt names.

    Exit code 0, or 1 when the file is rejected, holds no column of codes, or a code is on no list.
    """
    settings = settings_for(data)
    language = language_for(lang, settings)
    if not file.exists():
        raise NotFound(f"there is no file {file}", say="file", path=str(file))
    from geoportal.actions.region_check import check_regions, chosen_list, unknown_values

    code_list = chosen_list(settings, edition)
    report = check_regions(file, settings, columns=tuple(column or ()), edition=edition, layer=layer)
    unknown = unknown_values(report)
    known = any(params["kinds"].get("listed") for _, params in _columns(report))
    passed = report.verdict is not Verdict.REJECT and known and not unknown
    if json:
        print_json(_document(report, code_list, passed, language))
    else:
        for line in _lines(report, code_list, unknown, language):
            say(line)
    if not passed:
        raise typer.Exit(1)


def _columns(report: Report) -> list[tuple[str | None, dict[str, Any]]]:
    """The columns of codes with their counts, each with its layer."""
    from geoportal.actions.region_check import COUNTED

    return [
        (finding.layer, place.params)
        for finding in report.findings
        if finding.rule == COUNTED
        for place in finding.occurrences
    ]


def _told(report: Report) -> list[Finding]:
    """The findings about codes and names, and whatever rejects the file."""
    from geoportal.actions.region_check import ABOUT_REGIONS, COUNTED

    return [
        finding
        for finding in report.findings
        if finding.rule != COUNTED and (finding.rule in ABOUT_REGIONS or finding.severity is Severity.BLOCKING)
    ]


def _document(report: Report, code_list: CodeList, passed: bool, language: str) -> dict[str, Any]:
    from geoportal.checks.texts import report_json

    whole = report_json(report, language)
    rules = {finding.rule for finding in _told(report)}
    return {
        "passed": passed,
        "verdict": whole["verdict"],
        "edition": code_list.edition,
        "codes": len(code_list.entries),
        "layers": [
            {
                "name": layer.name,
                "features": layer.features,
                "columns": [params for name, params in _columns(report) if name == layer.name],
            }
            for layer in report.layers
        ],
        "findings": [finding for finding in whole["findings"] if finding["rule"] in rules],
    }


def _lines(report: Report, code_list: CodeList, unknown: int, language: str) -> Iterator[str]:
    def said(key: str, **facts: Any) -> str:
        shown = {name: number(value, language) if isinstance(value, int) else value for name, value in facts.items()}
        return text("cli", key, language, **shown)

    yield said("wilayah.lists", edition=code_list.edition, count=len(code_list.entries))
    for layer in report.layers:
        yield said("wilayah.layer", name=layer.name, features=layer.features)
        for name, facts in _columns(report):
            if name != layer.name:
                continue
            level = text("cli", f"wilayah.level.{facts['level']}", language)
            yield "  " + said(
                "wilayah.column",
                field=facts["field"],
                level=level,
                distinct=facts["distinct"],
                blank=facts["blank"],
            )
            for edition, count in facts["editions"].items():
                yield "    " + said("wilayah.edition", edition=edition, count=count, distinct=facts["distinct"])
            if outside := facts["kinds"].get("outside"):
                yield "    " + said("wilayah.outside", count=outside)
    yield from _findings(report, language)
    if report.verdict is Verdict.REJECT:
        yield text("cli", "verdict.reject", language)
    elif not _columns(report):
        yield said("wilayah.no-column")
    elif unknown:
        yield said("wilayah.failed" if unknown > 1 else "wilayah.failed.one", count=unknown)
    elif not any(facts["kinds"].get("listed") for _, facts in _columns(report)):
        yield said("wilayah.no-code")
    else:
        yield said("wilayah.passed")


def _findings(report: Report, language: str) -> Iterator[str]:
    from geoportal.checks import texts

    for finding in _told(report):
        where = f" ({finding.layer})" if finding.layer and len(report.layers) > 1 else ""
        mark = "[X]" if finding.severity is Severity.BLOCKING else "[!]"
        yield f"{mark} {texts.message(finding, language)}{where}  [{finding.rule}]"
        for place in finding.occurrences[:MOST_SHOWN]:
            sentence = texts.occurrence(finding, place, language)
            if sentence:
                yield f"    {place.feature + ': ' if place.feature else ''}{sentence}"
        if finding.count > MOST_SHOWN and finding.occurrences:
            yield "    " + text("cli", "wilayah.more", language, count=number(finding.count - MOST_SHOWN, language))
