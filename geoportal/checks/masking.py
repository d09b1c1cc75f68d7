"""Personal values as a report may show them: identity numbers, mobile phones and e-mail addresses, masked wherever they
stand.

A report is read by more people than the file. So not only the rules about personal data mask: whatever any rule tells
of a value goes through ``veiled``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

NIK = re.compile(r"(?<!\d)\d{16}(?!\d)")
MOBILE = re.compile(r"(?<![\d.,])(?:\+?62|0)[ .-]?8[1-9](?:[ .-]?\d){7,10}(?![\d.,]*\d)")
BARE_MOBILE = re.compile(r"8[1-9]\d{7,10}")
EMAIL = re.compile(r"[\w.+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,24}")


def masked(value: str) -> str:
    """A personal value with two characters at each end, and how long it is."""
    if "@" in value:
        return f"{value[0]}***@***"
    return value[:2] + "*" * (len(value) - 4) + value[-2:]


def without_personal(text: str) -> str:
    """A text with every identity number, mobile phone and e-mail address in it masked."""
    if "@" in text:
        text = EMAIL.sub(lambda found: masked(found[0]), text)
    if sum(map(str.isdigit, text)) >= 9:
        text = NIK.sub(lambda found: masked(found[0]), text)
        text = MOBILE.sub(lambda found: masked(found[0]), text)
    return text


def veiled(params: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters of a finding with every personal value in them masked, however deep it stands."""
    return {name: _veiled(value) for name, value in params.items()}


def _veiled(value: Any) -> Any:
    match value:
        case str():
            return without_personal(value)
        case bool() | None | float():
            return value
        case int():
            return masked(str(value)) if 10**15 <= value < 10**16 else value
        case dict():
            return {str(_veiled(str(key))): _veiled(item) for key, item in value.items()}
        case list() | tuple():
            return [_veiled(item) for item in value]
        case _:
            return value
