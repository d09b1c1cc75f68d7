"""Load the demonstration: every dataset declared under ``datasets/`` goes the way of any other file."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from geoportal.actions.publish import publish
from geoportal.actions.submit import submit
from geoportal.catalogue.declaration import Declaration, read_declaration
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
    node: Node, actor: Actor, folder: Path = FOLDER, progress: Callable[[str], None] = lambda _: None
) -> list[Publication]:
    """Submit and publish each declared dataset once; loading again changes nothing unless a source or declaration
    changed.
    """
    from geoportal.store import datasets

    published = []
    for place in declared_folders(folder):
        declared = read_declaration(place)
        source = place / declared.source
        key = hashlib.sha256(source.read_bytes() + (place / "dataset.yaml").read_bytes()).hexdigest()
        submission = submit(
            node,
            actor,
            declared.id,
            source,
            access=declared.access,
            opd=declared.opd,
            layer=declared.layer,
            spec=specification_of(node, place, declared),
            crs=declared.crs,
            record=declared.record(),
            idempotency_key=f"demo-{key}",
        )
        with node.register.read() as conn:
            current = datasets.publication(conn, declared.id)
        if current is None or current.version.number < submission.version.number:
            current = publish(node, actor, declared.id, submission.version.number)
        progress(declared.id)
        published.append(current)
    return published
