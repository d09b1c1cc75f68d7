"""The metadata record of a dataset (ISO 19115-1 core, SNI 8843-1 as far as known; OGC API Records)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from geoportal.model.text import LocalText


@dataclass(frozen=True, slots=True)
class FieldMeaning:
    """What a field means to a reader: its title and, for measures, its unit."""

    title: LocalText
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class Style:
    """How a preview draws the layer: the field whose values choose the colour, the palette, or one colour.

    ``colours`` fixes the colour of single values, in the order of the legend, where a regulation or custom does.
    """

    colour_by: str | None = None
    palette: str = "single"
    colour: str | None = None
    colours: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Record:
    """What a person writes of a dataset, in both languages. What can be computed (extent, CRS, quality) is never
    typed here.

    ``topic`` is a code of MD_TopicCategoryCode, ``update_frequency`` of MD_MaintenanceFrequencyCode, ``licence`` an
    SPDX id, ``content_date`` the ISO date the content speaks of. ``synthetic`` marks invented data: every page and
    title says so. ``exhibit`` opens the quality report of a version that was refused, so that people can see what one
    looks like; it opens nothing else. ``time`` names the date or date-time field that says when a feature holds, or
    two: since when and until when.
    """

    title: LocalText
    abstract: LocalText = field(default_factory=LocalText)
    keywords: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    topic: str | None = None
    producer: str | None = None
    lineage: LocalText = field(default_factory=LocalText)
    licence: str | None = None
    content_date: str | None = None
    update_frequency: str | None = None
    scale_denominator: int | None = None
    synthetic: bool = False
    exhibit: bool = False
    label: str | None = None
    time: tuple[str, ...] = ()
    fields: Mapping[str, FieldMeaning] = field(default_factory=dict)
    style: Style = field(default_factory=Style)

    def keywords_in(self, language: str) -> tuple[str, ...]:
        """The keywords in a language, or in the other one where it has none."""
        other = "id" if language == "en" else "en"
        return tuple(self.keywords.get(language) or self.keywords.get(other) or ())

    def field_title(self, name: str, language: str) -> str:
        """The readable title of a field, or its bare name where nobody wrote one."""
        meaning = self.fields.get(name)
        return (meaning.title.in_language(language) if meaning else "") or name

    def as_dict(self) -> dict[str, Any]:
        """The record as JSON, the form in which revisions lie in the register; ``from_dict`` gives it back."""
        return {
            "title": {"id": self.title.id, "en": self.title.en},
            "abstract": {"id": self.abstract.id, "en": self.abstract.en},
            "keywords": {language: list(words) for language, words in self.keywords.items()},
            "topic": self.topic,
            "producer": self.producer,
            "lineage": {"id": self.lineage.id, "en": self.lineage.en},
            "licence": self.licence,
            "content_date": self.content_date,
            "update_frequency": self.update_frequency,
            "scale_denominator": self.scale_denominator,
            "synthetic": self.synthetic,
            "exhibit": self.exhibit,
            "label": self.label,
            **({"time": list(self.time)} if self.time else {}),
            "fields": {
                name: {"title": {"id": m.title.id, "en": m.title.en}, "unit": m.unit} for name, m in self.fields.items()
            },
            "style": {"colour_by": self.style.colour_by, "palette": self.style.palette, "colour": self.style.colour}
            | ({"colours": dict(self.style.colours)} if self.style.colours else {}),
        }

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Record:
        """The record from its JSON; unknown keys are a mistake of the writer and raise TypeError."""
        plain = dict(value)
        return cls(
            title=LocalText.of(plain.pop("title")),
            abstract=LocalText.of(plain.pop("abstract", None)),
            keywords={k: tuple(v) for k, v in (plain.pop("keywords", None) or {}).items()},
            lineage=LocalText.of(plain.pop("lineage", None)),
            fields={
                name: FieldMeaning(LocalText.of(m.get("title")), m.get("unit"))
                for name, m in (plain.pop("fields", None) or {}).items()
            },
            style=Style(**(plain.pop("style", None) or {})),
            time=tuple(plain.pop("time", None) or ()),
            **plain,
        )
