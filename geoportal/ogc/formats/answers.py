"""The answer in a further form: its headers, and its body while it is written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from typing import Any

from starlette.responses import Response, StreamingResponse

from geoportal.ogc.formats import flatgeobuf, gml, jsonfg, links, parquet, sheet
from geoportal.ogc.formats.chosen import Chosen
from geoportal.ogc.formats.coding import coded
from geoportal.ogc.formats.forms import Form
from geoportal.ogc.formats.taken import Taken
from geoportal.ogc.responses import coding_of, headers_of, respond

HELD_BYTES = 1_000_000
"""A body up to this size is sent with its length; only a longer one is sent while it is written."""

Writer = Callable[[Chosen, Mapping[str, Any], str], Iterator[bytes]]

_MANY: dict[str, Writer] = {
    "csv": lambda chosen, *_: sheet.write(chosen),
    "fgb": lambda chosen, *_: flatgeobuf.write(chosen),
    "parquet": lambda chosen, *_: parquet.write(chosen),
    "jsonfg": jsonfg.write,
    "gml": lambda chosen, _, base_url: gml.write(chosen, base_url),
}
_ONE: dict[str, Writer] = {
    "jsonfg": jsonfg.write_one,
    "gml": lambda chosen, _, base_url: gml.write_one(chosen, base_url),
}


def answer(
    form: Form,
    taken: Taken,
    *,
    base_url: str,
    single: bool,
    method: str,
    public: bool,
    accept_encoding: str,
    tag: str | None,
    headers: Mapping[str, str],
) -> Response:
    """What pygeoapi chose, in ``form``. ``tag`` names the answer before its coding; the others are as in ``respond``.

    What goes wrong after the first megabyte breaks the connection off: no part ever passes for the whole.
    """
    chosen = taken.chosen
    if chosen is None:
        raise RuntimeError("pygeoapi answered without asking the provider")
    found = links.of_form(taken.envelope.get("links", []), form)
    envelope = {**taken.envelope, "links": found}
    out = {**headers, "content-disposition": _disposition(form, chosen.dataset_id)}
    profile = [{"rel": "profile", "href": jsonfg.PROFILE}] if form.name == "jsonfg" else []
    if link := links.header_of([*found, *profile]):
        out["link"] = f"{headers['link']}, {link}" if "link" in headers else link
    if not single:
        out |= {"ogc-numbermatched": str(chosen.matched), "ogc-numberreturned": str(len(chosen))}
    pieces = (_ONE if single else _MANY)[form.name](chosen, envelope, base_url)
    held, size = [], 0
    for piece in pieces:
        held.append(piece)
        size += len(piece)
        if size > HELD_BYTES:
            break
    else:
        return respond(
            b"".join(held),
            method=method,
            media_type=form.media_type,
            public=public,
            accept_encoding=accept_encoding,
            tag=tag,
            headers=out,
        )
    coding = coding_of(accept_encoding)
    out = headers_of(form.media_type, public=public, coding=coding, tag=tag, headers=out)
    if coding:
        out["content-encoding"] = coding
    body = () if method == "HEAD" else coded(chain(held, pieces), coding)
    return StreamingResponse(iter(body), 200, out, form.media_type)


def _disposition(form: Form, dataset_id: str) -> str:
    return f'{"attachment" if form.saved else "inline"}; filename="{dataset_id}.{form.extension}"'
