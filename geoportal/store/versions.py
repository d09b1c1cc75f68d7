"""The sealed versions of datasets: each a number, given by the register, for a folder of files (``files``)."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from geoportal.errors import NotFound
from geoportal.model.dataset import Version
from geoportal.model.layer import LayerSummary
from geoportal.model.report import Gate, Report, Verdict
from geoportal.store import tables
from geoportal.store.clock import now

_column = tables.versions.c


def add_version(
    conn: sa.Connection,
    dataset_id: str,
    *,
    digest: str,
    actor_name: str,
    source_name: str,
    summary: LayerSummary,
    report: Report,
    note: str | None = None,
    idempotency_key: str | None = None,
) -> Version:
    """Give a sealed folder the next number of its dataset; the commit of this transaction acknowledges the version.

    The key of an earlier call returns the version of that call, whatever else is said now. The bytes of an earlier
    version are a new version on the same folder, which says so in ``same_as``.
    """
    known = sa.select(tables.datasets.c.dataset_id).where(tables.datasets.c.dataset_id == dataset_id)
    if conn.execute(known).first() is None:
        raise NotFound(f"there is no dataset {dataset_id!r}", dataset=dataset_id)
    if idempotency_key is not None:
        earlier = version_by_key(conn, dataset_id, idempotency_key)
        if earlier:
            return earlier
    mine = _column.dataset_id == dataset_id
    last = conn.execute(sa.select(sa.func.max(_column.number)).where(mine)).scalar_one() or 0
    same = conn.execute(sa.select(sa.func.min(_column.number)).where(mine, _column.digest == digest)).scalar_one()
    conn.execute(
        sa.insert(tables.versions).values(
            dataset_id=dataset_id,
            number=last + 1,
            digest=digest,
            created_at=now(conn),
            created_by=actor_name,
            source_name=source_name,
            features=summary.features,
            crs=summary.crs,
            geometry_type=summary.geometry_type,
            verdict=str(report.verdict),
            gate=str(report.gate) if report.gate else None,
            spec=report.spec,
            note=note,
            same_as=same,
            idempotency_key=idempotency_key,
        )
    )
    return version(conn, dataset_id, last + 1)


def version(conn: sa.Connection, dataset_id: str, number: int) -> Version:
    """One version of a dataset; NotFound where there is no such number."""
    query = sa.select(tables.versions).where(_column.dataset_id == dataset_id, _column.number == number)
    row = conn.execute(query).first()
    if row is None:
        raise NotFound(f"dataset {dataset_id!r} has no version {number}", dataset=dataset_id, version=number)
    return version_in(row)


def version_by_key(conn: sa.Connection, dataset_id: str, idempotency_key: str) -> Version | None:
    """The version that an earlier call with this key made: ask before reading a large file once more."""
    query = sa.select(tables.versions)
    query = query.where(_column.dataset_id == dataset_id, _column.idempotency_key == idempotency_key)
    row = conn.execute(query).first()
    return version_in(row) if row else None


def versions(conn: sa.Connection, dataset_id: str) -> list[Version]:
    """All versions of a dataset, from 1 upwards, published or not."""
    query = sa.select(tables.versions).where(_column.dataset_id == dataset_id).order_by(_column.number)
    return [version_in(row) for row in conn.execute(query)]


def sealed(conn: sa.Connection) -> set[tuple[str, str]]:
    """All sealed folders that a version stands on, as (dataset id, digest)."""
    rows = conn.execute(sa.select(_column.dataset_id, _column.digest).distinct())
    return {(row.dataset_id, row.digest) for row in rows}


def version_in(row: sa.Row[*tuple[Any, ...]]) -> Version:
    """The version in a row that holds all columns of the table."""
    return Version(
        dataset_id=row.dataset_id,
        number=row.number,
        digest=row.digest,
        created_at=row.created_at,
        created_by=row.created_by,
        source_name=row.source_name,
        features=row.features,
        crs=row.crs,
        geometry_type=row.geometry_type,
        verdict=Verdict(row.verdict),
        gate=Gate(row.gate) if row.gate else None,
        spec=row.spec,
        note=row.note,
        same_as=row.same_as,
    )
