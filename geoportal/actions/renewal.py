"""Renew what an earlier version of this program built: serving files of another format, or no longer whole.

Only the serving files of a build are made anew, in its own place: publication, ids, downloads and previews stay what
they were. Done while nobody serves, before a server starts its workers.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from geoportal.model.dataset import Publication
from geoportal.node import Node

LOGGER = logging.getLogger("geoportal.actions")


def unreadable(node: Node) -> list[Publication]:
    """What readers may ask for and this program cannot serve, one of each build: what is out first, then what was.

    A build whose folder is gone altogether is not among them: `doctor` shows it, and publishing makes it again.
    """
    from geoportal.serving.wholeness import whole
    from geoportal.store import datasets

    with node.register.read() as conn:
        used = datasets.builds_in_use(conn)
        broken = {key for key in used if (folder := node.files.derived(*key)).is_dir() and not whole(folder)}
        if not broken:
            return []
        current = datasets.publications(conn)
        past = [one for now in current for one in datasets.published_history(conn, now.dataset_id)]
    found = {(one.version.digest, one.build): one for one in reversed([*current, *past])}
    return [one for key, one in reversed(found.items()) if key in broken]


def renew(node: Node, publication: Publication) -> None:
    """Build the serving files of a publication anew. Only while nobody serves."""
    from geoportal.serving.build import FILES, build
    from geoportal.serving.wholeness import SUMMARY

    version = publication.version
    layer = node.files.open_layer(publication.dataset_id, version.digest)
    with (
        node.files.registering(),
        node.files.renewing(version.digest, publication.build, (SUMMARY, *FILES)) as folder,
    ):
        build(layer, folder, key=publication.specification.key)


def renew_all(node: Node, *, progress: Callable[[str, int, str | None], None]) -> list[str]:
    """Renew all that is ``unreadable``; return the ids of what could not be.

    ``progress`` gets id, number of the version, and what went wrong, after each.
    """
    failed = []
    for publication in unreadable(node):
        error = None
        try:
            renew(node, publication)
        except Exception as problem:  # one broken layer must not keep the others from readers
            LOGGER.exception("%s version %s was not renewed", publication.dataset_id, publication.version.number)
            failed.append(publication.dataset_id)
            error = str(problem)
        progress(publication.dataset_id, publication.version.number, error)
    return failed
