"""GeoJSON in CRS84 (RFC 7946): the very Features that the API serves, in one file that names its record."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import orjson

from geoportal.serving.downloads.contents import Contents
from geoportal.serving.downloads.notes import Note
from geoportal.serving.edition import facts
from geoportal.serving.summary import FRAGMENTS

_HEAD_BYTES = 1 << 20


def write(contents: Contents, path: Path) -> list[Note]:
    """Put the Features of the serving files into one FeatureCollection named after the dataset."""
    summary = contents.summary
    head: dict[str, Any] = {"type": "FeatureCollection", "name": contents.dataset_id}
    told = facts(contents.record, contents.edition)
    if title := told.get("title"):
        head["title"] = title
    if description := told.get("description"):
        head["description"] = description
    head["metadata"] = told
    if summary.extent_crs84:
        head["bbox"] = summary.extent_crs84
    with path.open("wb") as file, (contents.serving / FRAGMENTS).open("rb") as fragments:
        file.write(orjson.dumps(head)[:-1] + b',"features":[\n')
        shutil.copyfileobj(fragments, file, 1 << 20)
        file.write(b"\n]}\n")
    return moved(contents) + without_measures(contents)


def reopen(contents: Contents, path: Path) -> None:
    """Take the file apart without its features: the Features are read back when the serving files are probed.

    RuntimeError where head, tail and size are not those of a whole FeatureCollection.
    """
    size = (contents.serving / FRAGMENTS).stat().st_size
    with path.open("rb") as file:
        head, _, _ = file.read(_HEAD_BYTES).partition(b'"features":[\n')
        file.seek(len(head) + len(b'"features":[\n') + size)
        tail = file.read()
    whole = orjson.loads(head + b'"features":[]' + tail.strip().removeprefix(b"]"))
    if whole["name"] != contents.dataset_id or tail != b"\n]}\n":
        raise RuntimeError(f"the GeoJSON of {contents.dataset_id} is not whole")


def moved(contents: Contents) -> list[Note]:
    """Notes on what came of the coordinates on their way to CRS84."""
    summary, notes = contents.summary, []
    if summary.extent_source is not None and not summary.operation.null:
        code = "moved-roughly" if summary.operation.ballpark else "moved"
        notes.append(Note(code, operation=summary.operation.name))
    if summary.unplaced:
        notes.append(Note("unplaced", count=summary.unplaced))
    return notes


def without_measures(contents: Contents) -> list[Note]:
    """A note on measures (M), which the format does not have."""
    return [Note("measures", count=contents.measured)] if contents.measured else []
