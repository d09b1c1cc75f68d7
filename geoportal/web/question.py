"""What is asked of the catalogue, as it stands in the address: words, chosen values, extent, order, page."""

from __future__ import annotations

from dataclasses import dataclass

from geoportal.web.visitor import Visitor

LONGEST_QUERY = 200
CHOICES = ("tema", "produsen", "akses", "format", "kesegaran")
"""The facets of which several values can be chosen, each the name of its parameter."""

EXTENT = "wilayah"
"""The parameter of the extent: the code of a place, or west,south,east,north in degrees."""

SORTS = ("relevan", "terbaru", "judul")


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of the catalogue. ``extent`` is empty where the whole region is meant."""

    words: str
    chosen: dict[str, tuple[str, ...]]
    extent: str
    sort: str
    page: int

    def pairs(self, **changes: object) -> list[tuple[str, str]]:
        """The question as an address, with some parts changed; a changed question starts at its first page."""
        words, sort = str(changes.get("q", self.words)), changes.get("urut", self.sort)
        found = [("q", words)] if words else []
        for name in CHOICES:
            values = changes.get(name, self.chosen[name])
            found += [(name, value) for value in values]  # type: ignore[attr-defined]
        if extent := changes.get(EXTENT, self.extent):
            found.append((EXTENT, str(extent)))
        if sort and sort != default_sort(words):
            found.append(("urut", str(sort)))
        if changes.get("hal", 1) != 1:
            found.append(("hal", str(changes["hal"])))
        return found


def question_of(visitor: Visitor) -> Question:
    """Read the question from an address; what makes no sense there is left out."""
    words = " ".join(visitor.value("q").split())[:LONGEST_QUERY]
    page, sort = visitor.value("hal"), visitor.value("urut")
    return Question(
        words=words,
        chosen={name: tuple(dict.fromkeys(visitor.values(name))) for name in CHOICES},
        extent=visitor.value(EXTENT)[:LONGEST_QUERY],
        sort=sort if sort in SORTS and (words or sort != "relevan") else default_sort(words),
        page=int(page) if page.isascii() and page.isdigit() and len(page) < 7 else 1,
    )


def default_sort(words: str) -> str:
    """Best first where something was sought, else newest first."""
    return "relevan" if words else "terbaru"
