"""Publications -> the configuration of pygeoapi (a plain dict). Pure: no file is opened, no secret goes in.

pygeoapi hands the whole configuration to its page templates, so a provider definition holds an opaque handle and
nothing else; the provider resolves it through the visit (``visit.Visit.grant``). Texts are language structs with the
keys of ``LOCALES``: a struct whose keys are just ``id`` and ``en`` would do too, but pygeoapi takes *any* dict with
locale-like keys for one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geoportal.language import LOCALE, text
from geoportal.model.dataset import Publication
from geoportal.model.record import Record
from geoportal.model.text import LocalText
from geoportal.ogc.formats.forms import listed
from geoportal.serving.crs import CRS84, offered
from geoportal.serving.edition import licence_url
from geoportal.serving.listing import Offered
from geoportal.settings import Settings

if TYPE_CHECKING:
    from geoportal.serving.summary import Summary
    from geoportal.store.waivers import Waiver

TEMPLATES = Path(__file__).parent / "templates"
PROVIDER = "geoportal.ogc.features.LayerProvider"
LOCALES = {"id": "id-ID", "en": "en-US"}
"""Our language codes -> the locales that pygeoapi answers in."""

WGS84 = "http://www.opengis.net/def/crs/EPSG/0/4326"
GREGORIAN = "http://www.opengis.net/def/uom/ISO-8601/0/Gregorian"
WORLD = (-180.0, -90.0, 180.0, 90.0)


@dataclass(frozen=True, slots=True)
class Served:
    """What the configuration is made of: the publication, what its serving files sum up to, its files for download,
    who let it through a blocked gate, and the first and last instant at which a feature holds (None: open).
    """

    publication: Publication
    summary: Summary
    downloads: tuple[Offered, ...] = ()
    waiver: Waiver | None = None
    time: tuple[str | None, str | None] | None = None


def handle_of(publication: Publication) -> str:
    """The opaque name of a build of a published version: ``dataset@version`` and the build, since a version may be
    built anew.
    """
    return f"{publication.dataset_id}@{publication.version.number}:{publication.build}"


def api_config(served: Iterable[Served], settings: Settings) -> dict[str, Any]:
    """The whole configuration for one set of published layers (validates against pygeoapi's own JSON schema)."""
    return {
        **service(settings),
        "resources": {one.publication.dataset_id: resource(one, settings) for one in served},
    }


def service(settings: Settings) -> dict[str, Any]:
    """The part of the configuration that does not depend on what is published."""
    node, base_url = settings.node, settings.base_url
    title, organisation = node.title.local(), node.organisation.local()
    who = organisation if organisation.id or organisation.en else title
    contact = {"name": who.in_language(settings.language()), "url": f"{base_url}/"}
    if node.email:
        contact["email"] = node.email
    return {
        "server": {
            "bind": {"host": settings.web.host, "port": settings.web.port},
            "url": f"{base_url}/ogc",
            "mimetype": "application/json; charset=UTF-8",
            "encoding": "utf-8",
            "gzip": False,
            "languages": [LOCALES[code] for code in node.languages],
            "locale_dir": str(LOCALE),
            "cors": False,
            "pretty_print": False,
            "limits": {
                "default_items": settings.ogc.default_limit,
                "max_items": settings.ogc.max_limit,
                "on_exceed": "throttle",
            },
            "map": {"url": f"{base_url}/peta", "attribution": title.in_language(settings.language())},
            "templates": {"path": str(TEMPLATES)},
        },
        "logging": {"level": "ERROR"},
        "metadata": {
            "identification": {
                "title": both(title),
                "description": both(_description(settings)),
                "keywords": _keywords(node.region_name.local()),
                "keywords_type": "theme",
                "terms_of_service": f"{base_url}/tentang",
                "url": f"{base_url}/",
            },
            "license": {"name": said("Each collection names its own licence"), "url": f"{base_url}/tentang"},
            "provider": {"name": both(who), "url": f"{base_url}/"},
            "contact": contact,
        },
    }


def resource(served: Served, settings: Settings) -> dict[str, Any]:
    """One collection: texts, links, extent, and a provider definition that holds a handle and no place on disk."""
    publication, summary = served.publication, served.summary
    record = publication.record
    provider: dict[str, Any] = {
        "type": "feature",
        "name": PROVIDER,
        "data": handle_of(publication),
        "storage_crs": storage_uri(summary.crs_uri),
        "crs": list(offered(summary.crs, settings.region.crs_candidates, summary.extent_crs84)),
    }
    if summary.fid_from == "key" and summary.fid_field:
        provider["id_field"] = summary.fid_field
    return {
        "type": "collection",
        "title": both(record.title),
        "description": both(_let_through(_abstract(record), served.waiver)),
        "keywords": {LOCALES[code]: list(record.keywords_in(code)) for code in LOCALES},
        "links": links(served, settings),
        "extents": _extents(served, settings),
        "providers": [provider],
    }


def links(served: Served, settings: Settings) -> list[dict[str, Any]]:
    """The links of a collection beyond those of the API: its page, licence, preview and files (always with their
    length).

    Titles are plain strings, as pygeoapi's schema wants them; it looks them up in our catalogue (seam S6).
    """
    publication, base_url = served.publication, settings.base_url
    dataset_id, number = publication.dataset_id, publication.version.number
    found: list[dict[str, Any]] = [
        {
            "type": "text/html",
            "rel": "describedby",
            "title": "The page of this dataset",
            "href": f"{base_url}/dataset/{dataset_id}",
        },
        {
            "type": "text/html",
            "rel": "preview",
            "title": "Preview map of this dataset",
            "href": f"{base_url}/peta/{dataset_id}",
        },
    ]
    for kind, form in (("application/schema+json", "JSON"), ("text/html", "HTML")):
        found.append(
            {
                "type": kind,
                "rel": "http://www.opengis.net/def/rel/ogc/1.0/sortables",
                "title": f"Sortables for this collection as {form}",
                "href": f"{base_url}/ogc/collections/{dataset_id}/sortables?f={form.lower()}",
            }
        )
    if served.waiver is not None:
        found.append(
            {
                "type": "text/html",
                "rel": "describedby",
                "title": "The quality report of this dataset",
                "href": f"{base_url}/dataset/{dataset_id}/mutu?version={number}",
            }
        )
    found.extend(
        {
            "type": form.link_type,
            "rel": "items",
            "title": f"Features as {form.title}",
            "href": f"{base_url}/ogc/collections/{dataset_id}/items?f={form.name}",
        }
        for form in listed()
    )
    if licence := licence_url(publication.record.licence):
        found.append({"type": "text/html", "rel": "license", "title": str(publication.record.licence), "href": licence})
    found.extend(
        {
            "type": download.kind.media_type,
            "rel": "enclosure",
            "title": download.kind.title,
            "href": f"{base_url}/berkas/{dataset_id}/{number}/{download.name}",
            "length": download.size_bytes,
        }
        for download in served.downloads
        if download.size_bytes > 0
    )
    return found


def storage_uri(uri: str | None) -> str:
    """The storage CRS to declare: the source's own; CRS84 where its file puts longitude first, or where no authority
    knows it.
    """
    return CRS84 if uri is None or uri == WGS84 else uri


def both(local: LocalText) -> dict[str, str]:
    """A text in both languages as pygeoapi reads it."""
    return {locale: local.in_language(code) for code, locale in LOCALES.items()}


def said(key: str) -> dict[str, str]:
    """One of our own texts in both languages as pygeoapi reads it."""
    return {locale: text("messages", key, code) for code, locale in LOCALES.items()}


def _description(settings: Settings) -> LocalText:
    tagline = settings.node.tagline.local()
    return LocalText(
        *(f"{tagline.in_language(code)}. {text('messages', 'Service description', code)}" for code in LOCALES)
    )


def _abstract(record: Record) -> LocalText:
    return record.abstract if record.abstract.id or record.abstract.en else record.title


def _let_through(abstract: LocalText, waiver: Waiver | None) -> LocalText:
    """The abstract, and after it that a version is out in spite of what was found in it."""
    if waiver is None:
        return abstract
    from geoportal.checks.texts import named

    said = (
        text(
            "messages",
            "let through",
            code,
            abstract=abstract.in_language(code),
            by=waiver.by,
            reason=waiver.reason,
            found=named(waiver.overruled, code) or "-",
        )
        for code in LOCALES
    )
    return LocalText(*said)


def _keywords(region: LocalText) -> Mapping[str, list[str]]:
    return {
        locale: [
            word for word in ("OGC API", text("messages", "geospatial data", code), region.in_language(code)) if word
        ]
        for code, locale in LOCALES.items()
    }


def _extents(served: Served, settings: Settings) -> dict[str, Any]:
    """The layer's own extent; where it has no geometry, the region's, since pygeoapi asks for one. In time as well
    where its record names its time.
    """
    box = served.summary.extent_crs84 or settings.region.extent or WORLD
    found: dict[str, Any] = {"spatial": {"bbox": [float(value) for value in box], "crs": CRS84}}
    if served.time is not None:
        begin, end = served.time
        found["temporal"] = {"begin": begin, "end": end, "trs": GREGORIAN}
    return found
