"""Files as they are: downloads with ranges, the drawings of a dataset, and its map page."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from datetime import UTC
from email.utils import format_datetime, parsedate_to_datetime
from typing import BinaryIO

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from geoportal.errors import NotFound
from geoportal.model.access import Classification
from geoportal.model.dataset import Publication
from geoportal.serving.listing import FOLDER
from geoportal.web.answers import PRIVATE, REVALIDATE, answer
from geoportal.web.assets import SVG_POLICY
from geoportal.web.site import Site
from geoportal.web.tiles import with_tiles
from geoportal.web.visitor import Visitor

CHUNK_BYTES = 256 * 1024
VARY = "Authorization"
RANGE = re.compile(r"bytes=(\d*)-(\d*)")
DIGITS = 18


def download(site: Site, request: Request) -> Response:
    """A file of one published version: whole, or the range that is asked for (RFC 9110 14)."""
    visitor = site.visitor(request)
    ids = request.path_params
    publication = site.node.publication(visitor.audience, ids["id"], version_number(ids["n"]))
    extension = ids["name"].removeprefix(f"{publication.dataset_id}.")
    offered = site.shelf.facts(publication).download(extension)
    if offered is None or ids["name"] != offered.name:
        raise NotFound()
    path = site.node.derived(publication) / FOLDER / offered.name
    try:
        stream = path.open("rb")
    except OSError as error:
        raise NotFound() from error
    size = os.fstat(stream.fileno()).st_size
    # The digest of the content: a build made anew of the same content is the same file to whoever has it.
    before = f"{publication.version.digest[:24]}-{publication.build}-{extension}"
    tag = f'"{offered.sha256[:40] if offered.sha256 else before}"'
    open_to_all = publication.classification is Classification.PUBLIC and visitor.anonymous
    headers = {
        "etag": tag,
        "last-modified": format_datetime(publication.published_at.astimezone(UTC), usegmt=True),
        "accept-ranges": "bytes",
        "cache-control": REVALIDATE if open_to_all else PRIVATE,
        "vary": VARY,
        "content-disposition": f'attachment; filename="{_file_name(publication, extension)}"',
    }
    if _unchanged(request, publication, tag):
        stream.close()
        return Response(status_code=304, headers=headers)
    sent, status = range(size), 200
    if _range_holds(request, publication, tag):
        asked = requested_range(request.headers["range"], size)
        if asked is not None and not asked:
            stream.close()
            return Response(status_code=416, headers=headers | {"content-range": f"bytes */{size}"})
        if asked:
            sent, status = asked, 206
            headers["content-range"] = f"bytes {sent.start}-{sent.stop - 1}/{size}"
    headers["content-length"] = str(len(sent))
    if request.method == "HEAD":
        stream.close()
        return Response(status_code=status, headers=headers, media_type=offered.kind.media_type)
    return StreamingResponse(_chunks(stream, sent), status, headers, offered.kind.media_type)


def _file_name(publication: Publication, extension: str) -> str:
    """The name to save under. The id is ASCII by CONTRACT 2, so it needs no quoting (RFC 6266)."""
    return f"{publication.dataset_id}-v{publication.version.number}.{extension}"


def version_number(text: str) -> int:
    """The number of a version in an address; NotFound for what cannot be one."""
    if not re.fullmatch(r"[1-9][0-9]{0,8}", text):
        raise NotFound()
    return int(text)


def requested_range(header: str, size: int) -> range | None:
    """The bytes that a Range header asks for; empty where it cannot be satisfied, None where it is to be ignored.

    Several ranges in one request are ignored, as RFC 9110 14.2 allows: the whole file is the right answer too.
    """
    form = RANGE.fullmatch(header.strip().lower().replace(" ", ""))
    if form is None or form.groups() == ("", "") or any(len(group) > DIGITS for group in form.groups()):
        return None
    start, end = form.groups()
    if not start:
        return range(size - min(int(end), size), size)
    if end and int(end) < int(start):
        return None
    return range(int(start), min(int(end) + 1, size) if end else size)


def _unchanged(request: Request, publication: Publication, tag: str) -> bool:
    """Whether the asker has this file already (If-None-Match before If-Modified-Since, RFC 9110 13.2.2)."""
    if (asked := request.headers.get("if-none-match")) is not None:
        tags = [part.strip().removeprefix("W/") for part in asked.split(",")]
        return "*" in tags or tag in tags
    return _not_after(request.headers.get("if-modified-since", ""), publication)


def _range_holds(request: Request, publication: Publication, tag: str) -> bool:
    """Whether a range is asked for, of this very file (If-Range compares strongly, RFC 9110 13.1.5)."""
    if request.method != "GET" or "range" not in request.headers:
        return False
    condition = request.headers.get("if-range")
    if condition is None or condition == tag:
        return True
    return not condition.startswith(('"', "W/")) and _date(condition) == publication.published_at.replace(microsecond=0)


def _date(value: str) -> object:
    try:
        return parsedate_to_datetime(value)
    except (ValueError, TypeError):
        return None


def _not_after(value: str, publication: Publication) -> bool:
    try:
        return publication.published_at.replace(microsecond=0) <= parsedate_to_datetime(value)
    except (ValueError, TypeError):
        return False


def _chunks(stream: BinaryIO, sent: range) -> Iterator[bytes]:
    """The bytes to send, in pieces that no server has to hold twice."""
    with stream:
        stream.seek(sent.start)
        left = len(sent)
        while left > 0 and (piece := stream.read(min(CHUNK_BYTES, left))):
            left -= len(piece)
            yield piece


def thumbnail(site: Site, request: Request) -> Response:
    """The small drawing of a dataset for its card."""
    return _drawing(site, request, "thumb.svg")


def picture(site: Site, request: Request) -> Response:
    """The drawing that stands behind the map of a dataset, and in its place without JavaScript."""
    return _drawing(site, request, "map.svg")


def _drawing(site: Site, request: Request, name: str) -> Response:
    visitor = site.visitor(request)
    publication = asked_version(site, visitor, request.path_params["id"])
    body = _built(site, publication, name)
    return answer(
        request.headers,
        body,
        "image/svg+xml",
        anonymous=visitor.anonymous,
        vary=VARY,
        more={"content-security-policy": SVG_POLICY},
    )


def map_page(site: Site, request: Request) -> Response:
    """The map of one dataset, made when it was published, under the policy that was written with it."""
    visitor = site.visitor(request)
    publication = asked_version(site, visitor, request.path_params["id"])
    previews = site.shelf.facts(publication).previews
    language = visitor.language if visitor.language in previews else next(iter(sorted(previews)), "")
    body = _built(site, publication, f"preview.{language}.html")
    written = json.loads(_built(site, publication, f"preview.{language}.json"))
    policy = str(written["csp"]).strip().rstrip(";")
    for directive in ("frame-ancestors 'self'", "sandbox allow-scripts"):
        if directive.split()[0] not in policy:
            policy = f"{policy}; {directive}"
    body, policy = with_tiles(body, policy, site.node.settings.maps.tiles, language)
    return answer(
        request.headers,
        body,
        "text/html",
        anonymous=visitor.anonymous,
        more={"content-security-policy": policy},
    )


def asked_version(site: Site, visitor: Visitor, dataset_id: str) -> Publication:
    """The publication of a dataset, or the earlier version that ``?version=`` names."""
    number = visitor.value("version")
    return site.node.publication(visitor.audience, dataset_id, version_number(number) if number else None)


def _built(site: Site, publication: Publication, name: str) -> bytes:
    try:
        return (site.node.derived(publication) / name).read_bytes()
    except OSError as error:
        raise NotFound() from error
