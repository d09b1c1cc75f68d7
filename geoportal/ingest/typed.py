"""What kind of values a column of plain texts holds, in a format that states no types.

A column is numbers only where every text, written back, is the same text, so that a code keeps its zeros; and not where
all of them have one shape, as codes do (11.01, 11.02): those stay text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_INTEGER = re.compile(r"-?(?:0|[1-9]\d{0,14})")
_DECIMAL = re.compile(r"-?(?:0|[1-9]\d{0,14})(?:\.\d{1,17})?")
_DIGIT = re.compile(r"\d")
_DIGITS_HELD = 15


def type_of(values: Iterable[object]) -> str:
    """``integer``, ``number`` or ``string`` for the texts of a column; empty ones do not count."""
    texts = [value for value in values if value is not None and value != ""]
    if not texts or not all(isinstance(value, str) for value in texts):
        return "string"
    found = [str(value) for value in texts]
    if all(_INTEGER.fullmatch(text) for text in found):
        return "integer"
    if all(_DECIMAL.fullmatch(text) and _exact(text) for text in found):
        shapes = {_DIGIT.sub("0", text) for text in found}
        return "string" if len(shapes) == 1 and len(found[0].rpartition(".")[2]) < 5 else "number"
    return "string"


def _exact(text: str) -> bool:
    """Whether a real number holds all the digits of a text."""
    return (
        repr(float(text)).removesuffix(".0") == text or len(text.strip("-").replace(".", "").lstrip("0")) > _DIGITS_HELD
    )
