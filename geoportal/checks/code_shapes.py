"""The pattern that a column of codes follows, found from its values: ``AB-017`` gives ``AB-\\d{3}``.

Values are cut into runs of digits, capitals, small letters and marks. Where all values have the same runs, the pattern
says how long each may be; what they all begin with, up to a mark, is kept as it stands.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from geoportal.checks.patterns import checked_pattern

LONGEST_CODE = 40
LEAST_VALUES = 10
"""Different values from which on what all begin with is taken for a promise, not an accident."""

_RUNS = re.compile(r"[0-9]+|[A-Z]+|[a-z]+|[^0-9A-Za-z\s]")
_CLASSES = (("0123456789", r"\d"), ("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "[A-Z]"), ("abcdefghijklmnopqrstuvwxyz", "[a-z]"))
_MARKS = ".-_/:"


def is_code(value: str) -> bool:
    """Whether a text looks like a code: short, with a digit, without blanks, in plain letters."""
    return (
        len(value) <= LONGEST_CODE
        and value.isascii()
        and value.isprintable()
        and not any(letter.isspace() for letter in value)
        and any(letter.isdigit() for letter in value)
    )


def pattern_of(values: Sequence[str]) -> str | None:
    """A pattern that all values match as a whole, None where they have no common form or are no codes.

    ``values`` are different from each other.
    """
    if len(values) < 2 or not all(map(is_code, values)):
        return None
    fixed = _beginning(values) if len(values) >= LEAST_VALUES else ""
    cut = [_RUNS.findall(value[len(fixed) :]) for value in values]
    if len({tuple(map(_class_of, runs)) for runs in cut}) != 1:
        return None
    parts = [_literal(fixed), *(_run(column) for column in zip(*cut, strict=True))]
    pattern = "".join(parts)
    try:
        match = checked_pattern(pattern)
    except ValueError:
        return None
    return pattern if all(match.fullmatch(value) for value in values) else None


def _beginning(values: Sequence[str]) -> str:
    """What all values begin with, up to its last mark."""
    first, last = min(values), max(values)  # what these two share, all between them share
    shared = first[: next((at for at, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))]
    end = max(shared.rfind(mark) for mark in _MARKS) + 1
    return shared[:end]


def _class_of(run: str) -> str:
    return next((name for letters, name in _CLASSES if run[0] in letters), run)


def _run(runs: Sequence[str]) -> str:
    """The runs of all values in one place, as a part of the pattern."""
    name = _class_of(runs[0])
    if len(set(runs)) == 1 and not runs[0][0].isdigit():
        return _literal(runs[0])
    if name == runs[0]:
        return _literal(name)
    lengths = {len(run) for run in runs}
    least, most = min(lengths), max(lengths)
    if most == 1:
        return name
    return f"{name}{{{least}}}" if least == most else f"{name}{{{least},{most}}}"


def _literal(text: str) -> str:
    return re.escape(text).replace(r"\-", "-")
