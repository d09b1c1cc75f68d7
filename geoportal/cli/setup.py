"""``geoportal setup``: what a node must know of itself, asked once, changed at any time, taken back in one step."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from geoportal.actions.mistake import Mistake
from geoportal.actions.questions import written
from geoportal.cli.session import (
    Data,
    Json,
    Lang,
    complain,
    language_for,
    local_admin,
    opened,
    print_json,
    say,
    settings_for,
)
from geoportal.errors import BadRequest, Invalid, NotFound, UnknownReferenceSystem, UnreadableSource
from geoportal.language import text
from geoportal.settings import PROJECT

if TYPE_CHECKING:
    from geoportal.actions.questions import Question
    from geoportal.actions.setup import Applied, Draft, Plan

Text = str | None
Folder = Annotated[Path | None, typer.Option("--config", help="Folder of the configuration (GEOPORTAL_CONFIG).")]


def setup(
    region_code: Annotated[Text, typer.Option(help="Kemendagri code of the region, with or without dots.")] = None,
    region_name: Annotated[Text, typer.Option(help="Name of the region.")] = None,
    region_name_en: Annotated[Text, typer.Option(help="Its name in English.")] = None,
    extent: Annotated[Text, typer.Option(help="West,south,east,north in degrees.")] = None,
    crs: Annotated[Text, typer.Option(help="Reference systems that data comes in, as EPSG codes.")] = None,
    timezone: Annotated[Text, typer.Option(help="WIB, WITA, WIT or a name such as Asia/Jakarta.")] = None,
    boundary: Annotated[Path | None, typer.Option(help="Boundary file: gives extent, systems and outline.")] = None,
    boundary_layer: Annotated[Text, typer.Option(help="Its layer, where it holds several.")] = None,
    boundary_crs: Annotated[Text, typer.Option(help="Its reference system, where it does not say.")] = None,
    codes: Annotated[Path | None, typer.Option(help="CSV of region codes and names (kode,nama).")] = None,
    codes_edition: Annotated[Text, typer.Option(help="The rule that prints these codes.")] = None,
    title: Annotated[Text, typer.Option(help="Name of the node.")] = None,
    title_en: Annotated[Text, typer.Option(help="Its name in English.")] = None,
    organisation: Annotated[Text, typer.Option(help="Office that runs the node (walidata).")] = None,
    organisation_en: Annotated[Text, typer.Option(help="Its name in English.")] = None,
    logo: Annotated[Path | None, typer.Option(help="Emblem: SVG or PNG, at most 100 KB.")] = None,
    base_url: Annotated[Text, typer.Option(help="Public address, such as https://geoportal.example.")] = None,
    email: Annotated[Text, typer.Option(help="Address that readers may write to.")] = None,
    administrator: Annotated[Text, typer.Option(help="Who looks after the node; gets a token, printed once.")] = None,
    mail_host: Annotated[Text, typer.Option(help="SMTP server; its password: GEOPORTAL_MAIL__PASSWORD.")] = None,
    mail_port: Annotated[Text, typer.Option(help="Its port.")] = None,
    mail_sender: Annotated[Text, typer.Option(help="Sender of letters.")] = None,
    mail_user: Annotated[Text, typer.Option(help="Name to sign in with.")] = None,
    backup: Annotated[Text, typer.Option(help="Folder for backups, by its full path.")] = None,
    languages: Annotated[Text, typer.Option(help="Languages, the first is the default: id,en.")] = None,
    demo: Annotated[Text, typer.Option(help="Load the sample datasets at the first start: yes or no.")] = None,
    config: Folder = None,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing: take what is proposed for the rest.")] = False,
    undo: Annotated[bool, typer.Option("--undo", help="Bring back what the last setup replaced.")] = False,
    page: Annotated[bool, typer.Option("--page", help="Answer on a page: prints a link for one use.")] = False,
    minutes: Annotated[int, typer.Option(min=1, max=240, help="How long the link of --page lasts.")] = 30,
    json: Json = False,
    lang: Lang = None,
    data: Data = None,
) -> None:
    """Set the node up: region, name, address, administrator, mail, backups, languages.

    Shows what holds at present and changes only what is answered; '-' empties an answer. Writes local.yaml and
    local/ in the folder of the configuration, and nothing before a yes.
    """
    given = {name.replace("_", "-"): value for name, value in locals().items() if isinstance(value, str)}
    for name in ("boundary-layer", "boundary-crs", "codes-edition", "lang"):
        given.pop(name, None)
    from geoportal.actions.setup import Draft

    folder = (config or Path(os.environ.get("GEOPORTAL_CONFIG") or PROJECT / "config")).absolute()
    os.environ["GEOPORTAL_CONFIG"] = str(folder)
    language = language_for(lang, settings_for(data))
    if undo:
        return _undo(folder, data, language, json)
    if page:
        from geoportal.cli.setup_page import wait_for_page

        return wait_for_page(folder, data, language, minutes, json)
    if json and not yes:
        raise BadRequest("--json asks nothing: add --yes")
    draft = Draft(folder)
    if not yes:
        _greet(draft, language)
    _take(draft, given, language)
    _take_files(draft, boundary, boundary_layer, boundary_crs, codes, codes_edition or "", logo, language)
    if not yes:
        _ask_all(draft, given, {"boundary": boundary, "codes": codes, "logo": logo}, language)
    wrong = draft.mistakes()
    if wrong:
        raise _invalid(wrong, language)
    plan = draft.plan()
    if not json:
        for line in described(plan, language):
            say(line)
    if not (plan.changes or plan.files or plan.local != _local(folder)):
        return print_json(_document(plan, None, language)) if json else say(text("cli", "setup.same", language))
    if not yes and not _yes(text("cli", "setup.write", language, folder=folder), language):
        return say(text("cli", "setup.dropped", language))
    from geoportal.actions.setup import apply

    with opened(data, make=True) as node:
        applied = apply(plan, node, local_admin())
        running = _running(node.data)
    if json:
        print_json({**_document(plan, applied, language), "restart": running})
    else:
        for line in _finished(plan, applied, running, language):
            say(line)
    return None


def _local(folder: Path) -> dict[str, Any]:
    from geoportal.actions.configuration import read_local

    return read_local(folder)


def _running(data: Path) -> bool:
    from geoportal.web.server import is_running

    return is_running(data)


def _take(draft: Draft, given: dict[str, str], language: str) -> None:
    """Take the answers of the command line; all that is wrong is said at once."""
    wrong: dict[str, Mistake] = {}
    for name, answer in given.items():
        try:
            draft.answer(name, answer)
        except Mistake as mistake:
            wrong[name] = mistake
    if wrong:
        raise _invalid(wrong, language)


def _invalid(wrong: dict[str, Mistake], language: str) -> Invalid:
    sentences = {name: mistake.said(language) for name, mistake in wrong.items()}
    return Invalid(" ".join(f"--{name}: {said}" for name, said in sentences.items()), answers=sentences)


def _take_files(
    draft: Draft,
    boundary: Path | None,
    layer: str | None,
    crs: str | None,
    codes: Path | None,
    edition: str,
    logo: Path | None,
    language: str,
) -> None:
    try:
        if codes:
            draft.take_codes(read_file(codes), edition)
        if boundary:
            if not boundary.exists():
                raise NotFound(f"there is no file {boundary}", path=str(boundary))
            draft.take_boundary(boundary, layer=layer, crs=crs)
        if logo:
            draft.take_logo(read_file(logo))
    except Mistake as mistake:
        raise Invalid(mistake.said(language)) from mistake


def read_file(path: Path) -> bytes:
    """The bytes of a file that the operator names; NotFound where there is none."""
    if not path.is_file():
        raise NotFound(f"there is no file {path}", path=str(path))
    return path.read_bytes()


def _greet(draft: Draft, language: str) -> None:
    say(text("cli", "setup.greeting", language))
    say(text("cli", "setup.how", language))
    say(text("cli", "setup.where", language, folder=draft.folder))


def _ask_all(draft: Draft, given: dict[str, str], files: dict[str, Path | None], language: str) -> None:
    """Ask what the command line left open, group by group; a wrong answer is asked again."""
    from geoportal.actions.questions import GROUPS, QUESTIONS

    for group in GROUPS:
        say()
        say(f"== {text('cli', f'setup.group.{group}', language)} ==")
        for question in QUESTIONS:
            if question.group != group:
                continue
            if question.name == "region-name" and draft.value("region-code"):
                _ask_file(draft, "codes", files, language)
                _ask_file(draft, "boundary", files, language)
            if question.name in given:
                continue
            if question.name.startswith("mail-") and question.name != "mail-host" and not draft.value("mail-host"):
                continue
            if question.name.endswith("-en") and "en" not in draft.value("languages"):
                continue
            _ask(draft, question, language)
        if group == "node":
            _ask_file(draft, "logo", files, language)


def _ask(draft: Draft, question: Question, language: str) -> None:
    name = question.name
    say()
    say(text("cli", f"setup.q.{name}", language))
    say(f"  {text('cli', f'setup.h.{name}', language)}")
    if name == "crs":
        for line in systems_lines(draft.value(name)):
            say(f"    {line}")
    while True:
        answer = _prompt(written(draft.value(name), language) or text("cli", "setup.none", language))
        if not answer:
            # What was proposed and not refused is an answer: it holds also when a later one would propose another.
            answer = written(draft.value(name), language)
        try:
            return draft.answer(name, answer)
        except Mistake as mistake:
            say(f"  {mistake.said(language)}")


def _ask_file(draft: Draft, name: str, files: dict[str, Path | None], language: str) -> None:
    if files[name]:
        return
    say()
    say(text("cli", f"setup.q.{name}", language))
    say(f"  {text('cli', f'setup.h.{name}', language)}")
    while answer := _prompt(text("cli", "setup.none", language)):
        path = Path(answer).expanduser()
        try:
            if name == "logo":
                return draft.take_logo(read_file(path))
            if name == "codes":
                say(f"  {text('cli', 'setup.h.edition', language)}")
                draft.take_codes(read_file(path), _prompt(text("cli", "setup.none", language)))
                count = draft.codes.count if draft.codes else 0
                return say(f"  {text('cli', 'setup.note.codes', language, count=count)}")
            _take_boundary(draft, path, language)
            return None
        except Mistake as mistake:
            say(f"  {mistake.said(language)}")
        except NotFound:
            say(f"  {text('cli', 'setup.bad.file', language, file=path)}")
        except UnreadableSource as error:
            say(f"  {unread(error, language)}")


def _take_boundary(draft: Draft, path: Path, language: str) -> None:
    if not path.exists():
        raise NotFound(f"there is no file {path}")
    try:
        draft.take_boundary(path)
    except UnknownReferenceSystem:
        say(f"  {text('cli', 'setup.h.boundary-crs', language)}")
        draft.take_boundary(path, crs=_prompt(text("cli", "setup.none", language)) or None)
    assert draft.outline is not None
    o = draft.outline
    key = "outline" if o.column else "outline-all"
    facts = {"used": o.used, "total": o.total, "column": o.column or "", "file": path.name}
    say(f"  {text('cli', f'setup.note.{key}', language, **facts)}")


def unread(error: UnreadableSource, language: str) -> str:
    """Why a boundary file was not read: what its report blocks on, else the error's own sentence."""
    report = error.facts.get("report")
    if report is None:
        return error.detail
    from geoportal.checks.texts import message
    from geoportal.model.report import Severity

    blocking = [message(f, language) for f in report.findings if f.severity is Severity.BLOCKING]
    return " ".join(blocking) or " ".join(message(f, language) for f in report.findings) or error.detail


