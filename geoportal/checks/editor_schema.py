"""The JSON Schema of specification files, for editors: made from the very model that reads them, with words for people.

An editor that knows it (VS Code with yaml-language-server, QGIS plugins, JetBrains) completes keys and rule ids and
shows what each means. What the reader takes as a shorthand (``join: kecamatan``) is in the schema too; only spellings
of yes and no beside ``true`` and ``false`` are not.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from geoportal.checks import RULES, texts
from geoportal.checks.profiles import SpecificationFile
from geoportal.language import text
from geoportal.model.report import Severity
from geoportal.model.specification import OFF

DIALECT = "https://json-schema.org/draft/2020-12/schema"
DOMAIN = "cli"
WRITTEN = {"anyOf": [{"type": "string", "minLength": 1, "maxLength": 254}, {"type": "number"}, {"type": "boolean"}]}
"""A value that is read as the text that stands there: 010, 1 or desa."""


def specification_schema(language: str, profiles: Iterable[str] = ()) -> dict[str, Any]:
    """The schema with titles and descriptions in a language; ``profiles`` are offered as names."""
    schema = SpecificationFile.model_json_schema(mode="validation")
    parts = schema.pop("$defs")
    for name, part in parts.items():
        _described(part, name, language)
    _described(schema, "SpecificationFile", language)
    own = schema["properties"]
    own["profile"]["examples"] = sorted(profiles)
    own["geometry"] = {**_kept(own["geometry"]), "anyOf": [own["geometry"]["items"], _list(own["geometry"]["items"])]}
    named = {"type": "string", "pattern": parts["JoinPart"]["properties"]["dataset"]["pattern"]}
    own["join"] = {**_kept(own["join"]), "anyOf": [named, {"$ref": "#/$defs/JoinPart"}]}
    one = {"anyOf": [{"type": "string", "minLength": 1}, {"$ref": "#/$defs/CoveredByPart"}]}
    own["covered_by"] = {**_kept(own["covered_by"]), "anyOf": [*one["anyOf"], _list(one)]}
    own["not_crossing"] = {
        **_kept(own["not_crossing"]),
        "anyOf": [own["not_crossing"]["items"], _list(own["not_crossing"]["items"])],
    }
    own["severities"] = {**_kept(own["severities"]), "type": "object", "additionalProperties": False,
                         "properties": _weights(language)}  # fmt: skip
    for name in ("codes", "aliases"):
        parts["FieldPart"]["properties"][name]["items"] = WRITTEN
    return {"$schema": DIALECT, **schema, "$defs": parts}


def _described(part: dict[str, Any], name: str, language: str) -> None:
    """Put our words in place of the names that pydantic makes up."""
    part["title"] = text(DOMAIN, f"schema.{name}", language)
    part["description"] = text(DOMAIN, f"schema.{name}.about", language)
    for key, held in part["properties"].items():
        held.pop("title", None)
        held.pop("default", None)
        options = [option for option in held.get("anyOf", ()) if option.get("type") != "null"]
        if len(options) == 1:
            del held["anyOf"]
            held.update(options[0])
        elif options:
            held["anyOf"] = options
        held["description"] = text(DOMAIN, f"schema.{name}.{key}", language)


def _kept(held: dict[str, Any]) -> dict[str, Any]:
    return {"description": held["description"]}


def _list(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


def _weights(language: str) -> dict[str, Any]:
    """Each rule with the severities that it may have: what always blocks can only be said to block."""
    every = [*map(str, Severity), OFF]
    return {
        rule.id: {
            "enum": [str(Severity.BLOCKING)] if rule.severity is Severity.BLOCKING else every,
            "description": texts.title(rule.id, language),
        }
        for rule in sorted(RULES.values(), key=lambda rule: rule.id)
    }
