"""The differences that are meant, each with the line that asks for it. What is not here is a fault.

A difference is a place in the meaning of an answer, what stock says there, and what we say. An entry must say of both
what they have to be: where ours is wrong, no entry holds. An entry that nothing needs any more fails the test too.
"""

from __future__ import annotations

from tests.ogc.differential.holding import (
    CONF,
    Intended,
    box,
    declared,
    defined,
    held_page,
    linked,
    linked_data,
    negotiated,
    not_written,
    paged,
    refusal,
    refused,
    schema,
    selected,
    tabled,
    typed,
    unescaped,
)
from tests.ogc.differential.meaning import NOTHING

PAGE = r"status|says > (order|numberMatched|numberReturned|features > .*|links > next .*)"

INTENDED = (
    Intended(
        "markup",
        f"{CONF}.2: attribute values are HTML-escaped inside JSON",
        r"says > .*",
        lambda d: d.stock != d.ours and unescaped(d.stock) == d.ours,
    ),
    Intended(
        "media type",
        f"{CONF}.6: links declare geo+json but serve json",
        r"type",
        lambda d: (
            d.case.kind in ("items", "item", "head")
            and d.stock == "application/json"
            and d.ours == "application/geo+json"
        ),
    ),
    Intended(
        "negotiation", f"{CONF}.6: q-values ignored; unsupported Accept gets 200 not 406", r"status|type", negotiated
    ),
    Intended(
        "unknown parameter",
        f"{CONF}.5: unknown query parameters accepted (Part 1: 400)",
        r"status",
        refused({200}, 400, "tidakada=1"),
    ),
    Intended(
        "senseless value",
        f"{CONF}.5: nan/inf in bbox, reversed intervals and wrong-typed values accepted",
        r"status",
        refused(
            {200, 500},
            400,
            "bbox=nan.*",
            "bbox=.*inf.*",
            "urut=abc",
            "aktif=ya",
            r"limit=1_0",
            "lang=xx",
            "skipGeometry=maybe",
            "resulttype=apa",
            "filter=\\(+",
        ),
    ),
    Intended(
        "datetime",
        f"{CONF}.1: GeoJSON provider ignores datetime; outside the extent is 400 instead of empty",
        PAGE,
        selected(lambda d: "datetime" in d.asked and d.sample.time is not None),
    ),
    Intended(
        "box",
        f"{CONF}.1: bbox across the antimeridian; with 6 numbers; edge features of projected storage",
        PAGE,
        selected(box),
    ),
    Intended(
        "typed value",
        f"{CONF}.7: boolean is integer; OGC 19-079r2 /req/queryables-query-parameters",
        PAGE,
        selected(typed),
    ),
    Intended(
        "filter",
        f"{CONF} Filters: GPKG and GeoJSON have no filter at all",
        PAGE,
        selected(lambda d: "filter" in d.asked),
    ),
    Intended(
        "order",
        "CONFORMANCE 4: file and PostGIS alike (stock's GeoJSON provider ignores sortby)",
        r"says > order",
        selected(lambda d: "sortby" in d.asked),
    ),
    Intended(
        "paging links",
        "CONTRACT 2: items take version; OGC 17-069r4 7.15.7: no next after the last; fc-numberReturned; "
        "OGC 20-024: so do lists of collections say how many there are; OGC 17-069r4 /req/core/fc-links: self is the "
        "answer itself",
        r"says > (links > (next|prev) [^>]+( > query > (f|version|offset|limit))?"
        r"|links > (self|alternate) [^>]+ > query > (offset|crs)|numberReturned|numberMatched)",
        held_page,
    ),
    Intended(
        "refusal",
        f"{CONF}.9: errors are not problem+json (/nope is text/plain)",
        r"type|headers > content-.*|says > .*",
        refusal,
    ),
    Intended(
        "no writing",
        "CONFORMANCE 4: declared never wider than what passes (no Part 4 here)",
        r"status|says > code",
        not_written,
    ),
    Intended(
        "powered by",
        f"{CONF}.9: X-Powered-By tells the version",
        r"headers( > x-powered-by)?",
        lambda d: d.ours == NOTHING and "pygeoapi" in str(d.stock),
    ),
    Intended(
        "Link header",
        f"{CONF}.7: no Link header on items",
        r"headers > link",
        lambda d: d.stock == NOTHING and "/schema>" in d.ours and "/queryables>" in d.ours,
    ),
    Intended("schemas", f"{CONF}.7: $schema is 2019-09; date formats lost, boolean is integer", r"says > .*", schema),
    Intended(
        "conformance", "CONFORMANCE 4: computed from what its provider proves, never wider", r"says > http.*", declared
    ),
    Intended(
        "links",
        "CONTRACT 2: preview, sortables, bulk forms; CONFORMANCE 4: never wider",
        r"says > (collections > [^>]+ > )?links > .*|status",
        linked,
    ),
    Intended(
        "pages",
        f"{CONF}.10: HTML pages load code from two public CDNs; pages without h1 (Chromium)",
        r"says > .*",
        paged,
    ),
    Intended(
        "definition",
        f"{CONF}.10: 6 remote $ref documents; 32 undocumented content types (schemathesis)",
        r"says > .*",
        defined,
    ),
    Intended(
        "linked data",
        "CONTRACT 6: CRS84 fragments carry 9 decimals; PYGEOAPI 3: pages are features",
        r"says > .*",
        linked_data,
    ),
    Intended(
        "table", "CONTRACT 2: CSV is the whole feature (stock leaves its geometry out)", r"says > rows > .*", tabled
    ),
    Intended(
        "box system alone",
        f"{CONF} schemathesis: valid requests rejected (bbox-crs without bbox)",
        r"status",
        lambda d: "bbox-crs" in d.asked and "bbox" not in d.asked and (d.stock, d.ours) == (400, 200),
    ),
    Intended(
        "no place",
        f"{CONF}.3: invalid JSON: Infinity coordinates",
        r"status",
        lambda d: (
            d.case.layer == "lintas" and d.asked.get("crs", "").endswith("/32750") and (d.stock, d.ours) == (200, 400)
        ),
    ),
)
"""At most 25."""
