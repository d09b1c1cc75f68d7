"""The handbook: chapters for everybody, officers, agencies and operators, and a glossary, at ``/bantuan/{chapter}``.

Their texts stand in the domain ``handbook`` as small pieces of HTML, one a section, in which ``{sample_key}`` is the
place of a sample (``samples``) and any other gap a fact of this node, escaped. Chapters share their addresses with the
rules; a test holds their names apart.
"""

from __future__ import annotations

from string import Formatter

from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import Response

from geoportal.language import catalogue, text
from geoportal.web.pages import HandbookPage
from geoportal.web.parts import ChapterCard, Link, Passage, Sample, Section
from geoportal.web.site import Site, Url
from geoportal.web.visitor import Visitor

DOMAIN = "handbook"

CHAPTERS: dict[str, tuple[str, ...]] = {
    "umum": ("temukan", "legenda", "unduh", "lapor", "cetak"),
    "petugas": (
        "siapkan", "berkas", "periksa", "crs", "laporan", "syarat", "kirim", "perbaiki", "terbitkan", "versi",
        "kembali", "pengecualian", "tarik", "tabel", "format",
    ),
    "instansi": (
        "alamat", "qgis", "arcgis", "python", "r", "javascript", "curl", "halaman", "saring", "crs", "versi", "etag",
        "token", "gdal",
    ),
    "pengelola": ("jalankan", "pengaturan", "keadaan", "cadangan", "kunci", "laporan"),
    "istilah": (
        "dataset", "versi", "unsur", "kolom", "layer", "temuan", "profil", "gerbang", "crs", "epsg", "srgi", "utm",
        "geometri", "kunci", "metadata", "lisensi", "ogc", "produsen", "walidata", "simpul",
    ),
}  # fmt: skip
"""Name of a chapter (part of its address, permanent) -> its sections in order (anchors, permanent)."""

FORMATS = (
    "SQLite", "Shapefile", "FileGDB", "JSON", "GeoJSON text sequence", "KML", "GML", "GPX", "CSV", "XLSX", "FlatGeobuf",
    "Parquet", "Arrow", "MapInfo TAB", "MapInfo MIF", "DXF", "TIFF",
)  # fmt: skip
"""Kinds of file that are read, as the reader's own table (``ingest.formats``) and its archive name them; a test holds
the two together. That table itself loads the reading libraries, which a worker of the portal does without.
"""

ICONS = {"umum": "orang", "petugas": "unggah", "instansi": "kode", "pengelola": "sambung", "istilah": "berkas"}


def told(key: str, language: str) -> str:
    """A plain text of the handbook."""
    return text(DOMAIN, key, language)


def chapter(site: Site, request: Request, name: str) -> Response:
    """One chapter; the name is known to be one."""
    visitor = site.visitor(request)
    return site.show(chapter_page(site, visitor, name), request, visitor)


def chapter_page(site: Site, visitor: Visitor, name: str) -> HandbookPage:
    """A chapter with its samples filled in for this node and this visitor."""
    from geoportal.web.samples import samples_for

    language, url = visitor.language, site.url(visitor)
    samples, facts = samples_for(site, visitor), facts_of(site, visitor, url)
    sections = tuple(
        Section(
            id=section,
            title=told(f"{name}.{section}.title", language),
            passages=tuple(passages(f"{name}.{section}", language, samples, facts)),
        )
        for section in CHAPTERS[name]
    )
    names = list(CHAPTERS)
    following = names[names.index(name) + 1 :][:1]
    return HandbookPage(
        title=told(f"{name}.title", language),
        lead=told(f"{name}.lead", language),
        contents=tuple(Link(section.title, f"#{section.id}") for section in sections),
        sections=sections,
        glossary=name == "istilah",
        following=Link(told(f"{following[0]}.title", language), url("rule", id=following[0])) if following else None,
    )


def passages(key: str, language: str, samples: dict[str, Sample], facts: dict[str, str | Markup]) -> list[Passage]:
    """The text of a section cut at its samples; a sample that cannot be made here says so in its place."""
    found: list[Passage] = []
    piece = Markup()
    for literal, gap, _, _ in Formatter().parse(catalogue(DOMAIN, language).gettext(key)):
        piece += Markup(literal)
        if gap is None:
            continue
        if not gap.startswith("sample_"):
            piece += escape(facts[gap])
            continue
        sample = samples.get(gap.removeprefix("sample_"))
        if sample is None:
            piece += Markup("<p>{}</p>").format(told("sample.none", language))
            continue
        found.append(Passage(piece, sample))
        piece = Markup()
    if piece.strip():
        found.append(Passage(piece, None))
    return found


def facts_of(site: Site, visitor: Visitor, url: Url) -> dict[str, str | Markup]:
    """What a text of the handbook may name: addresses and settings of this node."""
    from geoportal.web.exercise import exercise_crs

    settings, language, words = site.node.settings, visitor.language, site.wording(visitor)
    return {
        "base": settings.base_url,
        "region": settings.node.region_name.local().in_language(language) or told("region", language),
        "crs": exercise_crs(site.node.region),
        "days": words.number(settings.feedback.working_days),
        "limit": words.number(settings.ingest.max_mb),
        "formats": formats(language),
        "home": url("home"),
        "catalogue": url("catalogue"),
        "developers": url("developers"),
        "report": url("feedback"),
        "access": url("feedback", (("jenis", "akses"),)),
        "rules": f"{url('help')}#aturan",
        "terms": url("rule", id="istilah"),
        "officers": url("rule", id="petugas"),
        "agencies": url("rule", id="instansi"),
        "crs_rule": url("rule", id="crs-missing"),
    }


def formats(language: str) -> Markup:
    """The formats that are read, as a list."""
    return Markup("<ul>{}</ul>").format(
        Markup("").join(Markup("<li>{}</li>").format(told(f"format.{kind}", language)) for kind in FORMATS)
    )


def cards(site: Site, visitor: Visitor) -> tuple[ChapterCard, ...]:
    """The chapters for the overview, each with its tasks."""
    language, url = visitor.language, site.url(visitor)
    return tuple(
        ChapterCard(
            title=told(f"{name}.title", language),
            lead=told(f"{name}.short", language),
            icon=ICONS[name],
            href=url("rule", id=name),
            tasks=tuple(
                Link(told(f"{name}.{section}.title", language), f"{url('rule', id=name)}#{section}")
                for section in (sections if name != "istilah" else ())
            ),
        )
        for name, sections in CHAPTERS.items()
    )
