"""Who looks at a page: the audience of the request, the language, and where the visitor stands."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request

from geoportal.model.access import PUBLIC_AUDIENCE, Audience

AUDIENCE = "geoportal.audience"
"""Where ``edge`` leaves the audience in the ASGI scope."""

LANGUAGE_COOKIE = "lang"


@dataclass(frozen=True, slots=True)
class Visitor:
    """One request as the pages see it.

    ``explicit`` tells that the address names the language: then links carry it on. ``anonymous`` is a request that says
    nothing of who asks: only its answers may lie in a shared cache.
    """

    language: str
    explicit: bool
    audience: Audience
    anonymous: bool
    path: str
    query: tuple[tuple[str, str], ...]

    def values(self, name: str) -> list[str]:
        """All values of a query parameter, without empty ones."""
        return [value for key, value in self.query if key == name and value]

    def value(self, name: str) -> str:
        """The first value of a query parameter, or an empty text."""
        return next(iter(self.values(name)), "")


def visitor_of(request: Request, languages: tuple[str, ...]) -> Visitor:
    """Read the visitor; the language is that of ``?lang=``, of the cookie, of Accept-Language, or the node's first."""
    asked = request.query_params.get("lang")
    kept = request.cookies.get(LANGUAGE_COOKIE)
    if asked in languages:
        language = asked
    elif kept in languages:
        language = kept
    else:
        language = accepted_language(request.headers.get("accept-language", ""), languages)
    return Visitor(
        language=language,
        explicit=asked in languages,
        audience=request.scope.get(AUDIENCE, PUBLIC_AUDIENCE),
        anonymous="authorization" not in request.headers,
        path=request.scope["path"],
        query=tuple(request.query_params.multi_items()),
    )


def accepted_language(header: str, languages: tuple[str, ...]) -> str:
    """The language that an Accept-Language header likes best; the first one where it names none of them."""
    best, weight = languages[0], 0.0
    for tag, quality in weighted(header):
        language = tag.split("-")[0]
        if language in languages and quality > weight:
            best, weight = language, quality
    return best


def weighted(header: str) -> list[tuple[str, float]]:
    """The values of an Accept header in lower case with their weights (RFC 9110 12.4.2); 0 for what is no number."""
    found = []
    for part in header.lower().split(","):
        value, *parameters = (piece.strip() for piece in part.split(";"))
        quality = 1.0
        for parameter in parameters:
            if parameter.startswith("q="):
                try:
                    quality = min(1.0, max(0.0, float(parameter[2:])))
                except ValueError:
                    quality = 0.0
        if value:
            found.append((value, quality))
    return found


def prefers_html(accept: str) -> bool:
    """Whether an Accept header would rather have a page than JSON; a page where it does not say."""

    def weight(*kinds: str) -> float:
        return max((quality for kind, quality in weighted(accept) if kind in kinds), default=0.0)

    anything = weight("*/*")
    page = weight("text/html", "application/xhtml+xml") or weight("text/*") or anything
    data = weight("application/json", "application/problem+json", "application/geo+json") or weight("application/*")
    return not accept.strip() or page >= max(data, 1e-9)
