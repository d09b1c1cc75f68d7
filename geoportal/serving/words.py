"""Words in the texts of a layer: ``words.sqlite``, an index (FTS5) of all fields of text, and the search by it.

Case and accents do not matter. A search says terms with ``,`` between, one of which must occur; a term of several words
means just these, one after the other; the last may be the beginning of a longer one (OGC 24-031, q-response).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from geoportal.serving.connections import Connections
from geoportal.serving.summary import WORDS, ServedField

_HASH = 64 << 20  # bytes of words that are held before they are written: fewer pieces to merge


def write_words(folder: Path, rows: Path, fields: Sequence[ServedField]) -> bool:
    """Write the index over the rows in the SQLite file ``rows``; False where no field is text, so that none is needed.

    Contentless: what was found is read from the fragments.
    """
    columns = [field.column for field in fields if field.queryable and field.type == "string" and field.column]
    path = folder / WORDS
    path.unlink(missing_ok=True)
    if not columns:
        return False
    with closing(sqlite3.connect(path, isolation_level=None, uri=True)) as connection:
        for statement in ("journal_mode=OFF", "synchronous=OFF", "locking_mode=EXCLUSIVE", "cache_size=-32768"):
            connection.execute(f"PRAGMA {statement}")
        connection.execute("ATTACH ? AS layer", (f"{rows.resolve().as_uri()}?mode=ro",))
        connection.execute("BEGIN")
        connection.execute(
            f"CREATE VIRTUAL TABLE main.words USING fts5({', '.join(columns)}, content='', columnsize=0, "
            'tokenize="unicode61 remove_diacritics 2")'
        )
        connection.execute("INSERT INTO words(words, rank) VALUES ('hashsize', ?)", (_HASH,))
        named = ", ".join(columns)
        connection.execute(f"INSERT INTO words(rowid, {named}) SELECT row, {named} FROM layer.rows ORDER BY row")
        connection.execute("INSERT INTO words(words) VALUES ('optimize')")
        connection.execute("COMMIT")
    return True


def rows_with(connections: Connections, terms: Sequence[str]) -> NDArray[np.int32]:
    """The rows, in order, with one of the terms in one of their texts."""
    asked = " OR ".join(f'"{quoted}" *' for term in terms if (quoted := _quoted(term)))
    if not asked:
        return np.empty(0, dtype=np.int32)
    with connections.use() as connection:
        # One text of all rows: four times as fast as a tuple for each of half a million.
        (found,) = connection.execute(
            "SELECT group_concat(rowid, ' ') FROM words WHERE words MATCH ?", (asked,)
        ).fetchone()
    rows = np.fromstring(found or "", dtype=np.int32, sep=" ")
    rows.sort()
    return rows


def terms_of(q: str) -> list[str]:
    """The terms of a search; none where nothing is asked for."""
    return [term for part in q.split(",") if (term := part.strip())]


def _quoted(term: str) -> str:
    """A term as the inside of a string of FTS5; empty for one without a letter or a digit, which no text contains."""
    plain = term.replace("\x00", " ").encode("utf-8", "replace").decode()
    return plain.replace('"', '""') if any(letter.isalnum() for letter in plain) else ""
