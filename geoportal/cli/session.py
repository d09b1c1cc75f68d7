"""What every command shares: the node it works on, who acts, the language, and how answers and errors are printed."""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from geoportal.errors import GeoportalError, NotFound
from geoportal.language import LANGUAGES
from geoportal.model.access import Actor, Role
from geoportal.settings import Settings, load_settings

if TYPE_CHECKING:
    from geoportal.node import Node

Data = Annotated[Path | None, typer.Option("--data", help="Data directory of the node (GEOPORTAL_DATA).")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")]
Lang = Annotated[str | None, typer.Option("--lang", help="Language of the answer: id or en.")]


def settings_for(data: Path | None, web: dict[str, Any] | None = None) -> Settings:
    """The settings of the node in ``data``, or of the one that environment and files name."""
    return load_settings({"storage": {"data": data}, "web": web or {}})[0]


def local_admin() -> Actor:
    """Who acts on the command line: ``local-admin``, with the name of the system user."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a user id without a name
        user = str(os.getuid())
    return Actor("local-admin", Role.ADMIN, system_user=user)


def language_for(chosen: str | None, settings: Settings | None = None) -> str:
    """The language of answers: the one asked for, else that of the environment where it is one of ours, else the
    node's.
    """
    if chosen is not None:
        if chosen not in LANGUAGES:
            raise typer.BadParameter(f"must be one of {', '.join(LANGUAGES)}", param_hint="--lang")
        return chosen
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        language = os.environ.get(name, "")[:2]
        if language in LANGUAGES:
            return language
    return settings.language() if settings else LANGUAGES[0]


@contextmanager
def opened(data: Path | None, *, make: bool = False) -> Iterator[Node]:
    """The node in ``data``, its register up to date and its generation healed, closed at the end.

    NotFound where there is none, unless the command may ``make`` one: a mistyped folder is no empty node.
    """
    from geoportal.node import Node

    settings = settings_for(data)
    if not make and not (settings.storage.data / "register.db").exists():
        data = settings.storage.data
        raise NotFound(
            f"there is no node in {data}; name its folder with --data or GEOPORTAL_DATA", say="node", data=str(data)
        )
    node = Node(settings)
    try:
        yield node
    finally:
        node.close()


def print_json(document: Any) -> None:
    """Print a JSON document, one line an element of the outer level, readable and stable."""
    import json

    sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=2, default=str) + "\n")


def harmless(line: str) -> str:
    """A line in which control characters are shown, not obeyed: names and values come from files."""
    return "".join(c if c.isprintable() or c in "\t\n" else f"\\x{ord(c):02x}" for c in line)


def say(line: str = "") -> None:
    """Print a line of an answer."""
    sys.stdout.write(harmless(line) + "\n")


def complain(line: str) -> None:
    """Print a line to the error stream."""
    sys.stderr.write(harmless(line) + "\n")


def table(rows: list[list[str]], heads: list[str]) -> None:
    """Print rows under heads, columns as wide as their widest cell."""
    widths = [max(len(row[i]) for row in [heads, *rows]) for i in range(len(heads))]
    for row in [heads, *rows]:
        say("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def local_time(moment: datetime, settings: Settings) -> str:
    """A time to the minute in the node's zone, with the zone's name, such as ``2026-11-24 10:32 WITA``."""
    return f"{moment.astimezone(ZoneInfo(settings.node.timezone)):%Y-%m-%d %H:%M %Z}"


def address_of(node: Node) -> str:
    """The public address: the one that is set, else that of the server that runs on this data, else the default."""
    try:
        running = (node.data / "serve.url").read_text("utf-8").strip()
    except OSError:
        running = ""
    return node.settings.web.base_url or running or node.settings.base_url


def error_document(error: GeoportalError, language: str) -> dict[str, Any]:
    """An error as JSON: code, sentence, facts; a report that it carries in the shape of ``check --json``."""
    facts = {key: value for key, value in error.facts.items() if key not in ("report", "say")}
    document: dict[str, Any] = {"error": error.code, "detail": error.detail, **facts}
    if (report := error.facts.get("report")) is not None:
        from geoportal.checks.texts import report_json

        document["report"] = report_json(report, language)
    return document
