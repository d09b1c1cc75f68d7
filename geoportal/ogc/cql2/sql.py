"""A piece of SQL with the values bound in it and the kind of value that it gives."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from geoportal.ogc.cql2.tree import BadFilter
from geoportal.serving.summary import ServedField

INSTANTS = frozenset({"date", "timestamp"})


@dataclass(frozen=True, slots=True)
class Sql:
    """``kind`` is truth, number, text, date, timestamp, open (an interval without end) or other. ``stored`` is the
    field of a bare column.
    """

    text: str
    parameters: tuple[Any, ...]
    kind: str
    stored: ServedField | None = None

    @property
    def is_constant(self) -> bool:
        """Whether it is one bound value."""
        return self.text == "?"

    @property
    def constant(self) -> Any:
        """That value."""
        return self.parameters[0]

    def wrapped(self, pattern: str) -> Sql:
        """Itself inside other SQL."""
        return Sql(pattern.format(self.text), self.parameters, self.kind)

    def as_timestamp(self) -> Sql:
        """A date as the instant at which it begins, in UTC; a timestamp as it is."""
        if self.kind != "date":
            return self
        if self.is_constant:
            return replace(self, parameters=(f"{self.constant}T00:00:00",), kind="timestamp")
        return Sql(f"({self.text} || 'T00:00:00')", self.parameters, "timestamp")

    def as_end(self) -> Sql:
        """A date as its last instant, in UTC; a timestamp as it is."""
        if self.kind != "date":
            return self
        if self.is_constant:
            return replace(self, parameters=(f"{self.constant}T23:59:59.999999",), kind="timestamp")
        return Sql(f"({self.text} || 'T23:59:59.999999')", self.parameters, "timestamp")


def literal(value: Any, kind: str | None = None) -> Sql:
    """A constant, bound."""
    if kind is None:
        kind = "truth" if isinstance(value, bool) else "text" if isinstance(value, str) else "number"
    if isinstance(value, bool):
        value = int(value)
    elif isinstance(value, int) and not -(2**63) <= value < 2**63:
        try:
            value = float(value)
        except OverflowError:
            raise BadFilter("a number must be finite") from None
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            raise BadFilter("a text holds half a character") from None
    return Sql("?", (value,), kind)
