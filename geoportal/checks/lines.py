"""Rules about lines against each other, as in a network of roads or rivers: how they meet, and where they fail to.

Each fault is told once: an end that sticks out or falls short is no dangle, and a line that sticks out does not cross.
What lies in one place is one occurrence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from geoportal.checks.findings import finding
from geoportal.checks.network import Network, merged, network_of
from geoportal.checks.rules import Need, rule
from geoportal.model.report import Element, Scope, Severity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geoportal.checks.context import Context
    from geoportal.model.layer import Layer
    from geoportal.model.report import Finding
    from geoportal.model.specification import Specification

NEEDS = (Need.GEOMETRY, Need.METRES, Need.LINES)
NAMED = 5
"""How many other features one place names."""


@rule(
    "line-self-crossing",
    scope=Scope.FEATURE,
    element=Element.TOPOLOGICAL_CONSISTENCY,
    severity=Severity.INFO,
    needs=NEEDS,
)
def not_across_itself(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """No line crosses or retraces itself. One that only ends on itself, as a turning loop does, is fine."""
    network = network_of(context)
    own, pairs = network.own_crossings, network.crossings
    within = network.owner[pairs.one] == network.owner[pairs.other]
    points = np.concatenate((own.points, pairs.points[within]))
    features = network.owner[np.concatenate((own.one, pairs.one[within]))]
    points, features, _ = _by_place(context, network, points, features, features)
    return finding(context, features, place=points, params=_params(context, network))


@rule(
    "lines-cross",
    scope=Scope.BETWEEN,
    element=Element.TOPOLOGICAL_CONSISTENCY,
    severity=Severity.INFO,
    needs=NEEDS,
)
def lines_do_not_cross(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """No two lines run across each other without a common vertex. An end on a line is a junction, not a crossing."""
    network = network_of(context)
    places = network.crossings
    one, other = network.owner[places.one], network.owner[places.other]
    keep = (one != other) & ~_sticks_out(network, places.points)
    points, features, related = _by_place(context, network, places.points[keep], one[keep], other[keep])
    return finding(context, features, place=points, related=related, params=_params(context, network))


@rule(
    "line-overshoot",
    scope=Scope.BETWEEN,
    element=Element.TOPOLOGICAL_CONSISTENCY,
    severity=Severity.INFO,
    needs=NEEDS,
)
def no_overshoots(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """No end sticks out a little beyond a line that it meets: more than the tolerance, less than the reach."""
    network = network_of(context)
    out, crossed, _, _ = network.slips
    return _ends(context, network, np.isfinite(out), crossed, out)


@rule(
    "line-undershoot",
    scope=Scope.BETWEEN,
    element=Element.TOPOLOGICAL_CONSISTENCY,
    severity=Severity.INFO,
    needs=NEEDS,
)
def no_undershoots(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """No end stops just short of a line: further from it than the tolerance, nearer than the reach."""
    network = network_of(context)
    out, _, short, missed = network.slips
    return _ends(context, network, np.isfinite(short) & ~np.isfinite(out), missed, short)


@rule(
    "line-dangle",
    scope=Scope.BETWEEN,
    element=Element.TOPOLOGICAL_CONSISTENCY,
    severity=Severity.INFO,
    needs=NEEDS,
)
def no_dangles(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """Ends of lines rest on another line. Dead ends and springs do not, so this is for the eye."""
    network = network_of(context)
    out, _, short, _ = network.slips
    return _ends(context, network, ~np.isfinite(out) & ~np.isfinite(short))


@rule(
    "pseudo-node",
    scope=Scope.BETWEEN,
    element=Element.TOPOLOGICAL_CONSISTENCY,
    severity=Severity.INFO,
    needs=NEEDS,
)
def no_pseudo_nodes(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """Lines are cut where three or more meet, not where one line just goes on as another."""
    network = network_of(context)
    node, size = network.nodes
    order = np.argsort(node, kind="stable")
    order = order[size[node[order]] == 2]
    first, second = order[0::2], order[1::2]
    one, other = network.owner[network.end_parts[first]], network.owner[network.end_parts[second]]
    points = network.end_points[first]
    passing = np.bincount(network.passing(points), minlength=len(points))
    keep = (one != other) & (passing == 2) & ~_side_by_side(network, first, second)
    points, features, related = _by_place(context, network, points[keep], one[keep], other[keep])
    return finding(context, features, place=points, related=related, params=_params(context, network))


@rule(
    "duplicate-edge",
    scope=Scope.BETWEEN,
    element=Element.COMPLETENESS_COMMISSION,
    severity=Severity.INFO,
    needs=NEEDS,
)
def edges_once(layer: Layer, spec: Specification | None, context: Context) -> Finding | None:
    """No two lines run along the same edge. One occurrence for each pair, with all that they share."""
    network = network_of(context)
    edges = network.shared_edges
    one, other = network.owner[edges.one], network.owner[edges.other]
    keep = one != other
    if not keep.any():
        return None
    # By rank, not by place in the file.
    both = np.sort(network.rank[np.column_stack((one, other))[keep]], axis=1)
    ranked, number = np.unique(both, axis=0, return_inverse=True)
    pairs, number = network.by_rank[ranked], number.ravel()
    lengths = np.asarray(shapely.length(context.in_metres(edges.shapes[keep])))
    order = np.lexsort((-lengths, number))
    _, longest = np.unique(number[order], return_index=True)
    total = np.bincount(number, weights=lengths)
    return finding(
        context,
        pairs[:, 0],
        place=edges.points[keep][order][longest],
        related=context.feature_ids[pairs[:, 1]],
        detail=lambda position: {"length_m": round(float(total[position]), 1)},
        params={"length_m": round(float(total.sum()), 1), **_params(context, network)},
        shapes=shapely.multilinestrings(edges.shapes[keep][order], indices=number[order]),
    )


def _params(context: Context, network: Network) -> dict[str, Any]:
    return {"tolerance_m": context.tolerance_m, "complete": network.complete}


def _ends(
    context: Context,
    network: Network,
    chosen: NDArray[np.bool_],
    partner: NDArray[Any] | None = None,
    metres: NDArray[Any] | None = None,
) -> Finding | None:
    """A finding about loose ends, with the line that each has to do with and how far it is. Two ends that miss each
    other are one place.
    """
    ends = network.loose[chosen]
    if not len(ends):
        return None
    points, features = network.end_points[ends], network.owner[network.end_parts[ends]]
    params: dict[str, Any] = _params(context, network)
    if partner is None or metres is None:
        points, features, _ = _by_place(context, network, points, features, features)
        return finding(context, features, place=points, params=params)
    partner, metres = partner[chosen], metres[chosen]
    _, nearest = network.gap(ends, partner)
    keep = _one_of_two(network, ends, partner, metres)
    points, features, partner, metres, nearest = (item[keep] for item in (points, features, partner, metres, nearest))
    return finding(
        context,
        features,
        place=points,
        related=context.feature_ids[network.owner[partner]],
        detail=lambda position: {"distance_m": round(float(metres[position]), 2)},
        params={**params, "reach_m": network.reach},
        shapes=np.asarray(shapely.linestrings(np.stack((points, nearest), axis=1)), dtype=object),
    )


def _side_by_side(network: Network, first: NDArray[Any], second: NDArray[Any]) -> NDArray[np.bool_]:
    """Which pairs of ends belong to lines with a common edge: these are told as that."""
    pairs = np.sort(np.column_stack((network.end_parts[first], network.end_parts[second])), axis=1)
    shared = np.sort(np.column_stack((network.shared_edges.one, network.shared_edges.other)), axis=1)
    size = len(network.parts) + 1
    return np.asarray(np.isin(pairs @ [size, 1], shared @ [size, 1]))


def _one_of_two(network: Network, ends: NDArray[Any], partner: NDArray[Any], metres: NDArray[Any]) -> NDArray[np.int_]:
    """The ends without those that are the other side of one: of two ends that miss each other the nearer stays."""
    own, points = network.end_parts[ends], network.end_points[ends]
    pair = np.sort(np.column_stack((own, partner)), axis=1)
    order = np.lexsort((own, metres, pair[:, 1], pair[:, 0]))
    here, before = order[1:], order[:-1]
    again = (pair[here] == pair[before]).all(axis=1) & (own[here] != own[before])
    again &= network.apart(points[here], points[before]) <= network.reach
    return np.sort(np.setdiff1d(order, here[again]))


def _sticks_out(network: Network, points: NDArray[Any]) -> NDArray[np.bool_]:
    """Which crossings are only the tail of an end that sticks out, and are told as that."""
    out, _, _, _ = network.slips
    ends = network.loose[np.isfinite(out)]
    told = np.zeros(len(points), dtype=bool)
    if len(ends) and len(points):
        tails = np.asarray(shapely.points(network.on_ground(network.end_points[ends])), dtype=object)
        at, _ = shapely.STRtree(tails).query(
            shapely.points(network.on_ground(points)), predicate="dwithin", distance=network.reach
        )
        told[at] = True
    return told


def _by_place(
    context: Context, network: Network, points: NDArray[Any], one: NDArray[Any], other: NDArray[Any]
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Occurrences merged by place: points, the feature that comes first there, and the names of all the others."""
    order = np.lexsort((points[:, 1], points[:, 0]))
    points, one, other = points[order], one[order], other[order]
    label = merged(network.on_ground(points), network.tolerance)
    firsts, group = np.unique(label, return_inverse=True)
    group = group.ravel()
    both = np.unique(np.column_stack((np.tile(group, 2), network.rank[np.concatenate((one, other))])), axis=0)
    begins = np.append(np.flatnonzero(np.diff(both[:, 0], prepend=-1)), len(both))
    names = context.feature_ids[network.by_rank[both[:, 1]]]
    features = network.by_rank[both[begins[:-1], 1]]
    related = np.full(len(firsts), None, dtype=object)
    several = np.flatnonzero(np.diff(begins) > 1)
    for number in several:
        others = names[begins[number] + 1 : begins[number + 1]]
        related[number] = ", ".join(map(str, others[:NAMED])) + (", …" if len(others) > NAMED else "")
    return points[firsts], features, related
