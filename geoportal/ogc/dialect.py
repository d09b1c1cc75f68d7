"""OpenAPI 3.1 from OpenAPI 3.0: the same definition with the schemas in plain JSON Schema (draft 2020-12)."""

from __future__ import annotations

from typing import Any

DRAFT = "https://spec.openapis.org/oas/3.1/dialect/base"
_SCHEMAS = frozenset({"schema", "items", "additionalProperties", "not"})
_LISTS = frozenset({"allOf", "anyOf", "oneOf"})
Document = dict[str, Any]


def in_31(document: Document) -> Document:
    """A 3.0 document as one of 3.1; a new document. What differs for us: ``nullable``, exclusive bounds, ``example`` of
    schemas, and binary bodies.
    """
    found: Document = {"openapi": "3.1.0", "jsonSchemaDialect": DRAFT}
    found |= {name: _plain(value) for name, value in document.items() if name not in found}
    found["components"]["schemas"] = {
        name: _schema(schema) for name, schema in document["components"]["schemas"].items()
    }
    return found


def _plain(value: Any) -> Any:
    """Anything outside of schemas: looked through for the schemas in it."""
    if isinstance(value, dict):
        return {name: _schema(item) if name == "schema" else _plain(item) for name, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def _schema(schema: Any) -> Any:
    if not isinstance(schema, dict):
        return schema
    found: Document = {}
    for name, value in schema.items():
        if name == "properties":
            found[name] = {key: _schema(item) for key, item in value.items()}
        elif name in _LISTS:
            found[name] = [_schema(item) for item in value]
        elif name in _SCHEMAS:
            found[name] = _schema(value)
        elif name == "example":
            found["examples"] = [value]
        elif name != "nullable":
            found[name] = value
    for bound, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if found.get(exclusive) is True:
            found[exclusive] = found.pop(bound)
        elif found.get(exclusive) is False:
            del found[exclusive]
    if found.get("format") == "binary":
        return {}  # raw bytes have no schema (OpenAPI 3.1.0, 4.8.14.3)
    return _with_null(found) if schema.get("nullable") is True else found


def _with_null(schema: Document) -> Document:
    kind = schema.get("type")
    if isinstance(kind, str):
        nullable = {**schema, "type": [kind, "null"]}
        return {**nullable, "enum": [*schema["enum"], None]} if "enum" in schema else nullable
    return {"anyOf": [schema, {"type": "null"}]}
