"""Describe: a new revision of a dataset's metadata record, without a new version of its data."""

from __future__ import annotations

from geoportal.errors import NotFound
from geoportal.model.access import Action, Actor, require
from geoportal.model.record import Record
from geoportal.node import Node


def describe(node: Node, actor: Actor, dataset_id: str, record: Record) -> tuple[int, tuple[str, ...]]:
    """Make ``record`` what the dataset says of itself; return the number of the revision and the keys that changed.

    Readers of a published dataset see it at the next request. A record that changes nothing makes no revision.
    InvalidSpecification where it names fields for its time that neither the newest nor the published version has.
    """
    from geoportal.actions.timing import ensure_times
    from geoportal.store import datasets, events

    require(actor, Action.DATASET_DESCRIBE)
    with node.register.begin() as conn:
        dataset = datasets.get(conn, dataset_id)
        before, after = dataset.record.as_dict(), record.as_dict()
        changed = tuple(key for key in {**after, **before} if after.get(key) != before.get(key))
        if not changed:
            return dataset.revision, ()
        if "time" in changed:
            known = datasets.versions(conn, dataset_id)
            out = [version for version in known[:-1] if version.number == dataset.published_version]
            ensure_times(node, record, dataset_id, [*known[-1:], *out])
        if dataset.record.exhibit != record.exhibit:
            require(actor, Action.DATASET_PUBLISH)  # it decides who sees a report
        revision = datasets.add_record(conn, dataset_id, record)
        events.record(conn, actor, Action.DATASET_DESCRIBE, dataset_id, revision=revision, changed=", ".join(changed))
    return revision, changed


def record_of(node: Node, dataset_id: str, revision: int | None = None) -> tuple[int, Record, tuple[str, ...]]:
    """The number and content of a revision (the newest unless named), and the field names of the newest version."""
    from geoportal.store import datasets

    with node.register.read() as conn:
        dataset = datasets.get(conn, dataset_id)
        number = dataset.revision if revision is None else revision
        record = dataset.record if number == dataset.revision else datasets.record_in(conn, dataset_id, number)
        newest = max(datasets.versions(conn, dataset_id), key=lambda version: version.number, default=None)
    if record is None:
        raise NotFound(f"{dataset_id} has no revision {number}; its newest is {dataset.revision}", id=dataset_id)
    if newest is None:
        return number, record, ()
    layers = node.files.report(dataset_id, newest.digest).layers
    return number, record, tuple(field.name for layer in layers[:1] for field in layer.fields)
