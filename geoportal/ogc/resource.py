"""What is mounted under ``/ogc``: one entry of the table of resources."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Answer = tuple[Mapping[str, str], int, Any]
"""What a function of pygeoapi gives back: headers, status, and the document."""


@dataclass(frozen=True, slots=True)
class Resource:
    """One kind of resource: its path, its formats with their media types, its parameters, and the function of
    pygeoapi that answers.

    ``json_type`` is the media type of its JSON. ``fields``: the collection's fields are parameters too. ``kept``: the
    finished document may stay with the view, for it depends on format and language alone. ``posted``: a filter may come
    as the body of a POST.
    """

    name: str
    path: str
    call: Callable[..., Answer]
    offers: Mapping[str, tuple[str, ...]]
    json_type: str
    known: frozenset[str] = frozenset()
    fields: bool = False
    kept: bool = True
    posted: bool = False
