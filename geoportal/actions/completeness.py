"""How complete the metadata record of a dataset is: asked at publish, and shown to whoever describes it."""

from __future__ import annotations

from geoportal.model.dataset import Dataset, Version
from geoportal.model.record import Record
from geoportal.model.report import Report
from geoportal.node import Node


def record_report(node: Node, dataset: Dataset, version: Version | None = None, record: Record | None = None) -> Report:
    """What the record of a dataset (its present one, or another revision) lacks, weighed by its specification.

    ``version`` is the one whose layer the record speaks of: by default the newest.
    """
    from geoportal.catalogue.producers import read_producers
    from geoportal.checks.metadata import Surroundings
    from geoportal.checks.metadata import record_report as asked
    from geoportal.store import datasets

    record = record or dataset.record
    if version is None:
        with node.register.read() as conn:
            version = max(datasets.versions(conn, dataset.dataset_id), key=lambda one: one.number, default=None)
    layers = node.files.report(dataset.dataset_id, version.digest).layers if version else ()
    producer = read_producers(node.settings.config).get(record.producer or "")
    around = Surroundings(
        dataset_id=dataset.dataset_id,
        languages=tuple(node.settings.node.languages),
        layer=layers[0] if layers else None,
        spec=dataset.specification,
        producer_known=producer is not None,
        contact=producer.contact if producer else None,
    )
    return asked(record, around)


def record_report_for(node: Node, dataset_id: str, revision: int | None = None) -> Report:
    """The same for a dataset by id and one revision of its record, the newest unless named."""
    from geoportal.actions.describe import record_of
    from geoportal.store import datasets

    _, record, _ = record_of(node, dataset_id, revision)
    with node.register.read() as conn:
        dataset = datasets.get(conn, dataset_id)
    return record_report(node, dataset, record=record)
