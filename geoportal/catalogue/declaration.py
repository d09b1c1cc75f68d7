"""``dataset.yaml``: what a person declares of a dataset, read strictly and turned into facts."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from geoportal.errors import InvalidSpecification
from geoportal.model.access import Classification
from geoportal.model.dataset import checked_id
from geoportal.model.record import Record


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Texts(_Strict):
    """A text in both languages."""

    id: str
    en: str


class Keywords(_Strict):
    """Keywords in both languages."""

    id: tuple[str, ...] = ()
    en: tuple[str, ...] = ()


class DeclaredField(_Strict):
    """What a field means."""

    title: Texts
    unit: str | None = None


class DeclaredStyle(_Strict):
    """How a preview draws the layer."""

    colour_by: str | None = None
    palette: Literal["single", "sequential", "qualitative"] = "single"
    colour: str | None = Field(default=None, pattern=r"^#[0-9A-Fa-f]{6}$")
    colours: dict[str, Annotated[str, Field(pattern=r"^#[0-9A-Fa-f]{6}$")]] = {}


class Declaration(_Strict):
    """The content of a dataset.yaml; unknown keys are errors."""

    id: str
    title: Texts
    abstract: Texts
    keywords: Keywords = Keywords()
    topic: str | None = None
    producer: str | None = None
    access: Classification = Classification.PUBLIC
    opd: tuple[str, ...] = ()
    source: str
    layer: str | None = None
    crs: str | None = None
    specification: str = "bebas"
    key: str | None = None
    label: str | None = None
    synthetic: bool = False
    exhibit: bool = False
    lineage: Texts = Texts(id="", en="")
    licence: str | None = None
    content_date: date | None = None
    update_frequency: str | None = None
    scale_denominator: int | None = Field(default=None, gt=0)
    fields: dict[str, DeclaredField] = {}
    style: DeclaredStyle = DeclaredStyle()

    def record(self) -> Record:
        """The record that the declaration makes."""
        content = self.model_dump(
            mode="json",
            exclude={"id", "access", "opd", "source", "layer", "crs", "specification", "key"},
        )
        return Record.from_dict(content)


def read_declaration(folder: Path) -> Declaration:
    """The declaration in ``folder/dataset.yaml``; InvalidSpecification names the key that is wrong."""
    path = folder / "dataset.yaml"
    try:
        content: Any = yaml.safe_load(path.read_text("utf-8"))
        declared = Declaration.model_validate(content)
    except FileNotFoundError as error:
        raise InvalidSpecification(f"{path} does not exist") from error
    except (yaml.YAMLError, ValidationError) as error:
        raise InvalidSpecification(f"{path}: {error}") from error
    checked_id(declared.id)
    if Path(declared.source).name != declared.source:
        raise InvalidSpecification(f"{path}: source must be the name of a file in the same folder")
    return declared
