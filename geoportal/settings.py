"""Settings: one frozen object from command line, environment and YAML; every setting with its meaning in this one
file.

Order: command line > ``GEOPORTAL_DATA|HOST|PORT|WORKERS`` > ``GEOPORTAL_SECTION__KEY`` > ``config/local.yaml`` >
``config/geoportal.yaml`` > default. A key that nobody knows is an error. ``geoportal settings`` prints values and
where each came from. Files of the configuration follow the same order: ``config/local/`` before ``config/``
(``Settings.file``). ``geoportal setup`` writes ``local.yaml`` and ``local/``. A secret stands in no file.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

from geoportal.errors import Invalid
from geoportal.model.region import Region
from geoportal.model.text import LocalText

PROJECT = Path(__file__).resolve().parent.parent
TILE_URL = re.compile(
    r"https://[a-z0-9](?:[a-z0-9.-]{0,250}[a-z0-9])?(?::[0-9]{1,5})?/(?:[A-Za-z0-9._~%/?&=+@:,-]|\{[zxy]\}){1,500}",
    re.IGNORECASE,
)


class Section(BaseModel):
    """A frozen group of settings that refuses unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Bilingual(Section):
    """A text in Indonesian and English."""

    id: str = ""
    en: str = ""

    def local(self) -> LocalText:
        """The same as a LocalText."""
        return LocalText(self.id, self.en)


class NodeSettings(Section):
    """Who the node is."""

    title: Bilingual = Field(default=Bilingual(id="Geoportal", en="Geoportal"), description="Name of the node.")
    tagline: Bilingual = Field(
        default=Bilingual(id="Simpul Jaringan Informasi Geospasial", en="Geospatial Information Network Node"),
        description="The line under the name.",
    )
    organisation: Bilingual = Field(default=Bilingual(), description="The office that runs the node (walidata).")
    email: str = Field(default="", description="Where readers may write to; empty = not shown.")
    region_name: Bilingual = Field(default=Bilingual(), description="The region that the node serves.")
    region_code: str | None = Field(default=None, description="Kemendagri code of the region, with its dots.")
    extent: tuple[float, float, float, float] | None = Field(
        default=None, description="West, south, east, north of the region in degrees (WGS 84)."
    )
    crs_candidates: tuple[str, ...] = Field(
        default=("EPSG:4326",),
        description="Reference systems that the region's data comes in; suggested, never assumed.",
    )
    region_layers: tuple[str, ...] = Field(
        default=(),
        description="Ids of datasets with the region's areas; tables without geometry are joined to them by code.",
    )
    timezone: str = Field(default="Asia/Makassar", description="Zone in which times are shown; stored is UTC.")
    languages: tuple[Literal["id", "en"], ...] = Field(
        default=("id", "en"), description="Languages, the first is the default."
    )
    demo: bool = Field(default=True, description="Load the datasets/ folder once, at the first start.")
    administrator: str = Field(default="", description="Who looks after the node (pengelola); shown on no page.")


class StorageSettings(Section):
    """Where everything lasting lies."""

    data: Path = Field(
        default=Path("var"), description="The data directory; relocatable. Also GEOPORTAL_DATA and --data."
    )
    reserve_mb: int = Field(
        default=200, ge=0, description="Free space in MB below which submit and publish refuse (507)."
    )


class WebSettings(Section):
    """How the node is reached."""

    host: str = Field(default="127.0.0.1", description="Address to listen on. Also GEOPORTAL_HOST.")
    port: int = Field(default=8080, ge=1, le=65535, description="Port to listen on. Also GEOPORTAL_PORT.")
    workers: int = Field(
        default=min(4, os.cpu_count() or 1), ge=1, le=64, description="Worker processes. Also GEOPORTAL_WORKERS."
    )
    base_url: str | None = Field(
        default=None, description="Public address of the node without a final slash; default from host and port."
    )
    hosts: tuple[str, ...] = Field(
        default=(), description="Further host names that requests may carry; others answer 400."
    )

    @field_validator("base_url")
    @classmethod
    def _plain_url(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("http://", "https://")):
            raise ValueError("must start with http:// or https://")
        return value.rstrip("/") if value else None


class IngestSettings(Section):
    """Limits for the child that opens foreign files."""

    max_mb: int = Field(
        default=2048, ge=1, description="Largest file taken in, in MB, and largest sum of unpacked members."
    )
    memory_mb: int = Field(default=4096, ge=256, description="Address space of the child in MB.")
    cpu_s: int = Field(default=300, ge=1, description="Processor seconds of the child.")
    wall_s: int = Field(default=600, ge=1, description="Seconds after which the child is ended.")
    max_fields: int = Field(default=500, ge=1, description="Largest number of attributes of a layer.")


