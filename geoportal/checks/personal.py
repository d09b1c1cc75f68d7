"""Rules about personal data in a layer that is meant for everybody: identity numbers, mobile phones, e-mail addresses.

No finding shows what it found: values are masked, for a report is read by more people than the file. Lines of an
office are no personal data and are not asked.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from geoportal.checks.distinct import Distinct, cells, distinct
from geoportal.checks.masking import BARE_MOBILE, EMAIL, MOBILE, NIK, masked
from geoportal.checks.rules import Need, rule
from geoportal.model.report import Element, Scope, Severity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geoportal.checks.context import Context
    from geoportal.model.layer import Layer
    from geoportal.model.report import Finding
    from geoportal.model.specification import Specification

LEAST_SHARE = 0.2
"""Share of the values of a field that must look like phone numbers, where its name does not say that it holds them."""
LEAST_PLAUSIBLE = 0.5
"""Share of the 16-digit numbers of a field that must be built like identity numbers, where its name does not say so."""

_LIKE_MOBILE = r"8[1-9](?:[ .-]?\d){7}"
_SAYS_PHONE = re.compile(
    r"\b(?:hp|h/p|telp?|tlp|telepon|telpon|wa|whatsapp|phone|kontak|hub|hubungi|cp)\b", re.IGNORECASE
)
_NIK_WORDS = frozenset(("nik", "ktp", "nokk", "nokartukeluarga", "nikktp"))
_PHONE_WORDS = frozenset(
    ("hp", "nohp", "telp", "notelp", "telepon", "telpon", "tlp", "tel", "phone", "mobile", "wa", "whatsapp",
     "handphone", "ponsel", "selular", "seluler", "kontak", "contact")
)  # fmt: skip
_FIRST_PROVINCE = 11


@rule(
    "personal-data-nik",
    scope=Scope.FEATURE,
    element=Element.USABILITY,
    severity=Severity.WARNING,
    needs=(Need.OPEN_DATA,),
)
def no_identity_numbers(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """No numbers of identity cards or family cards (NIK, nomor KK) stand in an open layer."""

    def chosen(name: str, values: Distinct) -> NDArray[np.bool_]:
        has = values.matching(r"\d{16}")
        plausible = has.copy()
        numbers = [NIK.findall(value) for value in values.values[has]]
        plausible[has] = [any(map(is_nik, found)) for found in numbers]
        has[has] = list(map(bool, numbers))
        if _says(name, _NIK_WORDS) or "kk" in _words(name):
            return has
        return plausible if plausible.sum() >= LEAST_PLAUSIBLE * max(int(has.sum()), 1) else np.zeros_like(has)

    return _told(context, chosen, lambda value: NIK.sub(lambda found: masked(found[0]), value))


@rule(
    "personal-data-phone",
    scope=Scope.FEATURE,
    element=Element.USABILITY,
    severity=Severity.WARNING,
    needs=(Need.OPEN_DATA,),
)
def no_mobile_phones(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """No numbers of mobile phones stand in an open layer: such a phone belongs to a person."""

    def chosen(name: str, values: Distinct) -> NDArray[np.bool_]:
        has = values.matching(_LIKE_MOBILE)
        if _says(name, _PHONE_WORDS):
            has[has] = [bool(MOBILE.search(value) or BARE_MOBILE.fullmatch(value)) for value in values.values[has]]
            return has
        has[has] = [MOBILE.search(value) is not None for value in values.values[has]]
        if not has.any():
            return has
        if values.counts()[has].sum() >= LEAST_SHARE * values.filled:
            return has
        said = np.zeros_like(has)
        said[has] = [_SAYS_PHONE.search(value) is not None for value in values.values[has]]
        return said

    return _told(context, chosen, _without_phone)


@rule(
    "personal-data-email",
    scope=Scope.FEATURE,
    element=Element.USABILITY,
    severity=Severity.WARNING,
    needs=(Need.OPEN_DATA,),
)
def no_mail_addresses(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """No e-mail addresses stand in an open layer."""

    def chosen(name: str, values: Distinct) -> NDArray[np.bool_]:
        return values.where(lambda value: "@" in value and EMAIL.search(value) is not None)

    return _told(context, chosen, lambda value: EMAIL.sub(lambda found: masked(found[0]), value))


def is_nik(number: str) -> bool:
    """Whether sixteen digits are built like a NIK: a region of six digits, a day of birth (women's days count from
    41), a serial that is not zero.
    """
    day, month = int(number[6:8]), int(number[8:10])
    return (
        int(number[:2]) >= _FIRST_PROVINCE
        and number[2:4] != "00"
        and number[4:6] != "00"
        and 1 <= (day - 40 if day > 40 else day) <= 31
        and 1 <= month <= 12
        and number[12:] != "0000"
    )


def _without_phone(value: str) -> str:
    if BARE_MOBILE.fullmatch(value):
        return masked(value)
    return MOBILE.sub(lambda found: masked(found[0]), value)


def _told(
    context: Context, chosen: Callable[[str, Distinct], NDArray[np.bool_]], mask: Callable[[str], str]
) -> Finding | None:
    found = []
    for field in context.layer.fields:
        # A number in a table of reals is a measure; identity numbers and phones come as texts or whole numbers.
        if field.type not in ("string", "json", "integer") or not context.has_field(field.name):
            continue
        if field.type == "integer" and not _is_long(context, field.name):
            continue
        values = distinct(context, field.name)
        found.append((field.name, values.rows(chosen(field.name, values))))
    return cells(context, found, about=lambda _, value: {"value": _cut(mask(value))})


def _cut(value: str) -> str:
    """The masked part of a long remark is all that must be shown: the rest of it may name somebody."""
    at = value.find("*")
    return value if len(value) <= 40 else f"…{value[max(at - 4, 0) : at + 24]}…"


def _is_long(context: Context, name: str) -> bool:
    """Whether whole numbers are long enough for a phone: then alone they are worth being looked at as texts."""
    known = context.column(name).dropna()  # of a column without any value the largest is neither a number nor none
    return bool(len(known) and known.max() >= 10**8)


def _says(name: str, words: frozenset[str]) -> bool:
    own = _words(name)
    return not words.isdisjoint(own) or "".join(own) in words


def _words(name: str) -> list[str]:
    """The words of a field's name: no_hp, NoHP and NO HP are no and hp."""
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return [word for word in re.split(r"[^a-z]+", parted.casefold()) if word]
