"""An answer that cannot be: what is wrong with it, as a key of the texts and the facts for its gaps."""

from __future__ import annotations

from typing import Any

from geoportal.language import text


class Mistake(ValueError):
    """An answer of whoever sets a node up does not make sense. ``key`` names the sentence in ``setup.bad.*``."""

    def __init__(self, key: str, **facts: Any) -> None:
        """Keep the key of the sentence and what fills it."""
        super().__init__(key)
        self.key = key
        self.facts = facts

    def said(self, language: str) -> str:
        """The sentence."""
        return text("cli", f"setup.bad.{self.key}", language, **self.facts)
