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

MEANINGS = (
    "region-code",
    "region-name",
    "region-parent-code",
    "region-parent-name",
    "bps-code",
    "kugi-code",
    "label-x",
    "label-y",
)
"""What the values of a field can be said to be: Kemendagri codes and names, BPS codes, KUGI codes, a label point."""


@dataclass(frozen=True, slots=True)
class FieldSpecification:
    """What one field must hold. ``type`` is text, integer, real, boolean, date or datetime; ``length`` is in
    characters.

    ``minimum`` and ``maximum`` bound numbers, ends included. ``aliases`` are other names under which the field is
    known to come. ``means`` says what the values are (one of MEANINGS), so that they can be compared with code lists.
    """

    name: str
    type: str | None = None
    required: bool = False
    unique: bool = False
    pattern: str | None = None
    length: int | None = None
    codes: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    aliases: tuple[str, ...] = ()
    means: str | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """What two fields of one feature owe each other: ``left`` ``operator`` ``right``.

    ``operator`` is one of < <= = >= > or ``starts-with``; numbers and dates compare as such, texts as texts. A blank on
    either side says nothing.
    """

    left: str
    operator: str
    right: str


@dataclass(frozen=True, slots=True)
class CoveredBy:
    """Features must lie in those of another layer: desa in kecamatan in kabupaten.

    ``dataset`` is the id of a region layer of the node, or the name of another layer in the same file. With ``column``
    (a field of this layer) and ``key`` (of the other) each feature must lie in the one whose code it names; without,
    in all of them together.
    """

    dataset: str
    column: str | None = None
    key: str | None = None


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
    table on a region layer. ``not_crossing`` are layers, named as in CoveredBy, whose lines and outlines features must
    not cross. ``code_edition`` names the edition of the region codes that the layer uses; None = the
    newest list of the node. ``open_data`` says that the layer is meant for everybody, so that personal data in it
    weighs.
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
    comparisons: tuple[Comparison, ...] = ()
    covered_by: tuple[CoveredBy, ...] = ()
    not_crossing: tuple[str, ...] = ()
    code_edition: str | None = None
    open_data: bool = True

    @property
    def compared_with(self) -> tuple[str, ...]:
        """The layers that this one is compared with, each once."""
        return tuple(dict.fromkeys((*(promise.dataset for promise in self.covered_by), *self.not_crossing)))

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
                    "minimum": f.minimum,
                    "maximum": f.maximum,
                    "aliases": list(f.aliases),
                    "means": f.means,
                }
                for f in self.fields
            ],
            "expected_features": self.expected_features,
            "tolerance_m": self.tolerance_m,
            "join": {"dataset": self.join.dataset, "column": self.join.column, "key": self.join.key}
            if self.join
            else None,
            "comparisons": [[item.left, item.operator, item.right] for item in self.comparisons],
            "covered_by": [[item.dataset, item.column, item.key] for item in self.covered_by],
            "not_crossing": list(self.not_crossing),
            "code_edition": self.code_edition,
            "open_data": self.open_data,
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
                FieldSpecification(
                    **{
                        **item,
                        "codes": tuple(item.get("codes") or ()),
                        "aliases": tuple(item.get("aliases") or ()),
                    }
                )
                for item in value.get("fields") or ()
            ),
            expected_features=value.get("expected_features"),
            tolerance_m=value.get("tolerance_m", 0.5),
            join=TableJoin(**value["join"]) if value.get("join") else None,
            comparisons=tuple(Comparison(*item) for item in value.get("comparisons") or ()),
            covered_by=tuple(CoveredBy(*item) for item in value.get("covered_by") or ()),
            not_crossing=tuple(value.get("not_crossing") or ()),
            code_edition=value.get("code_edition"),
            open_data=value.get("open_data", True),
        )
