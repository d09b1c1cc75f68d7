"""Patterns that officers write into specifications, taken only when no value can make them run for ever.

A backtracking matcher needs a step for each way in which a text can be cut up among the repeats of a pattern:
``(a+)+`` has 2^n ways for n letters. So the ways are counted from the pattern itself, for texts of at most
LONGEST_VALUE characters, and too many are refused. Nested repeats, three open ones in a row and long chains of
optional parts fall under that one measure; look-arounds and back references, which it does not see, are refused by
name.
"""

from __future__ import annotations

import re
from functools import lru_cache

# The parser of `re` itself: a second reading of the same language would sooner or later read it differently.
from re import _constants as sre  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

LONGEST_PATTERN = 200
LONGEST_VALUE = 256
MOST_WAYS = 100_000


@lru_cache(maxsize=256)
def checked_pattern(text: str) -> re.Pattern[str]:
    """The compiled pattern, or ValueError saying why it is not taken."""
    if len(text) > LONGEST_PATTERN:
        raise ValueError(f"a pattern may have {LONGEST_PATTERN} characters")
    try:
        tree = parser.parse(text)
        compiled = re.compile(text)
    except (re.error, RecursionError, OverflowError) as error:
        raise ValueError(f"not a regular expression: {error}") from None
    if _ways(tree) > MOST_WAYS:
        raise ValueError(
            "this pattern could take very long: avoid repeats inside repeats and more than two open repeats"
        )
    return compiled


def _ways(tree: Any) -> int:
    """An upper bound to the number of ways in which the longest value can be cut up by a pattern."""
    ways = 1
    for operator, argument in tree:
        ways = min(ways * _ways_of(operator, argument), MOST_WAYS + 1)
    return ways


def _ways_of(operator: Any, argument: Any) -> int:
    if operator in (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT):
        least, most, item = argument
        one = _ways(item)
        least, most = min(int(least), LONGEST_VALUE), min(int(most), LONGEST_VALUE)
        if one == 1:
            return most - least + 1
        ways: int = sum(min(one**times, MOST_WAYS + 1) for times in range(least, most + 1))
        return min(ways, MOST_WAYS + 1)
    if operator is sre.SUBPATTERN:
        return _ways(argument[-1])
    if operator is sre.ATOMIC_GROUP:
        return _ways(argument)
    if operator is sre.BRANCH:
        return sum(_ways(branch) for branch in argument[1])
    if operator in (sre.LITERAL, sre.NOT_LITERAL, sre.ANY, sre.IN, sre.AT):
        return 1
    raise ValueError("look-arounds, back references and conditions are not taken in a pattern")