def _prompt(proposed: str, question: str = "") -> str:
    """What is typed behind a question and the value that Enter takes."""
    answer: str = typer.prompt(f"  {question}[{proposed}]", default="", show_default=False)
    return answer.strip()


def _yes(question: str, language: str) -> bool:
    from geoportal.actions.questions import BY_NAME

    while True:
        answer = _prompt(text("cli", "setup.yes", language), f"{question} ")
        try:
            return bool(BY_NAME["demo"].understood(answer or text("cli", "setup.yes", language)))
        except Mistake as mistake:
            say(f"  {mistake.said(language)}")


def systems_lines(codes: list[str]) -> Iterator[str]:
    """Reference systems with their names."""
    from geoportal.checks.crs_candidates import named

    for code in codes:
        yield f"{code:<11} {named(code).name}"


def described(plan: Plan, language: str) -> Iterator[str]:
    """The plan for a terminal: every answer, those that change with the value before, and what should be known."""
    from geoportal.actions.questions import QUESTIONS

    changed = {change.name: change for change in plan.changes}
    labels = {question.name: text("cli", f"setup.q.{question.name}", language) for question in QUESTIONS}
    wide = max(map(len, labels.values()))
    yield ""
    yield text("cli", "setup.summary", language)
    for name, label in labels.items():
        if name.startswith("mail-") and name != "mail-host" and not plan.values["mail-host"]:
            continue
        value = written(plan.values[name], language) or text("cli", "setup.none", language)
        mark = "*" if name in changed else " "
        yield f" {mark} {label:<{wide}}  {value}"
    for name, body in plan.files.items():
        key = "setup.file.gone" if body is None else "setup.file.empty" if not body else "setup.file"
        yield f" * {text('cli', key, language, name=f'local/{name}', kb=max(1, len(body or b'') // 1000))}"
    yield text("cli", "setup.marked", language)
    for key, facts in plan.notes:
        yield f" ! {text('cli', f'setup.note.{key}', language, **facts)}"


