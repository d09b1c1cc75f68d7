"""Names of ten characters for the columns of a Shapefile, by a rule that gives the same names for the same fields.

1. Accents go, everything but ASCII letters, digits and ``_`` becomes ``_``; a name starts with a letter (else ``f``
   is put before it).
2. A name that is then at most ten characters long, and the first of its kind, stays.
3. The others are cut to ten characters, in the order of the fields; where that is taken, to as much as leaves room for
   ``_2``, ``_3`` ... Capitals make no difference.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

LONGEST = 10


def short_names(names: Sequence[str]) -> list[str]:
    """The short name of each field, in the order of the fields."""
    plain = [_plain(name) for name in names]
    taken: dict[str, int] = {}
    for number, name in enumerate(plain):
        if len(name) <= LONGEST and plain[number] == names[number]:
            taken.setdefault(name.casefold(), number)
    for number, name in enumerate(plain):
        if len(name) <= LONGEST:
            taken.setdefault(name.casefold(), number)
    kept = set(taken.values())
    found: list[str] = []
    used = set(taken)
    for number, name in enumerate(plain):
        if number in kept:
            found.append(name)
            continue
        candidate, suffix = name[:LONGEST], 1
        while candidate.casefold() in used:
            suffix += 1
            candidate = f"{name[: LONGEST - 1 - len(str(suffix))]}_{suffix}"
        used.add(candidate.casefold())
        found.append(candidate)
    return found


def _plain(name: str) -> str:
    """The name in ASCII letters, digits and ``_``."""
    ascii_only = "".join(letter for letter in unicodedata.normalize("NFKD", name) if not unicodedata.combining(letter))
    found = re.sub(r"[^A-Za-z0-9_]", "_", ascii_only)
    if not re.search(r"[A-Za-z0-9]", found):
        return "field"
    return found if re.match(r"[A-Za-z]", found) else f"f{found}"
