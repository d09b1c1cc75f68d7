"""The exception tree: every promise that can be broken, with its code, HTTP status and exit code.

GeoportalError                  500 / 1
    NotFound                    404 / 4   a thing that is not there, or that the asker may not know of
    NotAllowed                  403 / 5   the actor may not do this
        NotSignedIn             401 / 5   nobody is signed in, and somebody must be
    Conflict                    409 / 6   somebody else was first, or the thing is in another state
    Invalid                     422 / 7   what was given does not make sense
        BadRequest              400 / 2   the form of a request or command is wrong
        UnreadableSource        422 / 1   a file that cannot be read as geospatial data, or not safely
        InvalidSpecification    422 / 7   a specification, profile or declaration that says the impossible
        NotPublishable          422 / 1   the gate is blocked; carries the report
        UnknownReferenceSystem  422 / 1   a layer without a CRS, and nobody gave one
        DamagedLedger           422 / 1   a ledger of repairs that no repair wrote, or that was changed since
    Unavailable                 503 / 8   the node cannot do this now; try again later
        StorageFull             507 / 8   too little space in the data directory

Bad data is a Report, not an exception (``model.report``). An exception is a broken promise. Codes are permanent: they
are the last part of ``/masalah/{code}``, and their titles and explanations stand in ``locale/*/errors.po``.
"""

from __future__ import annotations

from typing import Any, ClassVar


class GeoportalError(Exception):
    """Something that the node promised did not hold."""

    code: ClassVar[str] = "internal-error"
    status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 1

    def __init__(self, detail: str = "", **facts: Any) -> None:
        """Keep a sentence for the reader and the named facts that a page or a program may show."""
        super().__init__(detail or self.code)
        self.detail = detail
        self.facts = facts


class NotFound(GeoportalError):
    """There is no such thing, or none that the asker may know of."""

    code, status, exit_code = "not-found", 404, 4


class NotAllowed(GeoportalError):
    """The actor's role does not allow this action."""

    code, status, exit_code = "not-allowed", 403, 5


class NotSignedIn(NotAllowed):
    """This needs somebody who is signed in."""

    code, status = "not-signed-in", 401


class Conflict(GeoportalError):
    """The thing has changed meanwhile, or is in a state that does not allow this."""

    code, status, exit_code = "conflict", 409, 6


class Invalid(GeoportalError):
    """What was given does not make sense."""

    code, status, exit_code = "invalid", 422, 7


class BadRequest(Invalid):
    """The form of a request or of a command is wrong."""

    code, status, exit_code = "bad-request", 400, 2


class UnreadableSource(Invalid):
    """A file cannot be read as geospatial data, or not safely."""

    code, exit_code = "unreadable-source", 1


class InvalidSpecification(Invalid):
    """A specification, a profile or a declaration of a dataset says something impossible."""

    code = "invalid-specification"


class NotPublishable(Invalid):
    """The gate is blocked: the layer does not meet its profile. ``facts['report']`` holds the report."""

    code, exit_code = "not-publishable", 1


class UnknownReferenceSystem(Invalid):
    """A layer has no coordinate reference system, and none was given. ``facts['candidates']`` lists the likely ones."""

    code, exit_code = "unknown-reference-system", 1


class DamagedLedger(Invalid):
    """A ledger of repairs was not written by a repair, was changed since, or belongs to another layer."""

    code, exit_code = "damaged-ledger", 1


class Unavailable(GeoportalError):
    """The node cannot do this at the moment."""

    code, status, exit_code = "unavailable", 503, 8


class StorageFull(Unavailable):
    """The data directory has too little free space for this."""

    code, status = "storage-full", 507


class TooManyMessages(Unavailable):
    """More came in within an hour than the setting allows; ``facts['retry_after_s']`` says when there is room again."""

    code, status = "too-many-messages", 429


def error_classes() -> list[type[GeoportalError]]:
    """All classes of the tree, the root first: the table that pages and tests go through."""
    found: list[type[GeoportalError]] = [GeoportalError]
    for cls in found:
        found.extend(cls.__subclasses__())
    return found
