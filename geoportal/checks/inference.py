"""Proposes a specification from a layer: what the data does already, as a promise that its owner may cut or tighten.

Everything that is proposed holds for the layer as it is, and says in a note what was seen. Bounds are wider than the
values, since the next version will hold others. Nothing is proposed about shapes: that is what profiles are for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from geoportal.checks.columns import as_numbers
from geoportal.checks.context import Context
from geoportal.checks.distinct import distinct
from geoportal.checks.inferred_fields import FieldSeen, seen
from geoportal.checks.kugi_codes import MEANING as KUGI_CODE
from geoportal.checks.plans import PATTERN, STRUCTURE
from geoportal.checks.region_names import NAME, PARENT_NAME, plain
from geoportal.checks.regions import CODE, MOSTLY, PARENT_CODE, ancestor, has_lists, regions_of
from geoportal.checks.rules import Need
from geoportal.model.kugi import parse_code
from geoportal.model.layer import GEOMETRY_TYPES
from geoportal.model.references import NO_REFERENCES
from geoportal.model.specification import FieldSpecification, Specification
from geoportal.model.text import LocalText

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geoportal.model.layer import Layer
    from geoportal.model.references import References
    from geoportal.model.region import Region

FAMILIES = (("Point", "MultiPoint"), ("LineString", "MultiLineString"), ("Polygon", "MultiPolygon"))
LABELS = (("lng", "lat"), ("lon", "lat"), ("long", "lat"), ("longitude", "latitude"), ("bujur", "lintang"), ("x", "y"),
          ("label_x", "label_y"))  # fmt: skip
"""Names that fields with the place of a label have."""
LONGEST_LOOKED_AT = 5000
"""Different values of a field that are asked what they mean."""


@dataclass(frozen=True, slots=True)
class Note:
    """What was seen, as the key of a text with its parameters; ``place`` is the key of the file that it stands above
    (``fields.KODE``), empty for the head.
    """

    place: str
    code: str
    params: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A proposed specification with what was seen."""

    specification: Specification
    notes: tuple[Note, ...]
    profile_guessed: bool = False


def infer(
    layer: Layer, region: Region, *, profile: str | None = None, references: References = NO_REFERENCES
) -> Proposal:
    """What a layer could promise, under a profile or under the one that fits what is in it.

    The severities are those of the profile: the caller reads it and puts the proposal on top.
    """
    context = Context(layer, None, region, references=references)
    looked = [seen(context, item) for item in layer.fields if context.has_field(item.name)]
    meanings = _meanings(context, looked)
    key = _key(looked, meanings)
    fields = [_proposed(one, meanings.get(one.name), is_key=one.name == key) for one in looked]
    types = _types(context)
    chosen = profile or _profile(types, meanings, {one.name for one in looked})
    closed = key is not None and meanings.get(key) == CODE
    notes = [Note("", "seen", {"name": layer.name, "features": len(layer), "crs": layer.crs or "–"})]
    if profile is None:
        notes.append(Note("profile", f"profile-{chosen}"))
    notes.append(Note("geometry", "geometry" if types else "geometry-none", {"types": _found_types(context)}))
    notes += _about_key(key, looked, meanings)
    notes.append(Note("expect", "expect-closed" if closed else "expect-open", {"features": len(layer)}))
    for one in looked:
        notes += [Note(f"fields.{one.name}", code, params) for code, params in one.told(meanings.get(one.name))]
    edition = regions_of(context).chosen.edition if CODE in meanings.values() else None
    if edition is not None:
        notes.append(Note("code_edition", "edition", {"edition": edition}))
    specification = Specification(
        name=layer.name,
        profile=chosen,
        title=LocalText.of(" ".join(layer.name.replace("_", " ").split()) or layer.name),
        geometry=types,
        key=key,
        fields=tuple(fields),
        expected_features=len(layer) if closed else None,
        code_edition=edition,
    )
    return Proposal(specification, tuple(notes), profile_guessed=profile is None)


def fitted(proposal: Proposal, profile: Specification) -> Proposal:
    """The proposal where its profile describes fields of the same name: what the profile asks of them stays asked."""
    asked = {item.name: item for item in profile.fields}
    fields = tuple(_stricter(item, asked[item.name]) if item.name in asked else item
                   for item in proposal.specification.fields)  # fmt: skip
    return replace(proposal, specification=replace(proposal.specification, fields=fields))


def _stricter(seen: FieldSpecification, asked: FieldSpecification) -> FieldSpecification:
    return replace(
        seen,
        type=asked.type or seen.type,
        required=asked.required or seen.required,
        unique=asked.unique or seen.unique,
        pattern=asked.pattern or seen.pattern,
        length=asked.length or seen.length,
        codes=asked.codes or seen.codes,
        aliases=asked.aliases,
        means=asked.means or seen.means,
    )


def under(proposal: Proposal, profile: Specification) -> Specification:
    """The proposal on top of the profile that it names, as it will be read back: what the gate goes by."""
    own = proposal.specification
    fields = {item.name: item for item in profile.fields} | {item.name: item for item in own.fields}
    return replace(
        own,
        severities=profile.severities,
        geometry=own.geometry or profile.geometry,
        fields=tuple(fields.values()),
        comparisons=profile.comparisons,
        covered_by=profile.covered_by,
        not_crossing=profile.not_crossing,
        tolerance_m=profile.tolerance_m,
        open_data=profile.open_data,
    )


