"""How this room says no: an UnreadableSource that names the rule it stands for, so that the child can make a finding
of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any

from geoportal.errors import UnreadableSource

Note = tuple[str, dict[str, Any]]
"""A rule id and its parameters: what only the reader could see, turned into a finding by checks."""


def refuse(rule: str, **params: Any) -> UnreadableSource:
    """The exception for a file that is not read: ``raise refuse('archive-unsafe', reason='symlink', member=name)``."""
    said = ", ".join(f"{name}={value!r}" for name, value in params.items())
    return UnreadableSource(f"{rule}: {said}" if said else rule, rule=rule, params=params)


def note_of(error: UnreadableSource) -> Note:
    """The rule and the parameters of a refusal."""
    return str(error.facts.get("rule", "source-unreadable")), dict(error.facts.get("params", {}))


def shown(name: str, longest: int = 120) -> str:
    """A name out of a foreign file, cut to a length that a report can carry; escaping is the edge's work."""
    clean = name.encode("utf-8", "replace").decode("utf-8")
    return clean if len(clean) <= longest else clean[: longest - 1] + "…"


def few(values: Iterable[object], longest: int = 60) -> list[str]:
    """The first of many values for a sentence that gives their number: five, or four and an ellipsis."""
    first = [shown(str(value), longest) for value in islice(values, 6)]
    return first if len(first) < 6 else [*first[:4], "…"]
