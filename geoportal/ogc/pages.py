"""How pygeoapi's templates are compiled and worded: one bytecode cache, our filters, our catalogues.

Everything that comes from data is escaped by autoescape; values that go to scripts travel in ``<script
type="application/json">``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime
from functools import lru_cache
from types import CodeType
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

import orjson
from babel import Locale
from babel.dates import format_date
from babel.support import NullTranslations
from jinja2 import BytecodeCache, Environment
from jinja2.bccache import Bucket
from markupsafe import Markup
from pygeoapi.util import json_serial

from geoportal.errors import GeoportalError
from geoportal.language import LANGUAGES, catalogue, number, text
from geoportal.ogc import sieve
from geoportal.ogc.conformance import parts
from geoportal.ogc.formats.forms import FORMS, listed
from geoportal.ogc.history import in_words
from geoportal.ogc.paging import part_of
from geoportal.ogc.properties import kind_of_page, properties
from geoportal.ogc.sketch import drawn
from geoportal.ogc.splice import Features, paged, timestamp
from geoportal.ogc.visit import Visit, visit_under_way
from geoportal.serving.crs import crs_from_uri

if TYPE_CHECKING:
    from geoportal.ogc.source import Source

_UNSAFE_IN_SCRIPT = str.maketrans(
    {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
)
_LOCAL = re.compile(r"/(?![/\\])|[?#]")


class Compiled(BytecodeCache):
    """Compiled templates in memory; a template that changed on disk has another checksum and is compiled anew."""

    def __init__(self) -> None:
        """Start empty."""
        self._known: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Fill the bucket if its template was compiled before."""
        if code := self._known.get((bucket.key, bucket.checksum)):
            bucket.code = code  # as it is: to unmarshal it for every page takes longer than many a page

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was compiled."""
        if bucket.code is not None:
            self._known[bucket.key, bucket.checksum] = bucket.code


_COMPILED = Compiled()


class PageEnvironment(Environment):
    """Seam S3: the environment that pygeoapi makes for each page, with the shared bytecode and our filters."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        """Take what pygeoapi passes and add what our templates ask for."""
        super().__init__(
            *arguments, **{"bytecode_cache": _COMPILED, "trim_blocks": True, "lstrip_blocks": True, **options}
        )
        self.filters.update({"plain_json": plain_json, "script_json": script_json, "local": local})
        self.globals.update(
            visit=visit_under_way,
            say=say,
            shown=shown,
            figure=figure,
            instant=instant,
            links_of=links_of,
            stamped=stamped,
            drawn=drawn,
            sieve=sieve,
            day=day,
            degrees=degrees,
            word_of=word_of,
            system_of=system_of,
            quoted=quoted,
            page_of=page_of,
            part_of=part_of,
            form_of=form_of,
            form_name=form_name,
            further_forms=further_forms,
            with_parameters=with_parameters,
            other_language=other_language,
            properties=properties,
            kind_of_page=kind_of_page,
            parts_of_standards=parts,
        )


class Words:
    """Seam S6: what pygeoapi takes for babel's Translations. ``load`` gives our catalogue, from the .po when its .mo
    is older.
    """

    @staticmethod
    def load(folder: str, locales: list[Locale | str | None] | None = None, domain: str = "messages") -> Any:
        """The catalogue of the first locale; none for JSON-LD, which pygeoapi renders without one."""
        del folder, domain
        chosen = locales[0] if locales else None
        return catalogue("messages", language_of(chosen)) if chosen else NullTranslations()


def translated(value: str, locale: Locale | str | None) -> str:
    """Seam S6: one of pygeoapi's own texts in a language. Upstream's would keep every string for ever, titles of
    datasets too.
    """
    return catalogue("messages", language_of(locale)).gettext(value) if value else value


def language_of(locale: Locale | str | None) -> str:
    """Our language code for a locale of pygeoapi."""
    return "en" if str(locale or "").lower().startswith("en") else "id"


def plain_json(value: Any) -> Markup:
    """JSON for a JSON-LD document, where markup inside a value harms nobody and must stay as it is."""
    return Markup(_dumped(value))


def script_json(value: Any) -> Markup:
    """JSON for ``<script type="application/json">``: the characters that could end the element are escaped inside the
    strings.
    """
    return Markup(_dumped(value).translate(_UNSAFE_IN_SCRIPT))


def _dumped(value: Any) -> str:
    plain = value.decoded() if isinstance(value, Features) else value
    return orjson.dumps(plain, default=_serial).decode()


def _serial(value: Any) -> Any:
    return value.decoded() if isinstance(value, Features) else json_serial(value)


def local(href: Any) -> str:
    """A link of ours without scheme and host, so that a page works under every accepted name; ``#`` for what is no
    web address.

    Links to elsewhere stay, if they are http or https: a ``javascript:`` address never becomes a link.
    """
    given = str(href or "")
    site = visit_under_way().site
    if site.base_url and given.startswith(site.base_url):
        rest = given.removeprefix(site.base_url)
        if not rest or _LOCAL.match(rest):
            return f"{site.root}{rest}" or "/"
    return given if given.startswith(("http://", "https://")) or _LOCAL.match(given) else "#"


def links_of(data: dict[str, Any]) -> list[dict[str, Any]]:
    """The links of a page of features, those to its neighbours as JSON has them."""
    features = data["features"]
    if not isinstance(features, Features):
        return list(data["links"])
    return paged(data["links"], features, data.get("numberMatched"))


def shown(value: Any, language: str) -> str:
    """An attribute as people read it: numbers with the separators of the language, nothing for null, JSON for lists
    and objects.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return translated("yes" if value else "no", language)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        if abs(value) >= 1e15 or "e" in repr(value):
            return repr(value)
        return number(value, language, 0 if value.is_integer() else len(repr(value).partition(".")[2]))
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def say(key: str, **params: Any) -> str:
    """One of our own texts in the language of the visit; plain text, escaped like any other value."""
    return text("messages", key, visit_under_way().language, **params)