def _proposed(one: FieldSeen, means: str | None, *, is_key: bool) -> FieldSpecification:
    """One field of the proposal. What the code lists say of a field is not said again as a pattern or a list."""
    known = means is not None
    low, high = one.bounds if not known else (None, None)
    return FieldSpecification(
        name=one.name,
        type=one.type,
        required=one.required,
        unique=is_key or (one.unique and one.pattern is not None),
        pattern=one.pattern,
        length=one.length,
        codes=() if known or is_key else one.codes,
        minimum=low,
        maximum=high,
        means=means,
    )


def _types(context: Context) -> tuple[str, ...]:
    """The geometry types that are there, a single type with its multi type, as a shapefile cannot tell them apart."""
    found = _found_types(context)
    if "GeometryCollection" in found:
        return tuple(found)
    families = [family for family in FAMILIES if set(family) & set(found)]
    if found == ["Point"]:
        return ("Point",)
    return tuple(name for family in families for name in family)


def _found_types(context: Context) -> list[str]:
    numbers = np.unique(context.type_ids[context.type_ids >= 0]).tolist()
    names = [GEOMETRY_TYPES[number] for number in numbers]
    return list(dict.fromkeys(names))


def _key(looked: Sequence[FieldSeen], meanings: dict[str, str]) -> str | None:
    """The field that could identify features: filled, each value once, and a code rather than a name."""
    able = [one for one in looked if one.required and one.unique and one.could_be_key]
    ranked = sorted(able, key=lambda one: (meanings.get(one.name) != CODE, one.pattern is None, not one.says_key))
    return next((one.name for one in ranked if meanings.get(one.name) == CODE or one.pattern or one.says_key), None)


def _about_key(key: str | None, looked: Sequence[FieldSeen], meanings: dict[str, str]) -> list[Note]:
    if key is None:
        return [Note("key", "key-none")]
    others = [one.name for one in looked if one.name != key and one.required and one.unique and one.could_be_key]
    return [Note("key", "key-others" if others else "key", {"field": key, "others": others})]


def _profile(types: tuple[str, ...], meanings: dict[str, str], names: set[str]) -> str:
    """The profile that fits: by KUGI codes, by the fields of a plan, by points, by areas with region codes."""
    if KUGI_CODE in meanings.values():
        return "kugi"
    if names & {STRUCTURE, PATTERN} and "NAMOBJ" in names:
        return "rtrw"
    if types and set(types) <= {"Point", "MultiPoint"}:
        return "titik"
    if types and set(types) <= {"Polygon", "MultiPolygon"} and CODE in meanings.values():
        return "batas"
    return "bebas"


def _meanings(context: Context, looked: Sequence[FieldSeen]) -> dict[str, str]:
    """What fields hold, where nearly all their values say it."""
    found: dict[str, str] = {}
    for one in looked:
        if one.type == "text" and len(values := one.values) and len(values) <= LONGEST_LOOKED_AT:
            codes = [code for value in values if (code := parse_code(value)) is not None and not code.is_old]
            if len(codes) >= MOSTLY * len(values):
                found[one.name] = KUGI_CODE
    if has_lists(context, Need.CODE_LISTS):
        found = {**_region_meanings(context, looked), **found}
    return found | _labels(context, looked)


def _region_meanings(context: Context, looked: Sequence[FieldSeen]) -> dict[str, str]:
    """Columns of region codes as the rules recognise them, the deepest as that of the features, and names beside it."""
    regions = regions_of(context)
    main = regions.main
    if main is None:
        return {}
    found = {main.name: CODE}
    own = _by_row(main.codes, main.values.index)
    for column in regions.columns:
        if column is not main and 0 < column.level < main.level:
            theirs = _by_row(column.codes, column.values.index)
            above = [ancestor(code, column.level) if code else None for code in own]
            if _agree(theirs, np.array(above, dtype=object)):
                found[column.name] = PARENT_CODE
    for one in looked:
        if one.type == "text" and one.name not in found and 0 < len(one.values) <= LONGEST_LOOKED_AT:
            values = distinct(context, one.name)
            names = _by_row([plain(value) for value in values.values], values.index)
            for means, level in ((NAME, main.level), (PARENT_NAME, main.level - 1)):
                listed = {code: regions.name_of(ancestor(code, level) or "") for code in set(own) if code}
                said = [plain(listed.get(code) or "") or None if code else None for code in own]
                if means not in found.values() and _agree(names, np.array(said, dtype=object)):
                    found[one.name] = means
                    break
    return found


def _by_row(values: Sequence[str | None] | NDArray[Any], index: NDArray[np.int_]) -> NDArray[Any]:
    """For each feature that of its different value, None where it has none (index -1)."""
    table = np.empty(len(values) + 1, dtype=object)
    table[:-1], table[-1] = values, None
    return table[index]


def _agree(one: Any, other: Any) -> bool:
    """Whether nearly all rows that say something on both sides say the same, and most rows do."""
    both = np.array([a is not None and b is not None for a, b in zip(one, other, strict=True)], dtype=bool)
    if not both.any() or both.sum() < MOSTLY * len(both):
        return False
    return bool((one[both] == other[both]).mean() >= MOSTLY)


def _labels(context: Context, looked: Sequence[FieldSeen]) -> dict[str, str]:
    """Fields that hold the place of the label of an area: named like coordinates, and inside nearly all areas."""
    names = {one.name.casefold(): one.name for one in looked if one.type in ("real", "integer")}
    areas = context.areas
    for x, y in LABELS:
        if x in names and y in names and len(areas):
            points = np.column_stack([as_numbers(context.column(names[name]))[areas] for name in (x, y)])
            given = np.isfinite(points).all(axis=1)
            inside = shapely.intersects_xy(context.polygons[areas][given], points[given, 0], points[given, 1])
            if given.any() and inside.mean() >= MOSTLY:
                return {names[x]: "label-x", names[y]: "label-y"}
    return {}
