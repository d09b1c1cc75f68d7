"""The feature provider: the interface of pygeoapi over the serving files of one published version.

Made on every request, so the constructor opens nothing: it asks the visit for the layer that its handle names, and
the visit refuses what was not granted. No write verb exists here.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

import numpy as np
import orjson
from pygeoapi.provider.base import BaseProvider, ProviderInvalidQueryError, ProviderItemNotFoundError

from geoportal.errors import BadRequest, Invalid, Unavailable
from geoportal.ogc.cql2.compiler import Compiler
from geoportal.ogc.cql2.tree import BadFilter
from geoportal.ogc.filters import filter_crs, refused
from geoportal.ogc.formats.chosen import Chosen
from geoportal.ogc.instants import holding, interval_of
from geoportal.ogc.parameters import ALWAYS_THERE, RESERVED, named_by
from geoportal.ogc.problems import Problem
from geoportal.ogc.region import AskedBox, Region, region_of
from geoportal.ogc.source import Source
from geoportal.ogc.splice import Feature, Features
from geoportal.ogc.visit import visit_under_way
from geoportal.serving.attributes import Condition, together
from geoportal.serving.crs import CRS84
from geoportal.serving.summary import Summary


class Refused(ProviderInvalidQueryError):  # type: ignore[misc]
    """The client asked for something that makes no sense on this layer: 400."""

    ogc_exception_code = "InvalidParameterValue"


class LayerProvider(BaseProvider):  # type: ignore[misc]
    """Features of one published version, read from its serving files."""

    def __init__(self, provider_def: dict[str, Any]) -> None:
        """Resolve the handle in ``provider_def`` under the visit of this request; NotAllowed if it was not granted."""
        super().__init__(provider_def)
        visit = visit_under_way()
        self.source: Source = visit.grant(provider_def["data"])
        self.storage_uri: str = provider_def["storage_crs"]
        if "properties" in dict(visit.pairs):
            # Names that pygeoapi lets stand beside those of fields; without any it takes them for all there are.
            self.properties = list(ALWAYS_THERE)
        self._fields = fields_of(self.source, visit.language)

    def get_fields(self) -> dict[str, dict[str, Any]]:
        """Names of the fields with their JSON Schema types, titles in the reader's language, and units."""
        return self._fields

    def query(
        self,
        offset: int = 0,
        limit: int = 10,
        resulttype: str = "results",
        bbox: list[float] | None = None,
        datetime_: str | None = None,
        properties: list[tuple[str, str]] | None = None,
        sortby: list[dict[str, str]] | None = None,
        select_properties: list[str] | None = None,
        skip_geometry: bool = False,
        crs_transform_spec: Any = None,
        q: str | None = None,
        language: Any = None,
        filterq: Any = None,
        **_: Any,
    ) -> dict[str, Any]:
        """One page of features with the number of all that match."""
        del language
        source, publication = self.source, self.source.publication
        summary = source.serving.summary
        tried = visit_under_way().tried
        try:
            if tried is not None:
                raise tried
            conditions = [
                holding(summary, publication.record.time, interval_of(datetime_)) if datetime_ else None,
                Compiler(source.serving, filter_crs()).compile(filterq) if filterq is not None else None,
            ]
            rows, matched = self._select(
                region_of(_asked(bbox)) if bbox else Region(),
                [*((name, value) for name, value in properties or [] if name not in RESERVED), *_apart(summary)],
                [(order["property"], -1 if order["order"] == "-" else 1) for order in sortby or []],
                offset,
                0 if resulttype == "hits" else limit,
                together([one for one in conditions if one is not None]),
                q,
            )
        except BadFilter as error:
            raise refused(error) from None
        except Invalid as error:
            raise Refused(user_msg=error.detail or str(error)) from error
        except Unavailable as error:
            if filterq is None or "seconds" not in error.facts:
                raise
            # The filter is to blame, not the node: it will take as long at the next attempt.
            raise Refused(user_msg=f"filter: {error.detail}") from error
        taken = visit_under_way().taken
        texts: list[bytes] = []
        if taken is not None:
            wanted = tuple(select_properties) if select_properties else None
            target = self._target(crs_transform_spec)
            taken.chosen = _placed(Chosen(source, rows, matched, target, wanted, not skip_geometry))
        elif skip_geometry:
            texts = source.serving.bare(rows)
        else:
            texts = self._texts(rows, crs_transform_spec) if len(rows) else []
        if select_properties:
            texts = [_reduced(text, select_properties) for text in texts]
        return {
            "type": "FeatureCollection",
            "features": Features(texts, publication.published_at, publication.version.number, limit),
            "numberMatched": matched,
            "numberReturned": len(rows),
        }

    def get(self, identifier: str, crs_transform_spec: Any = None, language: Any = None, **_: Any) -> Feature:
        """One feature by its id, which comes percent-encoded so that the links that pygeoapi makes of it hold."""
        del language
        row = self.source.serving.row_of(unquote(identifier))
        if row is None:
            raise ProviderItemNotFoundError(user_msg="identifier not found")
        if (taken := visit_under_way().taken) is not None:
            taken.chosen = Chosen(self.source, [row], 1, self._target(crs_transform_spec))
        feature: Feature = orjson.loads(self._texts([row], crs_transform_spec)[0])
        return feature

    def _select(
        self,
        region: Region,
        properties: list[tuple[str, str]],
        sortby: list[tuple[str, int]],
        offset: int,
        limit: int,
        condition: Condition | None,
        q: str | None,
    ) -> tuple[Any, int]:
        serving = self.source.serving
        by_height = region.heights is not None and serving.summary.dimension == 3
        offset = min(offset, serving.count)
        rows, matched = serving.select(
            bbox_crs84=region.degrees,
            bbox_in=region.elsewhere,
            properties=properties,
            sortby=sortby,
            offset=0 if by_height else offset,
            limit=serving.count if by_height else limit,
            condition=condition,
            q=q,
        )
        if by_height:
            rows = np.asarray(rows)[region.reaches(serving.geometry(rows))]
            return rows[offset : offset + limit], len(rows)
        return rows, matched

    def _target(self, spec: Any) -> str:
        # pygeoapi makes no spec when the answer is to be in the storage CRS, which need not be CRS84.
        target: str = self.storage_uri if spec is None else spec.target_crs_uri
        return target

    def _texts(self, rows: Any, spec: Any) -> list[bytes]:
        target = self._target(spec)
        serving = self.source.serving
        if target == CRS84:
            return serving.page(rows)
        try:
            return serving.reproject(rows, target)
        except BadRequest:
            raise _nowhere(target) from None


