"""An error as sentences for a terminal, in the language that was asked for.

An error that says which sentence it is (``say=...``) is told by that sentence, filled with its facts. Any other is told
by the sentence of its family; its own detail, in English as logs have it, follows on a line of its own.
"""

from __future__ import annotations

from collections.abc import Iterator

from geoportal.errors import GeoportalError
from geoportal.language import has_text, text

_DOMAIN = "cli"


def told(error: GeoportalError, language: str) -> Iterator[str]:
    """The lines that say what went wrong; the first begins with the error's code."""
    key = f"error.{error.code}.{error.facts.get('say', '')}"
    if has_text(_DOMAIN, key, language):
        yield f"{error.code}: {text(_DOMAIN, key, language, **_plain(error))}"
    elif language == "en" or not has_text(_DOMAIN, f"error.{error.code}", language):
        yield f"{error.code}: {error.detail}"
    else:
        yield f"{error.code}: {text(_DOMAIN, f'error.{error.code}', language)}"
        if error.detail and error.detail != error.code:
            yield f"  ({error.detail})"


def _plain(error: GeoportalError) -> dict[str, str]:
    return {
        name: ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
        for name, value in error.facts.items()
    }
