"""``geoportal record``: what a dataset says of itself, shown, edited, and exchanged as YAML or JSON."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile
from dataclasses import replace
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from geoportal.cli.checking import MARKS
from geoportal.cli.publishing import DatasetId, lacking, waived
from geoportal.cli.session import Data, Json, Lang, complain, language_for, local_admin, opened, print_json, say
from geoportal.errors import InvalidSpecification, NotFound
from geoportal.language import text
from geoportal.model.dataset import Stage
from geoportal.model.record import FieldMeaning, Record
from geoportal.model.text import LocalText

if TYPE_CHECKING:
    from geoportal.node import Node
    from geoportal.store.waivers import Waiver

app = typer.Typer(
    help="What a dataset says of itself: title, abstract, producer, licence, fields ...", no_args_is_help=True
)

Revision = Annotated[
    int | None, typer.Option("--revision", min=1, max=10**9, help="An earlier revision of the record.")
]


class Palette(StrEnum):
    """How the values of a field become colours."""

    SINGLE = "single"
    SEQUENTIAL = "sequential"
    QUALITATIVE = "qualitative"


@app.command("show")
def show(
    dataset: DatasetId, revision: Revision = None, json: Json = False, lang: Lang = None, data: Data = None
) -> None:
    """Show the record of a dataset, as YAML, and what it lacks; with --json as JSON."""
    from geoportal.actions.completeness import record_report_for
    from geoportal.actions.describe import record_of
    from geoportal.catalogue.description import write_description
    from geoportal.checks import texts
    from geoportal.checks.metadata import completeness

    with opened(data) as node:
        language = language_for(lang, node.settings)
        number, record, names = record_of(node, dataset, revision)
        report = record_report_for(node, dataset, revision)
        stated, asked = completeness(report)
        if json:
            told = {"dataset": dataset, "revision": number, "record": record.as_dict()}
            waiver = waiver_over(node, dataset)
            print_json({
                **told, "completeness": lacking(report, language), "exception": waiver.as_dict() if waiver else None,
            })  # fmt: skip
            return
        say(f"# {text('cli', 'record.head', language, id=dataset, revision=number)}")
        say(f"# {text('cli', 'record.completeness', language, stated=stated, asked=asked)}")
        for item in report.findings:
            say(f"# {MARKS[item.severity]} {texts.message(item, language)}")
        if (waiver := waiver_over(node, dataset)) is not None:
            say(f"# {waived(waiver, node, language)}")
        say(write_description(record, names).rstrip())


def waiver_over(node: Node, dataset: str) -> Waiver | None:
    """Who let what is out of a dataset through its blocked gate; None where nobody had to, or nothing is out."""
    from geoportal.store import datasets

    with node.register.read() as conn:
        current = datasets.publication(conn, dataset)
    return node.waiver(current) if current else None


@app.command("export")
def export(
    dataset: DatasetId,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="File to write; otherwise it is printed.")
    ] = None,
    revision: Revision = None,
    json: Json = False,
    lang: Lang = None,
    data: Data = None,
) -> None:
    """Write the record to a file that `record import` reads: YAML, or JSON with --json."""
    from geoportal.actions.describe import record_of
    from geoportal.catalogue.description import write_description

    with opened(data) as node:
        number, record, names = record_of(node, dataset, revision)
        if json:
            import orjson

            written = orjson.dumps(record.as_dict(), option=orjson.OPT_INDENT_2).decode() + "\n"
        else:
            written = write_description(record, names)
            if (waiver := waiver_over(node, dataset)) is not None:
                # A comment: whoever imports the file again writes no exception.
                written = f"# {waived(waiver, node, language_for(lang, node.settings))}\n{written}"
        if output is None:
            sys.stdout.write(written)
            return
        output.write_text(written, "utf-8")
        complain(text("cli", "record.exported", language_for(lang, node.settings), id=dataset, revision=number,
                      path=output))  # fmt: skip


@app.command("import")
def import_(
    dataset: DatasetId,
    file: Annotated[
        Path, typer.Argument(help="YAML or JSON with the keys that `record export` writes; - reads input.")
    ],
    json: Json = False,
    lang: Lang = None,
    data: Data = None,
) -> None:
    """Make a file the record of a dataset. Earlier revisions are kept: `record export --revision N` gives them back."""
    from geoportal.catalogue.description import read_description

    if str(file) != "-" and not file.is_file():
        raise NotFound(f"there is no file {file}", path=str(file))
    content = sys.stdin.read() if str(file) == "-" else file.read_text("utf-8", "replace")
    with opened(data) as node:
        _keep(node, dataset, read_description(content, str(file)), json, language_for(lang, node.settings))


@app.command("edit")
def edit(
    dataset: DatasetId,
    title: Annotated[str | None, typer.Option("--title", help="Title in Indonesian.")] = None,
    title_en: Annotated[str | None, typer.Option("--title-en", help="Title in English.")] = None,
    abstract: Annotated[str | None, typer.Option("--abstract", help="What the data is, in Indonesian.")] = None,
    abstract_en: Annotated[str | None, typer.Option("--abstract-en", help="What the data is, in English.")] = None,
    keyword: Annotated[list[str] | None, typer.Option("--keyword", help="Keyword in Indonesian (repeat).")] = None,
    keyword_en: Annotated[list[str] | None, typer.Option("--keyword-en", help="Keyword in English (repeat).")] = None,
    topic: Annotated[str | None, typer.Option("--topic", help="Code of MD_TopicCategoryCode, such as health.")] = None,
    producer: Annotated[str | None, typer.Option("--producer", help="Key of a unit in config/producers.yaml.")] = None,
    licence: Annotated[str | None, typer.Option("--licence", help="SPDX id, such as CC-BY-4.0.")] = None,
    content_date: Annotated[
        str | None, typer.Option("--date", help="Day that the content speaks of: 2026-11-24.")
    ] = None,
    frequency: Annotated[
        str | None, typer.Option("--frequency", help="How often it is renewed, such as annually.")
    ] = None,
    scale: Annotated[
        int | None, typer.Option("--scale", min=1, help="Scale of the source, 25000 for 1:25,000.")
    ] = None,
    lineage: Annotated[str | None, typer.Option("--lineage", help="How the data was made, in Indonesian.")] = None,
    label: Annotated[str | None, typer.Option("--label", help="Field whose values are written on maps.")] = None,
    time: Annotated[
        list[str] | None,
        typer.Option("--time", help="Field of the time of a feature; repeat it for since and until, '' for none."),
    ] = None,
    colour_by: Annotated[str | None, typer.Option("--colour-by", help="Field whose values colour the map.")] = None,
    palette: Annotated[
        Palette | None, typer.Option("--palette", help="sequential for numbers, qualitative for names.")
    ] = None,
    field: Annotated[
        list[str] | None, typer.Option("--field", help="Meaning of a field: NAME=Indonesian title (repeat).")
    ] = None,
    json: Json = False,
    lang: Lang = None,
    data: Data = None,
) -> None:
    """Change single keys; without any option the whole record opens in your editor ($VISUAL or $EDITOR)."""
    from geoportal.actions.describe import record_of
    from geoportal.catalogue.description import read_description, write_description

    with opened(data) as node:
        language = language_for(lang, node.settings)
        _, record, names = record_of(node, dataset)
        texts = {
            "title": _merged(record.title, title, title_en),
            "abstract": _merged(record.abstract, abstract, abstract_en),
            "lineage": _merged(record.lineage, lineage, None),
        }
        plain = {
            "topic": topic, "producer": producer, "licence": licence, "content_date": content_date,
            "update_frequency": frequency, "scale_denominator": scale, "label": label,
        }  # fmt: skip
        changes: dict[str, Any] = {key: value for key, value in {**texts, **plain}.items() if value is not None}
        if keyword or keyword_en:
            given = {"id": tuple(keyword or ()), "en": tuple(keyword_en or ())}
            changes["keywords"] = {**record.keywords, **{key: words for key, words in given.items() if words}}
        for option, name in (("--label", label), ("--colour-by", colour_by)):
            if name is not None and names and name not in names:
                raise typer.BadParameter(f"{name!r} is no field; they are {', '.join(names)}", param_hint=option)
        if time is not None:
            changes["time"] = tuple(name for name in time if name)
        if colour_by is not None or palette is not None:
            chosen = palette.value if palette else record.style.palette
            changes["style"] = replace(record.style, colour_by=colour_by or record.style.colour_by, palette=chosen)
        if field:
            changes["fields"] = {**record.fields, **_meanings(field, names, record)}
        if changes:
            if content_date is not None:
                _checked_date(content_date)
            wanted = read_description(write_description(replace(record, **changes)), "the change")
        else:
            wanted = _in_editor(write_description(record, names), dataset, language)
        _keep(node, dataset, wanted, json, language)


def _merged(present: LocalText, indonesian: str | None, english: str | None) -> LocalText | None:
    if indonesian is None and english is None:
        return None
    return LocalText(present.id if indonesian is None else indonesian, present.en if english is None else english)


def _meanings(given: list[str], names: tuple[str, ...], record: Record) -> dict[str, FieldMeaning]:
    meanings = {}
    for item in given:
        name, equals, title = item.partition("=")
        if not equals or (names and name not in names):
            raise typer.BadParameter(
                f"{item!r}: write NAME=title; the fields are {', '.join(names) or 'not known yet'}",
                param_hint="--field",
            )
        before = record.fields.get(name)
        meanings[name] = FieldMeaning(
            LocalText(title, before.title.en if before else ""), before.unit if before else None
        )
    return meanings


def _checked_date(value: str) -> None:
    try:
        date.fromisoformat(value)
    except ValueError as error:
        raise typer.BadParameter(f"{value!r} is no day: write it as 2026-11-24", param_hint="--date") from error


def _in_editor(content: str, dataset: str, language: str) -> Record:
    """The record as it left the editor; a mistake is said at the top of the file and the editor opens again."""
    from geoportal.catalogue.description import read_description

    command = os.environ.get("VISUAL") or os.environ.get("EDITOR") or ""
    if not command or not sys.stdin.isatty():
        raise typer.BadParameter(text("cli", "record.editor", language, id=dataset))
    with tempfile.TemporaryDirectory(prefix="geoportal-") as folder:
        path = Path(folder) / f"{dataset}.yaml"
        complaint = ""
        while True:
            path.write_text(complaint + content, "utf-8")
            before = path.read_text("utf-8")
            subprocess.run([*shlex.split(command), str(path)], check=True)
            after = path.read_text("utf-8")
            try:
                return read_description(after, dataset)
            except InvalidSpecification as error:
                if after == before:
                    raise  # closed without a change: the writer gives up
                said = "\n".join(f"# {line}" for line in error.detail.split("; "))
                content = "".join(line for line in after.splitlines(keepends=True) if not line.startswith("# "))
                complaint = f"{said}\n"


def _keep(node: Node, dataset: str, record: Record, as_json: bool, language: str) -> None:
    from geoportal.actions.describe import describe
    from geoportal.catalogue.producers import read_producers
    from geoportal.store import datasets

    revision, changed = describe(node, local_admin(), dataset, record)
    known = read_producers(node.settings.config)
    if as_json:
        print_json({"dataset": dataset, "revision": revision, "changed": list(changed)})
        return
    if not changed:
        say(text("cli", "record.same", language, id=dataset, revision=revision))
        return
    say(text("cli", "record.kept", language, id=dataset, revision=revision, keys=", ".join(changed)))
    with node.register.read() as conn:
        stage = datasets.get(conn, dataset).stage
    say(text("cli", "record.files" if stage is Stage.PUBLISHED else "record.draft", language, id=dataset))
    if record.producer and record.producer not in known:
        keys = ", ".join(sorted(known)) or "-"
        say(text("cli", "record.producer", language, producer=record.producer, keys=keys))