def figure(value: int) -> str:
    """A count with the separators of the language."""
    return number(value, visit_under_way().language)


def instant(value: datetime, language: str) -> str:
    """A time as people write it, in the node's zone and with its name: ``24 Nov 2026, 10.32 WITA``."""
    return in_words(value.astimezone(ZoneInfo(visit_under_way().site.timezone)), language)


def day(value: str) -> str:
    """A day as people write it, ``24 Nov 2026``; what is no ISO date stays."""
    try:
        return format_date(date.fromisoformat(value), "d MMM y", locale=visit_under_way().language)
    except ValueError:
        return value


def degrees(values: Iterable[float]) -> str:
    """Coordinates with the separators of the language, to about ten metres."""
    return "; ".join(number(value, visit_under_way().language, 4) for value in values)


def word_of(family: str, code: str | None) -> str:
    """The word for a code: ``type string``, ``geometry Point``; the code itself where nobody wrote one."""
    key = f"{family} {code}"
    said = say(key)
    return (code or "") if said == key else said


@lru_cache(maxsize=256)
def system_of(uri: str) -> tuple[str, str]:
    """The name and the code of the reference system that a URI names: ``WGS 84``, ``CRS84``."""
    try:
        system = crs_from_uri(uri)
    except GeoportalError:
        return uri, ""
    authority = system.to_authority(min_confidence=100)
    code = ":".join(authority) if authority else ""
    return ("WGS 84", "CRS84") if code == "OGC:CRS84" else (system.name, code)


def stamped(source: Source) -> str:
    """When the version was published, as JSON has it."""
    return timestamp(source.publication.published_at)


def quoted(value: Any) -> str:
    """A feature id as one part of a path."""
    return quote(str(value), safe="")


def page_of(path: str) -> str:
    """The address of an explorer page in the language of the visit."""
    visit = visit_under_way()
    return f"{visit.site.root}{path}?{urlencode({'f': 'html', 'lang': visit.language})}"


def form_name(name: str) -> str:
    """What a format is called on a page."""
    return FORMS[name].title if name in FORMS else {"jsonld": "JSON-LD", "oas31": "OpenAPI 3.1"}.get(name, name.upper())


def further_forms(*, single: bool = False) -> tuple[str, ...]:
    """The formats that features have beside JSON, JSON-LD and pages."""
    return tuple(form.name for form in listed(single=single))


def form_of(name: str) -> str:
    """The address of the same content in another format."""
    return with_parameters(f=name)


def with_parameters(**changed: Any) -> str:
    """The address of this page with some parameters changed."""
    kept = [(name, value) for name, value in visit_under_way().pairs if name not in changed]
    return sieve.address([*kept, *changed.items()])


def other_language(visit: Visit) -> dict[str, str]:
    """The address of this page in each language, all other parameters kept."""
    kept = [(name, value) for name, value in visit.pairs if name not in ("f", "lang")]
    kept.append(("f", "html"))
    return {code: f"{visit.site.root}{quote(visit.path)}?{urlencode([*kept, ('lang', code)])}" for code in LANGUAGES}
