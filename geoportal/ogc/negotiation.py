"""What the client would rather have (RFC 9110 section 12): representation, language and coding, with q values as they
are meant.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

LONGEST = 2000
"""Characters of an Accept header that are looked at."""


@dataclass(frozen=True, slots=True)
class Wish:
    """One element of an Accept header: what, how much (0 = not at all), where it stood, and its other parameters."""

    value: str
    weight: float
    position: int
    parameters: Mapping[str, str] = field(default_factory=dict)


def wishes(header: str) -> list[Wish]:
    """The elements of an Accept header in lower case; an element with a broken q value is left out."""
    found = []
    for position, part in enumerate(_pieces(header[:LONGEST].lower(), ",")):
        value, *pieces = (piece.strip() for piece in _pieces(part, ";"))
        parameters = dict(_parameter(piece) for piece in pieces if "=" in piece)
        weight = _weight(parameters.pop("q")) if "q" in parameters else 1.0
        if value and weight >= 0:
            found.append(Wish(value, weight, position, parameters))
    return found


def _pieces(text: str, sign: str) -> list[str]:
    # Only what stands outside of quotes parts: a profile may be a quoted address with commas in it.
    if '"' not in text:
        return text.split(sign)
    return re.findall(rf'(?:^|(?<={sign}))(?:"[^"]*"?|[^"{sign}])*', text)


def _parameter(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name.strip(), value.strip().strip('"')


def _weight(number: str) -> float:
    digits = number.replace(".", "", 1)
    if not (digits.isascii() and digits.isdigit()):
        return -1
    value = float(number)
    return value if value <= 1 else -1


@dataclass(frozen=True, slots=True)
class _Offer:
    format: str
    rank: int
    value: str
    parameters: Mapping[str, str]


def choose_format(header: str, offers: Mapping[str, Sequence[str]]) -> str | None:
    """The format whose media types ``header`` likes best; the first one where it says nothing, None where it accepts
    none of them.

    ``offers`` maps a format to its media types, with those parameters that tell one from another
    (``application/vnd.oai.openapi+json;version=3.1``): a wish that names such a parameter means that value only. Other
    parameters (``charset``) say nothing here. Among equals the one that the client named first wins, then the one
    offered first.
    """
    asked = wishes(header)
    if not asked:
        return next(iter(offers))
    offered = [
        _Offer(name, rank, value.strip(), dict(map(_parameter, parameters)))
        for rank, (name, media_types) in enumerate(offers.items())
        for value, *parameters in (media_type.lower().split(";") for media_type in media_types)
    ]
    telling: dict[str, set[str]] = {}
    for offer in offered:
        telling.setdefault(offer.value, set()).update(offer.parameters)
    best: tuple[float, int, int] | None = None
    chosen = None
    for offer in offered:
        wish = _most_specific(asked, offer, telling[offer.value])
        if wish is None or wish.weight == 0:
            continue
        named = wish.position if wish.value == offer.value else LONGEST
        score = (wish.weight, -named, -offer.rank)
        if best is None or score > best:
            best, chosen = score, offer.format
    return chosen


def _most_specific(asked: Sequence[Wish], offer: _Offer, telling: Collection[str]) -> Wish | None:
    best: tuple[int, int] | None = None
    chosen = None
    for wish in asked:
        if wish.value == offer.value:
            meant = {name: value for name, value in wish.parameters.items() if name in telling}
            if any(offer.parameters.get(name) != value for name, value in meant.items()):
                continue
            exactness = (2, len(meant))
        elif wish.value == f"{offer.value.partition('/')[0]}/*":
            exactness = (1, 0)
        elif wish.value == "*/*":
            exactness = (0, 0)
        else:
            continue
        if best is None or exactness > best:
            best, chosen = exactness, wish
    return chosen


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


def refuses_plain(header: str) -> bool:
    """Whether an Accept-Encoding header rules out the plain bytes (RFC 9110 12.5.3): ``identity;q=0``, or ``*;q=0``
    without a word for identity.
    """
    weights = {wish.value: wish.weight for wish in wishes(header)}
    return weights.get("identity", weights.get("*", 1.0)) == 0
