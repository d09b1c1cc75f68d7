"""Writes a specification as the YAML that ``profiles.read_specification`` reads back, with comments for its reader.

Texts that YAML could take for something else are quoted, so that a code such as 010 stays what it is in every program.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from geoportal.model.specification import FieldSpecification, Specification

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:[ ./-][A-Za-z0-9_]+)*")
_WORDS = {"true", "false", "yes", "no", "on", "off", "null", "y", "n", "inf", "nan"}
WIDTH = 140


def write_specification(
    spec: Specification,
    comments: Mapping[str, Sequence[str]] | None = None,
    head: Sequence[str] = (),
    *,
    left_out: Sequence[str] = (),
) -> str:
    """The specification as YAML. ``comments`` are lines by key (``geometry``, ``fields.KODE``), ``head`` those above.

    Read back it is the same specification, save that its name is that of the file. Keys that are ``left_out`` are then
    those of its profile.
    """
    said = comments or {}
    lines = [*(f"# {_one_line(line)}".rstrip() for line in head)]
    for key, value in _keys(spec):
        lines += [f"# {_one_line(line)}" for line in said.get(key, ())]
        if key not in left_out and value is not None and value not in ([], {}):
            lines += _written(key, value, said)
    return "\n".join(lines) + "\n"


def scalar(value: Any) -> str:
    """One value as YAML in one line."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    if isinstance(value, int | float):
        return str(value)
    text = str(value)
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    if text.isprintable() and "'" not in text:
        return f"'{text}'"
    # What JSON escapes, YAML reads, save that it escapes less.
    return "".join(c if c.isprintable() else f"\\U{ord(c):08X}" for c in json.dumps(text, ensure_ascii=False))


def _keys(spec: Specification) -> Iterator[tuple[str, Any]]:
    """The keys of the file in the order in which a person reads them."""
    yield "profile", spec.profile
    yield "title", {"id": spec.title.id, "en": spec.title.en} if spec.title.id or spec.title.en else None
    yield from (
        ("geometry", list(spec.geometry)),
        ("key", spec.key),
        ("expect", None if spec.expected_features is None else {"features": spec.expected_features}),
        ("tolerance_m", spec.tolerance_m),
        ("code_edition", spec.code_edition),
        ("open_data", None if spec.open_data else False),
        ("join", _stated(dataset=spec.join.dataset, column=spec.join.column, key=spec.join.key) if spec.join else None),
        ("fields", list(spec.fields)),
        ("comparisons", [_stated(left=c.left, operator=c.operator, right=c.right) for c in spec.comparisons]),
        ("covered_by", [_stated(dataset=c.dataset, column=c.column, key=c.key) for c in spec.covered_by]),
        ("not_crossing", list(spec.not_crossing)),
        ("severities", {rule: str(value) for rule, value in sorted(spec.severities.items())}),
    )


def _written(key: str, value: Any, said: Mapping[str, Sequence[str]]) -> Iterator[str]:
    match value:
        case [FieldSpecification(), *_]:
            yield f"{key}:"
            for field in value:
                yield from (f"  # {_one_line(line)}" for line in said.get(f"fields.{field.name}", ()))
                yield f"  - {_mapping(_field(field))}"
        case [dict(), *_]:
            yield f"{key}:"
            yield from (f"  - {_mapping(item)}" for item in value)
        case list():
            yield f"{key}: {_list(value)}"
        case dict() if key == "severities":
            yield f"{key}:"
            yield from (f"  {rule}: {'off' if weight == 'off' else scalar(weight)}" for rule, weight in value.items())
        case dict():
            yield f"{key}: {_mapping(value)}"
        case _:
            yield f"{key}: {scalar(value)}"


def _field(field: FieldSpecification) -> dict[str, Any]:
    return _stated(
        name=field.name,
        type=field.type,
        required=field.required or None,
        unique=field.unique or None,
        length=field.length,
        pattern=field.pattern,
        minimum=field.minimum,
        maximum=field.maximum,
        codes=list(field.codes) or None,
        means=field.means,
        aliases=list(field.aliases) or None,
    )


def _stated(**parts: Any) -> dict[str, Any]:
    return {name: value for name, value in parts.items() if value is not None}


def _mapping(value: Mapping[str, Any]) -> str:
    parts = (f"{name}: {_list(item) if isinstance(item, list) else scalar(item)}" for name, item in value.items())
    return f"{{{', '.join(parts)}}}"


def _list(values: Sequence[Any]) -> str:
    return f"[{', '.join(scalar(value) for value in values)}]"


def _one_line(text: str) -> str:
    """A comment may hold what a file says, and a line end in it would be YAML."""
    return "".join(c if c.isprintable() else " " for c in text)[:400]
