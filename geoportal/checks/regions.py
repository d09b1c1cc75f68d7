"""Which columns of a layer hold region codes (kode wilayah), and what each code is: listed, unknown, a placeholder ...

The lists come with the context (``config/codes``). A column counts as one of codes where the specification says so, or
where nearly all that stands in it is on a list. Codes of Kemendagri are ``12.34.06.2001``; those of BPS have no dots
and other numbers below the kabupaten, so that one never says what the other would be.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from geoportal.checks.distinct import Distinct, distinct
from geoportal.checks.rules import Need

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from geoportal.checks.context import Context
    from geoportal.model.references import CodeList, RegionCode

CODE, PARENT_CODE = "region-code", "region-parent-code"
BPS, CHANGES = "BPS", "perubahan"
"""Authorities of lists that say nothing of Kemendagri codes: those of BPS, and the changes between editions."""
COUNTED = "region-codes-counted"
MOSTLY = 0.8
"""Share of the different values that must be on a list before a column counts as one of codes by itself."""
LOOKED_AT = 300

_DOTTED = re.compile(r"\d{2}(?:\.\d{2}(?:\.\d{2}(?:\.\d{4})?)?)?")
_PLACEHOLDER = re.compile(
    r"(?=.*[-xX#*_?])[-\dxX#*_?. ]+|[0. ]+|9[9. ]*9|n/?a|null|none|nihil|kosong|tidak ada", re.IGNORECASE
)
_ZEROS = re.compile(r"(?:^|\.)0+(?:\.|$)")
_SEPARATORS = re.compile(r"[-./ ,_]+")
_LOST = re.compile(r"\d{2}\.\d")
_WORDS = re.compile(r"[^a-z]+")
_LENGTHS = {4: (2, 2), 6: (2, 2, 2), 10: (2, 2, 2, 4)}


class Kind(StrEnum):
    """What a value in a column of region codes is."""

    LISTED = "listed"
    OTHER_EDITION = "other-edition"  # on another list than the one that holds
    UNKNOWN = "unknown"  # on no list, though the lists know the region around it
    OUTSIDE = "outside"  # in a region that no list is about
    PLACEHOLDER = "placeholder"
    BPS = "bps"
    FORM = "form"  # a code, but not written as one
    CUT = "cut"  # a number that has lost its last zero
    NONE = "none"  # no code at all


@dataclass(frozen=True, slots=True, eq=False)
class CodeColumn:
    """A column of region codes: its different values, what each is, and which code it stands for (None for none).

    ``level`` is how deep most codes are: 1 provinsi, 2 kabupaten, 3 kecamatan, 4 desa; 0 without any.
    """

    name: str
    means: str
    declared: bool
    values: Distinct
    kinds: NDArray[Any]
    codes: NDArray[Any]
    level: int

    def of_kind(self, *kinds: Kind) -> NDArray[np.bool_]:
        """Which of the different values are of some kinds."""
        return np.fromiter((kind in kinds for kind in self.kinds), dtype=bool, count=len(self.kinds))

    @property
    def is_about_lists(self) -> bool:
        """Whether most codes lie where the lists are about, so that one elsewhere is worth a word."""
        inside = self.of_kind(Kind.LISTED, Kind.OTHER_EDITION, Kind.UNKNOWN, Kind.FORM).sum()
        outside = self.of_kind(Kind.OUTSIDE).sum()
        return bool(inside and inside >= MOSTLY * (inside + outside))


class Regions:
    """The lists that hold for one layer, and its columns of codes."""

    def __init__(self, context: Context) -> None:
        """Choose the list: that of the edition which the specification names, else the newest."""
        self._context = context
        references = context.references
        self.lists = tuple(item for item in references.code_lists if item.authority not in (BPS, CHANGES))
        self.changes = tuple(
            (entry.parent, entry.code, item.edition)
            for item in references.code_lists
            if item.authority == CHANGES
            for entry in item.entries
        )
        """Old code (None where nobody printed it), the code that was cut out of it, since which edition."""
        wanted = context.spec.code_edition if context.spec else None
        named = next((item for item in self.lists if wanted and wanted.casefold() in item.edition.casefold()), None)
        self.chosen: CodeList = named or self.lists[0]
        self.is_certain = named is not None or wanted is None
        """Whether the list of the edition is at hand; where it is not, all lists are asked and nothing blocks."""
        self.entries: dict[str, RegionCode] = {}
        """The codes that hold: of the chosen list, and of others for regions that it is not about."""
        self.editions: dict[str, str] = {}
        """Codes that another list alone has, and the newest of those lists."""
        self._roots: set[str] = set()
        for item in (self.chosen, *(item for item in self.lists if item is not self.chosen)):
            own = {entry.code: entry for entry in item.entries}
            known = frozenset(self._roots)
            for code, entry in own.items():
                if self.is_certain and any(above in known for above in _line(code)):
                    if code not in self.entries:
                        self.editions.setdefault(code, item.edition)
                else:
                    self.entries.setdefault(code, entry)
            self._roots |= {code for code, entry in own.items() if entry.parent not in own}

    @cached_property
    def columns(self) -> tuple[CodeColumn, ...]:
        """The columns of codes, those of the specification first."""
        context = self._context
        said = {field.name: field.means for field in (context.spec.fields if context.spec else ())}
        declared = [name for name, means in said.items() if means in (CODE, PARENT_CODE) and context.has_field(name)]
        found = [self._column(name, str(said[name]), True) for name in declared]
        for field in context.layer.fields:
            if said.get(field.name) is not None or not context.has_field(field.name):
                continue
            if column := self._recognised(field.name, field.type):
                found.append(column)
        return tuple(found)

    @property
    def main(self) -> CodeColumn | None:
        """The column with the codes of the features themselves: the declared one, else the deepest."""
        own = [column for column in self.columns if column.means == CODE]
        declared = [column for column in own if column.declared]
        return max(declared or own, key=lambda column: column.level, default=None)

    def kind_of(self, value: str) -> tuple[Kind, str | None]:
        """What a value is, and the code that it stands for."""
        text = value.strip()
        if _DOTTED.fullmatch(text) and not _ZEROS.search(text):
            return self._listed(text), text
        if _PLACEHOLDER.fullmatch(text) or (_DOTTED.fullmatch(text) and _ZEROS.search(text)):
            code = dotted(text)
            return (Kind.FORM, code) if code in self.entries else (Kind.PLACEHOLDER, None)
        if is_bps(text):
            code = dotted(text)
            return (Kind.FORM, code) if code in self.entries else (Kind.BPS, None)
        if _LOST.fullmatch(text):
            return Kind.CUT, f"{text}0"
        code = dotted(text)
        return (Kind.NONE, None) if code is None else (Kind.FORM, code)

    def name_of(self, code: str) -> str | None:
        """The name that the list gives to a code."""
        entry = self.entries.get(code)
        return entry.name if entry else None

    def cut_from(self, code: str) -> str | None:
        """The region that a newer one was cut out of, where a list of changes prints it."""
        return next((old for old, new, _ in self.changes if new == code), None)

    def _listed(self, code: str) -> Kind:
        if code in self.entries:
            return Kind.LISTED
        if code in self.editions:
            return Kind.OTHER_EDITION
        return Kind.UNKNOWN if any(above in self._roots for above in _line(code)) else Kind.OUTSIDE

    def _recognised(self, name: str, kind: str) -> CodeColumn | None:
        """A column that the specification says nothing of, where nearly all its values are codes of a list."""
        says = says_code(name)
        if kind not in ("string", "integer", "number") or (kind != "string" and not says):
            return None
        if BPS.casefold() in name.casefold():
            return None
        values = distinct(self._context, name)
        some = values.values[:LOOKED_AT]
        if not len(some) or sum(_may_be(value, says) for value in some) < MOSTLY * len(some):
            return None
        column = self._column(name, CODE, False)
        known = [code is not None and self._listed(code) in (Kind.LISTED, Kind.OTHER_EDITION) for code in column.codes]
        asked = len(known) - int(column.of_kind(Kind.PLACEHOLDER).sum())
        return column if sum(known) and sum(known) >= MOSTLY * asked else None

    def _column(self, name: str, means: str, declared: bool) -> CodeColumn:
        values = distinct(self._context, name)
        judged = [self.kind_of(value) for value in values.values]
        kinds, codes = np.empty(len(judged), dtype=object), np.empty(len(judged), dtype=object)
        kinds[:], codes[:] = [kind for kind, _ in judged], [code for _, code in judged]
        depths = Counter(code.count(".") + 1 for code in codes if code is not None)
        level = max(depths, key=lambda depth: (depths[depth], depth), default=0)
        return CodeColumn(name, means, declared, values, kinds, codes, level)


def regions_of(context: Context) -> Regions:
    """The lists and columns of codes of a layer; found once."""
    if context.regions is None:
        context.regions = Regions(context)
    return context.regions


def has_lists(context: Context, need: Need) -> bool:
    """Whether there is a list of region codes, and, where that is the need, the specification wants them counted."""
    if need is Need.CODES_COUNTED and (context.spec is None or COUNTED not in context.spec.severities):
        return False
    return any(item.authority not in (BPS, CHANGES) for item in context.references.code_lists)


def pairs(
    first: NDArray[np.int_], second: NDArray[np.int_]
) -> tuple[list[tuple[int, int]], NDArray[np.int_], NDArray[np.int_]]:
    """The different pairs of two rows of numbers, which features have both (neither is -1), and which pair each has."""
    rows = np.flatnonzero((first >= 0) & (second >= 0))
    width = int(second.max(initial=0)) + 1
    found, which = np.unique(first[rows].astype(np.int64) * width + second[rows], return_inverse=True)
    return [(int(number) // width, int(number) % width) for number in found], rows, which


def dotted(text: str) -> str | None:
    """A code with its dots from what was written without them, with other marks or with short parts; None for none."""
    plain = text.strip()
    if plain.isdigit():
        lengths = _LENGTHS.get(len(plain))
        if lengths is None:
            return None
        ends = np.cumsum(lengths)
        return ".".join(plain[end - length : end] for length, end in zip(lengths, ends, strict=True))
    parts = [part for part in _SEPARATORS.split(plain) if part]
    if not 2 <= len(parts) <= 4 or not all(part.isdigit() for part in parts):
        return None
    code = ".".join(part.zfill(4 if place == 3 else 2) for place, part in enumerate(parts))
    return code if _DOTTED.fullmatch(code) and not _ZEROS.search(code) else None


def is_bps(text: str) -> bool:
    """Whether a number can only be one of BPS: seven digits (kecamatan), or ten whose serial is no Kemendagri one.

    A Kemendagri serial of a desa begins with 1 or 2; of provinces and kabupaten both write the same digits.
    """
    return text.isdigit() and (len(text) == 7 or (len(text) == 10 and text[6] not in "12"))


def says_code(name: str) -> bool:
    """Whether the name of a field says that it holds codes: kode, KDEPUM, kode_kec, id_desa ..."""
    words = [word for word in _WORDS.split(name.casefold()) if word]
    return any(word.startswith(("kode", "kd", "code", "kemendagri")) or word in ("id", "adm") for word in words)


def ancestor(code: str, level: int) -> str | None:
    """The code of the region that a code lies in, ``level`` 1 (provinsi) to its own; None for a deeper one."""
    parts = code.split(".")
    return ".".join(parts[:level]) if 1 <= level <= len(parts) else None


def _line(code: str) -> Iterator[str]:
    """A code and those above it."""
    while code:
        yield code
        code = code.rpartition(".")[0]


def _may_be(value: str, says: bool) -> bool:
    """Whether a value could be a code: with dots anywhere, as bare digits where the field's name says code."""
    text = value.strip()
    if text.isdigit():
        return says and (len(text) in _LENGTHS or len(text) in (2, 7))
    return any(form.fullmatch(text) for form in (_DOTTED, _PLACEHOLDER)) or dotted(text) is not None
