"""The code list of a region (kode wilayah) from a table of the Kemendagri codes: the region and all below it."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass

from geoportal.actions.mistake import Mistake

CODE_COLUMNS = ("kode", "code", "kode_wilayah", "id")
NAME_COLUMNS = ("nama", "name", "nama_wilayah")
EDITION_COLUMNS = ("edisi", "edition")
MOST_BYTES = 32 << 20
FIRST_CITY = 71
"""Second part of a code: cities (kota) count from 71, regencies (kabupaten) from 01."""


@dataclass(frozen=True, slots=True)
class CodeList:
    """The codes of a region as CSV (kode, nama, jenis, induk, edisi); ``name`` is that of the region itself."""

    table: bytes
    name: str
    count: int


def dotted(text: str) -> str | None:
    """A code with its dots (``PP``, ``PP.KK``, ``PP.KK.CC`` or ``PP.KK.CC.DDDD``) from a code with or without them."""
    digits = re.sub(r"[.\s-]", "", text)
    if not re.fullmatch(r"\d{2}|\d{4}|\d{6}|\d{10}", digits):
        return None
    return ".".join(part for part in (digits[:2], digits[2:4], digits[4:6], digits[6:]) if part)


def kind_of(code: str) -> str:
    """What a code stands for: provinsi, kabupaten, kota, kecamatan, kelurahan or desa."""
    parts = code.split(".")
    if len(parts) == 2:
        return "kota" if int(parts[1]) >= FIRST_CITY else "kabupaten"
    if len(parts) == 4:
        return "kelurahan" if parts[3].startswith("1") else "desa"
    return "provinsi" if len(parts) == 1 else "kecamatan"


def codes_of(body: bytes, region_code: str, edition: str = "") -> CodeList:
    """The codes of a region out of a CSV with a code and a name column; Mistake says why there are none.

    ``edition`` is the rule that the list prints (the code of a village changes with it); a column ``edisi`` of the
    table comes first.
    """
    if len(body) > MOST_BYTES:
        raise Mistake("codes-large", most=MOST_BYTES >> 20)
    try:
        written = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Mistake("codes-text") from error
    head = written.split("\n", 1)[0]
    rows = csv.reader(io.StringIO(written), delimiter=max(",;\t", key=head.count))
    try:
        columns = [cell.strip().lower() for cell in next(rows, [])]
        code_at, name_at = _column(columns, CODE_COLUMNS), _column(columns, NAME_COLUMNS)
        edition_at = _column(columns, EDITION_COLUMNS)
        if code_at is None or name_at is None:
            raise Mistake("codes-columns", found=", ".join(columns)[:200])
        found: dict[str, tuple[str, str]] = {}
        for row in rows:
            code = dotted(row[code_at]) if len(row) > max(code_at, name_at) else None
            if code and (code == region_code or code.startswith(f"{region_code}.")):
                own = row[edition_at].strip() if edition_at is not None and len(row) > edition_at else ""
                found[code] = (row[name_at].strip(), own or edition)
    except csv.Error as error:
        raise Mistake("codes-text") from error
    if not found:
        raise Mistake("codes-none", code=region_code)
    if not all(edition for _, edition in found.values()):
        raise Mistake("codes-edition")
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(("kode", "nama", "jenis", "induk", "edisi"))
    for code in sorted(found):
        name, own = found[code]
        writer.writerow((code, name, kind_of(code), code.rpartition(".")[0], own))
    return CodeList(table.getvalue().encode("utf-8"), found.get(region_code, ("", ""))[0], len(found))


def _column(columns: list[str], names: tuple[str, ...]) -> int | None:
    return next((columns.index(name) for name in names if name in columns), None)