class ChecksSettings(Section):
    """How the rules are asked of large layers."""

    part_features: int = Field(
        default=1_000_000, ge=1000, description="Layers with more features than this are checked in parts of this size."
    )
    scheduler: str = Field(
        default="",
        description="Address of a Dask scheduler that shares out the parts, such as tcp://10.0.0.5:8786; "
        "empty = this process. Its workers must see the data directory under the same path.",
    )


class OgcSettings(Section):
    """How the OGC APIs answer."""

    default_limit: int = Field(
        default=10, ge=1, le=10000, description="Features on a page when the request names no limit."
    )
    max_limit: int = Field(
        default=10000, ge=1, le=10000, description="Largest limit; larger ones are brought down to it."
    )
    cache: bool = Field(
        default=True, description="Keep finished pages of features in memory (16 MB a worker); off for measuring."
    )
    max_age_s: int = Field(
        default=0,
        ge=0,
        le=86400,
        description="Seconds for which browsers and proxies use a public answer without asking; with 0 a publication "
        "is seen at once, and asking costs little (304).",
    )
    version_max_age_s: int = Field(
        default=600,
        ge=0,
        description="The same for data of a version that was asked for by its number. Its features never change, but "
        "its record may, and what is withdrawn should be out of sight soon.",
    )


class TileLayer(Section):
    """A base map from another host, offered by the preview maps."""

    name: str = Field(min_length=1, max_length=60, description="Name of the base map, as readers see it.")
    url: str = Field(description="https address with {z}, {x} and {y}; its host is let into the maps, no other.")
    attribution: str = Field(min_length=1, max_length=200, description="Who made it; shown on the map as plain text.")
    max_zoom: int = Field(default=18, ge=1, le=22, description="Closest zoom that the host has tiles for.")

    @field_validator("url")
    @classmethod
    def _template(cls, value: str) -> str:
        if not TILE_URL.fullmatch(value) or any(value.count(part) != 1 for part in ("{z}", "{x}", "{y}")):
            raise ValueError("must be https://host/path with {z}, {x} and {y} once each, and no other braces")
        return value

    @property
    def origin(self) -> str:
        """The scheme and host that the tiles come from."""
        return "/".join(self.url.split("/")[:3]).lower()


class MapsSettings(Section):
    """What lies under the maps."""

    ground: dict[Literal["land", "neighbour", "district", "lake", "river", "road"], str] = Field(
        default={},
        description="Published PUBLIC datasets whose newest version is the ground of maps made from now on, by kind; "
        "other kinds come from ground.geojson.",
    )
    tiles: tuple[TileLayer, ...] = Field(
        default=(),
        max_length=8,
        description="Base maps of other hosts (name, url, attribution, max_zoom) that the preview maps offer. Readers' "
        "browsers ask those hosts.",
    )


class FeedbackSettings(Section):
    """What readers may write to the node."""

    working_days: int = Field(
        default=5, ge=1, le=60, description="Working days within which a report is answered; the promise on its page."
    )
    most_per_hour: int = Field(
        default=60, ge=0, description="Reports and requests taken in within an hour, all together; 0 = none at all."
    )


class MailSettings(Section):
    """The server that takes the node's letters. Without a host the node writes none."""

    host: str = Field(default="", description="Host name of the SMTP server; empty = no mail.")
    port: int = Field(default=587, ge=1, le=65535, description="Its port: 587 with STARTTLS, 465 with TLS.")
    sender: str = Field(default="", description="Address that letters come from.")
    user: str = Field(default="", description="Name to sign in with; empty = the server asks for none.")
    password: SecretStr = Field(
        default=SecretStr(""), description="From GEOPORTAL_MAIL__PASSWORD only; refused in a file."
    )


class BackupSettings(Section):
    """Where copies of the data directory go."""

    place: Path | None = Field(
        default=None, description="Folder for backups, best on another disk; default is backups/ in the data directory."
    )


