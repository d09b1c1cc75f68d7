"""Submit: a file comes in, is read and checked in a child, and kept as the next version (pengumpulan, pemeriksaan)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from geoportal.actions.joining import (
    automatic_wish,
    described_join,
    ensure_joins_stay_closed,
    given_wish,
    lineage,
    parse_join,
)
from geoportal.actions.judging import guarded
from geoportal.actions.references import references_for
from geoportal.errors import BadRequest, Conflict, NotFound, StorageFull, UnknownReferenceSystem, UnreadableSource
from geoportal.model.access import Action, Actor, Classification, require
from geoportal.model.dataset import Dataset, Version, checked_id
from geoportal.model.record import Record
from geoportal.model.report import Report, Verdict
from geoportal.model.specification import Specification
from geoportal.model.text import LocalText
from geoportal.node import Node

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from geoportal.ingest.join import JoinWish
    from geoportal.ingest.sandbox import Staged

DEFAULT_PROFILE = "bebas"


@dataclass(frozen=True, slots=True)
class Submission:
    """What came of a submit: the version that was kept and what the checks said of it.

    ``inherits_synthetic``: the geometry was taken from a layer that is invented, and the record says so now.
    """

    version: Version
    report: Report
    created: bool
    access_changed: Classification | None = None
    inherits_synthetic: bool = False


def ensure_space(node: Node, needed_bytes: int = 0) -> None:
    """Raise StorageFull unless the data directory has the reserve and ``needed_bytes`` free."""
    reserve = node.settings.storage.reserve_mb
    if node.files.free_mb() < reserve + needed_bytes / 1e6:
        raise StorageFull(
            f"less than {reserve} MB would stay free in the data directory; free some space and try again",
            free_mb=round(node.files.free_mb()),
        )


def _specification(node: Node, existing: Dataset | None, spec: str | Path | Specification | None) -> Specification:
    """The specification that holds: the one given, else the dataset's own, else the freest profile."""
    if isinstance(spec, Specification):
        return spec
    if spec is None and existing is not None:
        return existing.specification
    from geoportal.checks.profiles import read_specification

    return read_specification(spec or DEFAULT_PROFILE, node.profiles)


def _complain(report: Report) -> None:
    """Turn a report without a kept layer into the exception that says why."""
    if report.verdict is Verdict.REJECT:
        raise UnreadableSource("the file was rejected; nothing was kept", report=report, say="rejected")
    rules = {finding.rule: finding for finding in report.findings}
    if "raster-layer" in rules and all(layer.geometry_type == "Raster" for layer in report.layers):
        raise UnreadableSource("a raster cannot become a dataset yet; nothing was kept", report=report, say="raster")
    if "join-impossible" in rules:
        raise BadRequest("the table could not be joined as asked; nothing was kept", report=report, say="join")
    if question := unanswered(report):
        raise question
    raise UnreadableSource("the file holds no layer with geometry; nothing was kept", report=report, say="no-geometry")


def unanswered(report: Report) -> BadRequest | UnknownReferenceSystem | None:
    """What only the officer can say of a file before a layer of it is taken: which one, and where it lies."""
    rules = {finding.rule: finding for finding in report.findings}
    if "layers-several" in rules:
        names = [layer.name for layer in report.layers]
        return BadRequest(
            f"the file holds several layers ({', '.join(names)}): choose one with --layer",
            report=report,
            say="layers",
            names=names,
        )
    if "crs-missing" in rules:
        candidates = rules["crs-missing"].params.get("candidates", [])
        return UnknownReferenceSystem(
            "the file does not say in which reference system its coordinates are; give it with --crs",
            report=report,
            candidates=candidates,
            say="ask",
        )
    return None


