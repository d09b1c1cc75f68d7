"""The composition root: settings and stores of one node, and the one place that says what an audience may see."""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock

from geoportal.errors import GeoportalError, NotFound, NotSignedIn
from geoportal.model.access import PUBLIC_AUDIENCE, Audience, visible
from geoportal.model.dataset import Exhibit, Publication
from geoportal.model.region import Region
from geoportal.settings import Settings
from geoportal.store import datasets, people
from geoportal.store.files import Files
from geoportal.store.people import Token
from geoportal.store.published import Published
from geoportal.store.register import Register
from geoportal.store.waivers import Waiver, waiver_of

logger = logging.getLogger(__name__)

HEAL_EVERY_S = 1.0
"""Seconds between two looks of a worker into the register."""

MOST_TOKENS = 1000
"""How many tokens a worker remembers. What changes a token moves the generation, so none is remembered wrongly."""


class Node:
    """The opened stores of a node. Cheap to make, safe to share between threads, one a process."""

    def __init__(self, settings: Settings) -> None:
        """Open the data directory of ``settings``, bring the register up to date and heal the generation counter."""
        self.settings = settings
        self.data = settings.storage.data.absolute()
        self.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.register = Register(self.data / "register.db")
        self.register.upgrade()
        self.register.heal()
        self.files = Files(self.data)
        self._lock = Lock()
        self._published = Published()
        self._publications: tuple[int, list[Publication]] | None = None
        self._tokens: dict[str, tuple[int, Token]] = {}
        self._healed_at = time.monotonic()

    @property
    def region(self) -> Region:
        """The region that the node serves."""
        return self.settings.region

    @property
    def profiles(self) -> Path:
        """The folder of the named rule sets."""
        return self.settings.profiles

    def generation(self) -> int:
        """The number of the present state: whoever keeps something compares it at every request.

        Looks into the register once a second, should a process have died between its commit and the counter.
        """
        now = time.monotonic()
        if now - self._healed_at >= HEAL_EVERY_S:
            self._healed_at = now
            try:
                return self.register.heal()
            except GeoportalError as error:  # busy or full: the counter is right but for that rare death
                logger.warning("generation not compared with the register: %s", error.detail)
        return self.register.generation()

    def generation_at_hand(self) -> int | None:
        """The number of the present state from memory alone; None when it is time to look into the register."""
        if time.monotonic() - self._healed_at >= HEAL_EVERY_S:
            return None
        return self.register.generation()

    def audience_at_hand(self, authorization: str | None, generation: int) -> Audience | None:
        """Who asks, where that is known from memory at this generation; None where the register has to be asked."""
        if not authorization:
            return PUBLIC_AUDIENCE
        scheme, _, token = authorization.partition(" ")
        known = self._tokens.get(token.strip()) if scheme.lower() == "bearer" else None
        if known and known[0] == generation and known[1].is_live(datetime.now(UTC)):
            return known[1].audience
        return None

    def audience(self, authorization: str | None) -> Audience:
        """Who asks, from the Authorization header; NotSignedIn when the token is wrong, expired or revoked."""
        if not authorization:
            return PUBLIC_AUDIENCE
        scheme, _, token = authorization.partition(" ")
        token = token.strip()
        if scheme.lower() != "bearer" or not token:
            raise NotSignedIn("send a token as 'Authorization: Bearer TOKEN'")
        generation = self.generation()
        known = self._tokens.get(token)
        if known and known[0] == generation and known[1].is_live(datetime.now(UTC)):
            return known[1].audience
        with self.register.read() as conn:
            found = people.token_of(conn, token)
        if found is None:
            self._tokens.pop(token, None)
            raise NotSignedIn("this token is not known, has expired or was revoked")
        if len(self._tokens) > MOST_TOKENS:
            self._tokens.clear()
        self._tokens[token] = (generation, found)
        return found.audience

    def all_publications(self) -> list[Publication]:
        """Everything that is out, for all audiences, looked at once a generation, read where it changed. Only for code
        that filters by audience next.
        """
        generation = self.generation()
        known = self._publications
        if known and known[0] == generation:
            return known[1]
        with self._lock, self.register.read() as conn:
            # The generation is read before the rows: newer rows are read once more, older ones never stay.
            found = self._published.read(conn)
            self._publications = (generation, found)
            return found

    def publications(self, audience: Audience) -> list[Publication]:
        """What is published and exists for ``audience``."""
        return visible(audience, self.all_publications())

    def publication(self, audience: Audience, dataset_id: str, number: int | None = None) -> Publication:
        """The publication of one dataset, or an earlier published version of it.

        NotFound alike for what is not there, not published and not for this audience.
        """
        for current in self.publications(audience):
            if current.dataset_id != dataset_id:
                continue
            if number is None or number == current.version.number:
                return current
            if number in current.older:
                with self.register.read() as conn:
                    found = datasets.publication(conn, dataset_id, number)
                if found is not None and audience.sees(found):
                    return found
        raise NotFound("there is no such dataset, or none that you may see")

    def number_at(self, audience: Audience, dataset_id: str, moment: datetime) -> int | None:
        """The version of a dataset that was out at a moment; None where nothing was, or nothing that may be seen now.

        NotFound as in ``publication``.
        """
        self.publication(audience, dataset_id)
        with self.register.read() as conn:
            return datasets.number_at(conn, dataset_id, moment)

    def exhibits(self, audience: Audience) -> list[Exhibit]:
        """Refused versions on show that exist for ``audience``: their reports may be read, and nothing else of them.

        Asked of the register each time: a draft moves no generation.
        """
        with self.register.read() as conn:
            return visible(audience, datasets.exhibits(conn))

    def waiver(self, publication: Publication) -> Waiver | None:
        """Who let a publication through a blocked gate, and why; None where the gate was open."""
        if not publication.override:
            return None
        with self.register.read() as conn:
            return waiver_of(conn, publication)

    def derived(self, publication: Publication) -> Path:
        """The folder of the files that were built for a publication."""
        return self.files.derived(publication.version.digest, publication.build)

    def close(self) -> None:
        """Close the register."""
        self.register.close()