class Settings(Section):
    """All settings of a node."""

    node: NodeSettings = NodeSettings()
    storage: StorageSettings = StorageSettings()
    web: WebSettings = WebSettings()
    ingest: IngestSettings = IngestSettings()
    checks: ChecksSettings = ChecksSettings()
    ogc: OgcSettings = OgcSettings()
    maps: MapsSettings = MapsSettings()
    feedback: FeedbackSettings = FeedbackSettings()
    mail: MailSettings = MailSettings()
    backup: BackupSettings = BackupSettings()
    config: Path = Field(default=PROJECT / "config", description="Folder of geoportal.yaml. Also GEOPORTAL_CONFIG.")

    @property
    def base_url(self) -> str:
        """The public address, without a final slash."""
        if self.web.base_url:
            return self.web.base_url
        host = f"[{self.web.host}]" if ":" in self.web.host else self.web.host
        return f"http://{host}:{self.web.port}"

    @property
    def region(self) -> Region:
        """The region that the node serves."""
        node = self.node
        return Region(node.region_name.local(), node.region_code, node.extent, node.crs_candidates)

    @property
    def profiles(self) -> Path:
        """The folder of the named rule sets: the node's own, else those that the program brings."""
        own = self.file("specifications")
        return own if own.is_dir() else PROJECT / "config" / "specifications"

    def file(self, name: str) -> Path:
        """A file or folder of the configuration: the one in ``config/local/`` where there is one, else in
        ``config/``. It need not exist; an empty file in ``local/`` takes away the shared one.
        """
        return config_file(self.config, name)

    def language(self) -> str:
        """The node's first language."""
        return self.node.languages[0]


LOCAL = "local"
"""Folder beside ``local.yaml`` with the files of this node alone."""

SECRETS = (("mail", "password"),)


def config_file(config: Path, name: str) -> Path:
    """A file of a configuration folder, that of ``local/`` first; it need not exist."""
    own = config / LOCAL / name
    return own if own.exists() else config / name


SHORT_NAMES = {
    "GEOPORTAL_DATA": ("storage", "data"),
    "GEOPORTAL_HOST": ("web", "host"),
    "GEOPORTAL_PORT": ("web", "port"),
    "GEOPORTAL_WORKERS": ("web", "workers"),
}


def _read_yaml(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        content = yaml.safe_load(path.read_text("utf-8")) or {}
    except yaml.YAMLError as error:
        raise Invalid(f"{path} is not valid YAML: {error}") from error
    if not isinstance(content, dict):
        raise Invalid(f"{path} must hold sections with keys")
    return content


def _from_environment(environ: dict[str, str]) -> list[tuple[str, str, Any, str]]:
    found: list[tuple[str, str, Any, str]] = []
    for name, value in sorted(environ.items()):
        if name.startswith("GEOPORTAL_") and "__" in name:
            section, key = name.removeprefix("GEOPORTAL_").lower().split("__", 1)
            found.append((section, key, yaml.safe_load(value) if value else value, name))
    for name, (section, key) in SHORT_NAMES.items():
        if environ.get(name):
            found.append((section, key, environ[name], name))
    return found


def load_settings(
    overrides: dict[str, dict[str, Any]] | None = None, environ: dict[str, str] | None = None
) -> tuple[Settings, dict[str, str]]:
    """The settings and, for each ``section.key`` that is not a default, where its value came from.

    ``overrides`` are what the command line says, by section. Raises Invalid with the name of the setting that is wrong.
    """
    environ = dict(os.environ) if environ is None else environ
    folder = Path(environ.get("GEOPORTAL_CONFIG") or PROJECT / "config")
    values: dict[str, Any] = {"config": folder}
    sources: dict[str, str] = {}

    def put(section: str, key: str, value: Any, source: str) -> None:
        values.setdefault(section, {})[key] = value
        sources[f"{section}.{key}"] = source

    for name in ("geoportal.yaml", "local.yaml"):
        for section, keys in _read_yaml(folder / name).items():
            if not isinstance(keys, dict):
                raise Invalid(f"{folder / name}: section {section!r} must hold keys")
            for key, value in keys.items():
                if (section, key) in SECRETS:
                    variable = f"GEOPORTAL_{section}__{key}".upper()
                    raise Invalid(f"{folder / name}: {section}.{key} may stand in no file; set {variable}")
                put(section, key, value, name)
    for section, key, value, name in _from_environment(environ):
        put(section, key, value, name)
    for section, keys in (overrides or {}).items():
        for key, value in keys.items():
            if value is not None:
                put(section, key, value, "command line")
    try:
        return Settings.model_validate(values), sources
    except ValidationError as error:
        lines = "; ".join(f"{'.'.join(str(part) for part in e['loc'])}: {e['msg']}" for e in error.errors())
        raise Invalid(f"settings: {lines}") from error
