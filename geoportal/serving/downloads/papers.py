"""The papers that go with data wherever they go: record (OGC API Records), licence, and what to know before reading."""

from __future__ import annotations

from typing import Any

import orjson

from geoportal.language import text
from geoportal.model.record import Record
from geoportal.serving.downloads.contents import Contents
from geoportal.serving.downloads.notes import Note
from geoportal.serving.edition import DOMAIN, Edition, described, licence_url

RECORD = "metadata.json"
LICENCE = "LISENSI.txt"
README = "BACA_SAYA.txt"
LANGUAGES = ("id", "en")
CONFORMS_TO = ("http://www.opengis.net/spec/ogcapi-records-1/1.0/conf/record-core",)


def record_json(contents: Contents) -> bytes:
    """The record of the dataset as a GeoJSON Feature (OGC API Records 1.0, record core)."""
    record, edition, summary = contents.record, contents.edition, contents.summary
    properties: dict[str, Any] = {
        "type": "dataset",
        "title": record.title.in_language("id"),
        "description": described(record, "id"),
        "language": {"code": "id", "name": "Bahasa Indonesia"},
        "keywords": list(record.keywords_in("id")),
        "license": record.licence,
        "created": edition.created,
        "updated": edition.created,
        "version": str(edition.number),
        "contentDate": record.content_date,
        "lineage": record.lineage.in_language("id"),
        "updateFrequency": record.update_frequency,
        "scaleDenominator": record.scale_denominator,
        "synthetic": record.synthetic or None,
        "exception": edition.exception.in_language("id"),
        "crs": contents.layer.crs,
        "features": len(contents),
        "fields": [
            {
                "name": field.name,
                "title": record.field_title(field.name, "id"),
                "unit": record.fields[field.name].unit if field.name in record.fields else None,
                **field.as_schema(),
            }
            for field in contents.fields
        ],
        "translations": {
            "en": {"title": record.title.in_language("en"), "description": described(record, "en")}
            | ({"exception": edition.exception.en} if edition.exception.en else {})
        },
    }
    if record.topic:
        scheme = "https://standards.iso.org/iso/19115/resources/Codelists/cat/codelists.xml#MD_TopicCategoryCode"
        properties["themes"] = [{"concepts": [{"id": record.topic}], "scheme": scheme}]
    contacts = [
        {"name": name.in_language("id"), "roles": [role]}
        for name, role in ((edition.producer_of(record), "producer"), (edition.publisher, "publisher"))
        if name.id or name.en
    ]
    if contacts:
        properties["contacts"] = contacts
    links = []
    if edition.page:
        links.append({"rel": "canonical", "type": "text/html", "href": edition.page})
    if url := licence_url(record.licence):
        links.append({"rel": "license", "type": "text/html", "href": url})
    document = {
        "type": "Feature",
        "id": contents.dataset_id,
        "conformsTo": list(CONFORMS_TO),
        "geometry": _extent(summary.extent_crs84),
        "time": {"date": record.content_date} if record.content_date else None,
        "properties": {name: value for name, value in properties.items() if value not in (None, "", [])},
        "links": links,
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n"


def licence_text(record: Record, edition: Edition) -> bytes:
    """Under which licence the data are, and how to name whom they come from, in both languages."""
    said = []
    for language in LANGUAGES:
        key = "licence.text" if record.licence else "licence.none"
        said.append(
            text(
                DOMAIN,
                key,
                language,
                licence=record.licence or "",
                url=licence_url(record.licence) or "-",
                credit=credit(record, edition, language),
            )
        )
    return _paper(said)


def credit(record: Record, edition: Edition, language: str) -> str:
    """The line by which users name the data: producer, title, version, date and address."""
    version = text(DOMAIN, "credit.version", language, number=str(edition.number), date=edition.created or "-")
    parts = [
        edition.producer_of(record).in_language(language),
        record.title.in_language(language),
        version,
        edition.page or "",
    ]
    return ". ".join(part for part in parts if part)


def readme_text(contents: Contents, files: list[tuple[str, int]], notes: list[Note]) -> bytes:
    """What is in the zip, in which reference system, and what the format could not keep, in both languages."""
    record, edition = contents.record, contents.edition
    said = []
    for language in LANGUAGES:
        title = record.title.in_language(language)
        if record.synthetic:
            warning = text(DOMAIN, "synthetic", language)
            title = f"*** {warning} ***\n\n{title}"
        if allowed := edition.exception.in_language(language):
            title = f"{title}\n\n*** {allowed} ***"
        lines = [f"- {note.in_language(language)}" for note in notes] or [f"- {text(DOMAIN, 'nothing-lost', language)}"]
        said.append(
            text(
                DOMAIN,
                "readme",
                language,
                title=title,
                abstract=record.abstract.in_language(language),
                credit=credit(record, edition, language),
                crs=crs_named(contents.layer.crs) or text(DOMAIN, "no-crs", language),
                files="\n".join(
                    text(DOMAIN, "readme.file", language, name=name, count=str(count)) for name, count in files
                ),
                notes="\n".join(lines),
            )
        )
    return _paper(said)


def crs_named(crs: str | None) -> str:
    """The name of a reference system with its code."""
    if not crs:
        return ""
    import pyproj

    name = pyproj.CRS(crs).name
    return f"{name} ({crs})" if len(crs) < 24 else str(name)


def _paper(said: list[str]) -> bytes:
    """Plain text that every editor of Windows opens: a byte order mark and CRLF."""
    whole = ("\n\n" + "-" * 72 + "\n\n").join(part.strip() for part in said)
    return ("\ufeff" + whole + "\n").replace("\r\n", "\n").replace("\n", "\r\n").encode("utf-8", "replace")


def _extent(extent: tuple[float, float, float, float] | None) -> dict[str, Any] | None:
    if extent is None:
        return None
    west, south, east, north = extent
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}
