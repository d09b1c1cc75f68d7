"""``geoportal feedback``: read and answer what readers report, and requests for access."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

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
from geoportal.language import text
from geoportal.settings import Settings

if TYPE_CHECKING:
    from geoportal.store.messages import Message

app = typer.Typer(help="Reports of a mistake and requests for access: read and answer them.", no_args_is_help=True)

Number = Annotated[str, typer.Argument(metavar="NUMBER", help="Number of the message, such as L-2026-7K2M-9QXA.")]


class MessageKind(StrEnum):
    """Kinds, as the option names them."""

    MISTAKE = "mistake"
    ACCESS = "access"


class MessageStatus(StrEnum):
    """Statuses, as the option names them."""

    RECEIVED = "received"
    CHECKING = "checking"
    FIXED = "fixed"
    GRANTED = "granted"
    REJECTED = "rejected"


@app.command("list")
def list_(
    kind: Annotated[MessageKind | None, typer.Option("--kind", help="Only reports, or only requests.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Also those that have been dealt with.")] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="How many, newest first.")] = 100,
    json: Json = False,
    lang: Lang = None,
    data: Data = None,
) -> None:
    """List what waits for an answer, newest first; with --all also what was answered."""
    from geoportal.store import messages

    with opened(data) as node:
        chosen = messages.Kind(kind) if kind else None
        with node.register.read() as conn:
            found = messages.list_messages(conn, kind=chosen, open_only=not everything, limit=limit)
        language, address = language_for(lang, node.settings), address_of(node)
        settings = node.settings
    days, zone = settings.feedback.working_days, ZoneInfo(settings.node.timezone)
    today = datetime.now(zone).date()
    if json:
        due = [None if m.ended else messages.due_day(m, days, zone).isoformat() for m in found]
        print_json({"messages": [{**_row(m, address), "due": day} for m, day in zip(found, due, strict=True)]})
    elif not found:
        say(text("cli", "feedback.none", language))
    else:
        cells = [
            [
                message.number,
                local_time(message.created_at, settings),
                _due(message, messages.due_day(message, days, zone), today, language),
                text("cli", f"feedback.kind.{message.draft.kind}", language),
                text("cli", f"feedback.status.{message.status}", language),
                message.draft.dataset_id or "-",
                _short(message.draft.wanted or message.draft.body),
            ]
            for message in found
        ]
        heads = ("number", "received", "due", "kind", "status", "dataset", "says")
        table(cells, [text("cli", f"feedback.head.{head}", language) for head in heads])


@app.command("show")
def show(number: Number, json: Json = False, lang: Lang = None, data: Data = None) -> None:
    """Show a message with who sent it and what was answered. The contact is personal data: keep it to yourself."""
    from geoportal.store import messages

    with opened(data) as node:
        with node.register.read() as conn:
            found = messages.get(conn, number)
        settings = node.settings
        language, address = language_for(lang, settings), address_of(node)
    if json:
        print_json(_row(found, address))
    else:
        describe(found, address, language, settings)


@app.command("answer")
def answer(
    number: Number,
    status: Annotated[MessageStatus, typer.Option("--status", help="What became of it.")],
    note: Annotated[str, typer.Option("--note", help="What the sender reads on the page of the number.")] = "",
    json: Json = False,
    lang: Lang = None,
    data: Data = None,
) -> None:
    """Answer a message: its sender sees status and note under the number. An end needs a note."""
    from geoportal.actions.feedback import answer as act
    from geoportal.store.messages import Status

    with opened(data) as node:
        done = act(node, local_admin(), number, Status(status), note)
        language, address = language_for(lang, node.settings), address_of(node)
    if json:
        print_json(_row(done, address))
    else:
        said = text("cli", f"feedback.status.{done.status}", language)
        say(
            text("cli", "feedback.answered", language, number=done.number, status=said, address=_address(done, address))
        )


@app.command("forget")
def forget(number: Number, json: Json = False, lang: Lang = None, data: Data = None) -> None:
    """Erase who sent a message: name, agency and contact. The message and its answers stay."""
    from geoportal.actions.feedback import forget as act

    with opened(data) as node:
        done = act(node, local_admin(), number)
        language, address = language_for(lang, node.settings), address_of(node)
    if json:
        print_json(_row(done, address))
    else:
        say(text("cli", "feedback.forgotten", language, number=done.number))


def describe(message: Message, address: str, language: str, settings: Settings) -> None:
    """Print a message for its reader at the terminal; what nobody wrote is left out."""
    draft = message.draft
    say(f"{message.number}  {text('cli', f'feedback.kind.{draft.kind}', language)}")
    place = f"{draft.place[0]:.6f}, {draft.place[1]:.6f}" if draft.place else None
    version = f"{draft.dataset_id} v{draft.dataset_version}" if draft.dataset_id else None
    rows = (
        ("status", text("cli", f"feedback.status.{message.status}", language)),
        ("received", local_time(message.created_at, settings)),
        ("dataset", version),
        ("feature", draft.feature),
        ("place", place),
        ("wanted", draft.wanted),
        ("sender", draft.sender),
        ("agency", draft.agency),
        ("contact", draft.contact),
        ("removed", draft.removed or None),
        ("page", _address(message, address)),
    )
    for key, value in rows:
        if value is not None:
            say(f"  {text('cli', f'feedback.head.{key}', language)}: {value}")
    say()
    for line in draft.body.splitlines() or [""]:
        say(f"  | {line}")
    for told in message.answers:
        status = text("cli", f"feedback.status.{told.status}", language)
        say(f"  {local_time(told.at, settings)}  {status}  ({told.by})")
        if told.note:
            say(f"    {told.note}")


def _due(message: Message, day: date, today: date, language: str) -> str:
    """Until when an answer keeps the promise, with a word where it is broken; a dash where all is done."""
    if message.ended:
        return "-"
    return text("cli", "feedback.late", language, date=f"{day}") if today > day else f"{day}"


def _address(message: Message, address: str) -> str:
    return f"{address}/lapor/{message.number}"


def _row(message: Message, address: str) -> dict[str, Any]:
    draft = message.draft
    return {
        "number": message.number,
        "kind": str(draft.kind),
        "status": str(message.status),
        "created_at": message.created_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "dataset": draft.dataset_id,
        "version": draft.dataset_version,
        "feature": draft.feature,
        "place": list(draft.place) if draft.place else None,
        "body": draft.body,
        "wanted": draft.wanted,
        "sender": draft.sender,
        "agency": draft.agency,
        "contact": draft.contact,
        "removed": draft.removed,
        "language": draft.language,
        "answers": [
            {
                "status": str(told.status),
                "note": told.note,
                "by": told.by,
                "at": told.at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            }
            for told in message.answers
        ],
        "address": _address(message, address),
    }


def _short(body: str, width: int = 48) -> str:
    line = " ".join(body.split())
    return line if len(line) <= width else f"{line[: width - 1]}…"
