"""What a format could not keep of a layer, or why it cannot hold it: a code with facts, said in both languages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from geoportal.language import number, text
from geoportal.serving.edition import DOMAIN
from geoportal.serving.listing import Said

_SHOWN = 8


class Note:
    """A remark on a file. Its texts are ``note.<code>`` in the domain ``downloads``."""

    __slots__ = ("code", "facts")

    def __init__(self, code: str, **facts: Any) -> None:
        """Keep the facts: numbers, texts, and lists of names."""
        self.code = code
        self.facts = facts

    def said(self) -> Said:
        """The remark in both languages."""
        return Said(self.code, self.in_language("id"), self.in_language("en"))

    def in_language(self, language: str) -> str:
        """The remark in one language."""
        shown = {name: _shown(value, language) for name, value in self.facts.items()}
        return text(DOMAIN, f"note.{self.code}", language, **shown)


class Unfit(Exception):
    """A format cannot hold this layer; ``note`` says why. Never leaves ``downloads``."""

    def __init__(self, note: Note) -> None:
        """Keep the reason."""
        super().__init__(note.in_language("en"))
        self.note = note


def _shown(value: Any, language: str) -> str:
    if isinstance(value, int | float):
        return number(value, language)
    if isinstance(value, str):
        return value
    return _names(value, language)


def _names(names: Iterable[Any], language: str) -> str:
    found = [str(name)[:60] for name in names]
    more = len(found) - _SHOWN
    said = ", ".join(found[:_SHOWN])
    return text(DOMAIN, "and-more", language, names=said, count=number(more, language)) if more > 0 else said
