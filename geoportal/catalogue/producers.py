"""Who produces data (produsen data): the units named in ``config/producers.yaml``, never in code."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import yaml

from geoportal.errors import Invalid
from geoportal.model.text import LocalText
from geoportal.settings import config_file


@dataclass(frozen=True, slots=True)
class Producer:
    """A unit that makes data. ``sample`` marks names that stand in until the office supplies its own list."""

    key: str
    name: LocalText
    contact: str | None = None
    sample: bool = False


def read_producers(config: Path) -> dict[str, Producer]:
    """All producers by key; empty where the node has no list."""
    path = config_file(config, "producers.yaml")
    try:
        state = path.stat()
    except FileNotFoundError:
        return {}
    return dict(_read(path, state.st_mtime_ns, state.st_size))


@lru_cache(maxsize=4)
def _read(path: Path, _changed: int, _size: int) -> dict[str, Producer]:
    """The file in one state: it is asked for at every snapshot, and YAML is slow."""
    content = yaml.safe_load(path.read_text("utf-8")) or {}
    if not isinstance(content, dict):
        raise Invalid(f"{path} must map keys to producers")
    return {
        str(key): Producer(
            str(key), LocalText.of(value["name"]), value.get("contact"), bool(value.get("sample", False))
        )
        for key, value in content.items()
    }
