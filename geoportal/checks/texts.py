"""The words of rules and findings, made at the edge in the reader's language (domain ``rules``).

Keys: ``<rule>.title``, ``.message``, ``.hint``, ``.help``, and ``.place`` for the sentence of one occurrence; a
variant ``.one`` or ``.none`` of these where one place, or nothing to fill in, needs another sentence. Parameters may
come from a foreign file: they are plain text here, and whoever puts them into a page escapes them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from string import Formatter
from typing import Any

from geoportal.language import catalogue, has_text, number, text
from geoportal.model.report import Finding, Occurrence, Report

DOMAIN = "rules"
LISTED = 5
SQUARE_KM_M2, HECTARE_M2 = 1_000_000, 10_000
_NO_LETTER = re.compile(r"[^a-z0-9]+")


def title(rule: str, language: str) -> str:
    """The name of a rule, as a heading."""
    return text(DOMAIN, f"{rule}.title", language)


def message(finding: Finding, language: str) -> str:
    """What was found, in one plain sentence with its numbers."""
    key = f"{finding.rule}.message"
    for code in _codes(finding):
        key = _variant(key, code, language)
    if finding.count == 1:
        key = _variant(key, "one", language)
    count: Any = finding.count
    if finding.params.get("complete") is False:
        count = text(DOMAIN, "word.at-least", language, n=number(count, language))
    return _filled(key, {**finding.params, "count": count}, language)


def hint(finding: Finding, language: str) -> str:
    """What to do about a finding: the way out for this kind of file or this reason, else that of the rule."""
    keys = [f"way-out.{code}" for code in _codes(finding)]
    key = next((key for key in keys if has_text(DOMAIN, key, language)), f"{finding.rule}.hint")
    return _filled(key, {**finding.params, "count": finding.count}, language)


def advice(rule: str, language: str) -> str:
    """What to do when a rule is broken, for its help page."""
    return _filled(f"{rule}.hint", {}, language)


def explanation(rule: str, language: str) -> str:
    """What a rule looks at and why it matters, for its help page."""
    return text(DOMAIN, f"{rule}.help", language)


def occurrence(finding: Finding, place: Occurrence, language: str) -> str:
    """What is wrong in one place; empty where the sentence of the finding says it all."""
    key = f"{finding.rule}.place"
    if not has_text(DOMAIN, key, language):
        return ""
    if isinstance(reason := place.params.get("reason"), str):
        key = _variant(key, _slug(reason), language)
    said = _filled(key, {**finding.params, **place.params, "related": place.related}, language)
    return said[:1].upper() + said[1:]


def named(counts: Iterable[tuple[str, int]], language: str) -> str:
    """Rules by their names in the middle of a sentence, each with its number of places."""
    return ", ".join(f"{title(rule, language)} ({number(count, language)})" for rule, count in counts)


def word(kind: str, code: str, language: str) -> str:
    """A code in words: kinds are severity, verdict, gate, reason, type, kind, unit; the code itself where nobody wrote
    one.
    """
    key = f"{kind}.{_slug(code)}"
    return text(DOMAIN, key, language) if has_text(DOMAIN, key, language) else code


def area(square_metres: float, language: str) -> str:
    """An area as people say it: m², from 0.1 ha on ha, from 10 km² on km², below 0.05 m² cm²."""
    if square_metres >= 10 * SQUARE_KM_M2:
        return f"{number(square_metres / SQUARE_KM_M2, language, 1)} km²"
    if square_metres >= HECTARE_M2 / 10:
        return f"{number(square_metres / HECTARE_M2, language, 2)} ha"
    if 0 < square_metres < 0.05:
        return f"{number(square_metres * 10_000, language, 0 if square_metres >= 0.001 else 1)} cm²"
    return f"{number(square_metres, language, 0 if square_metres >= 10 else 1)} m²"


def report_json(report: Report, language: str) -> dict[str, Any]:
    """The report in the shape of ``check --json`` (CONTRACT 5), with its sentences."""
    value = report.as_dict()
    for item, finding in zip(value["findings"], report.findings, strict=True):
        item["title"] = title(finding.rule, language)
        item["message"] = message(finding, language)
        item["hint"] = hint(finding, language)
        for place, told in zip(item["occurrences"], finding.occurrences, strict=False):
            place["message"] = occurrence(finding, told, language)
    return value


def _slug(code: str) -> str:
    """A code as the last part of a key: 'Microsoft Office 97-2003' is microsoft-office-97-2003."""
    return _NO_LETTER.sub("-", code.strip().lower()).strip("-")


def _codes(finding: Finding) -> list[str]:
    """What kind of file, and for which reason, as parts of keys."""
    values = [finding.params.get("kind"), finding.params.get("reason")]
    return [_slug(value) for value in values if isinstance(value, str) and _slug(value)]


def _filled(key: str, params: Mapping[str, Any], language: str) -> str:
    """The text of ``key`` with its gaps filled by words; where one stays empty, its variant ``none``, or a dash."""
    template = _template(key, language)
    if any(params.get(name) in (None, "", [], {}) for name in _gaps(template)):
        template = _template(_variant(key, "none", language), language)
    return template.format_map({name: _shown(name, params.get(name), language) for name in _gaps(template)})


def _variant(key: str, variant: str, language: str) -> str:
    """``key.variant`` where somebody wrote it: ``one`` for a single place, ``none`` for nothing to fill in."""
    return f"{key}.{variant}" if has_text(DOMAIN, f"{key}.{variant}", language) else key


def _template(key: str, language: str) -> str:
    """The text of a key with its gaps open."""
    return catalogue(DOMAIN, language).gettext(key)


def _gaps(template: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(template) if name}


def _shown(name: str, value: Any, language: str) -> str:
    """One parameter in words. Its name says what it is: ``_m2`` an area, ``_m`` a length, reason and type a code."""
    match value:
        case None | "":
            return "–"
        case bool():
            return text(DOMAIN, "word.yes" if value else "word.no", language)
        case int() | float() if name.endswith("_m2"):
            return area(value, language)
        case int() | float() if name.endswith("_m"):
            return f"{number(value, language)} m"
        case int() | float():
            return number(value, language)
        case str() if name in ("reason", "message", "kind", "unit"):
            return word(name, value, language)
        case str() if name in ("expected", "found"):
            return word("type", value, language)
        case str():
            return value
        case {"id": str(), "en": str()}:
            return str(value.get(language) or value["id"] or value["en"] or "–")
        case Mapping():
            pairs = (f"{word('reason', key, language)} ({number(item, language)})" for key, item in value.items())
            return ", ".join(pairs) or "–"
        case Sequence():
            return _listed([_entry(item, language) for item in value], language)
        case _:
            return str(value)


def _entry(item: Any, language: str) -> str:
    """One entry of a list: a candidate for the reference system by code and name, anything else as it is."""
    if isinstance(item, Mapping) and "crs" in item:
        named = f"{item['crs']} ({item.get('name', '')})"
        for turn in ("swapped", "flipped"):
            named = text(DOMAIN, f"word.{turn}", language, crs=named) if item.get(turn) else named
        return named
    return str(item)


def _listed(entries: list[str], language: str) -> str:
    """A list in a sentence, cut after a few entries."""
    shown = ", ".join(entries[:LISTED])
    if len(entries) > LISTED:
        shown = text(DOMAIN, "word.more", language, shown=shown, n=number(len(entries) - LISTED, language))
    return shown or "–"
