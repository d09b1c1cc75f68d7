"""The one-time key of the set-up page: kept as a hash in the data directory, for as long as the command that made it
runs.

Nobody reaches the page without it. The key opens the form until it is used to save, expires or is withdrawn; saving
takes it away first, so that of two saves at once one is refused.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path

NAME = "setup.key"
USED = "setup.used"
SAVED = "setup.saved"


def issue(data: Path, config: Path, minutes: int) -> str:
    """A new key for the page that writes to ``config``; an earlier one no longer opens anything."""
    key = secrets.token_urlsafe(32)
    facts = {
        "sha256": _digest(key),
        "until": (datetime.now(UTC) + timedelta(minutes=minutes)).isoformat(),
        "config": str(config.absolute()),
    }
    withdraw(data)
    descriptor = os.open(data / NAME, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        json.dump(facts, stream)
    return key


def opens(data: Path, key: str) -> Path | None:
    """The configuration folder that ``key`` opens the page for; None for a wrong, used or expired one."""
    return _folder(data / NAME, key)


def use_up(data: Path, key: str) -> bool:
    """Take the key away to save with it; False when it opens nothing any more, also because somebody else was first.

    Whoever got True ends with ``done``.
    """
    if opens(data, key) is None:
        return False
    try:
        (data / NAME).rename(data / USED)
    except FileNotFoundError:
        return False
    return _folder(data / USED, key) is not None  # a new key may have come in between


def done(data: Path, *, saved: bool) -> None:
    """The end of a save: the waiting command is told; after one that failed the key opens the form again."""
    if saved:
        (data / SAVED).touch(mode=0o600)
        (data / USED).unlink(missing_ok=True)
    else:
        (data / USED).rename(data / NAME)


def state(data: Path) -> str:
    """``open``, ``saved`` or ``closed``: what the waiting command looks for."""
    if (data / SAVED).exists():
        return "saved"
    if (data / USED).exists():
        return "open"
    try:
        facts = json.loads((data / NAME).read_text("utf-8"))
    except (OSError, ValueError):
        return "saved" if (data / SAVED).exists() else "closed"
    return "open" if datetime.now(UTC) < datetime.fromisoformat(facts["until"]) else "closed"


def withdraw(data: Path) -> None:
    """End the key and forget what became of it."""
    for name in (NAME, USED, SAVED):
        (data / name).unlink(missing_ok=True)


def _folder(path: Path, key: str) -> Path | None:
    try:
        facts = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    live = datetime.now(UTC) < datetime.fromisoformat(facts["until"])
    return Path(facts["config"]) if hmac.compare_digest(facts["sha256"], _digest(key)) and live else None


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
