"""Texts in the reader's language: one gettext domain a room, codes as keys, Indonesian first.

``locale/<language>/LC_MESSAGES/<domain>.po`` is the truth. The compiled .mo is used when it is newer than its .po,
otherwise the .po is read, so that a text can never be stale.
"""

from __future__ import annotations

import gettext
import io
from functools import cache
from pathlib import Path
from typing import Any

LOCALE = Path(__file__).parent / "locale"
LANGUAGES = ("id", "en")


@cache
def catalogue(domain: str, language: str) -> gettext.GNUTranslations | gettext.NullTranslations:
    """The translations of one domain into one language; an empty set where nobody wrote any."""
    po = LOCALE / language / "LC_MESSAGES" / f"{domain}.po"
    mo = po.with_suffix(".mo")
    if mo.exists() and (not po.exists() or mo.stat().st_mtime >= po.stat().st_mtime):
        with mo.open("rb") as stream:
            return gettext.GNUTranslations(stream)
    if not po.exists():
        return gettext.NullTranslations()
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    compiled = io.BytesIO()
    with po.open("rb") as source:
        write_mo(compiled, read_po(source, locale=language, domain=domain))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def text(domain: str, key: str, language: str, **params: Any) -> str:
    """The text of ``key`` in ``language``, with ``{name}`` filled from ``params``; the key itself where it is
    unknown.
    """
    template = catalogue(domain, language).gettext(key)
    return template.format_map(_Lenient(params)) if params or "{" in template else template


def has_text(domain: str, key: str, language: str) -> bool:
    """Whether somebody wrote ``key`` in ``language``."""
    return catalogue(domain, language).gettext(key) != key


class _Lenient(dict[str, Any]):
    """Leaves a placeholder standing that nobody filled: a page with a gap beats no page."""

    def __missing__(self, key: str) -> str:
        return "{" + key + "}"


def number(value: float, language: str, decimals: int | None = None) -> str:
    """A number as people write it: ``1.234,5`` in Indonesian, ``1,234.5`` in English."""
    if decimals is None:
        decimals = 0 if float(value).is_integer() else 2
    written = f"{value:,.{decimals}f}"
    return written if language == "en" else written.translate(str.maketrans(",.", ".,"))


def size(size_bytes: int, language: str) -> str:
    """The size of a file in B, KB, MB or GB (thousands)."""
    value, unit = float(size_bytes), "B"
    for larger in ("KB", "MB", "GB"):
        if value < 1000:
            break
        value, unit = value / 1000, larger
    return f"{number(value, language, 1 if unit in ('MB', 'GB') and value < 100 else 0)} {unit}"
