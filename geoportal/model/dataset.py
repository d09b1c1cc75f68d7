"""What lasts: datasets, their versions, and what is published of them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from geoportal.errors import Invalid
from geoportal.model.access import Classification
from geoportal.model.record import Record
from geoportal.model.report import Gate, Verdict
from geoportal.model.specification import Specification

ID_PATTERN = re.compile(r"[a-z0-9_-]{1,64}")
RESERVED_IDS = frozenset({"katalog"})


def checked_id(value: str) -> str:
    """``value`` if it may name a dataset (CONTRACT 2), else Invalid. Never a path, never upper case, never a reserved
    word.
    """
    if not ID_PATTERN.fullmatch(value):
        raise Invalid(f"{value!r} cannot name a dataset: use 1 to 64 of a-z, 0-9, _ and -", id=value)
    if value in RESERVED_IDS:
        raise Invalid(f"{value!r} is reserved for the node's own catalogue", id=value)
    return value


class Stage(StrEnum):
    """Where a dataset stands: draf, terbit, ditarik."""

    DRAFT = "draft"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Dataset:
    """A dataset: its lasting id, its class of access, what it must be, and the newest revision of its record."""

    dataset_id: str
    classification: Classification
    record: Record
    revision: int
    specification: Specification
    stage: Stage
    created_at: datetime
    opd: tuple[str, ...] = ()
    published_version: int | None = None

    @property
    def title(self) -> str:
        """The Indonesian title."""
        return self.record.title.in_language("id")


@dataclass(frozen=True, slots=True)
class Version:
    """One sealed state of a dataset: immutable, numbered by the register from 1, never deleted.

    ``digest`` is the sha256 of its manifest and the name of its folder. Times are UTC.
    """

    dataset_id: str
    number: int
    digest: str
    created_at: datetime
    created_by: str
    source_name: str
    features: int
    crs: str | None
    geometry_type: str | None
    verdict: Verdict
    gate: Gate | None
    spec: str | None
    note: str | None = None
    same_as: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """The version as JSON for people and programs."""
        return {
            "dataset": self.dataset_id,
            "version": self.number,
            "digest": self.digest,
            "created_at": self.created_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "created_by": self.created_by,
            "source": self.source_name,
            "features": self.features,
            "crs": self.crs,
            "geometry_type": self.geometry_type,
            "verdict": str(self.verdict),
            "gate": str(self.gate) if self.gate else None,
            "spec": self.spec,
            "note": self.note,
            "same_as": self.same_as,
        }


@dataclass(frozen=True, slots=True)
class Publication:
    """The fact that a version of a dataset is out, with all that its readers need and the class that guards it.

    ``build`` names the folder of derived files under ``derived/<digest>/``. ``override`` is the reason where the gate
    was blocked.
    """

    dataset_id: str
    version: Version
    build: str
    record: Record
    revision: int
    specification: Specification
    classification: Classification
    published_at: datetime
    published_by: str
    opd: tuple[str, ...] = ()
    override: str | None = None
    older: tuple[int, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Exhibit:
    """A version that was refused at the gate and is on show for its report alone (``Record.exhibit``): its dataset was
    never published, and nothing but the report exists for readers.
    """

    dataset_id: str
    version: Version
    record: Record
    specification: Specification
    classification: Classification
    opd: tuple[str, ...] = ()
