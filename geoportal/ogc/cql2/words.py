"""The words of CQL2 text: names, texts, numbers and signs, each with its place for the message."""

from __future__ import annotations

import re
from dataclasses import dataclass

from geoportal.ogc.cql2.tree import LONGEST_TEXT, BadFilter

# The identifier of the grammar (cql2.bnf): a letter of any script, colon or underscore, then also dots and digits.
_START = (
    ":_A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1ffe\u200c-\u200d\u2070-\u218f"
    "\u2c00-\u2fef\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff"
)
_PART = _START + ".0-9\u0300-\u036f\u203f-\u2040"
_WORD = re.compile(
    rf"""\s*(?:
        (?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
      | (?P<name>[{_START}][{_PART}]*)
      | "(?P<quoted>(?:[^"]|"")*)"
      | '(?P<text>(?:[^'\\]|''|\\.)*)'
      | (?P<sign><>|<=|>=|[=<>+\-*/%^(),])
    )""",
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Word:
    """One word: ``kind`` is number, name, quoted, text, sign or end."""

    kind: str
    value: str
    at: int

    def is_name(self, *names: str) -> bool:
        """Whether it is one of these keywords, in any case; a quoted name never is."""
        return self.kind == "name" and self.value.upper() in names

    def is_sign(self, *signs: str) -> bool:
        """Whether it is one of these signs."""
        return self.kind == "sign" and self.value in signs


def words_of(text: str) -> list[Word]:
    """The words of a filter, an ``end`` behind the last; BadFilter at the first place that is no word."""
    if len(text.encode("utf-8", "surrogatepass")) > LONGEST_TEXT:
        raise BadFilter("longer than {limit} KB", limit=LONGEST_TEXT // 1024)
    found: list[Word] = []
    at, end = 0, len(text.rstrip())
    while at < end:
        match = _WORD.match(text, at)
        if match is None:
            place = at + len(text[at:]) - len(text[at:].lstrip())
            raise BadFilter(
                "cannot be read from character {at}: {found}", at=place + 1, found=repr(text[place : place + 20])
            )
        kind = str(match.lastgroup)
        value = match[kind]
        if kind == "text":
            value = re.sub(r"''|\\(.)", _unescaped, value, flags=re.DOTALL)
        elif kind == "quoted":
            value = value.replace('""', '"')
        found.append(Word(kind, value, match.start(kind)))
        at = match.end()
    return [*found, Word("end", "", end)]


def _unescaped(match: re.Match[str]) -> str:
    """Two quotes, or a quote behind a backslash, are one quote; any other backslash stays, LIKE has a use for it."""
    if match[0] in ("''", "\\'"):
        return "'"
    return match[0]
