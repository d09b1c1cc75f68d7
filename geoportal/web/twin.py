"""The JSON twin of a page: the same content for programs, at the same address with ``f=json``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from geoportal.web.answers import answer
from geoportal.web.visitor import Visitor

MEDIA_TYPE = "application/json"


def wanted(visitor: Visitor) -> bool:
    """Whether the address asks for the twin."""
    return visitor.value("f") == "json"


def twin_href(visitor: Visitor) -> str:
    """The address of the twin of this very page, relative to it."""
    return "?" + urlencode([*((name, value) for name, value in visitor.query if name != "f"), ("f", "json")])


def show(content: Mapping[str, object], request: Request, visitor: Visitor) -> Response:
    """The answer with the twin, cached and revalidated as the page is."""
    body = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode("utf-8")
    return answer(request.headers, body, MEDIA_TYPE, anonymous=visitor.anonymous)
