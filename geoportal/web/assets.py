"""Static files of the node itself: style, fonts, emblem, map scripts; kept in memory with their compressed forms.

``config/local/theme/`` comes before ``config/theme/`` and that before ``static/``: a region puts its own
``emblem.svg``, ``band.svg`` or ``theme.css`` (other values for the custom properties of ``geoportal.css``) there and
changes no template. ``ground.geojson`` is that of the configuration: the land under the maps of the explorer.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from starlette.datastructures import Headers
from starlette.responses import Response

from geoportal.errors import NotFound
from geoportal.settings import LOCAL
from geoportal.web.addresses import address
from geoportal.web.answers import matches, tag_of
from geoportal.web.encoding import compressed, wanted

STATIC = Path(__file__).parent / "static"
MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".woff2": "font/woff2",
    ".ico": "image/x-icon",
    ".txt": "text/plain; charset=utf-8",
    ".json": "application/json",
    ".geojson": "application/geo+json",
}
KEPT_FOR_EVER = "public, max-age=31536000, immutable"
KEPT_AN_HOUR = "public, max-age=3600, must-revalidate"
TEXTS = frozenset({".css", ".js", ".svg", ".txt", ".json", ".geojson"})
GROUND = "ground.geojson"
SVG_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
"""For a drawing that is opened by itself: no script, nothing from anywhere."""


@dataclass(frozen=True, slots=True)
class Asset:
    """One file in memory: its bytes, their name, and the forms in which it may be sent."""

    body: bytes
    tag: str
    media_type: str
    stamp: tuple[int, int]
    encoded: dict[str, tuple[bytes, str | None]]


class Assets:
    """The static files, read once and again when they change on disk."""

    def __init__(self, config: Path) -> None:
        """Look in the node's own theme first, then in that of the configuration, then in ``static``."""
        self._roots = (config / LOCAL / "theme", config / "theme", STATIC)
        self._settings = (config / LOCAL, config)
        self._known: dict[str, Asset] = {}
        self._lock = Lock()

    def find(self, path: str) -> Path | None:
        """The file of a path below one of the roots; None for what is not there, is hidden, or is of another kind."""
        parts = path.split("/")
        if any(not part or part.startswith(".") or "\\" in part or "\0" in part for part in parts):
            return None
        if Path(path).suffix not in MEDIA_TYPES:
            return None
        roots = self._settings if path == GROUND else self._roots
        return next((file for root in roots if (file := root.joinpath(*parts)).is_file()), None)

    def get(self, path: str) -> Asset:
        """The asset of a path; NotFound where there is none."""
        file = self.find(path)
        if file is None:
            raise NotFound()
        state = file.stat()
        stamp = (state.st_mtime_ns, state.st_size)
        known = self._known.get(path)
        if known is None or known.stamp != stamp:
            body = file.read_bytes()
            known = Asset(body, tag_of(body), MEDIA_TYPES[file.suffix], stamp, {})
            with self._lock:
                self._known[path] = known
        return known

    def url(self, path: str) -> str:
        """The address of an asset, with the name of its bytes so that it may be kept for ever."""
        try:
            return address("static", [("v", self.get(path).tag[:12])], path=path)
        except NotFound:
            return address("static", path=path)

    def has(self, path: str) -> bool:
        """Whether there is such a file."""
        return self.find(path) is not None

    def respond(self, path: str, headers: Headers, version: str = "") -> Response:
        """The answer to a request for an asset, for any page: also for a map in a sandboxed frame (origin ``null``)."""
        asset = self.get(path)
        forever = bool(version) and asset.tag.startswith(version)
        out = {
            "etag": f'W/"{asset.tag}"',
            "cache-control": KEPT_FOR_EVER if forever else KEPT_AN_HOUR,
            "vary": "Accept-Encoding",
            "access-control-allow-origin": "*",
        }
        if path.endswith(".svg"):
            out["content-security-policy"] = SVG_POLICY
        if (asked := headers.get("if-none-match")) and matches(asked, asset.tag):
            return Response(status_code=304, headers=out)
        encoding = wanted(headers.get("accept-encoding", "")) if Path(path).suffix in TEXTS else None
        key = encoding or ""
        if key not in asset.encoded:
            asset.encoded[key] = compressed(asset.body, encoding, thorough=True)
        body, used = asset.encoded[key]
        if used:
            out["content-encoding"] = used
        return Response(body, 200, out, asset.media_type)
