"""Which files of a version can be downloaded: the table of formats, and ``unduhan.json`` beside the files.

The list is written when the files are (``downloads``) and read by page and API; it says of each file what it is, its
digest, its reference system and what the format could not keep, and of each format that is not there why.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = "berkas"
LISTING = "unduhan.json"
FORMAT = 1
CRS84 = "OGC:CRS84"


@dataclass(frozen=True, slots=True)
class Kind:
    """A format of downloads: its name, the same in every language, its media type, and whether it is always in CRS84.

    Where it is not, files are in the reference system of the source.
    """

    title: str
    media_type: str
    crs84: bool = False


KINDS: dict[str, Kind] = {
    "gpkg": Kind("GeoPackage", "application/geopackage+sqlite3"),
    "shp.zip": Kind("Shapefile", "application/zip"),
    "geojson": Kind("GeoJSON", "application/geo+json", crs84=True),
    "csv": Kind("CSV", "text/csv; charset=utf-8; header=present"),
    "kml": Kind("KML", "application/vnd.google-earth.kml+xml", crs84=True),
    "fgb": Kind("FlatGeobuf", "application/flatgeobuf"),
    "parquet": Kind("GeoParquet", "application/vnd.apache.parquet"),
    "pmtiles": Kind("PMTiles", "application/vnd.pmtiles", crs84=True),
}
"""Extension -> format, the one for most people first: the one table of what may be downloaded."""

BEFORE_LISTS = ("gpkg", "geojson")
"""What builds made before there were lists hold."""


@dataclass(frozen=True, slots=True)
class Said:
    """A remark in both languages under a permanent code: what a format could not keep, or why it is not there."""

    code: str
    id: str
    en: str

    def in_language(self, language: str) -> str:
        """The remark in ``language``."""
        return self.en if language == "en" else self.id

    def as_dict(self) -> dict[str, str]:
        """The remark as JSON."""
        return {"code": self.code, "id": self.id, "en": self.en}


@dataclass(frozen=True, slots=True)
class Offered:
    """One file that may be downloaded. ``sha256`` is None for a build that was made before there were lists.

    ``crs`` is ``AUTHORITY:CODE``, else WKT, None for a table without places; ``count`` is the number of features.
    """

    extension: str
    name: str
    size_bytes: int
    sha256: str | None = None
    crs: str | None = None
    count: int | None = None
    notes: tuple[Said, ...] = ()

    @property
    def kind(self) -> Kind:
        """The format of the file."""
        return KINDS[self.extension]


@dataclass(frozen=True, slots=True)
class Absent:
    """A format in which a layer is not offered, and why."""

    extension: str
    reason: Said


@dataclass(frozen=True, slots=True)
class Listing:
    """All files of one build that may be downloaded, in the order of ``KINDS``, and the formats that are missing."""

    files: tuple[Offered, ...] = ()
    absent: tuple[Absent, ...] = ()

    def file(self, extension: str) -> Offered | None:
        """The file in a format, None where it is not offered."""
        return next((each for each in self.files if each.extension == extension), None)

    def as_dict(self) -> dict[str, Any]:
        """The list as JSON; ``from_dict`` gives it back."""
        return {
            "format": FORMAT,
            "files": [
                {
                    "ext": each.extension,
                    "name": each.name,
                    "bytes": each.size_bytes,
                    "sha256": each.sha256,
                    "media_type": each.kind.media_type,
                    "crs": each.crs,
                    "count": each.count,
                    "notes": [note.as_dict() for note in each.notes],
                }
                for each in self.files
            ],
            "absent": [{"ext": each.extension, "reason": each.reason.as_dict()} for each in self.absent],
        }

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Listing:
        """The list from its JSON; formats that this program does not know are left out."""
        return cls(
            files=tuple(
                Offered(
                    extension=each["ext"],
                    name=each["name"],
                    size_bytes=each["bytes"],
                    sha256=each["sha256"],
                    crs=each["crs"],
                    count=each["count"],
                    notes=tuple(Said(**note) for note in each["notes"]),
                )
                for each in value["files"]
                if each["ext"] in KINDS
            ),
            absent=tuple(
                Absent(each["ext"], Said(**each["reason"])) for each in value["absent"] if each["ext"] in KINDS
            ),
        )


def write_listing(folder: Path, listing: Listing) -> None:
    """Write the list beside the files of a build, last of all: what it names is there and whole."""
    written = json.dumps(listing.as_dict(), ensure_ascii=False, indent=2)
    (folder / FOLDER / LISTING).write_text(written + "\n", "utf-8")


def read_listing(folder: Path, dataset_id: str) -> Listing:
    """What may be downloaded of the build in ``folder``: only files that are there with the size that they had.

    Without a list, as in builds of former programs, the GeoPackage and the GeoJSON that lie there.
    """
    place = folder / FOLDER
    try:
        listing = Listing.from_dict(json.loads((place / LISTING).read_bytes()))
    except (OSError, ValueError, KeyError, TypeError):
        found = [(extension, place / f"{dataset_id}.{extension}") for extension in BEFORE_LISTS]
        return Listing(
            tuple(Offered(extension, path.name, path.stat().st_size) for extension, path in found if path.is_file())
        )
    return Listing(
        tuple(
            each
            for each in listing.files
            if each.name == f"{dataset_id}.{each.extension}" and _size(place / each.name) == each.size_bytes
        ),
        listing.absent,
    )


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None
