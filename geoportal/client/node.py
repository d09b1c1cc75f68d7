"""A node somewhere: its datasets, their features, their files."""

from __future__ import annotations

import urllib.error
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from geoportal.client.dataset import Box, RemoteDataset, RemoteFile, crs_uri, dataset_of
from geoportal.client.transport import Transport
from geoportal.errors import BadRequest, Invalid, NotFound, Unavailable

if TYPE_CHECKING:
    import folium
    import geopandas

Progress = Callable[[int, int], object]

CRS84 = "OGC:CRS84"
PAGE = 1000
CHUNK = 1 << 18


class RemoteNode:
    """A node by its address, asked with a token or as the public.

    ``language`` is that of titles and abstracts (``id`` or ``en``; by default the node's own). Raises the errors of
    ``geoportal.errors``: NotFound alike for what is not there and for what the token may not see, Unavailable when the
    node stays busy or out of reach after several tries.
    """

    def __init__(self, url: str, token: str | None = None, *, language: str | None = None, **patience: Any) -> None:
        """Speak to the node at ``url``. ``patience``: timeout_s, tries, pause of ``Transport``."""
        self._transport = Transport(url, token, **patience)
        self._language = language

    def __repr__(self) -> str:
        """Where it is; never the token."""
        return f"RemoteNode({self._transport.base!r})"

    def datasets(self) -> list[RemoteDataset]:
        """All datasets that exist for whoever asks, without their fields (``dataset`` brings those)."""
        found = self._document("/ogc/collections")
        return [dataset_of(item) for item in found.get("collections", ()) if item.get("itemType") == "feature"]

    def search(self, text: str = "", bbox: Box | None = None) -> list[RemoteDataset]:
        """The datasets that speak of all words of ``text`` and touch ``bbox`` (west, south, east, north; degrees)."""
        return [dataset for dataset in self.datasets() if dataset.speaks_of(text) and dataset.meets(bbox)]

    def dataset(self, dataset_id: str) -> RemoteDataset:
        """One dataset with its fields."""
        at = f"/ogc/collections/{quote(dataset_id, safe='')}"
        return dataset_of(self._document(at), self._document(f"{at}/schema"))

    def versions(self, dataset_id: str) -> list[int]:
        """The published versions that can still be read, oldest first; asks once for each number."""
        newest = self.dataset(dataset_id).version or 0
        return [number for number in range(1, newest + 1) if number == newest or self._has(dataset_id, number)]

    def read(
        self,
        dataset_id: str,
        *,
        bbox: Box | None = None,
        properties: Sequence[str] | None = None,
        where: Mapping[str, object] | None = None,
        limit: int | None = None,
        crs: str | None = None,
        version: int | None = None,
        page_size: int = PAGE,
        progress: Progress | None = None,
    ) -> geopandas.GeoDataFrame:
        """Features as a GeoDataFrame with their ids as its index, all of one version however many pages that takes.

        ``bbox`` is west, south, east, north in degrees; ``properties`` are the columns wanted, ``where`` the values
        that columns must have; ``limit`` the most features. Without ``crs`` coordinates come as longitude and latitude
        (CRS84, 9 decimals); with the dataset's own ``crs`` they are the producer's own numbers. x stands before y in
        either. ``progress(read, total)`` is called after each page.
        """
        from geoportal.client.frame import frame_of

        dataset = self.dataset(dataset_id)
        if limit is not None and limit < 1:
            raise BadRequest("limit must be at least 1")
        wanted = {"f": "json", "limit": str(min(page_size, limit or page_size))}
        if bbox is not None:
            wanted["bbox"] = ",".join(repr(float(value)) for value in bbox)
        if properties is not None:
            wanted["properties"] = ",".join(properties)
        if crs is not None:
            wanted["crs"] = crs_uri(crs)
        if version is not None:
            wanted["version"] = str(version)
        for name, value in (where or {}).items():
            if name not in dataset.fields:
                raise BadRequest(f"{dataset_id} has no column {name!r}; it has {', '.join(dataset.fields)}")
            wanted[name] = _asked(value)
        link: str | None = f"/ogc/collections/{quote(dataset_id, safe='')}/items?{urlencode(wanted)}"
        features: list[dict[str, Any]] = []
        seen: set[str] = set()
        while link:
            if link in seen:
                raise Invalid("the node links back to a page that was read already")
            seen.add(link)
            page = self._document(link)
            features += page.get("features", ())
            total = min(page.get("numberMatched") or len(features), limit or 1 << 62)
            if progress:
                progress(min(len(features), total), total)
            more = limit is None or len(features) < limit
            link = (
                next((one["href"] for one in page.get("links", ()) if one.get("rel") == "next"), None) if more else None
            )
        fields = {name: kind for name, kind in dataset.fields.items() if properties is None or name in properties}
        return frame_of(features[:limit], fields if version in (None, dataset.version) else {}, crs or CRS84)

    def download(self, dataset_id: str, format: str, path: str | Path, *, progress: Progress | None = None) -> Path:
        """Download a file of a dataset (``gpkg``, ``geojson``, ``shp.zip`` ...) to ``path``, a file or a folder.

        A download that broke off goes on where it stopped, in this call and in a later one, as long as the node still
        has the same file (ETag). ``path`` appears when the file is whole. Returns where it is.
        """
        dataset = self.dataset(dataset_id)
        file = next((one for one in dataset.files if one.format == format.lower().lstrip(".")), None)
        if file is None:
            offered = ", ".join(one.format for one in dataset.files) or "no file"
            raise NotFound(f"{dataset_id} is not offered as {format}; there is {offered}")
        target = Path(path)
        if target.is_dir():
            target /= file.href.rsplit("/", 1)[-1]
        part, tag = target.with_name(f"{target.name}.part"), target.with_name(f"{target.name}.etag")
        self._transport.patiently(lambda: self._fetch(file, part, tag, progress))
        part.replace(target)
        tag.unlink(missing_ok=True)
        return target

    def canvas(self, **options: Any) -> folium.Map:
        """An empty folium map without tiles whose script and style come from this node, and from nowhere else.

        ``options`` are those of ``folium.Map``. folium escapes nothing: values from data go through
        ``geoportal.maps.escape.inert`` before they become tooltips or names.
        """
        import folium

        chart = folium.Map(tiles=None, **options)
        vendor = f"{self._transport.base}/static/vendor/leaflet/leaflet"
        chart.default_js = [("leaflet", f"{vendor}.js")]
        chart.default_css = [("leaflet_css", f"{vendor}.css")]
        return chart

    def _fetch(self, file: RemoteFile, part: Path, tag: Path, progress: Progress | None) -> None:
        """One try: what is missing behind ``part``, or all of it where the node has another file than before."""
        known = tag.read_text("utf-8") if tag.exists() and part.exists() else ""
        had = part.stat().st_size if known else 0
        headers = {"Range": f"bytes={had}-", "If-Range": known} if had else {}
        try:
            with self._transport.opened(file.href, headers) as answer:
                now = answer.headers.get("ETag", "")
                if answer.status == 206 and (now != known or _first(answer.headers.get("Content-Range", "")) != had):
                    part.unlink()
                    raise Unavailable("the node sent another part of the file than was asked for; try again")
                if answer.status != 206:
                    had = 0
                tag.write_text(now, "utf-8")
                length = int(answer.headers.get("Content-Length") or 0)
                total = had + length
                with part.open("ab" if had else "wb") as stream:
                    while chunk := answer.read(CHUNK):
                        stream.write(chunk)
                        if progress:
                            progress(stream.tell(), total)
                if length and part.stat().st_size != total:
                    raise EOFError("the connection ended before the file did")
        except urllib.error.HTTPError as error:
            if error.code == 416:  # what is here is no beginning of what the node has
                part.unlink(missing_ok=True)
                raise EOFError("the file has changed") from error
            raise

    def _has(self, dataset_id: str, number: int) -> bool:
        try:
            self._document(f"/ogc/collections/{quote(dataset_id, safe='')}/items?f=json&limit=1&version={number}")
        except (NotFound, BadRequest):
            return False
        return True

    def _document(self, link: str) -> dict[str, Any]:
        if self._language and "lang=" not in link:
            link += f"{'&' if '?' in link else '?'}lang={self._language}"
        return self._transport.document(link)


def _asked(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _first(content_range: str) -> int:
    """The first byte that a Content-Range names, -1 where it names none."""
    start = content_range.removeprefix("bytes ").partition("-")[0]
    return int(start) if start.isdecimal() else -1
