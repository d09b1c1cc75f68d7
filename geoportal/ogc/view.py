"""What one audience sees of the node, as an API object of pygeoapi that nobody ever changes."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Self

from babel import Locale
from pygeoapi import l10n
from pygeoapi.api import API

from geoportal.ogc.config import LOCALES
from geoportal.ogc.kept import Kept
from geoportal.ogc.pages import language_of
from geoportal.ogc.paging import Part
from geoportal.ogc.source import Source

LOGGER = logging.getLogger("geoportal.ogc")


@dataclass(frozen=True, slots=True)
class Fault:
    """What pygeoapi says instead of an answer: its own code and (English) description. ``app`` makes the document."""

    code: str
    description: str


class ViewConfig(dict[str, Any]):
    """The configuration as templates get it, with its own translations: upstream would share them between audiences
    (seam S2).
    """

    def __init__(self, *arguments: Any, said: Mapping[str, dict[str, Any]]) -> None:
        """``said`` maps a language to the translated metadata, the same for all views of the node."""
        super().__init__(*arguments)
        self._said = said

    def translated(self, locale: Locale | str | None) -> dict[str, Any]:
        """The configuration in one language. Resources stay as they are: our templates read none of them."""
        if locale is None:
            return self
        return {**self, "metadata": self._said[language_of(locale)]}


def translate_struct(struct: Any, locale_: Any, is_config: bool = False) -> Any:
    """Seam S2: the translation of a view's configuration comes from the view; everything else goes the way of
    upstream.
    """
    if is_config and isinstance(struct, ViewConfig):
        return struct.translated(locale_)
    return _upstream_translate_struct(struct, locale_, is_config)


_upstream_translate_struct = l10n.translate_struct


class View(API):  # type: ignore[misc]
    """An API object over the collections of one audience. It shares all but the resources with the API it was made
    from.

    ``key`` names the set of states that it shows: equal keys, equal answers. ``handles`` are its layers by the handle
    in their provider definition. ``unavailable`` are datasets that this audience may see and whose files are broken.
    Finished documents are ``kept`` in the room of the node, by ``key``.
    """

    config: dict[str, Any]
    tpl_config: ViewConfig
    key: str
    sources: Mapping[str, Source]
    handles: Mapping[str, Source]
    unavailable: frozenset[str]

    def __init__(
        self,
        base: API,
        sources: Iterable[Source],
        edition: str,
        unavailable: Iterable[str] = (),
        freeze: Callable[[dict[str, Any]], dict[str, Any]] = dict,
        room: Kept | None = None,
    ) -> None:
        """Show ``sources`` (in this order) with everything else taken from ``base``. ``edition`` names code, settings
        and templates; ``room`` is where finished documents lie.
        """
        self.__dict__.update(base.__dict__)
        self.sources = {source.publication.dataset_id: source for source in sources}
        self.handles = {source.handle: source for source in self.sources.values()}
        self.unavailable = frozenset(unavailable)
        self._freeze = freeze
        self._show({dataset_id: source.resource for dataset_id, source in self.sources.items()})
        states = "\n".join(sorted("|".join(map(str, source.key)) for source in self.sources.values()))
        self.key = hashlib.sha256(f"{edition}\n{states}\n{sorted(self.unavailable)}".encode()).hexdigest()[:24]
        self._room = room if room is not None else Kept()

    def _show(self, resources: dict[str, Any]) -> None:
        self.config = self._freeze({**self.config, "resources": resources})
        self.tpl_config = ViewConfig(self.config, said=self.tpl_config._said)
        self.tpl_config["server"] = {**self.config["server"], "url": self.base_url}

    def for_request(self, older: Source | None = None) -> Self:
        """A copy for one request, since pygeoapi leaves notes on the object; with an older version in place of the
        present one.
        """
        copy = type(self).__new__(type(self))
        copy.__dict__.update(self.__dict__)
        if older is not None:
            dataset_id = older.publication.dataset_id
            copy.sources = {**self.sources, dataset_id: older}
            copy.handles = {source.handle: source for source in copy.sources.values()}
            copy._show({**self.config["resources"], dataset_id: older.resource})
        return copy

    def narrowed(self, part: Part) -> Self:
        """A copy for one request that lists no other collections than those of one page."""
        copy = self.for_request()
        if not part.whole:
            shown = islice(self.config["resources"].items(), part.offset, part.offset + part.limit)
            copy._show(dict(shown))
        return copy

    def kept(self, place: tuple[str, ...]) -> bytes | None:
        """The finished document of this place, if it is known."""
        return self._room.get((self.key, *place))

    def keep(self, place: tuple[str, ...], body: bytes) -> None:
        """Remember a finished document, as long as there is room for it."""
        self._room.put((self.key, *place), body)

    def get_exception(
        self, status: int, headers: dict[str, str], format_: str | None, code: str, description: str
    ) -> tuple[dict[str, str], int, Fault]:
        """What pygeoapi answers instead of a document; logged only when it is a fault of ours."""
        if int(status) >= 500:
            LOGGER.error("pygeoapi answers %s: %s", int(status), description, exc_info=True)
        return headers, int(status), Fault(code, description)


def base_api(config: dict[str, Any]) -> API:
    """The API object that all views are made from. Its constructor sets up logging and changes what it is given: it
    gets no chance to.
    """
    root = logging.getLogger()
    guard = logging.NullHandler()
    root.addHandler(guard)  # logging.basicConfig does nothing where there is a handler
    try:
        api = API(config, {})
    finally:
        root.removeHandler(guard)
    said = {
        code: _upstream_translate_struct(config["metadata"], l10n.str2locale(locale))
        for code, locale in LOCALES.items()
    }
    api.tpl_config = ViewConfig(api.tpl_config, said=said)
    return api
