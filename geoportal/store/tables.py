"""The tables of the register, in words that SQLite and PostgreSQL share; ``migrations/`` tells how they came about."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from geoportal.model.access import Classification
from geoportal.model.dataset import Stage

metadata = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)


class Instant(sa.TypeDecorator[datetime]):
    """A moment: aware in Python, UTC in the table."""

    impl = sa.DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """To UTC without a zone, as the column keeps it."""
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """The column's UTC, said aloud."""
        return None if value is None else value.replace(tzinfo=UTC)


def storable(value: str) -> str:
    """``value`` without the lone surrogates that a file name in a broken encoding brings, which no database takes."""
    return value.encode("utf-8", "replace").decode("utf-8")


class Words(sa.TypeDecorator[str]):
    """Text that may come from a file or a command line."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> str | None:
        """As text that the database takes."""
        return None if value is None else storable(value)


def _one_of(column: str, values: Any) -> sa.CheckConstraint:
    return sa.CheckConstraint(f"{column} IN ({', '.join(repr(str(value)) for value in values)})", column)


counters = sa.Table(
    "counters",
    metadata,
    sa.Column("name", sa.String(32), primary_key=True),
    sa.Column("value", sa.BigInteger, nullable=False),
)

datasets = sa.Table(
    "datasets",
    metadata,
    sa.Column("dataset_id", sa.String(64), primary_key=True),
    sa.Column("classification", sa.String(16), nullable=False),
    sa.Column("opd", sa.JSON, nullable=False),
    sa.Column("stage", sa.String(16), nullable=False),
    sa.Column("specification", sa.JSON, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    _one_of("classification", Classification),
    _one_of("stage", Stage),
)

records = sa.Table(
    "records",
    metadata,
    sa.Column("dataset_id", sa.String(64), sa.ForeignKey("datasets.dataset_id"), primary_key=True),
    sa.Column("revision", sa.Integer, primary_key=True),
    sa.Column("content", sa.JSON, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
)

versions = sa.Table(
    "versions",
    metadata,
    sa.Column("dataset_id", sa.String(64), sa.ForeignKey("datasets.dataset_id"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("created_by", Words, nullable=False),
    sa.Column("source_name", Words, nullable=False),
    sa.Column("features", sa.Integer, nullable=False),
    sa.Column("crs", Words),
    sa.Column("geometry_type", Words),
    sa.Column("verdict", sa.String(32), nullable=False),
    sa.Column("gate", sa.String(16)),
    sa.Column("spec", Words),
    sa.Column("note", Words),
    sa.Column("same_as", sa.Integer),
    sa.Column("idempotency_key", Words),
    sa.CheckConstraint("number >= 1", "number"),
    sa.UniqueConstraint("dataset_id", "idempotency_key"),
    sa.ForeignKeyConstraint(["dataset_id", "same_as"], ["versions.dataset_id", "versions.number"]),
)

publications = sa.Table(
    "publications",
    metadata,
    sa.Column("sequence", sa.Integer, primary_key=True),
    sa.Column("dataset_id", sa.String(64), nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("build", sa.String(32), nullable=False),
    sa.Column("specification", sa.JSON, nullable=False),
    sa.Column("override", Words),
    sa.Column("published_at", Instant, nullable=False),
    sa.Column("published_by", Words, nullable=False),
    sa.Column("ended_at", Instant),  # NULL: this is what is out now
    sa.Column(
        "retired", sa.Boolean, nullable=False
    ),  # true: a withdrawal took it out of the history that readers may ask for
    sa.ForeignKeyConstraint(["dataset_id", "number"], ["versions.dataset_id", "versions.number"]),
    sqlite_autoincrement=True,
)
sa.Index("ix_publications_dataset_id_number", publications.c.dataset_id, publications.c.number)
sa.Index(
    "uq_publications_current",
    publications.c.dataset_id,
    unique=True,
    sqlite_where=publications.c.ended_at.is_(None),
    postgresql_where=publications.c.ended_at.is_(None),
)

tokens = sa.Table(
    "tokens",
    metadata,
    sa.Column("sequence", sa.Integer, primary_key=True),
    sa.Column("name", sa.String(64), nullable=False),
    sa.Column("prefix", sa.String(16), nullable=False, unique=True),
    sa.Column("digest", sa.String(64), nullable=False),  # sha256 of the token, which itself is kept nowhere
    sa.Column("classes", sa.JSON, nullable=False),
    sa.Column("datasets", sa.JSON, nullable=False),
    sa.Column("opd", Words),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("expires_at", Instant, nullable=False),
    sa.Column("revoked_at", Instant),
    sqlite_autoincrement=True,
)
sa.Index(
    "uq_tokens_live_name",
    tokens.c.name,
    unique=True,
    sqlite_where=tokens.c.revoked_at.is_(None),
    postgresql_where=tokens.c.revoked_at.is_(None),
)

events = sa.Table(
    "events",
    metadata,
    sa.Column("sequence", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("actor", Words, nullable=False),
    sa.Column("role", sa.String(16), nullable=False),
    sa.Column("opd", Words),
    sa.Column("system_user", Words),
    sa.Column("action", sa.String(64), nullable=False),
    sa.Column("dataset_id", sa.String(64), index=True),
    sa.Column("facts", Words, nullable=False),  # JSON, kept as the very text that was hashed
    sa.Column("prev_hash", sa.String(64), nullable=False),
    sa.Column("hash", sa.String(64), nullable=False),
)

messages = sa.Table(
    "messages",
    metadata,
    sa.Column("number", sa.String(16), primary_key=True),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("dataset_id", sa.String(64), sa.ForeignKey("datasets.dataset_id")),
    sa.Column("dataset_version", sa.Integer),
    sa.Column("body", Words, nullable=False),
    sa.Column("feature", Words),
    sa.Column("longitude", sa.Float),
    sa.Column("latitude", sa.Float),
    sa.Column("wanted", Words),
    sa.Column("sender", Words),
    sa.Column("agency", Words),
    sa.Column("contact", Words),  # personal data: never on a page; ``messages.forget`` erases it
    sa.Column("removed", sa.Integer, nullable=False),
    sa.Column("language", sa.String(8), nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    _one_of("kind", ("mistake", "access")),
)
sa.Index("ix_messages_created_at", messages.c.created_at)

answers = sa.Table(
    "answers",
    metadata,
    sa.Column("sequence", sa.Integer, primary_key=True),
    sa.Column("number", sa.String(16), sa.ForeignKey("messages.number"), nullable=False),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("note", Words, nullable=False),
    sa.Column("answered_by", Words, nullable=False),
    sa.Column("answered_at", Instant, nullable=False),
    _one_of("status", ("received", "checking", "fixed", "granted", "rejected")),
    sqlite_autoincrement=True,
)
sa.Index("ix_answers_number", answers.c.number)
