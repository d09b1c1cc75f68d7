"""Make and revoke the tokens with which agencies read what is not public."""

from __future__ import annotations

from geoportal.errors import Invalid
from geoportal.model.access import Action, Actor, Audience, Classification, require
from geoportal.node import Node


def add_token(
    node: Node,
    actor: Actor,
    name: str,
    classes: frozenset[Classification],
    dataset_ids: frozenset[str],
    opd: str | None,
    days: int,
) -> str:
    """Make a token and return its clear text, which is kept nowhere.

    A dataset that is named must exist and be of one of the classes: a token that would open nothing is a mistake,
    said at once.
    """
    from geoportal.store import datasets, events, people

    require(actor, Action.TOKEN_MANAGE)
    audience = Audience(classes, dataset_ids, opd)
    with node.register.begin() as conn:
        for dataset_id in sorted(dataset_ids):
            dataset = datasets.get(conn, dataset_id)
            if not audience.sees(dataset):
                raise Invalid(
                    f"{dataset_id} is {dataset.classification}: add --class {dataset.classification}"
                    + (f" and --opd with one of {', '.join(dataset.opd)}" if dataset.opd else ""),
                    id=dataset_id,
                )
        token = people.add_token(conn, name, audience, days)
        events.record(conn, actor, Action.TOKEN_MANAGE, None, name=name, classes=sorted(map(str, classes)), days=days)
    return token


def revoke_token(node: Node, actor: Actor, name: str) -> None:
    """End the token of that name at once; NotFound when there is none."""
    from geoportal.store import events, people

    require(actor, Action.TOKEN_MANAGE)
    with node.register.begin() as conn:
        people.revoke_token(conn, name)
        events.record(conn, actor, Action.TOKEN_MANAGE, None, name=name, revoked=True)
