"""Copies of the GeoPackages for servers that read them: an office that filters by a field would index it, too."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

from tests.bench.peers.peer import Place

FIELDS = {"buildings": ("class_code", "id"), "villages": ("kode",)}


def geopackages(place: Place) -> dict[str, Path]:
    """The layers by name, each with an index on the fields that are asked for."""
    folder, found = place.make("indexed"), {}
    for layer, fields in FIELDS.items():
        copy = found[layer] = folder / f"{layer}-{place.scale:g}.gpkg"
        if copy.exists():
            continue
        part = copy.with_suffix(".part")
        shutil.copyfile(place.data[layer], part)
        with sqlite3.connect(part) as conn:
            for field in fields:
                conn.execute(f"CREATE INDEX {layer}_{field} ON {layer} ({field})")
        conn.close()
        part.rename(copy)
    return found