def submit(
    node: Node,
    actor: Actor,
    dataset_id: str,
    path: Path,
    *,
    title: str | None = None,
    access: Classification | None = None,
    opd: Sequence[str] = (),
    layer: str | None = None,
    spec: str | Path | Specification | None = None,
    crs: str | None = None,
    note: str | None = None,
    record: Record | None = None,
    idempotency_key: str | None = None,
    progress: Callable[[str, float | None], None] | None = None,
    join: str | None = None,
) -> Submission:
    """Read, check and keep one file as the next version of a dataset; an unknown id makes the dataset.

    Keeps what is accepted, also when its gate is blocked. UnreadableSource and UnknownReferenceSystem carry the
    report and leave no version. Nothing becomes visible. ``access`` on an existing dataset changes its class at once,
    in the same transaction. A folder (loose shapefiles, a .gdb) is kept as one zip. ``progress`` hears the phases of
    reading. ``join`` (``DATASET[:COLUMN[=KEY]]`` or ``none``) says what a table without geometry is joined to; without
    it the specification does, else its codes where they fit one region layer alone.
    """
    from geoportal.ingest.sandbox import inspect_in_child
    from geoportal.store import datasets, events

    checked_id(dataset_id)
    asked = parse_join(join) if join is not None else None
    require(actor, Action.DATASET_SUBMIT)
    if not path.exists():
        raise NotFound(f"there is no file {path}", say="file", path=str(path))
    ensure_space(node, needed_bytes=2 * path.stat().st_size if path.is_file() else 0)
    with node.register.read() as conn:
        existing = datasets.find(conn, dataset_id)
        kept = datasets.version_by_key(conn, dataset_id, idempotency_key) if existing and idempotency_key else None
    if kept is not None:
        return Submission(kept, node.files.report(dataset_id, kept.digest), created=False)
    if existing is None:
        require(actor, Action.DATASET_CREATE)
    elif (access is not None and access != existing.classification) or spec is not None:
        require(actor, Action.DATASET_PUBLISH)  # what guards or judges a dataset is not its producer's to change
    specification = _specification(node, existing, spec)
    if join is not None and specification.join != asked:
        specification = replace(specification, join=asked)
        if existing is not None and asked is not None:
            require(actor, Action.DATASET_PUBLISH)  # it holds for the versions to come
    if access is None and existing is not None:
        guard = existing.classification, existing.opd
    else:
        guard = access or Classification.PUBLIC, tuple(opd)
    references = references_for(node, specification, *guard, without=dataset_id)
    with node.files.staging() as staging:

        def inspected(wish: JoinWish | None) -> tuple[Report, Staged | None]:
            return inspect_in_child(
                path, guarded(specification, guard[0]), node.region,
                staging=staging, limits=node.settings.ingest, layer=layer, crs=crs, progress=progress, join=wish,
                references=references,
            )  # fmt: skip

        wish = None
        if specification.join is not None:
            wish = given_wish(node, actor, dataset_id, specification.join, *guard, required=asked is not None)
        report, staged = inspected(wish)
        if join is None and wish is None and staged is not None and staged.summary.geometry_type is None:
            # A table: it is read once more beside the region layers, which are not copied for files with geometry.
            wish = automatic_wish(node, *guard, without=dataset_id)
            if wish is not None:
                report, staged = inspected(wish)
        if staged is None:
            _complain(report)
            raise UnreadableSource(
                "the file could not be kept", report=report
            )  # _complain always raises; said for mypy
        report = report.for_layer(staged.summary.name)
        source = lineage(report)
        with node.files.registering():
            # The copy that was checked is sealed, not the path: what lies there may have changed meanwhile.
            name = path.with_suffix(".zip").name if path.suffix.lower() == ".shp" else path.name
            if path.is_dir():
                name = f"{path.resolve().name}.zip"
            digest = node.files.seal(dataset_id, staged.source, name, staged.path, report)
            with node.register.begin() as conn:
                dataset = datasets.find(conn, dataset_id)
                created = dataset is None
                if dataset is None:
                    dataset = datasets.create(
                        conn,
                        dataset_id,
                        described_join(node, record or Record(title=LocalText.of(title or dataset_id)), report),
                        access or Classification.PUBLIC,
                        specification,
                        tuple(opd),
                    )
                    events.record(conn, actor, Action.DATASET_CREATE, dataset_id, access=str(dataset.classification))
                elif existing is None:
                    raise Conflict(f"{dataset_id} was created by somebody else meanwhile; submit again", id=dataset_id)
                else:
                    held = specification if spec is not None or asked is not None else None
                    wanted = record or (replace(dataset.record, title=LocalText.of(title)) if title else dataset.record)
                    _revise(conn, dataset, described_join(node, wanted, report), held)
                changed = None
                if not created and access is not None and (access, tuple(opd)) != (dataset.classification, dataset.opd):
                    ensure_joins_stay_closed(node, conn, dataset, access, tuple(opd))
                    datasets.set_access(conn, dataset_id, access, tuple(opd))
                    changed = access
                version = datasets.add_version(
                    conn,
                    dataset_id,
                    digest=digest,
                    actor_name=actor.name,
                    source_name=name,
                    summary=staged.summary,
                    report=report,
                    note=note,
                    idempotency_key=idempotency_key,
                )
                events.record(
                    conn,
                    actor,
                    Action.DATASET_SUBMIT,
                    dataset_id,
                    version=version.number,
                    digest=digest,
                    access=str(changed) if changed else None,
                    **({"joined": source} if source else {}),
                )
        with node.register.read() as conn:
            described = datasets.get(conn, dataset_id).record
    return Submission(version, report, created, changed, source is not None and described.synthetic)


def _revise(conn: Connection, dataset: Dataset, record: Record, spec: Specification | None) -> None:
    """Write a new record revision or specification where the submit brought one that differs."""
    from geoportal.store import datasets

    if record != dataset.record:
        datasets.add_record(conn, dataset.dataset_id, record)
    if spec and spec != dataset.specification:
        datasets.set_specification(conn, dataset.dataset_id, spec)
