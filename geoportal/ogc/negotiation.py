"""What the client would rather have (RFC 9110 section 12): representation, language and coding, with q values as they
are meant.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

LONGEST = 2000
"""Characters of an Accept header that are looked at."""


@dataclass(frozen=True, slots=True)
class Wish:
    """One element of an Accept header: what, how much (0 = not at all), and where it stood."""

    value: str
    weight: float
    position: int


def wishes(header: str) -> list[Wish]:
    """The elements of an Accept header in lower case, without parameters; an element with a broken q value is left
    out.
    """
    found = []
    for position, part in enumerate(header[:LONGEST].lower().split(",")):
        value, *parameters = (piece.strip() for piece in part.split(";"))
        weight = 1.0
        for parameter in parameters:
            name, _, number = parameter.partition("=")
            if name.strip() == "q":
                weight = _weight(number.strip())
        if value and weight >= 0:
            found.append(Wish(value, weight, position))
    return found


def _weight(number: str) -> float:
    digits = number.replace(".", "", 1)
    if not (digits.isascii() and digits.isdigit()):
        return -1
    value = float(number)
    return value if value <= 1 else -1


def choose_format(header: str, offers: Mapping[str, Sequence[str]]) -> str | None:
    """The format whose media types ``header`` likes best; the first one where it says nothing, None where it accepts
    none of them.

    ``offers`` maps a format to its media types. Among equals the one that the client named first wins, then the one
    offered first.
    """
    asked = wishes(header)
    if not asked:
        return next(iter(offers))
    best: tuple[float, int, int] | None = None
    chosen = None
    for rank, (name, media_types) in enumerate(offers.items()):
        for media_type in media_types:
            wish = _most_specific(asked, media_type)
            if wish is None or wish.weight == 0:
                continue
            named = wish.position if wish.value == media_type else LONGEST
            score = (wish.weight, -named, -rank)
            if best is None or score > best:
                best, chosen = score, name
    return chosen


def _most_specific(asked: Sequence[Wish], media_type: str) -> Wish | None:
    for pattern in (media_type, f"{media_type.partition('/')[0]}/*", "*/*"):
        for wish in asked:
            if wish.value == pattern:
                return wish
    return None


def choose_language(header: str, languages: Sequence[str]) -> str:
    """The language of ``languages`` that an Accept-Language header likes best; the first one where it likes none of
    them.
    """
    best, weight = languages[0], 0.0
    for wish in wishes(header):
        code = language_code(wish.value)
        if code in languages and wish.weight > weight:
            best, weight = code, wish.weight
    return best


def language_code(tag: str) -> str:
    """The language of a tag such as ``id-ID`` or ``en_US``; ``in`` is the old code of Indonesian."""
    primary = tag.strip().lower().replace("_", "-").partition("-")[0]
    return "id" if primary == "in" else primary


def choose_coding(header: str, codings: Iterable[str]) -> str | None:
    """The content coding of ``codings`` (best first) that an Accept-Encoding header likes best; None for the plain
    bytes.
    """
    weights = {wish.value: wish.weight for wish in wishes(header)}
    anything = weights.get("*", 0.0)
    best, chosen = weights.get("identity", 0.0), None
    for coding in codings:
        weight = weights.get(coding, anything)
        if weight > 0 and (weight > best or (chosen is None and weight == best)):
            best, chosen = weight, coding
    return chosen
