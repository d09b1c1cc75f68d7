"""Reads profiles (``config/specifications/*.yaml``) and the specifications of datasets; refuses what makes no sense.

A profile is a named rule set; a specification names one and adds to it (CONTRACT 3). Both have the same keys. All
values are read as text first, so that a code such as 010 or 32.10 stays what the officer wrote, and ``off`` stays a
word. A severity may be raised, but what rejects a file, or a missing reference system, always blocks.
"""

from __future__ import annotations

import re
from collections.abc import Hashable
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator, model_validator

from geoportal.checks import RULES
from geoportal.checks.patterns import checked_pattern
from geoportal.errors import InvalidSpecification
from geoportal.model.report import Severity
from geoportal.model.specification import (
    OFF,
    Comparison,
    CoveredBy,
    FieldSpecification,
    Specification,
    TableJoin,
)
from geoportal.model.text import LocalText

LARGEST_FILE = 256 * 1024
DEFAULT_PROFILE = "bebas"
NAME = re.compile(r"[a-z0-9_-]{1,64}")
GeometryType = Literal[
    "Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon", "GeometryCollection"
]
FieldType = Literal["text", "integer", "real", "boolean", "date", "datetime"]
Meaning = Literal[
    "region-code",
    "region-name",
    "region-parent-code",
    "region-parent-name",
    "bps-code",
    "kugi-code",
    "label-x",
    "label-y",
]
Text = Annotated[str, Field(min_length=1, max_length=254)]


def _blank_is_none(value: Any) -> Any:
    return None if value in ("", "~", "null") else value


OptionalText = Annotated[Text | None, BeforeValidator(_blank_is_none)]


