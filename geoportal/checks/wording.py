"""Rules about how texts came through: letters that were read in the wrong encoding, and blanks around a value."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from geoportal.checks.distinct import cells, distinct, text_fields
from geoportal.checks.rules import rule
from geoportal.model.report import Element, Scope, Severity

if TYPE_CHECKING:
    from geoportal.checks.context import Context
    from geoportal.model.layer import Layer
    from geoportal.model.report import Finding
    from geoportal.model.specification import Specification

LOST = "\N{REPLACEMENT CHARACTER}"
"""What a program puts where it could not read a letter: the letter is gone."""

_UNDEFINED = {byte: chr(byte) for byte in (0x81, 0x8D, 0x8F, 0x90, 0x9D)}
_LETTERS = {byte: _UNDEFINED.get(byte) or bytes([byte]).decode("cp1252") for byte in range(0x80, 0x100)}
"""Each byte from 0x80 as Windows-1252 shows it; what that leaves undefined as Latin-1 does."""
_BYTES = {letter: byte for byte, letter in _LETTERS.items()} | {chr(byte): byte for byte in range(0x80, 0xA0)}
_FOLLOWS = "[" + re.escape("".join(letter for letter, byte in _BYTES.items() if byte < 0xC0)) + "]"
_MISREAD = re.compile(f"[\u00c2-\u00df]{_FOLLOWS}|[\u00e0-\u00ef]{_FOLLOWS}{{2}}|[\u00f0-\u00f4]{_FOLLOWS}{{3}}")
"""Letters of Windows-1252 whose bytes together are one letter of UTF-8: Ã© for é, â€™ for ’."""


@rule("text-mojibake", scope=Scope.FEATURE, element=Element.FORMAT_CONSISTENCY, severity=Severity.WARNING)
def text_read_right(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """Texts were read in the encoding in which they were written."""
    found = []
    for name in text_fields(context):
        values = distinct(context, name)
        found.append((name, values.rows(values.where(is_misread))))
    return cells(context, found, about=lambda _, value: {"suggestion": mended(value)})


@rule("text-trailing-blanks", scope=Scope.FEATURE, element=Element.FORMAT_CONSISTENCY, severity=Severity.WARNING)
def text_trimmed(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """No value begins or ends with a blank: nobody sees it, and no join finds the value."""
    found = []
    for name in text_fields(context):
        values = distinct(context, name)
        found.append((name, values.rows(values.where(lambda value: value != value.strip()))))
    return cells(context, found)


def is_misread(value: str) -> bool:
    """Whether a text holds letters that were read in the wrong encoding, or marks of letters that were lost."""
    if value.isascii():
        return False
    return LOST in value or any(_letter(match[0]) is not None for match in _MISREAD.finditer(value))


def mended(value: str) -> str | None:
    """The text as it was meant, None where letters are lost or nothing was misread. Twice misread is mended twice."""
    meant = value
    for _ in range(3):
        again = _MISREAD.sub(lambda match: _letter(match[0]) or match[0], meant)
        if again == meant:
            break
        meant = again
    return None if meant == value or LOST in meant else meant


def _letter(text: str) -> str | None:
    """The one letter whose UTF-8 bytes a text shows, None for none."""
    try:
        letter = bytes(_BYTES[letter] for letter in text).decode("utf-8")
    except UnicodeDecodeError:
        return None
    return letter if len(letter) == 1 else None
