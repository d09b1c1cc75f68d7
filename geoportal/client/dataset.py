"""What a node says of one of its datasets."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Box = tuple[float, float, float, float]

FILE = re.compile(r"/berkas/[a-z0-9_-]+/(\d+)/[a-z0-9_-]+\.([a-z0-9.]+)$")
CRS = re.compile(r"/def/crs/(EPSG|OGC)/[^/]+/(\w+)$")


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file to download: its format (``gpkg``, ``geojson``, ``shp.zip`` ...), address and length in bytes."""

    format: str
    href: str
    media_type: str
    length: int | None


@dataclass(frozen=True, slots=True)
class RemoteDataset:
    """A published dataset of a node, in the language that the node answers in.

    ``extent`` is west, south, east, north in degrees (CRS84), None for one without places. ``crs`` is the reference
    system that its producer delivered it in, ``systems`` are those that it can be read in. ``fields`` maps a column to
    its JSON Schema type, ``version`` is the number that the node shows now (None where it offers no file).
    """

    id: str
    title: str
    abstract: str
    keywords: tuple[str, ...]
    licence: str
    extent: Box | None
    crs: str
    systems: tuple[str, ...]
    fields: Mapping[str, str]
    version: int | None
    page: str
    files: tuple[RemoteFile, ...]

    def meets(self, box: Box | None) -> bool:
        """Whether its extent touches a box; a dataset without an extent meets no box."""
        if box is None:
            return True
        e = self.extent
        return e is not None and e[0] <= box[2] and box[0] <= e[2] and e[1] <= box[3] and box[1] <= e[3]

    def speaks_of(self, text: str) -> bool:
        """Whether all words stand in id, title, abstract or keywords, in upper or lower case."""
        said = " ".join((self.id, self.title, self.abstract, *self.keywords)).casefold()
        return all(word in said for word in text.casefold().split())


def dataset_of(collection: Mapping[str, Any], schema: Mapping[str, Any] | None = None) -> RemoteDataset:
    """The dataset that a collection document describes, with its fields where the schema is given."""
    links = [link for link in collection.get("links", ()) if isinstance(link, dict) and link.get("href")]
    files = tuple(file for link in links if link.get("rel") == "enclosure" and (file := _file(link)))
    boxes = (collection.get("extent") or {}).get("spatial", {}).get("bbox") or []
    box = boxes[0] if boxes else None
    licence = next((link for link in links if link.get("rel") == "license"), {})
    page = next((link["href"] for link in links if link.get("rel") == "describedby"), "")
    numbers = [int(found[1]) for file in files if (found := FILE.search(file.href))]
    return RemoteDataset(
        id=str(collection["id"]),
        title=str(collection.get("title") or collection["id"]),
        abstract=str(collection.get("description") or ""),
        keywords=tuple(map(str, collection.get("keywords") or ())),
        licence=str(licence.get("title") or licence.get("href") or ""),
        extent=(box[0], box[1], box[-2], box[-1]) if box and len(box) == 4 else None,
        crs=short_crs(str(collection.get("storageCrs") or "")),
        systems=tuple(dict.fromkeys(short_crs(str(uri)) for uri in collection.get("crs") or ())),
        fields={
            str(name): str(about.get("type") or about.get("format") or "")
            for name, about in ((schema or {}).get("properties") or {}).items()
            if isinstance(about, dict) and not _beside(about)
        },
        version=max(numbers, default=None),
        page=page,
        files=files,
    )


def _beside(about: Mapping[str, Any]) -> bool:
    """Whether a schema tells of the geometry or of the feature's id, which stand beside the fields."""
    only_id = about.get("x-ogc-role") == "id" and about.get("readOnly") is True
    return only_id or str(about.get("format", "")).startswith("geometry")


def _file(link: Mapping[str, Any]) -> RemoteFile | None:
    found = FILE.search(str(link["href"]))
    if found is None:
        return None
    length = link.get("length")
    return RemoteFile(
        found[2], str(link["href"]), str(link.get("type") or ""), length if isinstance(length, int) else None
    )


def short_crs(uri: str) -> str:
    """``EPSG:32750`` for the address of a reference system, ``OGC:CRS84`` for that of CRS84; else as it is."""
    found = CRS.search(uri)
    return f"{found[1]}:{found[2]}" if found else uri


def crs_uri(crs: str) -> str:
    """The address by which the API knows a reference system such as ``EPSG:32750``."""
    authority, _, code = crs.partition(":")
    if authority.upper() == "EPSG" and code.isdecimal():
        return f"http://www.opengis.net/def/crs/EPSG/0/{code}"
    if authority.upper() == "OGC":
        return "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
    return crs
