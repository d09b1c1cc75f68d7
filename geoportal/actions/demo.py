"""Load the demonstration: every dataset declared under ``datasets/`` goes the way of any other file."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from geoportal.actions.publish import judge, publish
from geoportal.actions.submit import submit
from geoportal.catalogue.declaration import Declaration, read_declaration
from geoportal.errors import InvalidSpecification
from geoportal.model.access import Actor
from geoportal.model.dataset import Publication
from geoportal.model.specification import Specification
from geoportal.node import Node
from geoportal.settings import PROJECT

FOLDER = PROJECT / "datasets"


def declared_folders(folder: Path = FOLDER) -> Iterator[Path]:
    """The folders that hold a declaration, in alphabetical order."""
    for path in sorted(folder.glob("*/dataset.yaml")):
        yield path.parent


def specification_of(node: Node, folder: Path, declared: Declaration) -> Specification:
    """The specification that a declaration names: a file beside it, or a profile; its key added where that names
    none.
    """
    from geoportal.checks.profiles import read_specification

    beside = folder / declared.specification
    spec = read_specification(
        beside if beside.is_file() else declared.specification,
        node.profiles,
        name=declared.id if beside.is_file() else None,
    )
    return replace(spec, key=spec.key or declared.key)


def load_demo(
    node: Node, actor: Actor, folder: Path = FOLDER, progress: Callable[[str, bool], None] = lambda *_: None
) -> list[Publication]:
    """Submit and publish each declared dataset once; loading again changes nothing unless a source, declaration or
    specification changed.

    Tables that join come after the layers that they join to. An exhibit is submitted and put before the gate, which
    must refuse it: InvalidSpecification when it does not. ``progress`` hears each id and whether it was published.
    """
    from geoportal.store import datasets

    declarations = []
    for place in declared_folders(folder):
        declared = read_declaration(place)
        declarations.append((place, declared, specification_of(node, place, declared)))
    published = []
    for place, declared, specification in sorted(declarations, key=lambda each: each[2].join is not None):
        source = place / declared.source
        submission = submit(
            node,
            actor,
            declared.id,
            source,
            access=declared.access,
            opd=declared.opd,
            layer=declared.layer,
            spec=specification,
            crs=declared.crs,
            record=declared.record(),
            idempotency_key=f"demo-{_fingerprint(place, declared)}",
        )
        if declared.exhibit:
            _refused(node, declared.id, submission.version.number)
            progress(declared.id, False)
            continue
        with node.register.read() as conn:
            current = datasets.publication(conn, declared.id)
        if current is None or current.version.number < submission.version.number:
            current = publish(node, actor, declared.id, submission.version.number)
        progress(declared.id, True)
        published.append(current)
    return published


def _fingerprint(place: Path, declared: Declaration) -> str:
    """What tells one state of a declared dataset from another."""
    content = [place / declared.source, place / "dataset.yaml", place / declared.specification]
    digest = hashlib.sha256()
    for path in content:
        digest.update(path.read_bytes() if path.is_file() else b"")
    return digest.hexdigest()


def _refused(node: Node, dataset_id: str, number: int) -> None:
    """Put an exhibit before the gate without publishing it; InvalidSpecification when nothing blocks it."""
    from geoportal.store import datasets

    with node.register.read() as conn:
        dataset, version = datasets.get(conn, dataset_id), datasets.version(conn, dataset_id, number)
    if not judge(node, dataset, version).blocking():
        raise InvalidSpecification(f"{dataset_id} is declared as a sample of a refusal, but nothing blocks it")
