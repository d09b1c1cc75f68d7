"""The commands of whoever runs the node: serve, demo, renew, settings, doctor."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from geoportal.cli.session import (
    Data,
    Json,
    Lang,
    language_for,
    local_admin,
    opened,
    print_json,
    say,
    settings_for,
    table,
)
from geoportal.language import text


def serve(
    host: Annotated[str | None, typer.Option("--host", help="Address to listen on (GEOPORTAL_HOST).")] = None,
    port: Annotated[int | None, typer.Option("--port", help="Port to listen on (GEOPORTAL_PORT).")] = None,
    workers: Annotated[int | None, typer.Option("--workers", help="Worker processes (GEOPORTAL_WORKERS).")] = None,
    data: Data = None,
) -> None:
    """Serve the node until SIGTERM or Ctrl-C. Loads the demonstration at the first start."""
    from geoportal.web.server import serve as run

    run(settings_for(data, {"host": host, "port": port, "workers": workers}), lambda line: print(line, flush=True))  # noqa: T201


def demo(json: Json = False, lang: Lang = None, data: Data = None) -> None:
    """Load the demonstration datasets: submit and publish each one, as any file would be."""
    from geoportal.actions.demo import load_demo

    with opened(data, make=True) as node:
        language = language_for(lang, node.settings)

        def progress(dataset_id: str, published: bool) -> None:
            if not json:
                say(text("cli", "demo.loaded" if published else "demo.refused", language, id=dataset_id))

        published = load_demo(node, local_admin(), progress=progress)
        if json:
            print_json({"published": [p.dataset_id for p in published]})


def renew(json: Json = False, lang: Lang = None, data: Data = None) -> None:
    """Build serving files anew that this version of the program cannot read. `serve` does so by itself at its start.

    Exit code 1 when some could not be built.
    """
    from geoportal.actions.renewal import renew_all

    with opened(data) as node:
        language = language_for(lang, node.settings)

        def progress(dataset_id: str, number: int, error: str | None) -> None:
            if not json:
                key = "renew.failed" if error else "renew.done"
                say(text("cli", key, language, id=dataset_id, version=number, error=error or ""))

        failed = renew_all(node, progress=progress)
    if json:
        print_json({"failed": failed})
    if failed:
        raise typer.Exit(1)


def settings(json: Json = False, lang: Lang = None, data: Data = None) -> None:
    """Show every setting: its value, where it came from, what it means."""
    from geoportal.settings import Section, load_settings

    found, sources = load_settings({"storage": {"data": data}})
    language = language_for(lang, found)
    rows: list[dict[str, Any]] = []
    for section, info in type(found).model_fields.items():
        value = getattr(found, section)
        if not isinstance(value, Section):
            rows.append({"name": section, "value": str(value), "source": "default", "meaning": info.description})
            continue
        for key, detail in type(value).model_fields.items():
            name = f"{section}.{key}"
            rows.append({
                "name": name,
                "value": value.model_dump(mode="json")[key],
                "source": sources.get(name, "default"),
                "meaning": detail.description,
            })  # fmt: skip
    if json:
        print_json({"settings": rows})
    else:
        heads = [text("cli", f"head.{name}", language) for name in ("name", "value", "source", "meaning")]
        table([[r["name"], str(r["value"]), r["source"], r["meaning"] or ""] for r in rows], heads)


def doctor(json: Json = False, lang: Lang = None, data: Data = None) -> None:
    """Look at the node: can foreign files be opened safely, is the register whole, does every row have its folder.

    Exit code 1 when something needs a hand.
    """
    from geoportal.actions.examine import examine

    with opened(data) as node:
        findings = examine(node)
        language = language_for(lang, node.settings)
    if json:
        print_json({"checks": [{"check": f.check, "ok": f.ok, "facts": f.facts} for f in findings]})
    else:
        for finding in findings:
            mark = "[v]" if finding.ok else "[X]"
            state = "ok" if finding.ok else "bad"
            say(f"{mark} {text('cli', f'doctor.{finding.check}.{state}', language, **finding.facts)}")
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)
