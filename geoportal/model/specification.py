"""What a layer must be: a profile (named rule set) and what a dataset adds to it (ISO 19131, spesifikasi produk
data).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from geoportal.model.report import Severity
from geoportal.model.text import LocalText

OFF = "off"


@dataclass(frozen=True, slots=True)
class FieldSpecification:
    """What one field must hold. ``type`` is text, integer, real, boolean, date or datetime; ``length`` is in
    characters.
    """

    name: str
    type: str | None = None
    required: bool = False
    unique: bool = False
    pattern: str | None = None
    length: int | None = None
    codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TableJoin:
    """How a table without geometry becomes features: its ``column`` holds codes of the field ``key`` of a region layer
    of this node.

    ``dataset`` is the id of that layer's dataset. Where ``column`` or ``key`` is None it is found by the codes.
    """

    dataset: str
    column: str | None = None
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Specification:
    """A profile with the additions of a dataset.

    ``severities`` maps a rule id to the severity it has here, or to ``off``. ``geometry`` names the allowed simple
    feature types; empty = any.
    ``key`` is the field whose values identify features. ``tolerance_m`` is in metres on the ground. ``join`` places a
    table on a region layer.
    """

    name: str
    profile: str
    title: LocalText = field(default_factory=LocalText)
    severities: Mapping[str, str] = field(default_factory=dict)
    geometry: tuple[str, ...] = ()
    key: str | None = None
    fields: tuple[FieldSpecification, ...] = ()
    expected_features: int | None = None
    tolerance_m: float = 0.5
    join: TableJoin | None = None

    def severity_of(self, rule: str, default: Severity) -> Severity | None:
        """The severity of a rule under this specification, None when it is switched off."""
        value = self.severities.get(rule, default)
        return None if value == OFF else Severity(value)

    def as_dict(self) -> dict[str, Any]:
        """The specification as JSON; ``from_dict`` gives it back."""
        return {
            "name": self.name,
            "profile": self.profile,
            "title": {"id": self.title.id, "en": self.title.en},
            "severities": {rule: str(value) for rule, value in sorted(self.severities.items())},
            "geometry": list(self.geometry),
            "key": self.key,
            "fields": [
                {
                    "name": f.name,
                    "type": f.type,
                    "required": f.required,
                    "unique": f.unique,
                    "pattern": f.pattern,
                    "length": f.length,
                    "codes": list(f.codes),
                }
                for f in self.fields
            ],
            "expected_features": self.expected_features,
            "tolerance_m": self.tolerance_m,
            "join": {"dataset": self.join.dataset, "column": self.join.column, "key": self.join.key}
            if self.join
            else None,
        }

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Specification:
        """The specification from its JSON."""
        return cls(
            name=value["name"],
            profile=value["profile"],
            title=LocalText.of(value.get("title")),
            severities=dict(value.get("severities") or {}),
            geometry=tuple(value.get("geometry") or ()),
            key=value.get("key"),
            fields=tuple(
                FieldSpecification(**{**item, "codes": tuple(item.get("codes") or ())})
                for item in value.get("fields") or ()
            ),
            expected_features=value.get("expected_features"),
            tolerance_m=value.get("tolerance_m", 0.5),
            join=TableJoin(**value["join"]) if value.get("join") else None,
        )
