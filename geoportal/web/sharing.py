"""What scripts of other pages may read (CORS): files, drawings, and what an error means. ``/ogc`` says so for itself.

``*`` on what is public, nothing on the rest (SECURITY 2): an answer to somebody who says who they are is no business of
another page. So no preflight allows ``Authorization``, and ``Access-Control-Allow-Credentials`` is never sent.
"""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import Response
from starlette.routing import compile_path

from geoportal.web.addresses import ADDRESSES

ALLOWED = "GET, HEAD, OPTIONS"
EXPOSED = "Accept-Ranges, Content-Disposition, Content-Encoding, Content-Length, Content-Range, ETag, Retry-After"
PREFLIGHT = {
    "access-control-allow-methods": ALLOWED,
    "access-control-allow-headers": (
        "Accept, Accept-Language, Content-Type, If-Match, If-Modified-Since, If-None-Match, If-Range, Range"
    ),
    "access-control-max-age": "86400",
}
OPEN = {"access-control-allow-origin": "*", "access-control-expose-headers": EXPOSED}

_FOLDERS = tuple(ADDRESSES[name].partition("{")[0] for name in ("download", "problem"))
_DRAWINGS = tuple(compile_path(ADDRESSES[name])[0] for name in ("thumbnail", "picture"))


def shared(path: str) -> bool:
    """Whether what lies at ``path`` may be read by other pages; also what is not there: their errors are, too."""
    return path.startswith(_FOLDERS) or any(pattern.fullmatch(path) for pattern in _DRAWINGS)


def open_to_pages(path: str, *, anonymous: bool) -> Mapping[str, str]:
    """The headers that open an answer to scripts of any page; none where it is not for everybody."""
    return OPEN if anonymous and shared(path) else {}


def options(*, anonymous: bool, preflight: bool) -> Response:
    """The answer to OPTIONS: the same whether there is something at the address or not."""
    headers = {"allow": ALLOWED, "cache-control": "no-store"}
    return Response(status_code=204, headers=headers | (PREFLIGHT if anonymous and preflight else {}))