def _finished(plan: Plan, applied: Applied, running: bool, language: str) -> Iterator[str]:
    yield ""
    yield text("cli", "setup.written", language, files=", ".join(map(str, applied.written)))
    for key, facts in applied.notes:
        yield text("cli", f"setup.note.{key}", language, **facts)
    if applied.token:
        yield text("cli", "setup.token", language, name=plan.values["administrator"])
        yield f"  {applied.token}"
    if plan.folder != PROJECT / "config":
        yield text("cli", "setup.elsewhere", language, folder=plan.folder)
    yield text("cli", "setup.restart" if running else "setup.start", language)
    yield text("cli", "setup.taken-back", language)


def _document(plan: Plan, applied: Applied | None, language: str) -> dict[str, Any]:
    notes = [*plan.notes, *(applied.notes if applied else ())]
    return {
        "config": str(plan.folder),
        "values": dict(plan.values),
        "changed": {change.name: {"before": change.before, "after": change.after} for change in plan.changes},
        "written": [str(path) for path in applied.written] if applied else [],
        "notes": [{"note": key, "message": text("cli", f"setup.note.{key}", language, **f), **f} for key, f in notes],
        "token": applied.token if applied else None,
    }


def _undo(folder: Path, data: Path | None, language: str, json: bool) -> None:
    from geoportal.actions.setup import undo

    if not (folder / "local.before").is_dir():
        raise NotFound(f"there is nothing to undo in {folder}")
    with opened(data, make=True) as node:
        undo(folder, node, local_admin())
        running = _running(node.data)
    if json:
        print_json({"config": str(folder), "undone": True, "restart": running})
    else:
        say(text("cli", "setup.undone", language, folder=folder))
        complain(text("cli", "setup.restart" if running else "setup.start", language))
