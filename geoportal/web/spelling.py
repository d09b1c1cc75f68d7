"""How words are compared, and what a search that found nothing may have meant."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable

LIKENESS = 0.72
MOST_WORDS = 8
WORD = re.compile(r"[\w/-]+")


def plain(text: str) -> str:
    """A text without case and accents, as it is compared."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def words_of(texts: Iterable[str]) -> set[str]:
    """All words of some texts, plain."""
    return {word for text in texts for word in WORD.findall(plain(text))}


def respelled(asked: str, known: set[str]) -> str:
    """The search with each unknown word replaced by the known one that is written most alike; empty where nothing is
    gained.
    """
    terms = plain(asked).split()[:MOST_WORDS]
    candidates = sorted(known)
    better = [
        term if term in known else next(iter(difflib.get_close_matches(term, candidates, 1, LIKENESS)), term)
        for term in terms
    ]
    return " ".join(better) if better != terms else ""
