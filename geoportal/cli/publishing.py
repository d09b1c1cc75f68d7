"""The commands of a dataset's life: submit, publish, withdraw, roll back, list, show."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from geoportal.cli.checking import describe
from geoportal.cli.progress import on_terminal
from geoportal.cli.session import (
    Data,
    Json,
    Lang,
    address_of,
    language_for,
    local_admin,
    local_time,
    opened,
    print_json,
    say,
    table,
)
from geoportal.errors import Invalid
from geoportal.language import number as written
from geoportal.language import text
from geoportal.model.access import Classification
from geoportal.model.dataset import Dataset, Publication, Version
from geoportal.model.report import Report, Severity

if TYPE_CHECKING:
    from geoportal.node import Node
    from geoportal.store.events import Event
    from geoportal.store.waivers import Waiver

DatasetId = Annotated[str, typer.Argument(metavar="DATASET", help="Id of the dataset.")]


def submit(
    file: Annotated[Path, typer.Argument(help="The file, or a folder of loose shapefiles or a .gdb.")],
    dataset: Annotated[str, typer.Option("--dataset", help="Id of the dataset; an unknown id makes it.")],
    title: Annotated[str | None, typer.Option("--title", help="Title; otherwise the id.")] = None,
    access: Annotated[
        Classification | None, typer.Option("--access", help="Class of access; a new dataset is PUBLIC.")
    ] = None,
    opd: Annotated[
        list[str] | None, typer.Option("--opd", help="GOVERNMENT only: agency that may see it (repeat).")
    ] = None,
    layer: Annotated[str | None, typer.Option("--layer", help="Layer to take, where the file holds several.")] = None,
    spec: Annotated[str | None, typer.Option("--spec", help="Profile or specification file.")] = None,
    crs: Annotated[str | None, typer.Option("--crs", help="Reference system, where the file does not say.")] = None,
    join: Annotated[
        str | None,
        typer.Option(
            "--join",
            help="A table without geometry: join it to this region layer by code, DATASET[:COLUMN[=KEY]], or 'none'.",
        ),
    ] = None,
    note: Annotated[str | None, typer.Option("--note", help="What changed, in a sentence.")] = None,
    json: Json = False,
    lang: Lang = None,
    data: Data = None,
) -> None:
    """Read, check and keep a file as the next version of a dataset. Nothing is visible before publish."""
    from geoportal.actions.submit import submit as act

    if opd and access is not Classification.GOVERNMENT:
        raise typer.BadParameter("goes with --access GOVERNMENT only", param_hint="--opd")
    with opened(data, make=True) as node:
        language = language_for(lang, node.settings)
        with on_terminal(language, quiet=json) as progress:
            done = act(
                node, local_admin(), dataset, file,
                title=title, access=access, opd=opd or (), layer=layer, spec=spec, crs=crs, note=note,
                progress=progress, join=join,
            )  # fmt: skip
        if json:
            from geoportal.checks.texts import report_json

            print_json({**done.version.as_dict(), "report": report_json(done.report, language)})
            return
        say(
            text("cli", "submitted", language,
                 id=dataset, number=done.version.number, features=written(done.version.features, language))
        )  # fmt: skip
        if done.version.same_as is not None:
            say(text("cli", "submitted.same", language, number=done.version.same_as))
        if done.access_changed is not None:
            say(text("cli", "access.changed", language, access=done.access_changed))
        for line in describe(done.report, language):
            say(line)
        if done.inherits_synthetic:
            say(text("cli", "submitted.synthetic", language, id=dataset))
        if done.report.blocking():
            say(text("cli", "submitted.blocked", language, id=dataset))
        else:
            say(text("cli", "submitted.next", language, id=dataset))


def _published(node: Node, publication: Publication, key: str, as_json: bool, language: str) -> None:
    from geoportal.actions.completeness import record_report_for

    base_url, waiver = address_of(node), node.waiver(publication)
    address = f"{base_url}/ogc/collections/{publication.dataset_id}"
    page = f"{base_url}/dataset/{publication.dataset_id}"
    if as_json:
        print_json({
            **publication.version.as_dict(),
            "published_at": publication.published_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "override": publication.override,
            "exception": waiver.as_dict() if waiver else None,
            "address": address,
            "page": page,
            "completeness": lacking(record_report_for(node, publication.dataset_id), language),
        })  # fmt: skip
        return
    number = publication.version.number
    say(text("cli", key, language, id=publication.dataset_id, number=number, address=address))
    say(text("cli", "published.page", language, address=page))
    if waiver is not None:
        say(text("cli", "override.kept", language, address=f"{page}/mutu", found=found_by(waiver, language)))


def found_by(waiver: Waiver, language: str) -> str:
    """What an exception lets through, in words; a dash where the trail does not say."""
    from geoportal.checks.texts import named

    return named(waiver.overruled, language) or "-"


def lacking(report: Report, language: str) -> dict[str, Any]:
    """How complete a record is, as JSON: how many elements it states of those that were asked for, and what is
    missing.
    """
    from geoportal.checks import texts
    from geoportal.checks.metadata import completeness

    stated, asked = completeness(report)
    missing = [
        {
            "rule": item.rule,
            "severity": str(item.severity),
            "message": texts.message(item, language),
            "hint": texts.hint(item, language),
        }
        for item in report.findings
    ]
    return {"stated": stated, "asked": asked, "missing": missing}


def undescribed(report: Report, dataset: str, language: str) -> str:
    """What a record still lacks, in one line; empty where nothing that weighs is missing."""
    from geoportal.checks.metadata import completeness

    missing = [finding.rule for finding in report.findings if finding.severity is not Severity.INFO]
    if not missing:
        return ""
    named = ", ".join(text("cli", f"record.key.{rule.split('-')[1]}", language) for rule in missing)
    stated, asked = completeness(report)
    return text("cli", "published.undescribed", language, id=dataset, keys=named, stated=stated, asked=asked)


def publish(
    dataset: DatasetId,
    version: Annotated[
        int | None, typer.Option("--version", min=1, max=10**9, help="Version to publish; otherwise the newest.")
    ] = None,
    override: Annotated[
        str | None, typer.Option("--override", help="Publish in spite of a blocked gate; the reason, in words.")
    ] = None,
    json: Json = False,
    lang: Lang = None,
    data: Data = None,
) -> None:
    """Make a version what readers see, in the portal and through the OGC APIs, without a restart."""
    from geoportal.actions.completeness import record_report_for
    from geoportal.actions.publish import publish as act

    with opened(data) as node:
        done = act(node, local_admin(), dataset, version, override)
        language = language_for(lang, node.settings)
        _published(node, done, "published", json, language)
        if override is not None and done.override is None and not json:
            say(text("cli", "override.unneeded", language))
        warnings = [
            finding
            for finding in node.files.report(dataset, done.version.digest).findings
            if finding.severity is not Severity.INFO
        ]
        if not json and (line := undescribed(record_report_for(node, dataset), dataset, language)):
            say(line)
        if warnings and not json:
            report = f"{address_of(node)}/dataset/{dataset}/mutu"
            say(text("cli", "published.warnings", language, count=len(warnings), address=report))


def withdraw(dataset: DatasetId, json: Json = False, lang: Lang = None, data: Data = None) -> None:
    """Take a dataset out of sight for everybody. Its versions stay; publish brings it back."""
    from geoportal.actions.publish import withdraw as act

    with opened(data) as node:
        act(node, local_admin(), dataset)
        if json:
            print_json({"dataset": dataset, "stage": "withdrawn"})
        else:
            say(text("cli", "withdrawn", language_for(lang, node.settings), id=dataset))


def rollback(
    dataset: DatasetId,
    to: Annotated[
        int | None, typer.Option("--to", min=1, max=10**9, help="Version to go back to; otherwise the one before.")
    ] = None,
    json: Json = False,
    lang: Lang = None,
    data: Data = None,
) -> None:
    """Go back to a version that was published before."""
    from geoportal.actions.publish import rollback as act

    with opened(data) as node:
        done = act(node, local_admin(), dataset, to)
        _published(node, done, "rolledback", json, language_for(lang, node.settings))


def _row(dataset: Dataset, versions: list[Version]) -> dict[str, Any]:
    return {
        "id": dataset.dataset_id,
        "title": dataset.record.title.as_dict(),
        "access": str(dataset.classification),
        "opd": list(dataset.opd),
        "stage": str(dataset.stage),
        "published_version": dataset.published_version,
        "newest_version": max((version.number for version in versions), default=None),
        "specification": dataset.specification.name,
    }


def list_(json: Json = False, lang: Lang = None, data: Data = None) -> None:
    """List all datasets of the node, whoever may see them."""
    from geoportal.store import datasets

    with opened(data) as node:
        with node.register.read() as conn:
            rows = [_row(d, datasets.versions(conn, d.dataset_id)) for d in datasets.list_all(conn)]
        language = language_for(lang, node.settings)
        if json:
            print_json({"datasets": rows})
        elif not rows:
            say(text("cli", "list.empty", language))
        else:
            heads = [text("cli", f"head.{name}", language) for name in ("id", "stage", "access", "version", "title")]
            cells = [
                [
                    row["id"],
                    text("cli", f"stage.{row['stage']}", language),
                    row["access"],
                    _numbers(row["published_version"], row["newest_version"], language),
                    row["title"][language],
                ]
                for row in rows
            ]
            table(cells, heads)


def _numbers(published: int | None, newest: int | None, language: str) -> str:
    """What is out and, where it is another, the newest that is kept."""
    if published == newest:
        return str(newest or "-")
    return text("cli", "list.newest", language, published=published or "-", newest=newest)


def show(dataset: DatasetId, json: Json = False, lang: Lang = None, data: Data = None) -> None:
    """Show one dataset: its record, its versions and what is published."""
    from geoportal.store import datasets, events

    with opened(data) as node:
        with node.register.read() as conn:
            found = datasets.get(conn, dataset)
            versions = datasets.versions(conn, dataset)
            happened = events.list_recent(conn, dataset_id=dataset, limit=20)
            current = datasets.publication(conn, dataset)
        waiver = node.waiver(current) if current else None
        language = language_for(lang, node.settings)
        row = _row(found, versions)
        if json:
            print_json({
                **row,
                "record": found.record.as_dict(),
                "specification": found.specification.as_dict(),
                "versions": [version.as_dict() for version in versions],
                "exception": waiver.as_dict() if waiver else None,
                "events": [_event(event) for event in happened],
                "address": f"{address_of(node)}/ogc/collections/{dataset}",
            })  # fmt: skip
            return
        say(f"{dataset}  {row['title'][language]}")
        for name in ("access", "stage", "specification"):
            value = text("cli", f"stage.{row[name]}", language) if name == "stage" else row[name]
            say(f"  {text('cli', f'head.{name}', language)}: {value}")
        for version in versions:
            mark = "*" if version.number == found.published_version else " "
            when, features = local_time(version.created_at, node.settings), written(version.features, language)
            judged = f"{version.verdict}/{version.gate or '-'}"
            cells = [f"{version.number:>3}", when, features, judged, version.source_name, version.note or ""]
            say(f" {mark} {'  '.join(cells)}".rstrip())
        if waiver is not None:
            say(waived(waiver, node, language))


def waived(waiver: Waiver, node: Node, language: str) -> str:
    """Who let a version through its blocked gate, when, why and what was found, in a sentence."""
    when, found = local_time(waiver.at, node.settings), found_by(waiver, language)
    return text("cli", "show.override", language, who=waiver.by, when=when, reason=waiver.reason, found=found)


def _event(event: Event) -> dict[str, Any]:
    return {
        "sequence": event.sequence,
        "at": event.at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "actor": event.actor,
        "role": event.role,
        "system_user": event.system_user,
        "action": event.action,
        "facts": dict(event.facts),
    }


def parse_classes(values: list[str]) -> frozenset[Classification]:
    """Classes of access by name, in any case; Invalid names the one that is not known."""
    known = {str(c): c for c in Classification}
    for value in values:
        if value.upper() not in known:
            raise Invalid(f"{value} is no class of access: use {', '.join(known)}")
    return frozenset(known[value.upper()] for value in values)
