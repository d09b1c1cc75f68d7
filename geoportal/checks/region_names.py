"""The rule about names of regions beside their codes: the name that the list gives, misspelt, or that of another.

Capitals, blanks, marks and words such as "Kecamatan" before a name make no difference.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher, get_close_matches
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from geoportal.checks.distinct import Distinct, distinct, text_fields
from geoportal.checks.findings import finding
from geoportal.checks.region_codes import soft
from geoportal.checks.regions import LOOKED_AT, MOSTLY, CodeColumn, Regions, ancestor, pairs, regions_of
from geoportal.checks.rules import Need, rule
from geoportal.model.report import Element, Scope, Severity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geoportal.checks.context import Context
    from geoportal.model.layer import Layer
    from geoportal.model.report import Finding
    from geoportal.model.specification import Specification

NAME, PARENT_NAME = "region-name", "region-parent-name"
ALIKE = 0.75
"""From this likeness on (0 to 1, as difflib measures it) a name counts as a misspelt one."""
LEAST_NAMES = 3
"""Names that must be on the list before a column without codes beside it counts as one of region names."""
LONGEST_NAME = 80

_KIND = re.compile(
    r"^(?:provinsi|propinsi|kabupaten|kecamatan|kelurahan|desa|(?:prov|kab|kec|kel|ds)(?:\.|\s))\s*(?=\w{3})",
    re.IGNORECASE,
)
_SHORT = re.compile(r"\bkepulauan\b", re.IGNORECASE)
_CITY = re.compile(r"^kota\s+(?=\w{3})", re.IGNORECASE)
_NO_LETTER = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Wrong:
    """One name that is not that of the list: why, what the list says, and which name was probably meant.

    ``other`` is the code that has the name, where it is the name of another region.
    """

    reason: str
    code: str | None
    listed: str | None
    suggestion: str | None
    other: str | None = None


@rule(
    "region-name-differs",
    scope=Scope.FEATURE,
    element=Element.THEMATIC_ACCURACY,
    severity=Severity.WARNING,
    needs=(Need.CODE_LISTS,),
)
def names_as_listed(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """The name of a region is the one that the code list gives to its code, or one of the list where no code stands."""
    regions = regions_of(context)
    book = _Book(regions)
    said = {field.name: field.means for field in (spec.fields if spec else ())}
    rows: list[NDArray[np.int_]] = []
    told: list[tuple[str, str, Callable[[], Wrong]]] = []
    declared = False
    taken = {column.name for column in regions.columns}
    for name in text_fields(context):
        means = said.get(name)
        if name in taken or means not in (None, NAME, PARENT_NAME):
            continue
        values = distinct(context, name)
        found = None if regions.main is None else _beside(book, regions.main, values, means)
        if found is None:
            found = _alone(book, values, is_declared=means is not None)
        if found is not None and found[0].size:
            rows.append(found[0])
            told += [(name, *item) for item in found[1]]
            declared = declared or means is not None
    if not rows:
        return None
    features = np.concatenate(rows)

    def cell(position: int) -> dict[str, Any]:
        field, value, judged = told[position]
        wrong = judged()
        return {
            "field": field,
            "value": value,
            "reason": f"name-{wrong.reason}",
            "code": wrong.code,
            "listed": wrong.listed,
            "suggestion": wrong.suggestion,
            "other": wrong.other,
        }

    fields = sorted({field for field, _, _ in told})
    made = finding(context, features, detail=cell, params={"fields": fields, "edition": regions.chosen.edition})
    return soft(made, declared)


def plain(name: str, level: int | None = None) -> str:
    """A name as names are compared: small letters and digits alone, without "Kecamatan", "Desa" ... before it.

    "Kota" goes only where the name is that of a kabupaten or kota (``level`` 2): a kecamatan may be called Kota Baru.
    """
    text = _SHORT.sub("kep", _KIND.sub("", name.strip()))
    if level == 2:
        text = _CITY.sub("", text)
    return _NO_LETTER.sub("", text).casefold()


class _Book:
    """The names of the list, as they are compared."""

    def __init__(self, regions: Regions) -> None:
        self.regions = regions

    @cached_property
    def by_level(self) -> dict[int, dict[str, list[str]]]:
        """Level -> name as it is compared -> codes that have it."""
        found: dict[int, dict[str, list[str]]] = {}
        for code, entry in self.regions.entries.items():
            level = code.count(".") + 1
            found.setdefault(level, {}).setdefault(plain(entry.name, level), []).append(code)
        return found

    def is_named(self, code: str, name: str) -> bool | None:
        """Whether the list, or a list of another edition, gives a code this name; None where the code is not listed."""
        listed = self.regions.name_of(code)
        level = code.count(".") + 1
        return None if listed is None else plain(listed, level) == plain(name, level)

    def judged(self, code: str, name: str) -> Wrong:
        """What is wrong with a name that is not that of its code."""
        listed = self.regions.name_of(code)
        level = code.count(".") + 1
        own = plain(name, level)
        others = self.by_level.get(level, {}).get(own, [])
        # A name may be spelled in one way in one edition and in another in the next.
        before = next((edition for edition, other in self._elsewhere(code) if plain(other, level) == own), None)
        if before is not None:
            return Wrong("other-edition", code, listed, listed)
        if listed is not None and _alike(plain(listed, level), own):
            return Wrong("misspelt", code, listed, listed)
        if others:
            # Code or name is wrong, and nobody can say which: no name is suggested.
            return Wrong("other-code", code, listed, None, others[0] if len(others) == 1 else None)
        return Wrong("different", code, listed, listed)

    def nearest(self, level: int, name: str) -> Wrong:
        """The listed name that a name without a code is probably a misspelling of."""
        own = plain(name, level)
        names = self.by_level.get(level, {})
        # Of a whole country only names that begin alike are compared: there are eighty thousand.
        near = names if len(names) <= 5000 else [item for item in names if item[:2] == own[:2]]
        best = get_close_matches(own, near, n=1, cutoff=ALIKE) if len(own) <= LONGEST_NAME else []
        if not best:
            return Wrong("unlisted", None, None, None)
        code = names[best[0]][0]
        listed = self.regions.name_of(code)
        return Wrong("alone", code if len(names[best[0]]) == 1 else None, listed, listed)

    def _elsewhere(self, code: str) -> Iterable[tuple[str, str]]:
        for item in self.regions.lists:
            if item is not self.regions.chosen:
                yield from ((item.edition, entry.name) for entry in item.entries if entry.code == code)


Told = list[tuple[str, "Callable[[], Wrong]"]]
Pair = tuple[int, int]


def _beside(
    book: _Book, column: CodeColumn, values: Distinct, means: str | None
) -> tuple[NDArray[np.int_], Told] | None:
    """Names beside codes: the features whose name is not that of the list; None where the column holds other things.

    A column may name the region itself or one that it lies in: whichever fits most rows. Where nobody said that it
    holds names, that must be nearly all.
    """
    found, rows, which = pairs(column.values.index, values.index)
    if not found:
        return None
    times = np.bincount(which, minlength=len(found))
    levels = [column.level] if means == NAME else range(column.level, max(column.level - 3, 0), -1)
    best: tuple[float, NDArray[np.bool_], list[str | None]] | None = None
    for level in levels:
        if means is None and _share(*_fitting(book, column, values, found[:LOOKED_AT], level)[:2]) < MOSTLY / 2:
            continue
        asked, kept, codes = _fitting(book, column, values, found, level)
        share = _share(asked * times, kept * times)
        if best is None or share > best[0]:
            best = share, asked & ~kept, codes
    if best is None or (means is None and best[0] < MOSTLY):
        return None
    _, wrong, codes = best
    bad = np.flatnonzero(wrong[which])
    told: Told = []
    for at in bad:
        pair = int(which[at])
        code, name = str(codes[pair]), str(values.values[found[pair][1]])
        told.append((name, partial(book.judged, code, name)))
    return rows[bad], told


def _fitting(
    book: _Book, column: CodeColumn, values: Distinct, found: list[Pair], level: int
) -> tuple[NDArray[np.bool_], NDArray[np.bool_], list[str | None]]:
    """For each pair of code and name: is the code listed, has it this name, and which code was asked."""
    codes = [_region(column, own, level) for own, _ in found]
    fits = [
        None if code is None else book.is_named(code, str(values.values[name]))
        for code, (_, name) in zip(codes, found, strict=True)
    ]
    asked = np.fromiter((fit is not None for fit in fits), dtype=bool, count=len(fits))
    return asked, np.fromiter(map(bool, fits), dtype=bool, count=len(fits)), codes


def _share(asked: NDArray[Any], kept: NDArray[Any]) -> float:
    return float(kept.sum() / asked.sum()) if asked.any() else 0.0


def _alone(book: _Book, values: Distinct, *, is_declared: bool) -> tuple[NDArray[np.int_], Told] | None:
    """Names without codes: those that are not on the list, where nearly all others are names of one level."""
    best: tuple[int, int, NDArray[np.bool_]] | None = None
    for level in sorted(book.by_level, reverse=True):
        names = book.by_level[level]
        some = [plain(str(value), level) in names for value in values.values[:LOOKED_AT]]
        if not is_declared and (level == 1 or sum(some) < MOSTLY / 2 * len(some)):
            continue
        known = values.where(partial(_is_known, names, level))
        if best is None or known.sum() > best[0]:
            best = int(known.sum()), level, known
    if best is None or len(values.values) == 0:
        return None
    number, level, known = best
    if not is_declared and (number < LEAST_NAMES or number < MOSTLY * len(values.values)):
        return None
    if is_declared and number == 0:
        return None  # names of a region that the list is not about
    wrong = ~known
    if not is_declared:
        # Where nobody said that these are regions, only what is nearly a listed name is told.
        wrong[wrong] = [book.nearest(level, str(value)).reason == "alone" for value in values.values[wrong]]
    rows = values.rows(wrong)
    told: Told = [
        (name, partial(book.nearest, level, name))
        for name in (str(values.values[index]) for index in values.index[rows])
    ]
    return rows, told


def _is_known(names: Mapping[str, Any], level: int, value: str) -> bool:
    return plain(value, level) in names


def _region(column: CodeColumn, own: int, level: int) -> str | None:
    """The code of the region that a value of the column stands for, or of the one above it on a level."""
    code: str | None = column.codes[own]
    if code is None or level == column.level:
        return code
    return ancestor(code, level)


def _alike(one: str, other: str) -> bool:
    if not one or not other or max(len(one), len(other)) > LONGEST_NAME:
        return False
    return SequenceMatcher(None, one, other).ratio() >= ALIKE
