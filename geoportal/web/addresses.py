"""The addresses of the portal (CONTRACT 2) in one table, and the one function that fills them."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote, urlencode

ADDRESSES = {
    "home": "/",
    "catalogue": "/katalog",
    "dataset": "/dataset/{id}",
    "version": "/dataset/{id}/v/{n}",
    "report": "/dataset/{id}/mutu",
    "thumbnail": "/dataset/{id}/thumb.svg",
    "picture": "/dataset/{id}/map.svg",
    "map": "/peta/{id}",
    "download": "/berkas/{id}/{n}/{name}",
    "producer": "/produsen/{id}",
    "developers": "/pengembang",
    "about": "/tentang",
    "help": "/bantuan",
    "rule": "/bantuan/{id}",
    "problem": "/masalah/{code}",
    "feedback": "/lapor",
    "feedback_status": "/lapor/{number}",
    "setup": "/siapkan",
    "static": "/static/{path:path}",
    "robots": "/robots.txt",
    "favicon": "/favicon.ico",
    "emblem": "/emblem.svg",
    "live": "/health/live",
    "ready": "/health/ready",
}
"""Name -> path, as Starlette reads it. ``n`` is a version number."""

API = "/ogc"


def address(name: str, query: Iterable[tuple[str, str]] = (), /, **ids: object) -> str:
    """The path of a page with its ids filled in and quoted, and ``query`` behind it."""
    path = ADDRESSES[name].replace(":path", "")
    filled = path.format(**{key: quote(str(value), safe="/" if key == "path" else "") for key, value in ids.items()})
    pairs = list(query)
    return f"{filled}?{urlencode(pairs)}" if pairs else filled


def collection(dataset_id: str, *more: str) -> str:
    """The path of a dataset's collection in the OGC API, or of something below it."""
    return "/".join((API, "collections", *(quote(part, safe="") for part in (dataset_id, *more))))
