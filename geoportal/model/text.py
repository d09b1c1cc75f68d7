"""Text in the two languages of the node."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LocalText:
    """A text in Indonesian and English (ISO 19139 PT_FreeText); a missing language falls back to the other."""

    id: str = ""
    en: str = ""

    def in_language(self, language: str) -> str:
        """The text in ``language`` ('id' or 'en'), or in the other one where it was left empty."""
        return (self.en or self.id) if language == "en" else (self.id or self.en)

    def as_dict(self) -> dict[str, str]:
        """Both texts by language code, filled from each other: what pygeoapi and JSON take."""
        return {"id": self.in_language("id"), "en": self.in_language("en")}

    @classmethod
    def of(cls, value: str | Mapping[str, str] | LocalText | None) -> LocalText:
        """Make one from a plain string (both languages) or a mapping with ``id`` and ``en``."""
        if isinstance(value, LocalText):
            return value
        if value is None:
            return cls()
        if isinstance(value, str):
            return cls(value, value)
        return cls(str(value.get("id", "")), str(value.get("en", "")))
