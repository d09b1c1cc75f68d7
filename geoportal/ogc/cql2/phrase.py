"""A sentence, or a part of one, that is said in the language of whoever reads it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from geoportal.language import text


@dataclass(frozen=True, slots=True)
class Phrase:
    """``key`` is the phrase in English, as ``messages.po`` has it; ``params`` fill its gaps and may be phrases."""

    key: str
    params: Mapping[str, Any] = field(default_factory=dict)

    def sentence(self, language: str) -> str:
        """The phrase in a language."""
        return text("messages", self.key, language, **filled(self.params, language))


def filled(params: Mapping[str, Any], language: str) -> dict[str, Any]:
    """What fills the gaps of a sentence, in its language."""
    return {name: value.sentence(language) if isinstance(value, Phrase) else value for name, value in params.items()}
