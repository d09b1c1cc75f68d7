"""The lists of region codes that a node knows (kode referensi): ``config/codes/*.csv``, one edition or several.

A list has the columns kode, nama, jenis, induk, edisi. A file of changes has kode_lama, kode_baru, edisi_sejak, sumber:
which region is new, and out of which it was cut where that is printed (kode_lama may be blank). What is in no file is
unknown, never made up.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from geoportal.errors import Invalid
from geoportal.model.references import CodeList, RegionCode
from geoportal.settings import LOCAL, config_file

FOLDER = "codes"
CHANGES = "perubahan"
"""Kind and authority of what a file of changes holds: entries with the new code, as parent the one it was cut from
(None where that is not printed).
"""
LIST_COLUMNS = {"kode", "nama", "jenis", "induk", "edisi"}
CHANGE_COLUMNS = {"kode_lama", "kode_baru", "edisi_sejak", "sumber"}
BPS = "BPS"
_NUMBER = re.compile(r"\d+")
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")


def read_code_lists(config: Path) -> tuple[CodeList, ...]:
    """All lists of a configuration folder, one for each edition, the newest first; those of BPS and changes last.

    A file in ``local/codes/`` stands before one of the same name in ``codes/``. Empty where the node has none. Invalid
    for a file that is no such list.
    """
    names = {path.name for folder in (config, config / LOCAL) for path in (folder / FOLDER).glob("*.csv")}
    files = [config_file(config, f"{FOLDER}/{name}") for name in sorted(names)]
    states = [(path, path.stat()) for path in files]
    return _read(tuple((path, state.st_mtime_ns, state.st_size) for path, state in states))


def edition_order(edition: str) -> tuple[int, tuple[int, ...], str]:
    """What editions are ordered by: the year that they print, then their numbers as numbers, then their text."""
    years = _YEAR.findall(edition)
    return (int(years[-1]) if years else 0, tuple(map(int, _NUMBER.findall(edition))), edition)


@lru_cache(maxsize=4)
def _read(files: tuple[tuple[Path, int, int], ...]) -> tuple[CodeList, ...]:
    """The files in one state: a list of the whole country is long, and every check asks for it."""
    lists: dict[str, dict[str, RegionCode]] = {}
    changes: dict[str, list[RegionCode]] = {}
    for path, _, size in files:
        if not size:
            continue  # an empty file in local/ takes away the shared one
        for row in _rows(path):
            if "kode_baru" in row:
                cut = RegionCode(row["kode_baru"], row["sumber"], CHANGES, row["kode_lama"] or None)
                changes.setdefault(row["edisi_sejak"], []).append(cut)
            else:
                entry = RegionCode(row["kode"], row["nama"], row["jenis"], row["induk"] or None)
                lists.setdefault(row["edisi"], {})[entry.code] = entry
    found = [
        CodeList(edition, edition, tuple(sorted(entries.values(), key=lambda entry: entry.code)), _authority(edition))
        for edition, entries in lists.items()
    ]
    found.sort(key=lambda item: (item.authority != BPS, edition_order(item.edition)), reverse=True)
    return (*found, *(CodeList(CHANGES, since, tuple(rows), CHANGES) for since, rows in sorted(changes.items())))


def _rows(path: Path) -> Iterator[dict[str, str]]:
    """The rows of a file with its values trimmed: a name in an official list may end in a blank."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream)
            columns = set(reader.fieldnames or ())
            if not columns >= LIST_COLUMNS and not columns >= CHANGE_COLUMNS:
                raise Invalid(f"{path}: a list of codes has the columns kode, nama, jenis, induk, edisi")
            for row in reader:
                if all(value is None or not value.strip() for value in row.values() if isinstance(value, str | None)):
                    continue
                values = {name: (row[name] or "").strip() for name in LIST_COLUMNS | CHANGE_COLUMNS if name in columns}
                code, edition = ("kode_baru", "edisi_sejak") if "kode_baru" in values else ("kode", "edisi")
                if not values[code] or not values[edition]:
                    raise Invalid(f"{path}: line {reader.line_num} has no {code} or no {edition}")
                yield values
    except (UnicodeDecodeError, csv.Error) as error:
        raise Invalid(f"{path} cannot be read as CSV in UTF-8: {error}") from error


def _authority(edition: str) -> str:
    return edition.split()[0]
