"""pygeoapi's envelope around features, learnt from an answer that it gave, with gaps for what differs by request.

It is learnt for one *shape*: collection, state, language, names of parameters, and whether there are pages before and
behind. It is only kept when filling the gaps gives the very bytes that it was learnt from.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import orjson

from geoportal.ogc.short.answers import Answer, Headers
from geoportal.ogc.short.asking import Asking
from geoportal.ogc.splice import before

FEATURES = b',"features":['
TAIL = b"]}"
NOT_CARRIED = frozenset({"etag", "content-length", "content-encoding", "date", "transfer-encoding"})
"""Headers that belong to one answer, not to the shape."""

_MARK = "\x1e"  # never in a text of ours as it stands: JSON would write it as an escape
_GAP = re.compile(rb'"\\u001e([a-z]+)\\u001e"|\\u001e([a-z]+)\\u001e')
_NUMBERS = frozenset({"matched", "returned", "here", "before", "behind"})
_OFFSET = re.compile(r"(?<=[?&]offset=)[0-9]+")


@dataclass(frozen=True, slots=True)
class Page:
    """The numbers of one page: how many features match and lie on it, and where it and its neighbours start."""

    matched: int
    returned: int
    here: int
    before: int
    behind: int


@dataclass(frozen=True, slots=True)
class Envelope:
    """The text before the features (behind a single one) as a format with gaps, and the headers of the answer."""

    text: bytes
    gaps: tuple[str, ...]
    headers: Headers

    def head(self, asking: Asking, page: Page) -> bytes:
        """All that comes before the first feature."""
        values: dict[str, Any] = {
            "matched": page.matched,
            "returned": page.returned,
            "here": page.here,
            "before": page.before,
            "behind": page.behind,
            "repeated": asking.repeated.encode("ascii"),
        }
        return self.text % tuple([values[gap] for gap in self.gaps])

    def around(self, fid: str, text: bytes) -> bytes:
        """A single feature with the links of its own."""
        return text[:-1] + self.text % ((fid.encode("ascii"),) * len(self.gaps))


def page_of(asking: Asking, matched: int, returned: int) -> Page:
    """The numbers of the page that was asked for."""
    start, _ = before(asking.offset, asking.limit, matched)
    return Page(matched, returned, asking.offset, start, asking.offset + asking.limit)


def learnt(answer: Answer, asking: Asking, page: Page, name: str) -> Envelope | None:
    """The envelope of a page; None where it does not follow from the request in the way known here.

    ``name`` is what the ETag of the answer should be.
    """
    head, found, _ = answer.body.partition(FEATURES)
    if not found or not _named(answer, name):
        return None
    envelope = orjson.loads(head + b"}")
    if envelope.get("numberMatched") != page.matched or envelope.get("numberReturned") != page.returned:
        return None
    envelope["numberMatched"], envelope["numberReturned"] = _gap("matched"), _gap("returned")
    for link in envelope.get("links", ()):
        link["href"] = _opened(link["href"], link.get("rel"), asking, page)
    made = _made(orjson.dumps(envelope)[:-1], answer, FEATURES)
    return made if made.head(asking, page) == head + found else None


def learnt_item(answer: Answer, fid: str, text: bytes, name: str) -> Envelope | None:
    """What follows a single feature ``text``; None where the answer does not begin with it."""
    if not answer.body.startswith(text[:-1] + b",") or not _named(answer, name):
        return None
    behind = orjson.loads(b"{" + answer.body[len(text) :])
    for link in behind.get("links", ()):
        path, mark, query = link["href"].partition("?")
        if path.endswith(f"/items/{fid}"):
            link["href"] = f"{path.removesuffix(fid)}{_gap('fid')}{mark}{query}"
    made = _made(b"," + orjson.dumps(behind)[1:], answer, b"")
    return made if made.around(fid, text) == answer.body else None


def _made(text: bytes, answer: Answer, end: bytes) -> Envelope:
    gaps: list[str] = []

    def format_of(match: re.Match[bytes]) -> bytes:
        gaps.append((match[1] or match[2]).decode())
        return b"%d" if gaps[-1] in _NUMBERS else b"%b"

    return Envelope(
        text=_GAP.sub(format_of, text.replace(b"%", b"%%")) + end,
        gaps=tuple(gaps),
        headers=tuple(pair for pair in answer.headers if pair[0] not in NOT_CARRIED),
    )


def _named(answer: Answer, name: str) -> bool:
    """Whether the long way gives the answer the name that the short way would give it; private ones have none."""
    return answer.header("etag") in ("", f'"{name}"')


def _opened(href: str, rel: str | None, asking: Asking, page: Page) -> str:
    """The address of a link with gaps for the parameters and the page that it leads to."""
    path, mark, query = href.partition("?")
    if not mark:
        return href
    first, repeated, rest = query.partition(asking.repeated) if asking.repeated else (query, "", "")
    here = ("here", page.here)
    leads = {
        "self": here, "alternate": here, "prev": ("before", page.before), "next": ("behind", page.behind)
    }.get(rel or "")  # fmt: skip
    if leads is not None:
        name, number = leads
        first = _OFFSET.sub(lambda match: _gap(name) if match[0] == str(number) else match[0], first)
    return f"{path}?{first}{_gap('repeated') if repeated else ''}{rest}"


def _gap(name: str) -> str:
    return f"{_MARK}{name}{_MARK}"
