"""How the portal speaks: texts of the ``portal`` domain, numbers, sizes, dates, places in the reader's language."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from babel.dates import format_date
from markupsafe import Markup

from geoportal.language import catalogue, has_text, number, size, text

DOMAIN = "portal"


@dataclass(frozen=True, slots=True)
class Wording:
    """The words of one language, with times in one zone."""

    language: str
    zone: ZoneInfo

    def t(self, key: str, **params: object) -> str:
        """The text of a key; plain text, to be escaped like any other value."""
        return text(DOMAIN, key, self.language, **params)

    def n(self, key: str, count: int, **params: object) -> str:
        """The text of a key about ``count`` things: ``key.one`` for one, where the language tells them apart."""
        single = f"{key}.one"
        chosen = single if count == 1 and has_text(DOMAIN, single, self.language) else key
        return self.t(chosen, n=self.number(count), **params)

    def rich(self, key: str, **params: object) -> Markup:
        """A text of ours that holds markup; every parameter is escaped."""
        return Markup(catalogue(DOMAIN, self.language).gettext(key)).format(**params)

    def code(self, family: str, code: str | None) -> str:
        """The word for a code such as ``topic.boundaries``; the code itself where nobody wrote one, empty for None."""
        if not code:
            return ""
        key = f"{family}.{code}"
        return self.t(key) if has_text(DOMAIN, key, self.language) else code

    def number(self, value: float, decimals: int | None = None) -> str:
        """A number with the separators of the language."""
        return number(value, self.language, decimals)

    def size(self, size_bytes: int) -> str:
        """The size of a file in B, KB, MB or GB (thousands)."""
        return size(size_bytes, self.language)

    def day(self, value: date | datetime | str | None, form: str = "d MMM y") -> str:
        """A day as people write it; of a time, the day in the node's zone; a text that is no ISO date stays."""
        if value is None:
            return ""
        if isinstance(value, datetime):
            day = value.astimezone(self.zone).date()
        elif isinstance(value, date):
            day = value
        else:
            try:
                day = date.fromisoformat(value)
            except ValueError:
                return value
        return format_date(day, form, locale=self.language)

    def long_day(self, value: date | datetime | str | None) -> str:
        """A day with the month in full."""
        return self.day(value, "d MMMM y")

    def instant(self, value: datetime) -> str:
        """A time to the minute in the node's zone, with its name: ``24 Nov 2026, 10.32 WITA``."""
        local = value.astimezone(self.zone)
        return f"{self.day(value)}, {local:%H.%M} {local.tzname()}"

    def distance(self, km: float) -> str:
        """A round distance in km, in m below one."""
        return f"{self.number(km)} km" if km >= 1 else f"{self.number(round(km * 1000))} m"

    def locality(self, kind: str, name: str) -> str:
        """A place of the region with the word for its kind: Desa Mekarsari, Kecamatan Sukamaju."""
        key = f"locality.{kind}"
        return self.t(key, name=name) if has_text(DOMAIN, key, self.language) else name

    def place(self, longitude: float, latitude: float, decimals: int = 4) -> str:
        """A place in degrees with the letters of its hemispheres."""
        east = self.t("place.east" if longitude >= 0 else "place.west", n=self.number(abs(longitude), decimals))
        north = self.t("place.north" if latitude >= 0 else "place.south", n=self.number(abs(latitude), decimals))
        return f"{north}, {east}"
