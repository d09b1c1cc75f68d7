"""Whether there is what a rule needs (``rules.Need``): without it the rule is not asked, and not listed as checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from geoportal.checks.rules import Need

if TYPE_CHECKING:
    from geoportal.checks.context import Context

LINES = (1, 2, 5)
"""Numbers of the simple feature types that are lines."""


def is_met(context: Context, need: Need) -> bool:
    """Whether a layer under its specification has what a need names."""
    spec = context.spec
    match need:
        case Need.GEOMETRY:
            return context.has_geometry
        case Need.CRS:
            return context.crs is not None
        case Need.METRES:
            return context.metres is not None
        case Need.REGION:
            return context.region.extent is not None
        case Need.TYPES:
            return spec is not None and bool(spec.geometry)
        case Need.KEY:
            return spec is not None and spec.key is not None
        case Need.KEY_FIELD:
            return context.key is not None
        case Need.FIELDS:
            return spec is not None and bool(spec.fields)
        case Need.LINES:
            return bool(np.isin(context.type_ids, LINES).any())
        case Need.LABELS:
            return bool(context.label_fields)
        case Need.COVERED_BY | Need.BARRIERS | Need.AREAS_BESIDE | Need.POINTS_BESIDE | Need.REGIONS_BY_CODE:
            from geoportal.checks.beside import is_there

            return is_there(need, context)
        case Need.REFERENCES:
            return bool(context.references.layers)
        case Need.COMPARISONS:
            return spec is not None and bool(spec.comparisons)
        case Need.OPEN_DATA:
            return spec is not None and spec.open_data
        case Need.CODE_LISTS | Need.CODES_COUNTED:
            from geoportal.checks.regions import has_lists

            return has_lists(context, need)
        case Need.EXPECTED:
            return spec is not None and spec.expected_features is not None
        case Need.KUGI | Need.KUGI_FIELD | Need.KUGI_LISTS | Need.SRS_ID | Need.PLAN:
            from geoportal.checks.kugi_codes import has

            return has(context, need)
