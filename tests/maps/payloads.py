"""What a hostile file may hold, and a layer that holds it everywhere a name or a value can stand."""

from __future__ import annotations

import shapely

from geoportal.model.layer import Layer
from geoportal.model.record import FieldMeaning, Record, Style
from geoportal.model.text import LocalText
from tests.factories import make_layer

PAYLOADS = (
    "<script>window.__xss=1</script>",
    "</script><script>window.__xss=1</script>",
    "<img src=x onerror=window.__xss=1>",
    '"><svg onload=window.__xss=1>',
    "' onmouseover='window.__xss=1",
    "${window.__xss=1}",
    "`+(window.__xss=1)+`",
    "`;window.__xss=1;//",
    "javascript:window.__xss=1",
    '<a href="javascript:window.__xss=1">x</a>',
    "<iframe srcdoc='<script>parent.__xss=1</script>'></iframe>",
    "{{ 7 * 191 }}{{ this.get_root() }}",
    "{% for i in range(9) %}window.__xss=1{% endfor %}{# comment",
    "--><script>window.__xss=1</script><!--",
    "\\u003cscript\\u003ewindow.__xss=1",
    "\u2028window.__xss=1\u2029",
    "nama\u202egnp.js\u2066",
    "'];window.__xss=1;['",
    "</style><style>body{display:none}</style><title>",
    "]]><!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>&a;",
)


def hostile_layer() -> Layer:
    """One area a payload, each payload as a value; every payload also as the name of a column."""
    count = len(PAYLOADS)
    areas = [shapely.box(116 + n * 0.1, 0, 116.1 + n * 0.1, 0.4) for n in range(count)]
    columns = {payload: [*PAYLOADS[n:], *PAYLOADS[:n]] for n, payload in enumerate(PAYLOADS)}
    return make_layer(areas, layer_name=PAYLOADS[1], **columns)


def hostile_record(colour_by: str = PAYLOADS[0], label: str = PAYLOADS[1]) -> Record:
    """A record whose every text is hostile."""
    text = LocalText("".join(PAYLOADS), "".join(reversed(PAYLOADS)))
    return Record(
        title=text,
        licence=PAYLOADS[1] + PAYLOADS[5],
        label=label,
        synthetic=True,
        fields={
            payload: FieldMeaning(LocalText(payload, payload[::-1] + payload), payload) for payload in PAYLOADS[:9]
        },
        style=Style(colour_by=colour_by, palette="qualitative"),
    )
