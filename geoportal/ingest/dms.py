"""Degrees, minutes and seconds as people write them, in Indonesian and English: ``0°26'15" LS``, ``116 58 41 BT``,
``S 0 26.25``, ``1d05m30.6s N``, and both coordinates in one cell.

A letter of the sky decides the sign and says which coordinate it is; a value without one is as good as its column.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

LONGEST = 100

_SKY: dict[str, tuple[str, int]] = {
    **dict.fromkeys(("n", "u", "lu", "utara", "north", "lintang utara"), ("lat", 1)),
    **dict.fromkeys(("s", "ls", "selatan", "south", "lintang selatan"), ("lat", -1)),
    **dict.fromkeys(("e", "t", "bt", "timur", "east", "bujur timur"), ("lon", 1)),
    **dict.fromkeys(("w", "b", "bb", "barat", "west", "bujur barat"), ("lon", -1)),
}
_WORDS = "|".join(sorted(_SKY, key=len, reverse=True)).replace(" ", r"\s+")
_DEGREE, _MINUTE, _SECOND = r"[°º˚*]|deg|derajat", r"['′’`´]|min|menit", r"[\"″”“]|''|’’|′′|sec|detik"
_NUMBER = r"(?:[.,][0-9]{1,12})?"


def _core(n: str, lead: str = "?", trail: str = "?") -> str:
    """The pattern of one coordinate; its groups end in ``n``. Letters before and after it may come, or how often."""
    return (
        rf"(?P<lead{n}>{_WORDS}|[+-]){lead}\.?\s*"
        rf"(?P<deg{n}>[0-9]{{1,3}}{_NUMBER})\s*(?P<mark{n}>{_DEGREE})?"
        rf"(?:(?:(?<=[°º˚*gt])\s*|\s+|\s*[:]\s*)(?P<min{n}>[0-9]{{1,2}}{_NUMBER})\s*(?:{_MINUTE})?"
        rf"(?:(?:(?<=['′’`´nt])\s*|\s+|\s*[:]\s*)(?P<sec{n}>[0-9]{{1,2}}{_NUMBER})\s*(?:{_SECOND})?)?)?"
        rf"\s*(?P<trail{n}>{_WORDS}|[+-]){trail}\.?"
    )


_ONE = re.compile(rf"\s*{_core('')}\s*", re.IGNORECASE)
# Letters stand before both or behind both: S 0 26 E 116 58 would else read E as the end of the first.
_TWO = tuple(
    re.compile(rf"\s*{_core('1', *where)}\s*(?P<between>[,;/|]?)\s*{_core('2', *where)}\s*", re.IGNORECASE)
    for where in (("{1}", "{0}"), ("{0}", "{1}"), ("?", "{0}"))
)
# d, m and s are marks here: in 30.6s the letter is no hemisphere.
_LETTERS = re.compile(
    rf"\s*(?P<lead>{_WORDS}|[+-])?\s*(?P<deg>[0-9]{{1,3}})\s*d\s*(?P<min>[0-9]{{1,2}}{_NUMBER})\s*[m']"
    rf"(?:\s*(?P<sec>[0-9]{{1,2}}{_NUMBER})\s*(?:s|\"|'')?)?\s*(?P<trail>{_WORDS}|[+-])?\s*",
    re.IGNORECASE,
)
_PLAIN = re.compile(r"\s*([+-]?[0-9]{1,12}(?:\.[0-9]{1,15})?)\s*([,;/|]|\s)\s*([+-]?[0-9]{1,12}(?:\.[0-9]{1,15})?)\s*")
_PLAIN_COMMAS = re.compile(
    r"\s*([+-]?[0-9]{1,12},[0-9]{1,15})\s*(?:[;/|]\s*|,\s+|\s)\s*([+-]?[0-9]{1,12},[0-9]{1,15})\s*"
)


@dataclass(frozen=True, slots=True)
class Angle:
    """One coordinate in degrees; ``axis`` is ``lat`` or ``lon`` where a letter says so.

    ``divided`` says that it was written with minutes: a plain number is no evidence for anything.
    """

    degrees: float
    axis: str | None
    divided: bool


def parse_angle(text: str) -> Angle | None:
    """One coordinate, None where the text is none or contradicts itself (65 minutes, N and S at once)."""
    if len(text) > LONGEST:
        return None
    found = _LETTERS.fullmatch(text) or _ONE.fullmatch(text)
    return _angle(found, "") if found else None


def parse_pair(text: str) -> tuple[Angle, Angle] | None:
    """Two coordinates in one text, in their order, None where it is not two.

    Two plain numbers need a mark or a blank between them; two with minutes need a mark or letters.
    """
    if len(text) > 2 * LONGEST:
        return None
    plain = _PLAIN.fullmatch(text)
    if plain:
        return Angle(float(plain[1]), None, False), Angle(float(plain[3]), None, False)
    commas = _PLAIN_COMMAS.fullmatch(text)
    if commas:
        one, other = (float(part.replace(",", ".")) for part in commas.groups())
        return Angle(one, None, False), Angle(other, None, False)
    found = next((found for pattern in _TWO if (found := pattern.fullmatch(text))), None)
    if found is None:
        return None
    first, second = _angle(found, "1"), _angle(found, "2")
    if first is None or second is None:
        return None
    if not found["between"] and first.axis is None and second.axis is None:
        return None  # where the one ends and the other begins would be a guess
    return first, second


def _angle(found: re.Match[str], n: str) -> Angle | None:
    degrees, minutes, seconds = (_number(found[f"{part}{n}"]) for part in ("deg", "min", "sec"))
    if degrees is None or degrees > 180:
        return None
    written = [found[f"{part}{n}"] for part in ("deg", "min")]
    # Only the smallest unit may have a fraction: 12.5 30 is two numbers, not one angle.
    if (minutes is not None and _has_fraction(written[0])) or (seconds is not None and _has_fraction(written[1])):
        return None
    if (minutes or 0) >= 60 or (seconds or 0) >= 60:
        return None
    axis, sign, signs = None, 1, 0
    for part in (found[f"lead{n}"], found[f"trail{n}"]):
        if part is None:
            continue
        if part in "+-":
            sign, signs = sign * (-1 if part == "-" else 1), signs + 1
            continue
        where, turn = _SKY[" ".join(part.casefold().split())]
        if axis is not None:
            return None
        axis, sign, signs = where, sign * turn, signs + 1
    if signs > 1:
        return None
    value = degrees + (minutes or 0) / 60 + (seconds or 0) / 3600
    if value > 180 or (axis == "lat" and value > 90):
        return None
    return Angle(sign * value, axis, minutes is not None)


def _number(text: str | None) -> float | None:
    return None if text is None else float(text.replace(",", "."))


def _has_fraction(text: str | None) -> bool:
    return text is not None and ("." in text or "," in text)