class _Part(BaseModel):
    """A part of a specification file: a key that nobody knows is an error, not a silence."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class FieldPart(_Part):
    """One field of a specification file."""

    name: Text
    type: FieldType | None = None
    required: bool = False
    unique: bool = False
    pattern: OptionalText = None
    length: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    codes: tuple[Text, ...] = ()
    minimum: Annotated[float, Field(allow_inf_nan=False)] | None = None
    maximum: Annotated[float, Field(allow_inf_nan=False)] | None = None
    aliases: tuple[Text, ...] = ()
    means: Meaning | None = None

    @field_validator("pattern")
    @classmethod
    def _pattern_is_safe(cls, value: str | None) -> str | None:
        if value is not None:
            checked_pattern(value)
        return value


class ExpectPart(_Part):
    """What a dataset promises to hold."""

    features: Annotated[int, Field(ge=0)] | None = None


class JoinPart(_Part):
    """The region layer that a table is joined to: ``join: kecamatan``, or its parts."""

    dataset: Annotated[str, Field(pattern=f"^{NAME.pattern}$")]
    column: OptionalText = None
    key: OptionalText = None


class ComparisonPart(_Part):
    """What two fields of one feature owe each other: ``{left: KDEPUM, operator: starts-with, right: KDCPUM}``."""

    left: Text
    operator: Literal["<", "<=", "=", ">=", ">", "starts-with"]
    right: Text


class CoveredByPart(_Part):
    """The layer that features must lie in: ``covered_by: kecamatan``, or its parts."""

    dataset: Text
    column: OptionalText = None
    key: OptionalText = None


class SpecificationFile(_Part):
    """A profile or a specification as written; keys as in CONTRACT 3."""

    profile: OptionalText = None
    title: str | dict[Literal["id", "en"], str] = ""
    geometry: tuple[GeometryType, ...] = ()
    key: OptionalText = None
    fields: tuple[FieldPart, ...] = ()
    severities: dict[str, Literal["blocking", "warning", "info", "off"]] = {}
    expect: ExpectPart = ExpectPart()
    tolerance_m: Annotated[float, Field(ge=0, le=1000, allow_inf_nan=False)] | None = None
    join: JoinPart | None = None
    comparisons: tuple[ComparisonPart, ...] = ()
    covered_by: tuple[CoveredByPart, ...] = ()
    not_crossing: tuple[Text, ...] = ()
    code_edition: OptionalText = None
    open_data: bool | None = None

    @field_validator("covered_by", mode="before")
    @classmethod
    def _a_name_is_a_layer(cls, value: Any) -> Any:
        many = value if isinstance(value, list | tuple) else [value] if value else []
        return [{"dataset": item} if isinstance(item, str) else item for item in many]

    @field_validator("geometry", "not_crossing", mode="before")
    @classmethod
    def _one_type_is_a_list(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) and value else value

    @field_validator("join", mode="before")
    @classmethod
    def _a_name_is_a_join(cls, value: Any) -> Any:
        return {"dataset": value} if isinstance(value, str) and value else _blank_is_none(value)

    @field_validator("severities")
    @classmethod
    def _rules_exist(cls, value: dict[str, str]) -> dict[str, str]:
        for rule_id, severity in value.items():
            rule = RULES.get(rule_id)
            if rule is None:
                raise ValueError(f"there is no rule {rule_id!r}")
            if rule.severity is Severity.BLOCKING and severity != Severity.BLOCKING:
                raise ValueError(f"{rule_id} always blocks")
        return value

    @model_validator(mode="after")
    def _fields_once(self) -> SpecificationFile:
        names = [field.name for field in self.fields]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"fields described twice: {', '.join(twice)}")
        return self


def read_specification(name_or_path: str | Path, profiles: Path, *, name: str | None = None) -> Specification:
    """The specification of a file, or the profile of a name; ``profiles`` is the folder that holds the profiles.

    ``name`` is what reports call it: by default the name of the profile, of the file, or of the folder that holds a
    ``specification.yaml``.
    Raises InvalidSpecification, with the file and the place in it.
    """
    asked = str(name_or_path)
    profile = profiles / f"{asked}.yaml"
    if isinstance(name_or_path, str) and NAME.fullmatch(asked) and profile.is_file():
        return _profile(asked, profile, name or asked)
    path = Path(name_or_path)
    if not path.is_file():
        known = ", ".join(names_of(profiles))
        raise InvalidSpecification(f"{asked!r} is neither a profile ({known}) nor a file", specification=asked)
    own = _read(path)
    base_name = own.profile or DEFAULT_PROFILE
    base_path = profiles / f"{base_name}.yaml"
    if not NAME.fullmatch(base_name) or not base_path.is_file():
        raise _invalid(path, f"profile: there is no profile {base_name!r} (known: {', '.join(names_of(profiles))})")
    default = path.parent.name if path.stem == "specification" else path.stem
    return _extended(_profile(base_name, base_path, base_name), own, name or default)


def names_of(profiles: Path) -> list[str]:
    """The names of the profiles in a folder."""
    return sorted(path.stem for path in profiles.glob("*.yaml") if NAME.fullmatch(path.stem))


def _profile(profile: str, path: Path, name: str) -> Specification:
    stamp = path.stat()
    written = _read_cached(path, stamp.st_mtime_ns, stamp.st_size)
    if written.profile is not None:
        raise _invalid(path, "profile: a profile stands by itself")
    return _extended(Specification(name=name, profile=profile), written, name)


def _title(written: str | dict[Literal["id", "en"], str]) -> LocalText | None:
    if isinstance(written, str):
        return LocalText.of(written) if written else None
    return LocalText(written.get("id", ""), written.get("en", ""))


def _extended(base: Specification, own: SpecificationFile, name: str) -> Specification:
    """``base`` with what a file adds to it: its values win, its fields replace those of the same name."""
    fields = {field.name: field for field in base.fields}
    fields |= {part.name: FieldSpecification(**part.model_dump()) for part in own.fields}
    severities = dict(base.severities) | {
        rule: value if value == OFF else Severity(value) for rule, value in own.severities.items()
    }
    return Specification(
        name=name,
        profile=base.profile,
        title=_title(own.title) or base.title,
        severities=severities,
        geometry=own.geometry or base.geometry,
        key=own.key or base.key,
        fields=tuple(fields.values()),
        expected_features=base.expected_features if own.expect.features is None else own.expect.features,
        tolerance_m=base.tolerance_m if own.tolerance_m is None else own.tolerance_m,
        join=TableJoin(own.join.dataset, own.join.column, own.join.key) if own.join else base.join,
        comparisons=tuple(
            dict.fromkeys((*base.comparisons, *(Comparison(**part.model_dump()) for part in own.comparisons)))
        ),
        covered_by=tuple(CoveredBy(**part.model_dump()) for part in own.covered_by) or base.covered_by,
        not_crossing=own.not_crossing or base.not_crossing,
        code_edition=own.code_edition or base.code_edition,
        open_data=base.open_data if own.open_data is None else own.open_data,
    )


@lru_cache(maxsize=32)
def _read_cached(path: Path, modified_ns: int, size: int) -> SpecificationFile:
    """A profile, read again when its file has changed."""
    return _read(path)


def _read(path: Path) -> SpecificationFile:
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise _invalid(path, f"longer than {LARGEST_FILE // 1024} kB")
        written = yaml.load(path.read_text(encoding="utf-8"), Loader=_TextLoader)
        return SpecificationFile.model_validate(written or {})
    except (OSError, UnicodeDecodeError, RecursionError) as error:
        raise _invalid(path, f"cannot be read ({type(error).__name__})") from None
    except yaml.YAMLError as error:
        raise _invalid(path, f"not YAML: {' '.join(str(error).split())}") from None
    except ValidationError as error:
        raise _invalid(path, "; ".join(_said(item) for item in error.errors())) from None


def _said(error: Any) -> str:
    """One complaint of pydantic as ``fields.2.pattern: ...``."""
    place = ".".join(str(part) for part in error["loc"])
    what = str(error["msg"]).removeprefix("Value error, ")
    return f"{place}: {what}" if place else what


def _invalid(path: Path, what: str) -> InvalidSpecification:
    return InvalidSpecification(f"{path.name}: {what}", specification=str(path.name), problem=what)


class _TextLoader(yaml.BaseLoader):
    """YAML with every scalar as the text that was written; aliases and keys that come twice are refused."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Refuse aliases: ten lines of them can stand for a billion values."""
        if self.check_event(yaml.AliasEvent):
            raise yaml.constructor.ConstructorError(None, None, "aliases are not taken", self.peek_event().start_mark)  # type: ignore[no-untyped-call]
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Hashable, Any]:
        """Refuse a key that comes twice: the first would be lost without a word."""
        seen: set[str] = set()
        for key, _ in node.value:
            if str(key.value) in seen:
                raise yaml.constructor.ConstructorError(None, None, f"{key.value!r} comes twice", key.start_mark)
            seen.add(str(key.value))
        return super().construct_mapping(node, deep=deep)
