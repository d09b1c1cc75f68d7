"""What KUGI codes mean in words: the printed part of the catalogue, from ``config/kugi.yaml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from geoportal.errors import Invalid
from geoportal.model.kugi import KugiCode, KugiLists
from geoportal.model.text import LocalText
from geoportal.settings import config_file


@dataclass(frozen=True, slots=True)
class Kugi:
    """Names of catalogue letters (and whether a printed code proves the letter), of the codes that are known, and of
    the printed values of coded fields.
    """

    catalogues: Mapping[str, tuple[LocalText, bool]]
    codes: Mapping[str, LocalText]
    domains: Mapping[str, Mapping[str, LocalText]] = field(default_factory=dict)
    old_names: tuple[str, ...] = ()

    def lists(self) -> KugiLists:
        """What a layer can be compared with."""
        return KugiLists(
            tuple(self.catalogues), {name: tuple(values) for name, values in self.domains.items()}, self.old_names
        )


def read_kugi(config: Path) -> Kugi:
    """The names in ``config/kugi.yaml``; nothing is named where the node has no such file."""
    path = config_file(config, "kugi.yaml")
    content: Any = (yaml.safe_load(path.read_text("utf-8")) if path.exists() else None) or {}
    try:
        return Kugi(
            {
                str(letter): (LocalText.of(value["name"]), bool(value["certain"]))
                for letter, value in (content.get("catalogues") or {}).items()
            },
            {str(code): LocalText.of(name) for code, name in (content.get("codes") or {}).items()},
            {
                str(name): {str(value): LocalText.of(title) for value, title in values.items()}
                for name, values in (content.get("domains") or {}).items()
            },
            tuple(map(str, content.get("old_names") or ())),
        )
    except (AttributeError, KeyError, TypeError) as error:
        raise Invalid(f"{path} must hold catalogues, codes and domains: {error}") from error


def explained(code: KugiCode, kugi: Kugi, language: str) -> dict[str, Any]:
    """A code in words; what no printed source names is None, never invented."""
    name, certain = kugi.catalogues.get(code.catalogue, (None, False))
    meaning = kugi.codes.get(code.code)
    return {
        "code": code.code,
        "catalogue": code.catalogue,
        "catalogue_name": name.in_language(language) if name else None,
        "catalogue_certain": certain,
        "subtheme": code.subtheme,
        "geometry": code.geometry,
        "scale": code.scale,
        "serial": code.serial,
        "name": meaning.in_language(language) if meaning else None,
        "old": code.is_old,
    }
