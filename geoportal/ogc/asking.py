"""A request with what is known of whoever sent it."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request

from geoportal.ogc.request import header_of


@dataclass(frozen=True, slots=True)
class Asking:
    """One request before it is read. ``public``: it says nothing of who asks, so its answer may lie in any cache."""

    request: Request
    language: str
    public: bool

    @property
    def method(self) -> str:
        """The method in capitals."""
        return self.request.method

    @property
    def coding(self) -> str:
        """The Accept-Encoding header."""
        return header_of(self.request, "accept-encoding")

    @property
    def nameable(self) -> bool:
        """Whether its answer has an ETag by which a client may ask again: it is public, and no answer to a POST."""
        return self.public and self.method != "POST"

    @property
    def known(self) -> str:
        """The If-None-Match header, where it counts; all its lines as one."""
        return header_of(self.request, "if-none-match").strip() if self.nameable else ""
