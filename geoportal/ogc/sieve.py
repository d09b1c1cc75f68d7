"""What stands around a page of features: what was asked for, how to ask otherwise, and how to take it all away."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote, quote_plus, urlencode

from geoportal.language import size, text
from geoportal.model.record import Record
from geoportal.ogc.domains import domains_of
from geoportal.ogc.parameters import RESERVED, listable
from geoportal.ogc.source import Source
from geoportal.ogc.visit import visit_under_way
from geoportal.serving.summary import ServedField

SILENT = frozenset({"f", "lang", "offset"})
"""Parameters that choose no features: the form of the page and the place in the list."""

MANNERS = SILENT | {"limit", "crs", "sortby", "properties", "skipGeometry", "resulttype", "version", "as-of"}
"""Parameters that say how features are shown, not which."""

TOGETHER: Mapping[str, tuple[str, ...]] = {"bbox": ("bbox-crs",), "filter": ("filter-lang", "filter-crs")}
"""Parameters that mean nothing without another one."""

MOST_CHOICES = 200
"""A longer list of codes is no list to choose from."""

_INPUTS = {"integer": "number", "number": "number", "date": "date", "string": "text"}
_NAMES = ("nama", "name", "namobj", "judul", "title")

WHOLE = ("csv", "json", "fgb", "parquet")
"""Forms in which a result is taken away as a whole."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One parameter of the page under way in words, and the address of the page without it."""

    name: str
    value: str
    without: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A field to ask by: its name and title, the type of its input (``select`` for a list), what is asked now, and the
    values to choose from with their words.
    """

    name: str
    title: str
    input: str
    value: str
    choices: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Heading:
    """A column: the title, the address that sorts by it (empty where it cannot be sorted), and how it is sorted now."""

    name: str
    title: str
    sort: str
    order: str


def address(pairs: Iterable[tuple[str, object]]) -> str:
    """The address of the page under way with these parameters."""
    visit = visit_under_way()
    return f"{visit.site.root}{quote(visit.path)}?{urlencode(list(pairs))}"


def without(*names: str) -> str:
    """The address of the first page that does not have these parameters."""
    return address(pair for pair in visit_under_way().pairs if pair[0] not in (*names, "offset"))


def conditions(source: Source) -> list[Condition]:
    """Every parameter of the page under way, each with the way to be rid of it."""
    visit = visit_under_way()
    record = source.publication.record
    found = []
    for name, value in visit.pairs:
        if name in SILENT:
            continue
        key = f"parameter {name}"
        said = text("messages", key, visit.language)
        title = record.field_title(name, visit.language) if said == key else said
        found.append(Condition(title, value, without(name, *TOGETHER.get(name, ()))))
    return found


def narrowed() -> bool:
    """Whether the page under way shows a choice of features and not simply all of them."""
    return any(name not in MANNERS for name, _ in visit_under_way().pairs)


def unfiltered() -> str:
    """The address of the page that shows all features."""
    return without(*(name for name, _ in visit_under_way().pairs if name not in MANNERS))


def askable(source: Source) -> list[Asked]:
    """The fields that the form offers, with what is asked of them now."""
    visit = visit_under_way()
    given = dict(visit.pairs)
    found = []
    for field in source.serving.summary.fields:
        if not field.queryable or field.name in RESERVED:
            continue
        title = source.publication.record.field_title(field.name, visit.language)
        value = given.get(field.name, "")
        choices = _choices(source, field)
        if value and choices and value not in dict(choices):
            choices = (*choices, (value, value))
        kind = "select" if choices else _INPUTS.get(field.type, "text")
        found.append(Asked(field.name, title, kind, value, choices))
    return found


def carried(fields: Iterable[Asked]) -> list[tuple[str, str]]:
    """The parameters that the form keeps as they are: all that it does not ask for itself."""
    own = {"q", "sortby", "offset", *(asked.name for asked in fields)}
    return [pair for pair in visit_under_way().pairs if pair[0] not in own]


def _choices(source: Source, field: ServedField) -> tuple[tuple[str, str], ...]:
    if field.type == "boolean":
        language = visit_under_way().language
        return tuple((value, text("messages", word, language)) for value, word in (("true", "yes"), ("false", "no")))
    codes = domains_of(source)[field.name].codes
    return tuple((str(code), str(code)) for code in codes) if len(codes) <= MOST_CHOICES else ()


def headings(source: Source) -> list[Heading]:
    """The columns of the table: the id first, under the name of its field where it has one, then all other fields."""
    visit = visit_under_way()
    record, summary = source.publication.record, source.serving.summary
    key = key_of(source)
    sortable = set(listable(field.name for field in summary.fields if field.queryable))
    now = dict(visit.pairs).get("sortby", "")
    names = [key, *(field.name for field in summary.fields if field.name != key)]
    here = address([pair for pair in visit.pairs if pair[0] not in ("sortby", "offset")])
    found = []
    for name in names:
        order = {name: "ascending", f"+{name}": "ascending", f"-{name}": "descending"}.get(now, "") if name else ""
        sort = ""
        if name in sortable:
            sort = f"{here}&sortby={quote_plus(f'-{name}' if order == 'ascending' else name)}"
        found.append(Heading(name, record.field_title(name, visit.language) if name else "id", sort, order))
    return found


def sorts(source: Source) -> list[tuple[str, str]]:
    """Values of ``sortby`` with their words, for a list to choose from."""
    visit = visit_under_way()
    record = source.publication.record
    found = []
    for name in listable(field.name for field in source.serving.summary.fields if field.queryable):
        title = record.field_title(name, visit.language)
        found += [(name, title), (f"-{name}", text("messages", "{title}, descending", visit.language, title=title))]
    return found


def key_of(source: Source) -> str:
    """The field that the ids are taken from; empty where they are from no field."""
    summary = source.serving.summary
    return summary.fid_field or "" if summary.fid_from == "key" else ""


def name_field(source: Source) -> str:
    """The field that names the features: that of the record, else the first that is called a name; empty for none."""
    record: Record = source.publication.record
    names = [field.name for field in source.serving.summary.fields if field.type == "string"]
    if record.label and any(field.name == record.label for field in source.serving.summary.fields):
        return record.label
    return next((name for called in _NAMES for name in names if name.casefold() == called), "")


def whole(form: str, matched: int, most: int) -> str:
    """The address, with host, of all that was asked for in another form: ``most`` features where there are more."""
    visit = visit_under_way()
    pairs = [pair for pair in visit.pairs if pair[0] not in (*SILENT, "limit", "resulttype")]
    query = urlencode([("f", form), *pairs, ("limit", min(matched, most) or 1)])
    return f"{visit.site.base_url}{quote(visit.path)}?{query}"


def weight(size_bytes: int) -> str:
    """The size of a file in B, KB, MB or GB (thousands)."""
    return size(size_bytes, visit_under_way().language)
