"""What the register knows of datasets: their access, records, versions and publications.

Each function is one question or one change. Changes are made on a connection of ``Register.begin`` (alone, so that to
look and then to write is safe), questions on either kind. A change that readers can see moves the generation in the
same transaction. Order is by number and sequence, never by time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

import sqlalchemy as sa

from geoportal.errors import Conflict, Invalid, NotFound
from geoportal.model.access import Classification
from geoportal.model.dataset import Dataset, Exhibit, Publication, Stage, checked_id
from geoportal.model.record import Record
from geoportal.model.report import Gate
from geoportal.model.specification import Specification
from geoportal.store import generation, tables
from geoportal.store.clock import now
from geoportal.store.versions import add_version, sealed, version, version_by_key, version_in, versions

__all__ = [
    "GRACE",
    "add_record",
    "add_version",
    "builds_in_use",
    "create",
    "exhibits",
    "find",
    "get",
    "list_all",
    "number_at",
    "publication",
    "publications",
    "publish",
    "published_history",
    "published_numbers",
    "record_in",
    "sealed",
    "set_access",
    "set_specification",
    "version",
    "version_by_key",
    "versions",
    "withdraw",
]

GRACE = timedelta(hours=24)
"""How long the files of a publication stay after it ended, for readers who are still on their way through it."""

_dataset = tables.datasets.c
_record = tables.records.c
_publication = tables.publications.c


def create(
    conn: sa.Connection,
    dataset_id: str,
    record: Record,
    classification: Classification,
    specification: Specification,
    opd: Iterable[str] = (),
) -> Dataset:
    """A new dataset, a draft that nobody sees. Invalid for an id that may not be, Conflict for one that is taken."""
    checked_id(dataset_id)
    if find(conn, dataset_id):
        raise Conflict(f"there is a dataset {dataset_id!r} already", dataset=dataset_id)
    moment = now(conn)
    conn.execute(
        sa.insert(tables.datasets).values(
            dataset_id=dataset_id,
            classification=str(classification),
            opd=_agencies(opd),
            stage=str(Stage.DRAFT),
            specification=specification.as_dict(),
            created_at=moment,
        )
    )
    first = {"dataset_id": dataset_id, "revision": 1, "content": record.as_dict(), "created_at": moment}
    conn.execute(sa.insert(tables.records).values(first))
    return get(conn, dataset_id)


def find(conn: sa.Connection, dataset_id: str) -> Dataset | None:
    """The dataset of this id, None where there is none."""
    return next(_datasets(conn, _dataset.dataset_id == dataset_id), None)


def get(conn: sa.Connection, dataset_id: str) -> Dataset:
    """The dataset of this id; NotFound where there is none."""
    found = find(conn, dataset_id)
    if found is None:
        raise NotFound(f"there is no dataset {dataset_id!r}", say="dataset", dataset=dataset_id)
    return found


def list_all(conn: sa.Connection) -> list[Dataset]:
    """All datasets, drafts and withdrawn ones too, by id. Nobody has filtered them yet."""
    return list(_datasets(conn, sa.true()))


def exhibits(conn: sa.Connection) -> list[Exhibit]:
    """The newest versions of drafts that are marked as exhibits and were refused at the gate, by dataset id.

    Nobody has filtered them yet. A dataset that was ever published is none, whatever its record says.
    """
    marked = _dataset.stage == str(Stage.DRAFT), _record.content["exhibit"].as_boolean()
    found = []
    for dataset in _datasets(conn, sa.and_(*marked)):
        newest = next(reversed(versions(conn, dataset.dataset_id)), None)
        if newest is not None and newest.gate is Gate.BLOCKED:
            what = dataset.record, dataset.specification, dataset.classification, dataset.opd
            found.append(Exhibit(dataset.dataset_id, newest, *what))
    return found


def set_access(
    conn: sa.Connection, dataset_id: str, classification: Classification, opd: Iterable[str] = ()
) -> Dataset:
    """Change who may see a dataset: all its versions, from the next request on."""
    dataset = get(conn, dataset_id)
    _update(conn, dataset_id, classification=str(classification), opd=_agencies(opd))
    _seen_if_published(conn, dataset)
    return get(conn, dataset_id)


def set_specification(conn: sa.Connection, dataset_id: str, specification: Specification) -> Dataset:
    """Change what the dataset must be, for what is submitted and published from now on."""
    get(conn, dataset_id)
    _update(conn, dataset_id, specification=specification.as_dict())
    return get(conn, dataset_id)


def add_record(conn: sa.Connection, dataset_id: str, record: Record) -> int:
    """Add a revision of the metadata record and return its number; readers of a published dataset see it at once."""
    dataset = get(conn, dataset_id)
    revision = dataset.revision + 1
    conn.execute(
        sa.insert(tables.records).values(
            dataset_id=dataset_id, revision=revision, content=record.as_dict(), created_at=now(conn)
        )
    )
    _seen_if_published(conn, dataset)
    return revision


def record_in(conn: sa.Connection, dataset_id: str, revision: int) -> Record | None:
    """An earlier revision of the record, None where there is no such revision; none is ever changed or deleted."""
    which = _record.dataset_id == dataset_id, _record.revision == revision
    content = conn.execute(sa.select(_record.content).where(*which)).scalar()
    return Record.from_dict(content) if content is not None else None


def publish(
    conn: sa.Connection, dataset_id: str, number: int, build: str, actor_name: str, override: str | None = None
) -> Publication:
    """Let a version be what readers get, from its finished ``build``; what was out before goes into the history.

    The specification is kept as it is now, since the build was made under it. Publishing an older number is a rollback.
    """
    dataset = get(conn, dataset_id)
    version(conn, dataset_id, number)
    _end_current(conn, dataset_id)
    conn.execute(
        sa.insert(tables.publications).values(
            dataset_id=dataset_id,
            number=number,
            build=build,
            specification=dataset.specification.as_dict(),
            override=override,
            published_at=now(conn),
            published_by=actor_name,
            retired=False,
        )
    )
    _update(conn, dataset_id, stage=str(Stage.PUBLISHED))
    generation.bump(conn)
    return next(_publications(conn, _publication.dataset_id == dataset_id))


def withdraw(conn: sa.Connection, dataset_id: str) -> None:
    """Take a dataset from the readers, with all that was ever published of it.

    A later publication does not bring the older versions back: the reason to withdraw may lie in them. Conflict where
    nothing is published.
    """
    if get(conn, dataset_id).stage is not Stage.PUBLISHED:
        raise Conflict(f"nothing of dataset {dataset_id!r} is published", dataset=dataset_id)
    _end_current(conn, dataset_id)
    retire = sa.update(tables.publications).where(_publication.dataset_id == dataset_id).values(retired=True)
    conn.execute(retire)
    _update(conn, dataset_id, stage=str(Stage.WITHDRAWN))
    generation.bump(conn)


def publication(conn: sa.Connection, dataset_id: str, number: int | None = None) -> Publication | None:
    """What is out of a dataset, or an earlier published version of it; None where there is none or nothing is out."""
    history = _publications(conn, _publication.dataset_id == dataset_id)
    return next((item for item in history if number in (None, item.version.number)), None)


def publications(conn: sa.Connection, among: Iterable[str] | None = None) -> list[Publication]:
    """What is out of all datasets, or of those ``among`` these ids, by id. Nobody has filtered them yet."""
    which = [_publication.ended_at.is_(None)]
    if among is not None:
        which.append(_publication.dataset_id.in_(list(among)))
    return list(_publications(conn, sa.and_(*which)))


def published_history(conn: sa.Connection, dataset_id: str) -> list[Publication]:
    """What is out of a dataset, then its earlier published versions, the last published first.

    Each version once, with its newest build. Empty where nothing is out.
    """
    return list(_publications(conn, _publication.dataset_id == dataset_id))


def number_at(conn: sa.Connection, dataset_id: str, moment: datetime) -> int | None:
    """The version that was out at a moment; None where none was, or one that a withdrawal has taken back since.

    What is out ends when the next one begins, or with a withdrawal: so the last that had begun was out, unless it is
    retired.
    """
    begun = _publication.dataset_id == dataset_id, _publication.published_at <= moment
    query = sa.select(_publication.number, _publication.retired).where(*begun).order_by(_publication.sequence.desc())
    last = conn.execute(query.limit(1)).first()
    return None if last is None or last.retired else last.number


def builds_in_use(conn: sa.Connection) -> set[tuple[str, str]]:
    """All builds that readers may be on, as (digest, build): of the history, and of what ended less than a day ago."""
    lately = _publication.ended_at > now(conn) - GRACE
    query = (
        sa.select(tables.versions.c.digest, _publication.build)
        .distinct()
        .join_from(tables.publications, tables.versions)
        .where(sa.or_(_publication.ended_at.is_(None), _publication.sequence.in_(_newest_of_each()), lately))
    )
    return {(row.digest, row.build) for row in conn.execute(query).all()}


def _agencies(opd: Iterable[str]) -> list[str]:
    if isinstance(opd, str):
        raise Invalid("agencies are given as a list", opd=opd)
    return sorted(set(opd))


def _update(conn: sa.Connection, dataset_id: str, **values: object) -> None:
    conn.execute(sa.update(tables.datasets).where(_dataset.dataset_id == dataset_id).values(**values))


def _seen_if_published(conn: sa.Connection, dataset: Dataset) -> None:
    if dataset.stage is Stage.PUBLISHED:
        generation.bump(conn)


def _end_current(conn: sa.Connection, dataset_id: str) -> None:
    current = _publication.dataset_id == dataset_id, _publication.ended_at.is_(None)
    conn.execute(sa.update(tables.publications).where(*current).values(ended_at=now(conn)))


def _newest_record() -> sa.ColumnElement[bool]:
    other = tables.records.alias("other").c
    newest = sa.select(sa.func.max(other.revision)).where(other.dataset_id == _record.dataset_id)
    return _record.revision == newest.scalar_subquery()


def _newest_of_each() -> sa.Select[int]:
    """The last publication of each version that was not withdrawn."""
    newest = sa.select(sa.func.max(_publication.sequence)).where(~_publication.retired)
    return newest.group_by(_publication.dataset_id, _publication.number)


def _datasets(conn: sa.Connection, which: sa.ColumnElement[bool]) -> Iterator[Dataset]:
    current = sa.and_(_publication.dataset_id == _dataset.dataset_id, _publication.ended_at.is_(None))
    query = (
        sa.select(tables.datasets, _record.content, _record.revision, _publication.number)
        .join(tables.records, _record.dataset_id == _dataset.dataset_id)
        .outerjoin(tables.publications, current)
        .where(_newest_record(), which)
        .order_by(_dataset.dataset_id)
    )
    for row in conn.execute(query).all():
        yield Dataset(
            dataset_id=row.dataset_id,
            classification=Classification(row.classification),
            record=Record.from_dict(row.content),
            revision=row.revision,
            specification=Specification.from_dict(row.specification),
            stage=Stage(row.stage),
            created_at=row.created_at,
            opd=tuple(row.opd),
            published_version=row.number,
        )


def _publications(conn: sa.Connection, which: sa.ColumnElement[bool]) -> Iterator[Publication]:
    """Publications of datasets that are out, by dataset, the current one first; of each version only the newest."""
    # By rows of the same dataset, which an index finds: two lists of all that is out would be tried against each other.
    current, newer = tables.publications.alias("current").c, tables.publications.alias("newer").c
    out = sa.exists().where(current.dataset_id == _publication.dataset_id, current.ended_at.is_(None))
    same = newer.dataset_id == _publication.dataset_id, newer.number == _publication.number
    built_anew = sa.exists().where(*same, ~newer.retired, newer.sequence > _publication.sequence)
    query = (
        sa.select(
            tables.versions,
            _publication.build,
            _publication.specification,
            _publication.override,
            _publication.published_at,
            _publication.published_by,
            _dataset.classification,
            _dataset.opd,
            _record.content,
            _record.revision,
        )
        .join_from(tables.publications, tables.versions)
        .join(tables.datasets, _dataset.dataset_id == _publication.dataset_id)
        .join(tables.records, _record.dataset_id == _publication.dataset_id)
        .where(_newest_record(), out, ~_publication.retired, ~built_anew, which)
        .order_by(_publication.dataset_id, _publication.ended_at.is_not(None), _publication.sequence.desc())
    )
    numbers = published_numbers(conn)
    for row in conn.execute(query).all():
        yield Publication(
            dataset_id=row.dataset_id,
            version=version_in(row),
            build=row.build,
            record=Record.from_dict(row.content),
            revision=row.revision,
            specification=Specification.from_dict(row.specification),
            classification=Classification(row.classification),
            published_at=row.published_at,
            published_by=row.published_by,
            opd=tuple(row.opd),
            override=row.override,
            older=tuple(number for number in numbers[row.dataset_id] if number != row.number),
        )


def published_numbers(conn: sa.Connection) -> dict[str, list[int]]:
    """The numbers of each dataset that were published and not withdrawn, in rising order."""
    columns = _publication.dataset_id, _publication.number
    query = sa.select(*columns).where(~_publication.retired).distinct().order_by(*columns)
    numbers: dict[str, list[int]] = {}
    for row in conn.execute(query).all():
        numbers.setdefault(row.dataset_id, []).append(row.number)
    return numbers
