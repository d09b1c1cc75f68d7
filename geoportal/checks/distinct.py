"""The values of a column, each once: rules about texts and codes look at these, not at half a million rows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from geoportal.checks.columns import as_text
from geoportal.checks.findings import finding

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geoportal.checks.context import Context
    from geoportal.model.report import Finding

TEXTS = ("string", "json")
"""Types of fields, in the words of JSON Schema, whose values are texts."""


@dataclass(frozen=True, slots=True, eq=False)
class Distinct:
    """The different values of one column as texts, as they stand, and for each feature the number of its value.

    ``index`` is -1 where a feature has no value, or one of blanks only.
    """

    values: NDArray[Any]
    index: NDArray[np.int_]

    def where(self, test: Callable[[str], bool]) -> NDArray[np.bool_]:
        """For each different value whether it passes a test."""
        return np.fromiter(map(test, self.values), dtype=bool, count=len(self.values))

    def matching(self, pattern: str) -> NDArray[np.bool_]:
        """For each different value whether a regular expression of RE2 is found in it: fast, for a first look."""
        import pyarrow
        from pyarrow import compute

        try:
            texts = pyarrow.array(self.values, type=pyarrow.string())
        except (pyarrow.ArrowInvalid, UnicodeEncodeError):  # half a surrogate pair is in no encoding
            return self.where(lambda value: re.search(pattern, value) is not None)
        return np.asarray(compute.match_substring_regex(texts, pattern).to_numpy(zero_copy_only=False), dtype=bool)

    def rows(self, chosen: NDArray[np.bool_]) -> NDArray[np.int_]:
        """The features that have one of the chosen values."""
        if not chosen.any():
            return np.empty(0, dtype=np.int64)
        return np.flatnonzero(np.append(chosen, False)[self.index])

    def counts(self) -> NDArray[np.int_]:
        """How many features have each value."""
        return np.bincount(self.index[self.index >= 0], minlength=len(self.values))

    @property
    def filled(self) -> int:
        """How many features have a value."""
        return int((self.index >= 0).sum())


def distinct(context: Context, name: str) -> Distinct:
    """The different values of a field of the layer; found once."""
    known = context.distinct.get(name)
    if known is None:
        known = context.distinct[name] = _distinct(context, name)
    return known


def text_fields(context: Context) -> Iterator[str]:
    """The fields of the layer that hold texts."""
    return (field.name for field in context.layer.fields if field.type in TEXTS and context.has_field(field.name))


def cells(
    context: Context,
    found: list[tuple[str, NDArray[np.int_]]],
    *,
    about: Callable[[str, str], dict[str, Any]] | None = None,
    params: dict[str, Any] | None = None,
) -> Finding | None:
    """A finding about cells: for each field the features where its value is wrong.

    ``about`` adds to what is told of one cell, from its field and value; it is asked for the sample only.
    """
    found = sorted((item for item in found if item[1].size), key=lambda item: item[0])
    if not found:
        return None
    features = np.concatenate([rows for _, rows in found])
    fields = np.repeat([name for name, _ in found], [len(rows) for _, rows in found])

    def cell(position: int) -> dict[str, Any]:
        name = str(fields[position])
        value = text_at(context, name, int(features[position]))
        return {"field": name, "value": value} | (about(name, value) if about and value is not None else {})

    told = {"fields": list(dict.fromkeys(name for name, _ in found))} | (params or {})
    return finding(context, features, detail=cell, params=told)


def text_at(context: Context, name: str, row: int) -> str | None:
    """The value of one cell as text, None where there is none or nothing but blanks."""
    known = context.distinct.get(name)
    if known is not None:
        return str(known.values[known.index[row]]) if known.index[row] >= 0 else None
    value = as_text(context.column(name).iloc[[row]])[0]
    return None if value is None else str(value)


def _distinct(context: Context, name: str) -> Distinct:
    import pandas
    from pandas.api import types

    column = context.column(name)
    plain = types.is_string_dtype(column.dtype) and not types.is_object_dtype(column.dtype)
    index, found = pandas.factorize(column if plain else as_text(column))
    values = np.asarray(found, dtype=object)
    blank = np.fromiter((not value.strip() for value in values), dtype=bool, count=len(values))
    if blank.any():
        kept = np.append(np.where(blank, -1, np.cumsum(~blank) - 1), -1)
        index, values = kept[index], values[~blank]
    return Distinct(values, np.asarray(index))
