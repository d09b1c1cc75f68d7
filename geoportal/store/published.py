"""What is out of all datasets, read anew only where it has changed: on a node of thousands of layers each publication
is work for every worker.

A publication is put together of rows of which only few can change: those that say who may see a dataset and which of
its versions were out. Records are only added, versions and publications never rewritten. So a short row for each
dataset, its *stamp*, says whether the publication read before is still what a full look would give.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from itertools import batched

import sqlalchemy as sa

from geoportal.model.dataset import Publication
from geoportal.store import datasets, tables

Stamp = tuple[str, int, str, int, str, datetime, int, datetime, str, tuple[str, ...], tuple[int, ...]]
"""Dataset, number of its publication, digest, version, build, when it came out; revision of the record and when it was
written; class, agencies; the versions that were out. Moments and build tell two registers apart that count alike: one
that was restored from an earlier state and went on.
"""

AT_ONCE = 500
"""Publications that are read in full at a time: as rows they take three times their memory."""


def stamps(conn: sa.Connection) -> list[Stamp]:
    """The stamp of what is out of each dataset, by id."""
    dataset, record, version, publication = (
        table.c for table in (tables.datasets, tables.records, tables.versions, tables.publications)
    )
    newest = (
        sa.select(record.dataset_id, sa.func.max(record.revision).label("revision"))
        .group_by(record.dataset_id)
        .subquery()
        .c
    )
    query = (
        sa.select(
            publication.dataset_id,
            publication.sequence,
            version.digest,
            publication.number,
            publication.build,
            publication.published_at,
            record.revision,
            record.created_at,
            dataset.classification,
            dataset.opd,
        )
        .join_from(tables.publications, tables.versions)
        .join(tables.datasets, dataset.dataset_id == publication.dataset_id)
        .join(newest.dataset_id.table, newest.dataset_id == publication.dataset_id)
        .join(
            tables.records,
            sa.and_(record.dataset_id == publication.dataset_id, record.revision == newest.revision),
        )
        .where(publication.ended_at.is_(None))
        .order_by(publication.dataset_id)
    )
    numbers = datasets.published_numbers(conn)
    return [(*row[:-1], tuple(row.opd), tuple(numbers[row.dataset_id])) for row in conn.execute(query)]


class Published:
    """The publications that were read last, by their stamps."""

    def __init__(self) -> None:
        """Nothing was read."""
        self._known: Mapping[Stamp, Publication] = {}

    def read(self, conn: sa.Connection) -> list[Publication]:
        """What is out of all datasets, by id; the same object as before where nothing changed. Nobody has filtered
        them yet.
        """
        now = stamps(conn)
        changed = [stamp[0] for stamp in now if stamp not in self._known]
        fresh = {
            publication.dataset_id: publication
            for ids in batched(changed, AT_ONCE)
            for publication in datasets.publications(conn, ids)
        }
        known = {stamp: fresh.get(stamp[0]) or self._known[stamp] for stamp in now}
        self._known = known
        return list(known.values())
