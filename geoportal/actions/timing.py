"""The fields that a record names as the time of its features: whether the layer has them, and with dates in them."""

from __future__ import annotations

from collections.abc import Sequence

from geoportal.errors import InvalidSpecification
from geoportal.model.dataset import Version
from geoportal.model.layer import Field
from geoportal.model.record import Record
from geoportal.node import Node

TEMPORAL = ("date", "date-time")


def ensure_times(node: Node, record: Record, dataset_id: str, versions: Sequence[Version]) -> None:
    """InvalidSpecification unless one of these versions has all fields that ``record.time`` names, as dates or dates
    with a time. Without a version there is nothing to compare with yet.
    """
    if not record.time or not versions:
        return
    wrong = []
    for version in versions:
        layers = node.files.report(dataset_id, version.digest).layers
        fields = layers[0].fields if layers else ()
        found = _unfit(record, fields)
        if found is None:
            return
        wrong.append((version, fields, *found))
    version, fields, name, field = wrong[0]
    dates = [each.name for each in fields if each.type in TEMPORAL]
    facts = {"dataset": dataset_id, "version": version.number, "field": name, "fields": dates or ["-"]}
    if field is None:
        raise InvalidSpecification(
            f"time: version {version.number} of {dataset_id} has no field {name!r}; its dates are {dates or 'none'}",
            say="time-unknown",
            **facts,
        )
    raise InvalidSpecification(
        f"time: the field {name!r} of {dataset_id} holds {field.type}, not dates; its dates are {dates or 'none'}",
        say="time-no-date",
        type=field.type,
        **facts,
    )


def _unfit(record: Record, fields: Sequence[Field]) -> tuple[str, Field | None] | None:
    """The first name in ``record.time`` that is no field with dates, and the field of that name; None if all are."""
    by_name = {field.name: field for field in fields}
    for name in record.time:
        field = by_name.get(name)
        if field is None or field.type not in TEMPORAL:
            return name, field
    return None
