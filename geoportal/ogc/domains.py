"""Which values a field may take, as the specification of its dataset and the code lists of the node say (ISO 19131), as
far as every published value keeps to it: nothing is promised that a feature breaks.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from geoportal.catalogue.codes import BPS, CHANGES, FOLDER, read_code_lists
from geoportal.catalogue.kugi import read_kugi
from geoportal.errors import GeoportalError
from geoportal.model.specification import FieldSpecification, Specification
from geoportal.settings import LOCAL

if TYPE_CHECKING:
    from geoportal.ogc.source import Source
    from geoportal.serving.fragments import Serving
    from geoportal.serving.summary import ServedField

LOGGER = logging.getLogger("geoportal.ogc")

Value = str | int | float | bool

MOST_CODES = 1_000
"""A longer list is no help in a schema."""

_REGIONS = {"region-code": None, "region-parent-code": None, "bps-code": BPS}
"""Meanings whose values are on a list of region codes, and whose list it is."""

_FOREIGN = re.compile(r"\(\?(?!:)|\\[AZGNUuS]|[*+?}]\+|\{,|\[[\[:]|\\$")
"""What Python reads in a regular expression and ECMA-262, the language of JSON Schema, otherwise or not at all."""

_JSON_TYPES = {
    "object": "object",
    "array": "array",
    "text": "string",
    "integer": "integer",
    "real": "number",
    "true": "boolean",
    "false": "boolean",
}


@dataclass(frozen=True, slots=True)
class Lists:
    """Where the code lists of the node lie, and the region that they are cut down to; without a folder there are
    none.
    """

    config: Path | None = None
    region: str | None = None

    def digest(self) -> str:
        """The name of what the lists hold: schemas are made of it, so their ETag says it too."""
        found = hashlib.sha256(str(self.region).encode())
        for folder in (self.config, self.config / LOCAL) if self.config else ():
            for path in (*sorted((folder / FOLDER).glob("*.csv")), folder / "kugi.yaml"):
                if path.is_file():
                    found.update(path.name.encode() + path.read_bytes())
        return found.hexdigest()


NO_LISTS = Lists()


@dataclass(frozen=True, slots=True)
class Domain:
    """The values that a field may take. ``longest`` counts characters; ``least`` and ``greatest`` are in the domain.

    ``types`` are the kinds of JSON that a field of lists and objects holds.
    """

    required: bool = False
    codes: tuple[Value, ...] = ()
    pattern: str | None = None
    longest: int | None = None
    least: float | None = None
    greatest: float | None = None
    types: tuple[str, ...] = ()

    def as_schema(self) -> dict[str, object]:
        """The domain in the words of JSON Schema."""
        said: dict[str, object] = {
            "enum": list(self.codes) or None,
            "pattern": self.pattern,
            "maxLength": self.longest,
            "minimum": self.least,
            "maximum": self.greatest,
        }
        if self.types:
            said["type"] = self.types[0] if len(self.types) == 1 else list(self.types)
        return {word: value for word, value in said.items() if value is not None}


NOTHING_SAID = Domain()


def domains_of(source: Source) -> Mapping[str, Domain]:
    """The domain of each field of a layer; found once for an opened version, by questions to its rows."""
    found: Mapping[str, Domain] | None = source.found.get("domains")
    if found is None:
        asked = _Asked(source)
        found = {field.name: asked.domain(field) for field in source.serving.summary.fields}
        source.found["domains"] = found
    return found


class _Asked:
    """The questions about one layer: what is said of its fields, and whether its rows keep to it."""

    def __init__(self, source: Source) -> None:
        self.lists: Lists = source.lists
        self.specification: Specification = source.publication.specification
        self.serving: Serving = source.serving
        self.described = {
            name: field for field in self.specification.fields for name in (*reversed(field.aliases), field.name)
        }

    def domain(self, field: ServedField) -> Domain:
        """The domain of one field; nothing is said where the rows cannot be asked."""
        try:
            if field.type == "json":
                return Domain(types=self._types(field))
            said = self.described.get(field.name)
            return self._domain(field, said) if field.queryable else NOTHING_SAID
        except GeoportalError as error:  # a file that is gone, a list that cannot be read, a question that takes long
            LOGGER.warning("the domain of a field is not known: %s", error.detail)
            return NOTHING_SAID

    def _domain(self, field: ServedField, said: FieldSpecification | None) -> Domain:
        codes = self._codes(field, said)
        if said is None:
            return Domain(codes=codes)
        numeric = field.type in ("integer", "number")
        least = said.minimum if numeric and self._holds(field, said.minimum, None) else None
        greatest = said.maximum if numeric and self._holds(field, None, said.maximum) else None
        return Domain(
            required=said.required and not field.nulls,
            codes=codes,
            pattern=self._pattern(field, said.pattern) if field.type == "string" else None,
            longest=said.length if field.type == "string" and self._fits(field, said.length) else None,
            least=_plain(least),
            greatest=_plain(greatest),
        )

    # lists of codes

    def _codes(self, field: ServedField, said: FieldSpecification | None) -> tuple[Value, ...]:
        for listed in self._candidates(field, said):
            codes = _typed(field, listed)
            if codes and len(codes) <= MOST_CODES and self._all_in(field, codes):
                return codes
        return ()

    def _candidates(self, field: ServedField, said: FieldSpecification | None) -> Iterator[Iterable[str]]:
        """The lists that the values may be on, the closest first: that of the specification, of regions, of KUGI."""
        if said is not None and said.codes:
            yield said.codes
        if self.lists.config is None:
            return
        if said is not None and said.means in _REGIONS:
            yield self._region_codes(field, _REGIONS[said.means])
        if self.specification.profile == "kugi" and (said is None or not said.codes):
            yield read_kugi(self.lists.config).domains.get(field.name, {})

    def _region_codes(self, field: ServedField, authority: str | None) -> list[str]:
        """The codes of the node's region on the list that holds, of the levels that occur in the field."""
        assert self.lists.config is not None
        lists = [
            item
            for item in read_code_lists(self.lists.config)
            if (item.authority == authority if authority else item.authority not in (BPS, CHANGES))
        ]
        edition = self.specification.code_edition
        if edition is not None:
            lists = [item for item in lists if edition.casefold() in item.edition.casefold()]
        if not lists:
            return []
        levels = {length for (length,) in self._ask(f"SELECT DISTINCT length({field.column}) FROM rows")}
        # BPS counts otherwise below the kabupaten, but writes that much with the same digits, without dots.
        root = (self.lists.region or "").replace(".", "") if authority == BPS else self.lists.region or ""
        return [entry.code for entry in lists[0].entries if len(entry.code) in levels and entry.code.startswith(root)]

    # what the rows keep to

    def _all_in(self, field: ServedField, codes: tuple[Value, ...]) -> bool:
        stored = orjson.dumps([int(code) if isinstance(code, bool) else code for code in codes]).decode()
        return not self._ask(
            f"SELECT 1 FROM rows WHERE {field.column} IS NOT NULL"
            f" AND {field.column} NOT IN (SELECT value FROM json_each(?)) LIMIT 1",
            stored,
        )

    def _fits(self, field: ServedField, length: int | None) -> bool:
        if not length:
            return False
        return not self._ask(f"SELECT 1 FROM rows WHERE length({field.column}) > ? LIMIT 1", length)

    def _holds(self, field: ServedField, least: float | None, greatest: float | None) -> bool:
        if field.least is None:
            return True
        return (least is None or field.least >= least) and (greatest is None or field.greatest <= greatest)

    def _pattern(self, field: ServedField, pattern: str | None) -> str | None:
        """The pattern as JSON Schema writes it, where all values match it as a whole."""
        if not pattern or _FOREIGN.search(pattern):
            return None
        from geoportal.checks.patterns import LONGEST_VALUE, checked_pattern

        try:
            checked_pattern(pattern)  # its time is bounded: any other would be asked for ever
        except ValueError:
            return None
        matches = re.compile(pattern, re.ASCII).fullmatch  # \d is 0 to 9 in ECMA-262
        text = f"SELECT DISTINCT {field.column} FROM rows WHERE {field.column} IS NOT NULL"
        with self.serving.connections.use() as connection:  # one by one: there may be as many as features
            if not all(len(value) <= LONGEST_VALUE and matches(value) for (value,) in connection.execute(text)):
                return None
        anchored = pattern.startswith("^") and pattern.endswith("$") and "|" not in pattern
        return pattern if anchored else f"^(?:{pattern})$"

    def _types(self, field: ServedField) -> tuple[str, ...]:
        if field.column is None:
            return tuple(dict.fromkeys(_JSON_TYPES.values()))
        kinds = self._ask(
            f"SELECT DISTINCT json_type({field.column}) FROM rows WHERE {field.column} IS NOT NULL ORDER BY 1"
        )
        return tuple(dict.fromkeys(_JSON_TYPES[kind] for (kind,) in kinds if kind in _JSON_TYPES)) or ("object",)

    def _ask(self, text: str, *parameters: str | int) -> list[tuple[Value, ...]]:
        with self.serving.connections.use() as connection:
            found: list[tuple[Value, ...]] = connection.execute(text, parameters).fetchall()
        return found


def _typed(field: ServedField, listed: Iterable[str]) -> tuple[Value, ...]:
    """Codes as values of the field; none where one of them is no such value."""
    try:
        match field.type:
            case "string":
                return tuple(dict.fromkeys(listed))
            case "integer":
                return tuple(dict.fromkeys(int(code) for code in listed))
            case "number":
                return tuple(dict.fromkeys(float(code) for code in listed))
            case _:
                return ()
    except ValueError:
        return ()


def _plain(number: float | None) -> float | None:
    """A whole number without its idle point: 5, not 5.0."""
    return int(number) if number is not None and float(number).is_integer() else number
