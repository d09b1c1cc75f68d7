"""What readers write to the node: reports of a mistake and requests for access, each with a number and its answers.

Whoever has the number may look at what became of it; nothing lists the messages in public. The number holds 40 random
bits. A contact is personal data: it is kept only where the sender gave it, never shown on a page, and can be erased.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from geoportal.errors import Invalid, NotFound
from geoportal.store.clock import now
from geoportal.store.tables import answers, messages, storable

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's: without I, L, O and U, which are misread or misheard."""

_MISREAD = str.maketrans("ILO", "110")


class Kind(StrEnum):
    """What a message is: a report of a mistake, or a request to see what is not public."""

    MISTAKE = "mistake"
    ACCESS = "access"


class Status(StrEnum):
    """What became of a message: diterima, diperiksa, diperbaiki, dikabulkan, ditolak."""

    RECEIVED = "received"
    CHECKING = "checking"
    FIXED = "fixed"
    GRANTED = "granted"
    REJECTED = "rejected"


ENDS: dict[Kind, tuple[Status, ...]] = {
    Kind.MISTAKE: (Status.FIXED, Status.REJECTED),
    Kind.ACCESS: (Status.GRANTED, Status.REJECTED),
}
"""How a message of each kind may end."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One step of what became of a message. ``at`` is UTC; ``by`` is shown to staff only."""

    status: Status
    note: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Draft:
    """A message before it has a number. ``place`` is longitude, latitude in degrees (CRS84).

    ``body`` is what is wrong or, of a request for access, the purpose; ``wanted`` names the data in the sender's own
    words, because guarded datasets do not exist for a stranger. ``removed`` counts the control characters that were
    taken out of the texts.
    """

    kind: Kind
    body: str
    language: str
    dataset_id: str | None = None
    dataset_version: int | None = None
    feature: str | None = None
    place: tuple[float, float] | None = None
    wanted: str | None = None
    sender: str | None = None
    agency: str | None = None
    contact: str | None = None
    removed: int = 0


@dataclass(frozen=True, slots=True)
class Message:
    """A message with its number, the moment it came in (UTC), and its answers, oldest first."""

    number: str
    draft: Draft
    created_at: datetime
    answers: tuple[Answer, ...] = ()

    @property
    def status(self) -> Status:
        """What became of it so far."""
        return self.answers[-1].status if self.answers else Status.RECEIVED

    @property
    def ended(self) -> bool:
        """Whether nothing more is to be done."""
        return self.status in ENDS[self.draft.kind]


def normal(number: str) -> str:
    """A number as it is kept: in capitals, with the letters that people mistake for digits read as those.

    Dashes may be missing where somebody copied it by hand.
    """
    bare = "".join(number.upper().split()).replace("-", "").replace("–", "").removeprefix("L").translate(_MISREAD)
    return f"L-{bare[:4]}-{bare[4:8]}-{bare[8:]}" if len(bare) == 12 else number


def add(conn: sa.Connection, draft: Draft) -> Message:
    """Keep a message and give it a number that nobody can guess."""
    moment = now(conn)
    code = "".join(secrets.choice(ALPHABET) for _ in range(8))
    number = f"L-{moment:%Y}-{code[:4]}-{code[4:]}"
    longitude, latitude = draft.place or (None, None)
    conn.execute(
        sa.insert(messages).values(
            number=number,
            kind=str(draft.kind),
            dataset_id=draft.dataset_id,
            dataset_version=draft.dataset_version,
            body=draft.body,
            feature=draft.feature,
            longitude=longitude,
            latitude=latitude,
            wanted=draft.wanted,
            sender=draft.sender,
            agency=draft.agency,
            contact=draft.contact,
            removed=draft.removed,
            language=draft.language,
            created_at=moment,
        )
    )
    return Message(number, draft, moment)


