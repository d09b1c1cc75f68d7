"""Texts compared without regard to case (CASEI) or accents (ACCENTI), and patterns of LIKE as SQLite's GLOB."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable


def casei(text: str) -> str:
    """The text with all differences of case folded away, by Unicode and not only for ASCII."""
    return text.casefold()


def accenti(text: str) -> str:
    """The text without accents: marks that Unicode can take off a letter."""
    if text.isascii():
        return text
    parted = unicodedata.normalize("NFD", text)
    return unicodedata.normalize("NFC", "".join(mark for mark in parted if not unicodedata.combining(mark)))


FOLDS: dict[str, Callable[[str], str]] = {"casei": casei, "accenti": accenti}


def glob_of(pattern: str) -> str:
    """A LIKE pattern (``%`` any text, ``_`` one character, a backslash before one that means itself) as a GLOB.

    GLOB regards case, as CQL2 asks and LIKE of SQLite does not, and a plain beginning may use an index.
    """
    found: list[str] = []
    characters = iter(pattern)
    for character in characters:
        if character == "\\":
            character = next(characters, "\\")
            found.append(f"[{character}]" if character in "*?[" else character)
        elif character == "%":
            if not found or found[-1] != "*":
                found.append("*")
        elif character == "_":
            found.append("?")
        else:
            found.append(f"[{character}]" if character in "*?[" else character)
    return "".join(found)