def _placed(chosen: Chosen) -> Chosen:
    """The chosen features, if all of them have a place in the reference system of the answer."""
    try:
        chosen.check()
    except BadRequest:
        raise _nowhere(chosen.crs) from None
    return chosen


def _nowhere(crs: str) -> Problem:
    return Problem(400, "{name}: not all these features have a place in {crs}.", name="crs", crs=crs)


def fields_of(source: Source, language: str) -> dict[str, dict[str, Any]]:
    """The fields of a layer as JSON Schema with titles in ``language``; fresh dicts, for pygeoapi writes into them."""
    record = source.publication.record
    found: dict[str, dict[str, Any]] = {}
    for field in source.serving.summary.fields:
        schema: dict[str, Any] = {"type": "object", **field.as_schema()}
        title = record.field_title(field.name, language)
        if title != field.name:
            schema["title"] = title
        meaning = record.fields.get(field.name)
        if meaning and meaning.unit:
            schema["x-ogc-unit"] = meaning.unit
        found[field.name] = schema
    return found


def _apart(summary: Summary) -> list[tuple[str, str]]:
    """The values asked for of fields that are called like parameters: pygeoapi knows no other names for them."""
    given = dict(visit_under_way().pairs)
    fields = named_by(summary.fields).items()
    return [(field.name, given[name]) for name, field in fields if field.name != name and name in given]


def _asked(bbox: list[float]) -> AskedBox:
    return bbox if isinstance(bbox, AskedBox) else AskedBox(bbox, CRS84)


def _reduced(text: bytes, properties: list[str]) -> bytes:
    """The text of a feature with some of its properties only."""
    feature = orjson.loads(text)
    had = feature["properties"] or {}
    feature["properties"] = {name: had[name] for name in properties if name in had}
    return orjson.dumps(feature)
