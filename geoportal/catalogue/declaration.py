"""``dataset.yaml``: what a person declares of a dataset, read strictly and turned into facts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from geoportal.catalogue.description import Description
from geoportal.errors import InvalidSpecification
from geoportal.model.access import Classification
from geoportal.model.dataset import checked_id


class Declaration(Description):
    """The content of a dataset.yaml: a description, and where the data comes from and who may see it."""

    id: str
    access: Classification = Classification.PUBLIC
    opd: tuple[str, ...] = ()
    source: str
    layer: str | None = None
    crs: str | None = None
    specification: str = "bebas"
    key: str | None = None


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
