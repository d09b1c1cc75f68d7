"""``geoportal spec``: specifications of datasets, proposed from a file, shown with their profile, and their schema."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from geoportal.cli.progress import on_terminal
from geoportal.cli.session import (
    Data,
    Json,
    Lang,
    complain,
    harmless,
    language_for,
    opened,
    print_json,
    settings_for,
)
from geoportal.errors import Conflict, InvalidSpecification, NotFound
from geoportal.language import number, text
from geoportal.model.report import Severity
from geoportal.model.specification import Specification

if TYPE_CHECKING:
    from geoportal.actions.inference import Inferred
    from geoportal.settings import Settings

SCHEMA = "schema.json"
"""The schema beside the profiles, for editors."""

app = typer.Typer(
    help="Specifications of datasets (ISO 19131): proposed, shown, and their schema for editors.", no_args_is_help=True
)

Output = Annotated[Path | None, typer.Option("-o", "--output", help="File to write; otherwise it is printed.")]


@app.command("infer")
def infer(
    file: Annotated[Path, typer.Argument(help="The file, or a folder of loose shapefiles or a .gdb.")],
    profile: Annotated[
        str | None, typer.Option("--profile", help="Profile to build on; otherwise the one that fits.")
    ] = None,
    output: Output = None,
    layer: Annotated[
        str | None, typer.Option("--layer", help="Layer to look at, where the file holds several.")
    ] = None,
    crs: Annotated[str | None, typer.Option("--crs", help="Reference system, where the file does not say.")] = None,
    json: Json = False,
    lang: Lang = None,
    data: Data = None,
) -> None:
    """Propose a specification.yaml from a file; comments say what was seen. Cut it down to what you promise."""
    from geoportal.actions.inference import infer as act
    from geoportal.checks.texts import report_json

    settings = settings_for(data)
    language = language_for(lang, settings)
    if output is not None and output.exists():
        raise Conflict(f"{output} is there already", say="exists", path=str(output))
    with on_terminal(language, quiet=json) as progress:
        found = act(settings, file, profile=profile, layer=layer, crs=crs, progress=progress)
    written = proposed(found, file, output, settings, language)
    if output is not None:
        output.write_text(written, "utf-8")
    if json:
        print_json({
            "specification": found.proposal.specification.as_dict(),
            "profile_passed_over": found.passed_over,
            "notes": [
                {"place": note.place, "seen": note.code, "message": text("cli", f"spec.{note.code}", language,
                 **_shown(note.params, language))} for note in found.proposal.notes
            ],
            "yaml": written,
            "output": str(output) if output else None,
            "check": report_json(found.report, language),
        })  # fmt: skip
    elif output is None:
        sys.stdout.write(written)
    else:
        complain(text("cli", "spec.written", language, path=output, file=file))


@app.command("show")
def show(
    name: Annotated[str, typer.Argument(help="Profile, specification file, or id of a dataset of the node.")],
    json: Json = False,
    lang: Lang = None,
    data: Data = None,
) -> None:
    """Show a specification as the gate goes by it: with all that its profile says."""
    from geoportal.checks.writing import write_specification

    settings = settings_for(data)
    language = language_for(lang, settings)
    spec = _specification(name, settings, data)
    if json:
        print_json(spec.as_dict())
        return
    head = text("cli", "spec.head", language, name=spec.name, profile=spec.profile)
    sys.stdout.write("".join(f"{harmless(line)}\n" for line in write_specification(spec, head=[head]).splitlines()))


@app.command("schema")
def schema(output: Output = None, json: Json = False, lang: Lang = None, data: Data = None) -> None:
    """Print the JSON Schema of specification files, by which editors complete and explain their keys."""
    from geoportal.checks.editor_schema import specification_schema
    from geoportal.checks.profiles import names_of

    settings = settings_for(data)
    document = specification_schema(language_for(lang, settings), names_of(settings.profiles))
    if output is None:
        print_json(document)
        return
    from json import dumps

    output.write_text(dumps(document, ensure_ascii=False, indent=2) + "\n", "utf-8")


def proposed(found: Inferred, file: Path, output: Path | None, settings: Settings, language: str) -> str:
    """The proposal as a commented file."""
    from geoportal.checks import texts
    from geoportal.checks.writing import write_specification

    comments: dict[str, list[str]] = {}
    for note in found.proposal.notes:
        said = text("cli", f"spec.{note.code}", language, **_shown(note.params, language))
        comments.setdefault(note.place, []).append(said)
    head = [text("cli", "spec.proposed", language, file=file.name), *comments.pop("", ())]
    if (modeline := _modeline(output, settings)) is not None:
        head.insert(0, modeline)
    if found.passed_over is not None:
        named = ", ".join(texts.title(rule, language) for rule in found.blocked_by)
        said = text("cli", "spec.passed-over", language, profile=found.passed_over, found=named)
        comments.setdefault("profile", []).append(said)
    weighty = [item for item in found.report.findings if item.severity is not Severity.INFO]
    if weighty:
        named = ", ".join(f"{texts.title(item.rule, language)} ({number(item.count, language)})" for item in weighty)
        head.append(text("cli", f"spec.gate-{found.report.gate}", language, found=named))
    return write_specification(found.proposal.specification, comments, head, left_out=("tolerance_m",))


def _modeline(output: Path | None, settings: Settings) -> str | None:
    """The line by which an editor finds the schema: a path from the written file, where both lie in one project."""
    place = settings.profiles / SCHEMA
    if output is None or not place.is_file():
        return None
    folder, project = output.resolve().parent, settings.profiles.resolve().parents[1]
    if not folder.is_relative_to(project):
        return None
    return f"yaml-language-server: $schema={Path(os.path.relpath(place.resolve(), folder)).as_posix()}"


def _shown(params: dict[str, object], language: str) -> dict[str, object]:
    """Numbers as people write them, lists with commas."""
    return {
        name: number(value, language) if isinstance(value, int | float)
        else ", ".join(map(str, value)) if isinstance(value, list | tuple) else value
        for name, value in params.items()
    }  # fmt: skip


def _specification(name: str, settings: Settings, data: Path | None) -> Specification:
    """A profile, a file, or what holds for a dataset; InvalidSpecification where it is none of them."""
    from geoportal.checks.profiles import NAME, read_specification

    try:
        return read_specification(name, settings.profiles)
    except InvalidSpecification:
        if not NAME.fullmatch(name) or not (settings.storage.data / "register.db").is_file():
            raise
        from geoportal.store import datasets

        try:
            with opened(data) as node, node.register.read() as conn:
                return datasets.get(conn, name).specification
        except NotFound:
            pass
        raise