def get(conn: sa.Connection, number: str) -> Message:
    """The message of a number, written in any common way; NotFound where there is none."""
    row = conn.execute(sa.select(messages).where(messages.c.number == normal(storable(number)))).mappings().first()
    if row is None:
        raise NotFound("there is no message of that number")
    return _message(row, _answers(conn, [row["number"]]).get(row["number"], ()))


def list_messages(
    conn: sa.Connection, *, kind: Kind | None = None, open_only: bool = False, limit: int = 100
) -> list[Message]:
    """The newest messages, newest first; ``open_only`` leaves out what has ended."""
    query = sa.select(messages).order_by(messages.c.created_at.desc(), messages.c.number)
    if kind is not None:
        query = query.where(messages.c.kind == str(kind))
    if open_only:
        latest = (
            sa.select(answers.c.status)
            .where(answers.c.number == messages.c.number)
            .order_by(answers.c.sequence.desc())
            .limit(1)
            .scalar_subquery()
        )
        ended = sorted({str(status) for ends in ENDS.values() for status in ends})
        query = query.where(sa.func.coalesce(latest, str(Status.RECEIVED)).not_in(ended))
    rows = conn.execute(query.limit(limit)).mappings().all()
    told = _answers(conn, [row["number"] for row in rows])
    return [_message(row, told.get(row["number"], ())) for row in rows]


def came_since(conn: sa.Connection, moment: datetime) -> list[datetime]:
    """When the messages after a moment (UTC) came in, oldest first."""
    query = sa.select(messages.c.created_at).where(messages.c.created_at > moment).order_by(messages.c.created_at)
    return list(conn.execute(query).scalars())


def answer(conn: sa.Connection, number: str, status: Status, note: str, by: str) -> Message:
    """Say what became of a message. Invalid where its kind cannot end so."""
    message = get(conn, number)
    if status not in (Status.RECEIVED, Status.CHECKING, *ENDS[message.draft.kind]):
        allowed = ", ".join((Status.CHECKING, *ENDS[message.draft.kind]))
        raise Invalid(
            f"a message of kind {message.draft.kind} cannot be {status}: use {allowed}", number=message.number
        )
    conn.execute(
        sa.insert(answers).values(
            number=message.number, status=str(status), note=note, answered_by=by, answered_at=now(conn)
        )
    )
    return get(conn, message.number)


def forget(conn: sa.Connection, number: str) -> Message:
    """Erase what tells who sent a message: name, agency and contact."""
    found = get(conn, number)
    conn.execute(
        sa.update(messages).where(messages.c.number == found.number).values(sender=None, agency=None, contact=None)
    )
    return get(conn, found.number)


def _answers(conn: sa.Connection, numbers: list[str]) -> dict[str, tuple[Answer, ...]]:
    query = sa.select(answers).where(answers.c.number.in_(numbers)).order_by(answers.c.sequence)
    found: dict[str, list[Answer]] = {}
    for row in conn.execute(query):
        told = Answer(Status(row.status), row.note, row.answered_by, row.answered_at)
        found.setdefault(row.number, []).append(told)
    return {number: tuple(told) for number, told in found.items()}


def _message(row: sa.RowMapping, told: tuple[Answer, ...]) -> Message:
    names = (
        "body", "language", "dataset_id", "dataset_version", "feature", "wanted", "sender", "agency", "contact",
        "removed",
    )  # fmt: skip
    place = None if row["longitude"] is None else (row["longitude"], row["latitude"])
    draft = Draft(kind=Kind(row["kind"]), place=place, **{name: row[name] for name in names})
    return Message(row["number"], draft, row["created_at"], told)


def due_day(message: Message, working_days: int, zone: ZoneInfo) -> date:
    """The last day, in the node's zone, on which an answer keeps the promise."""
    return add_working_days(message.created_at.astimezone(zone).date(), working_days)


def add_working_days(day: date, days: int) -> date:
    """``days`` working days after ``day``, Monday to Friday; public holidays are not known here."""
    while days:
        day += timedelta(days=1)
        days -= day.weekday() < 5
    return day
