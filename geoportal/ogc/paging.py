"""Pages of the list of collections (OGC API - Common Part 2, and Records, say ``limit``; ``offset`` is as for items).

pygeoapi lists what its configuration holds, so a page is asked of a view that holds no more than that page: its cost
is that of the collections on it, however many there are.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode

import orjson

from geoportal.language import text

MOST = 1000
"""Collections on a page, also where the request names no limit: all of them on all but the largest nodes."""

SAID = "The number of collections on a page; a larger one is brought down to the maximum."


@dataclass(frozen=True, slots=True)
class Part:
    """One page of ``total`` collections: those from ``offset``, at most ``limit``, counted from 0.

    ``asked`` are the parameters that said so, without format and language.
    """

    offset: int
    limit: int
    total: int
    asked: tuple[tuple[str, str], ...] = ()

    @property
    def returned(self) -> int:
        """How many collections are on the page."""
        return max(0, min(self.limit, self.total - self.offset))

    @property
    def whole(self) -> bool:
        """Whether it is all there is, so that pygeoapi may be asked for everything."""
        return self.returned == self.total

    @property
    def before(self) -> int | None:
        """Where the page before starts; None on the first."""
        return None if self.offset == 0 else max(0, min(self.offset, self.total) - self.limit)

    @property
    def behind(self) -> int | None:
        """Where the next page starts; None on the last."""
        return self.offset + self.limit if self.offset + self.limit < self.total else None

    def neighbours(self) -> dict[str, dict[str, str]]:
        """The parameters of the pages around this one, by their link relation."""
        found: dict[str, dict[str, str]] = {}
        for rel, start in (("prev", self.before), ("next", self.behind)):
            if start is not None:
                # The page before the second may be shorter than a page: then nothing is shown twice.
                length = min(self.limit, self.offset) if rel == "prev" and start == 0 else self.limit
                found[rel] = {"limit": str(length), "offset": str(start)}
        return found


def part_of(pairs: Iterable[tuple[str, str]], total: int) -> Part:
    """The page that checked parameters ask for; a limit above ``MOST`` is brought down to it."""
    asked = tuple(pair for pair in pairs if pair[0] in ("limit", "offset"))
    given = dict(asked)
    return Part(int(given.get("offset", 0)), min(int(given.get("limit", MOST)), MOST), total, asked)


def listed(body: bytes, part: Part, language: str) -> bytes:
    """pygeoapi's list with the counts of the page, its own parameters in its links, and links to the pages around."""
    document = orjson.loads(body)
    links = document["links"]
    home = next(link["href"].partition("?")[0] for link in links)
    if part.asked:
        for link in links:
            link["href"] += f"&{urlencode(part.asked)}"
    for rel, parameters in part.neighbours().items():
        links.append(
            {
                "type": "application/json",
                "rel": rel,
                "title": text("messages", f"Collections ({rel})", language),
                "href": f"{home}?{urlencode({'f': 'json', 'lang': language, **parameters})}",
            }
        )
    return orjson.dumps({**document, "numberMatched": part.total, "numberReturned": len(document["collections"])})
