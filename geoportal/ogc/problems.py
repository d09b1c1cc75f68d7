"""Errors under ``/ogc``: RFC 9457 problem documents that also carry pygeoapi's ``code`` and ``description``, which
clients expect.
"""

from __future__ import annotations

from typing import Any

import orjson

from geoportal.errors import GeoportalError
from geoportal.language import LANGUAGES, has_text, text
from geoportal.ogc.cql2.phrase import filled

MEDIA_TYPE = "application/problem+json"

OGC_CODES = {
    400: "InvalidParameterValue",
    401: "NotAuthorized",
    404: "NotFound",
    405: "MethodNotAllowed",
    406: "NotAcceptable",
    414: "InvalidParameterValue",
    503: "NoApplicableCode",
}
OUR_CODES = {401: "not-signed-in", 403: "not-allowed", 404: "not-found", 503: "unavailable"}
"""Status -> the code of ``geoportal.errors`` that ``/masalah/{code}`` explains; a mistake of the client otherwise, or
one of ours.
"""


class Problem(Exception):
    """Why a request gets no answer. ``key`` is the sentence (in ``messages.po``), ``params`` fill its gaps."""

    def __init__(
        self,
        status: int,
        key: str,
        *,
        headers: dict[str, str] | None = None,
        ogc_code: str | None = None,
        **params: Any,
    ) -> None:
        """Say it with an HTTP status; ``ogc_code`` where pygeoapi has named the kind of mistake itself."""
        super().__init__(key)
        self.status = status
        self.key = key
        self.params = params
        self.headers = headers or {}
        self.ogc_code = ogc_code

    @property
    def code(self) -> str:
        """The code under which ``/masalah/{code}`` explains the problem."""
        if self.status in OUR_CODES:
            return OUR_CODES[self.status]
        return "bad-request" if self.status < 500 else GeoportalError.code

    def sentence(self, language: str) -> str:
        """What went wrong, in a language."""
        return text("messages", self.key, language, **filled(self.params, language))

    def title(self, language: str) -> str:
        """The kind of problem in a few words."""
        return text("errors", f"{self.code}.title", language)

    def as_dict(self, base_url: str, path: str, language: str) -> dict[str, Any]:
        """The problem document. ``instance`` is the path that was asked for."""
        return {
            "type": f"{base_url}/masalah/{self.code}",
            "title": self.title(language),
            "status": self.status,
            "detail": self.sentence(language),
            "instance": path,
            "code": self.ogc_code or OGC_CODES.get(self.status, "NoApplicableCode"),
            "description": self.sentence("en"),
        }

    def as_json(self, base_url: str, path: str, language: str) -> bytes:
        """The problem document as bytes."""
        return orjson.dumps(self.as_dict(base_url, path, language))


MISSING = "There is no such collection, or none that is available to you."
"""One sentence for what is not there and for what may not be known of."""


def no_collection() -> Problem:
    """The one answer for a collection that does not exist, is not published, or is hidden from the asker."""
    return Problem(404, MISSING)


def from_error(error: GeoportalError) -> Problem:
    """The problem that one of our exceptions makes."""
    if error.status == 401:
        return Problem(
            401,
            "The token is not known, has expired or was revoked.",
            headers={"WWW-Authenticate": 'Bearer realm="geoportal", error="invalid_token"'},
        )
    if error.status == 404:
        return no_collection()
    if error.status < 500:
        detail = error.detail or str(error)
        if any(has_text("messages", detail, language) for language in LANGUAGES):
            return Problem(error.status, detail)
        return Problem(error.status, "{detail}", detail=detail)
    return Problem(
        error.status, "The node cannot answer this at the moment. Try again later.", headers={"Retry-After": "5"}
    )


LONGEST_ADDRESS = 8192
"""Bytes of path and query together; around every route a longer one is refused before it is read."""


def from_status(status: int, method: str) -> Problem:
    """The problem that a bare status means, where nobody said more of it."""
    match status:
        case 404:
            return Problem(404, "There is nothing at this address.")
        case 405:
            return Problem(405, "{method} is not possible here.", method=method)
        case 414:
            return Problem(414, "The address is longer than {limit} bytes.", limit=LONGEST_ADDRESS)
    return Problem(status, "The request cannot be answered as it was sent.")
