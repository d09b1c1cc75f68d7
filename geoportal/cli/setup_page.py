"""``geoportal setup --page``: print a link for one use and wait until the page has saved, or the link has ended."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path
from threading import Thread
from typing import Any

from geoportal.actions import setup_key
from geoportal.cli.session import address_of, opened, print_json, say, settings_for
from geoportal.errors import Unavailable
from geoportal.language import text

LOOK_EVERY_S = 0.2


def wait_for_page(folder: Path, data: Path | None, language: str, minutes: int, json: bool) -> None:
    """Open the page on the running node, or on a small one that runs for this alone, until it is done.

    Unavailable (exit 8) when nobody saved in time. The link ends with the command, however it ends.
    """
    from geoportal.web.server import is_running

    with opened(data, make=True) as node:
        home, running, base = node.data, is_running(node.data), address_of(node)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    key = setup_key.issue(home, folder, minutes)

    def announce(at: str) -> None:
        from geoportal.web.addresses import address

        link = f"{at}{address('setup', (('kunci', key), ('lang', language)))}"
        if json:
            print_json({"link": link, "minutes": minutes})
        else:
            say(text("cli", "setup.page.link", language, minutes=minutes))
            say(f"  {link}")
            say(text("cli", "setup.page.waiting", language))
        sys.stdout.flush()

    try:
        if running:
            announce(base)
            while (state := setup_key.state(home)) == "open":
                time.sleep(LOOK_EVERY_S)
        else:
            state = _serve_alone(data, home, announce)
    finally:
        setup_key.withdraw(home)
    if state != "saved":
        raise Unavailable(text("cli", "setup.page.ended", language))
    if not json:
        say(text("cli", "setup.page.saved", language))
        say(text("cli", "setup.restart" if running else "setup.start", language))


def _serve_alone(data: Path | None, home: Path, announce: Any) -> str:
    """Serve the node with one worker and without the demonstration for as long as the key is open."""
    from geoportal.web.server import serve

    settings = settings_for(data, {"workers": 1})
    node = settings.node.model_copy(update={"demo": False})
    web = settings.web.model_copy(update={"base_url": None})
    seen: list[str] = []

    def watch() -> None:
        while (state := setup_key.state(home)) == "open":
            time.sleep(LOOK_EVERY_S)
        seen.append(state)
        time.sleep(1.0)  # the last answer is on its way to the browser
        os.kill(os.getpid(), signal.SIGTERM)

    Thread(target=watch, daemon=True).start()
    serve(
        settings.model_copy(update={"node": node, "web": web}),
        lambda line: announce(line.removeprefix("Ready: ")),
    )
    return seen[0] if seen else setup_key.state(home)
