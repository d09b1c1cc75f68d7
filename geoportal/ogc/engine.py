"""Snapshots of what is published: one pygeoapi API object for each set of collections that some audience may see.

Every request compares the register's generation (one read of mapped memory); only when it moved is a new snapshot
made. What did not change is taken over, and a snapshot that was replaced goes, with its memory maps, when the last
request on it ends.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import orjson
from pygeoapi.api import API

from geoportal import __version__
from geoportal.catalogue.producers import read_producers
from geoportal.errors import Unavailable
from geoportal.model.access import Audience, visible
from geoportal.model.dataset import Publication
from geoportal.ogc import seams
from geoportal.ogc.config import service
from geoportal.ogc.domains import NO_LISTS, Lists
from geoportal.ogc.kept import Kept
from geoportal.ogc.source import Key, Source, key_of, open_source, still
from geoportal.ogc.view import View, base_api
from geoportal.ogc.visit import Site
from geoportal.settings import LOCAL, Settings

if TYPE_CHECKING:
    from geoportal.node import Node

LOGGER = logging.getLogger("geoportal.ogc")

RETRY_S = 5.0
"""Seconds after which a layer whose files could not be opened is tried again."""

MOST_OLDER = 32
"""Earlier versions that a snapshot keeps open."""

MOST_AUDIENCES = 1000
"""Audiences whose view a snapshot remembers by name; the views themselves are shared by what they show."""

MOST_VIEWS = 50
"""Views that a snapshot remembers: one of 2,000 layers takes 0.3 MB, and is made anew in some 20 ms."""


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """What is published at one generation, opened. ``broken`` are states whose files cannot be read."""

    generation: int
    publications: tuple[Publication, ...]
    sources: dict[Key, Source]
    broken: frozenset[Key]
    made_at: float
    by_audience: dict[str, View] = field(default_factory=dict)
    by_states: dict[frozenset[Key], View] = field(default_factory=dict)
    older: dict[Key, Source] = field(default_factory=dict)

    def current(self, generation: int) -> bool:
        """Whether it still tells the truth; one with broken layers is looked at again after a while."""
        if self.generation != generation:
            return False
        return not self.broken or time.monotonic() - self.made_at < RETRY_S


class Engine:
    """The snapshots of one node. Safe to share between threads; one a process."""

    def __init__(self, node: Node, freeze: Callable[[dict[str, Any]], dict[str, Any]] = dict) -> None:
        """Replace the seams and make the base API; the first request makes the first snapshot.

        ``freeze`` turns a configuration into one that cannot be changed: tests pass it, to catch pygeoapi at changing
        one.
        """
        seams.install()
        self.node = node
        self.site = site_of(node.settings)
        config = service(node.settings)
        self._freeze = freeze
        self.kept = Kept()
        self.base: API = base_api({**config, "resources": {}})
        self.edition = edition(config, Lists(node.settings.config, node.settings.node.region_code))
        self._lock = Lock()
        self._snapshot: Snapshot | None = None

    def snapshot(self, audience: Audience) -> View:
        """What ``audience`` sees at the present generation."""
        snapshot = self._present()
        view = snapshot.by_audience.get(audience.key)
        return view if view is not None else self._view(snapshot, audience)

    def at_hand(self, audience: Audience, generation: int) -> View | None:
        """What ``audience`` sees, if that is known at ``generation`` without opening or reading anything."""
        snapshot = self._snapshot
        if snapshot is None or not snapshot.current(generation):
            return None
        return snapshot.by_audience.get(audience.key)

    def older(self, publication: Publication) -> Source:
        """An earlier published version, opened; the caller has asked the node whether the asker may see it.
        Unavailable when broken.
        """
        snapshot, key = self._present(), key_of(publication)
        known = snapshot.older.get(key) or snapshot.sources.get(key)
        if known is not None:
            return known
        source = self._open(publication)
        if source is None:
            raise Unavailable("the files of this version cannot be read")
        with self._lock:
            while len(snapshot.older) >= MOST_OLDER:
                del snapshot.older[next(iter(snapshot.older))]
            return snapshot.older.setdefault(key, source)

    def _present(self) -> Snapshot:
        generation = self.node.generation()  # which also looks into the register itself, at most once a second
        snapshot = self._snapshot
        if snapshot is not None and snapshot.current(generation):
            return snapshot
        with self._lock:
            # Read again: who waited here finds what the one before made. The number is read before the rows, so rows
            # may be newer than
            # it, never older, and then the next request looks again.
            generation = self.node.generation()
            snapshot = self._snapshot
            if snapshot is None or not snapshot.current(generation):
                snapshot = self._snapshot = self._opened(generation, snapshot)
            return snapshot

    def _opened(self, generation: int, before: Snapshot | None) -> Snapshot:
        known = before.sources if before else {}
        publications = tuple(self.node.all_publications())
        sources: dict[Key, Source] = {}
        broken: set[Key] = set()
        for publication in publications:
            key = key_of(publication)
            source = still(known.get(key), publication) or self._open(publication)
            if source is None:
                broken.add(key)
            else:
                sources[key] = source
        return Snapshot(generation, publications, sources, frozenset(broken), time.monotonic())

    def _view(self, snapshot: Snapshot, audience: Audience) -> View:
        seen = visible(audience, snapshot.publications)
        states = frozenset(map(key_of, seen))
        with self._lock:
            view = snapshot.by_states.get(states)
            if view is None:
                view = View(
                    self.base,
                    [snapshot.sources[key_of(one)] for one in seen if key_of(one) in snapshot.sources],
                    self.edition,
                    unavailable=[one.dataset_id for one in seen if key_of(one) in snapshot.broken],
                    freeze=self._freeze,
                    room=self.kept,
                )
                if len(snapshot.by_states) >= MOST_VIEWS:
                    snapshot.by_states.clear()
                    snapshot.by_audience.clear()
                snapshot.by_states[states] = view
            if len(snapshot.by_audience) >= MOST_AUDIENCES:
                snapshot.by_audience.clear()
            snapshot.by_audience[audience.key] = view
            return view

    def _open(self, publication: Publication) -> Source | None:
        """The source of a publication; None, with a line in the log, when its files are broken."""
        try:
            waiver = self.node.waiver(publication)
            return open_source(publication, self.node.derived(publication), self.node.settings, waiver)
        except Exception:  # one broken layer must not take the others down, whatever is wrong with it
            LOGGER.exception("%s version %s cannot be served", publication.dataset_id, publication.version.number)
            return None


def edition(config: dict[str, Any], lists: Lists = NO_LISTS) -> str:
    """The name of everything besides the data that answers are made of: configuration, code lists, code, templates and
    texts.
    """
    digest = hashlib.sha256(orjson.dumps(config) + __version__.encode() + lists.digest().encode())
    package = Path(__file__).parent
    texts = sorted(package.parent.glob("locale/*/LC_MESSAGES/messages.po"))
    for file in sorted(path for path in package.rglob("*") if path.suffix in (".py", ".html", ".jsonld")) + texts:
        digest.update(file.read_bytes())
    return digest.hexdigest()


def site_of(settings: Settings) -> Site:
    """What the explorer pages say of the node, and where it lies."""
    node = settings.node
    return Site(
        title=node.title.local(),
        tagline=node.tagline.local(),
        organisation=node.organisation.local(),
        base_url=settings.base_url,
        root=urlsplit(settings.base_url).path.rstrip("/"),
        themed=any((folder / "theme" / "theme.css").is_file() for folder in (settings.config / LOCAL, settings.config)),
        ground=settings.file("ground.geojson").is_file(),
        producers={key: producer.name for key, producer in read_producers(settings.config).items()},
        timezone=node.timezone,
    )
