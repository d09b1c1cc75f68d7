"""Rules about the names of fields: other names for what the specification asks, names it does not know, and names that
a shapefile would cut.
"""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any

from geoportal.checks.findings import finding
from geoportal.checks.rules import Need, rule
from geoportal.model.report import Element, Occurrence, Scope, Severity

if TYPE_CHECKING:
    from geoportal.checks.context import Context
    from geoportal.model.layer import Layer
    from geoportal.model.report import Finding
    from geoportal.model.specification import FieldSpecification, Specification

LONGEST_NAME = 10
"""Bytes that a .dbf, and so a shapefile, has for the name of a field (KUGI keeps to it as well)."""
ALIKE = 0.8
"""From this likeness on (0 to 1, as difflib measures it) two names are taken for spellings of one."""
LONGEST_COMPARED = 80
_NO_LETTER = re.compile(r"[\W_]+")


@rule(
    "field-renamed",
    scope=Scope.LAYER,
    element=Element.CONCEPTUAL_CONSISTENCY,
    severity=Severity.WARNING,
    needs=(Need.FIELDS,),
)
def fields_named_as_asked(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """No field of the specification is there under another name: an alias, a cut or a misspelt one."""
    found = renamed(context)
    told = [
        Occurrence(params={"field": name, "near": near, "reason": reason})
        for name, (near, reason) in sorted(found.items())
    ]
    if not told:
        return None
    pairs = [f"{near} → {name}" for name, (near, _) in sorted(found.items())]
    return finding(context, told=told, params={"fields": sorted(found), "pairs": pairs})


@rule(
    "field-extra",
    scope=Scope.LAYER,
    element=Element.COMPLETENESS_COMMISSION,
    severity=Severity.INFO,
    needs=(Need.FIELDS,),
)
def no_more_fields(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """The layer has no fields beside those of the specification."""
    assert spec is not None
    known = {field.name for field in spec.fields} | {near for near, _ in renamed(context).values()}
    known |= {name for item in spec.comparisons for name in (item.left, item.right)}
    known |= {item.column for item in spec.covered_by if item.column}
    known |= {name for name in (spec.key, spec.join.column if spec.join else None) if name}
    return _named(context, sorted(name for name in _own(context) if name not in known))


@rule("field-name-long", scope=Scope.LAYER, element=Element.FORMAT_CONSISTENCY, severity=Severity.INFO)
def names_short(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """Names of fields fit a shapefile: what is longer than ten bytes is cut there."""
    return _named(context, [name for name in _own(context) if cut(name) != name], cut=True)


@rule("field-names-collide-after-cut", scope=Scope.LAYER, element=Element.FORMAT_CONSISTENCY, severity=Severity.WARNING)
def names_apart(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """Names of fields stay different when a shapefile cuts them to ten bytes, capitals or not."""
    short: dict[str, list[str]] = {}
    for name in _own(context):
        short.setdefault(cut(name).casefold(), []).append(name)
    return _named(context, [name for names in short.values() if len(names) > 1 for name in names], cut=True)


def renamed(context: Context) -> dict[str, tuple[str, str]]:
    """For each field that is missing, the field that it probably is and why: alias, spelling, cut or alike.

    A field of the layer stands for one of the specification at most; the surest reason wins.
    """
    assert context.spec is not None
    asked = {field.name for field in context.spec.fields}
    spare = [name for name in _own(context) if name not in asked]
    missing = [field for field in context.spec.fields if not context.has_field(field.name)]
    found: dict[str, tuple[str, str]] = {}
    for reason in ("alias", "spelling", "cut", "alike"):
        for field in missing:
            if field.name in found:
                continue
            near = next((name for name in spare if _is_other_name(name, field, reason)), None)
            if near is not None:
                found[field.name] = (near, reason)
                spare.remove(near)
    return found


def cut(name: str) -> str:
    """A name as a shapefile keeps it: its first ten bytes in UTF-8, no letter halved."""
    return name.encode("utf-8")[:LONGEST_NAME].decode("utf-8", "ignore")


def _is_other_name(name: str, field: FieldSpecification, reason: str) -> bool:
    plain, asked = _plain(name), _plain(field.name)
    match reason:
        case "alias":
            return plain in {_plain(alias) for alias in field.aliases}
        case "spelling":
            return plain == asked
        case "cut":
            return len(name) >= LONGEST_NAME - 2 and cut(field.name).casefold() == name.casefold()
        case _:
            # Short names are too easily alike: KDPKAB is not KDEPUM.
            lengths = len(plain), len(asked)
            if min(lengths) < 5 or max(lengths) > LONGEST_COMPARED:
                return False
            return SequenceMatcher(None, plain, asked).ratio() >= ALIKE


def _plain(name: str) -> str:
    return _NO_LETTER.sub("", name).casefold()


def _own(context: Context) -> list[str]:
    """The names of the layer's fields, in its order."""
    return [field.name for field in context.layer.fields if context.has_field(field.name)]


def _named(context: Context, names: list[str], **about: Any) -> Finding | None:
    """A finding with one occurrence for each field."""
    if not names:
        return None
    told = [Occurrence(params={"field": name} | ({"short": cut(name)} if about else {})) for name in names]
    return finding(context, told=told, params={"fields": names})
