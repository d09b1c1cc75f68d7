"""A description: the metadata record as a person writes and exchanges it, in YAML or JSON, read strictly.

The same keys as in ``dataset.yaml``; what can be computed (extent, CRS, counts, quality) is never typed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from geoportal.errors import InvalidSpecification
from geoportal.model.record import Record

TOPICS = (
    "biota", "boundaries", "climatologyMeteorologyAtmosphere", "disaster", "economy", "elevation", "environment",
    "extraTerrestrial", "farming", "geoscientificInformation", "health", "imageryBaseMapsEarthCover", "inlandWaters",
    "intelligenceMilitary", "location", "oceans", "planningCadastre", "society", "structure", "transportation",
    "utilitiesCommunication",
)  # fmt: skip
"""MD_TopicCategoryCode of ISO 19115-1:2014 with its amendment 2 (extraTerrestrial, disaster)."""

FREQUENCIES = (
    "continual", "daily", "weekly", "fortnightly", "monthly", "quarterly", "biannually", "annually", "biennially",
    "asNeeded", "irregular", "notPlanned", "unknown",
)  # fmt: skip
"""Codes of MD_MaintenanceFrequencyCode (ISO 19115-1) that the node knows the meaning of."""

_LONGEST = 1 << 20
_SPDX = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+-]*")


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Text(_Strict):
    """A text in both languages; one plain text stands for Indonesian."""

    id: str = ""
    en: str = ""


class Words(_Strict):
    """Keywords in both languages."""

    id: tuple[str, ...] = ()
    en: tuple[str, ...] = ()


class FieldText(_Strict):
    """What a field means: its title and its unit."""

    title: Text = Text()
    unit: str | None = None


class StyleText(_Strict):
    """How a preview draws the layer."""

    colour_by: str | None = None
    palette: Literal["single", "sequential", "qualitative"] = "single"
    colour: str | None = Field(default=None, pattern=r"^#[0-9A-Fa-f]{6}$")
    colours: dict[str, Annotated[str, Field(pattern=r"^#[0-9A-Fa-f]{6}$")]] = {}

    @model_validator(mode="after")
    def _colours_need_a_palette(self) -> StyleText:
        if self.colour_by and self.palette == "single" and not self.colours:
            raise ValueError("colour_by needs palette: sequential (numbers) or qualitative (names)")
        return self


class Description(_Strict):
    """The keys of a description; unknown ones are mistakes of the writer."""

    title: Text
    abstract: Text = Text()
    keywords: Words = Words()
    topic: str | None = None
    producer: str | None = None
    lineage: Text = Text()
    licence: str | None = None
    content_date: date | None = None
    update_frequency: str | None = None
    scale_denominator: int | None = Field(default=None, gt=0)
    synthetic: bool = False
    exhibit: bool = False
    label: str | None = None
    time: tuple[str, ...] = Field(default=(), max_length=2)
    fields: dict[str, FieldText] = {}
    style: StyleText = StyleText()

    @field_validator("time", mode="before")
    @classmethod
    def _one_field(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) and value else value or ()

    @field_validator("time")
    @classmethod
    def _two_fields(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(value)) < len(value) or not all(value):
            raise ValueError("must name one field, or two: since when and until when")
        return value

    @field_validator("title", "abstract", "lineage", mode="before")
    @classmethod
    def _plain_text(cls, value: Any) -> Any:
        return {"id": value} if isinstance(value, str) else value

    @field_validator("title")
    @classmethod
    def _has_title(cls, value: Text) -> Text:
        if not value.id.strip():
            raise ValueError("the Indonesian title may not be empty")
        return value

    @field_validator("topic")
    @classmethod
    def _known_topic(cls, value: str | None) -> str | None:
        return _one_of(value, TOPICS)

    @field_validator("update_frequency")
    @classmethod
    def _known_frequency(cls, value: str | None) -> str | None:
        return _one_of(value, FREQUENCIES)

    @field_validator("licence")
    @classmethod
    def _spdx_licence(cls, value: str | None) -> str | None:
        if value and not _SPDX.fullmatch(value):
            raise ValueError("must be an SPDX id without blanks, such as CC-BY-4.0, CC0-1.0 or ODbL-1.0")
        return value or None

    def record(self) -> Record:
        """The record that this describes; fields without title and unit say nothing and are left out."""
        content = self.model_dump(mode="json", include=set(Description.model_fields))
        content["keywords"] = {language: words for language, words in content["keywords"].items() if words}
        content["fields"] = {
            name: meaning
            for name, meaning in content["fields"].items()
            if meaning["title"]["id"] or meaning["title"]["en"] or meaning["unit"]
        }
        return Record.from_dict(content)


def _one_of(value: str | None, codes: Iterable[str]) -> str | None:
    if value is not None and value not in codes:
        raise ValueError(f"must be one of {', '.join(codes)}")
    return value or None


def read_description(text: str, name: str = "the description") -> Record:
    """The record that a YAML or JSON text describes; InvalidSpecification names each key that is wrong and why."""
    if len(text) > _LONGEST:
        raise InvalidSpecification(f"{name} is longer than a description can be ({_LONGEST >> 20} MB)")
    try:
        content = yaml.safe_load(text)
        if not isinstance(content, dict):
            raise InvalidSpecification(f"{name} must hold keys such as title and abstract")
        return Description.model_validate(content).record()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" in line {mark.line + 1}" if mark else ""
        raise InvalidSpecification(f"{name} is not valid YAML{where}: {getattr(error, 'problem', error)}") from error
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(str(part) for part in fault['loc']) or 'description'}: {fault['msg']}"
            for fault in error.errors()
        )
        raise InvalidSpecification(f"{name}: {faults}") from error


def write_description(record: Record, fields: Iterable[str] = ()) -> str:
    """The record as YAML that ``read_description`` reads again; ``fields`` of the layer that nobody described yet are
    offered empty.
    """
    content = record.as_dict()
    content["keywords"] = {language: content["keywords"].get(language, []) for language in ("id", "en")}
    empty = {"title": {"id": "", "en": ""}, "unit": None}
    content["time"] = content.get("time", [])
    content["fields"] = {**dict.fromkeys(fields, empty), **content.pop("fields")}
    content["style"] = content.pop("style")
    if not content["exhibit"]:
        del content["exhibit"]  # only a sample of a refused layer carries it
    return yaml.dump(content, Dumper=_Plain, allow_unicode=True, sort_keys=False, width=100)


class _Plain(yaml.SafeDumper):
    """YAML without anchors: what is said twice is written twice."""

    def ignore_aliases(self, data: Any) -> bool:
        """Never an alias."""
        return True
