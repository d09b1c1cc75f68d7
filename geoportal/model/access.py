"""Who may see and do what: classes of access, audiences, roles, actions and the one table of permissions.

Access is a filter on the input: lists are made of what an ``Audience`` may see, so that anything else does not exist
for it. The four classes are those that officers know from Palapa (Keppres 20/2018).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, TypeVar

from geoportal.errors import NotAllowed


class Classification(StrEnum):
    """Access class of a dataset, as stored: Publik, Pemerintah, Privat, IG Strategis on screen."""

    PUBLIC = "PUBLIC"
    GOVERNMENT = "GOVERNMENT"
    PRIVATE = "PRIVATE"
    IGSTRATEGIS = "IGSTRATEGIS"


class Role(StrEnum):
    """What a person is to the node (Perpres 39/2019): pengguna, produsen, walidata, pembina, pengelola."""

    USER = "user"
    PRODUCER = "producer"
    STEWARD = "steward"
    SUPERVISOR = "supervisor"
    ADMIN = "admin"


class Action(StrEnum):
    """Everything an actor may do, named ``thing:verb``; the table ``PERMISSIONS`` says who may."""

    DATASET_CREATE = "dataset:create"
    DATASET_DESCRIBE = "dataset:describe"
    DATASET_PUBLISH = "dataset:publish"
    DATASET_SUBMIT = "dataset:submit"
    DATASET_WITHDRAW = "dataset:withdraw"
    FEEDBACK_ANSWER = "feedback:answer"
    GATE_OVERRIDE = "gate:override"
    NODE_CONFIGURE = "node:configure"
    TOKEN_MANAGE = "token:manage"


PERMISSIONS: dict[Action, frozenset[Role]] = {
    Action.DATASET_CREATE: frozenset({Role.PRODUCER, Role.STEWARD, Role.ADMIN}),
    Action.DATASET_DESCRIBE: frozenset({Role.PRODUCER, Role.STEWARD, Role.ADMIN}),
    Action.DATASET_SUBMIT: frozenset({Role.PRODUCER, Role.STEWARD, Role.ADMIN}),
    Action.DATASET_PUBLISH: frozenset({Role.STEWARD, Role.ADMIN}),
    Action.DATASET_WITHDRAW: frozenset({Role.STEWARD, Role.ADMIN}),
    Action.FEEDBACK_ANSWER: frozenset({Role.STEWARD, Role.ADMIN}),
    Action.GATE_OVERRIDE: frozenset({Role.STEWARD, Role.ADMIN}),
    Action.NODE_CONFIGURE: frozenset({Role.ADMIN}),
    Action.TOKEN_MANAGE: frozenset({Role.ADMIN}),
}


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who acts: a person, a token, or ``local-admin`` (the command line on the node's own machine)."""

    name: str
    role: Role
    opd: str | None = None
    system_user: str | None = None


class Guarded(Protocol):
    """Anything with an access class: a dataset or a publication of one."""

    @property
    def dataset_id(self) -> str: ...  # noqa: D102
    @property
    def classification(self) -> Classification: ...  # noqa: D102
    @property
    def opd(self) -> tuple[str, ...]: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Audience:
    """The set of classes and grants that one request carries.

    PUBLIC is always in. ``datasets``, when not empty, narrows the other classes to the datasets named: of two
    readings of a token with classes *and* datasets this is the one that leaks nothing. ``opd`` is the agency that
    asks: a GOVERNMENT dataset with a list of agencies is seen by those alone.
    """

    classes: frozenset[Classification] = frozenset({Classification.PUBLIC})
    datasets: frozenset[str] = frozenset()
    opd: str | None = None
    key: str = field(init=False, compare=False, default="")

    def __post_init__(self) -> None:
        """Derive the stable key under which caches keep what this audience sees."""
        classes = self.classes | {Classification.PUBLIC}
        object.__setattr__(self, "classes", classes)
        parts = (",".join(sorted(classes)), ",".join(sorted(self.datasets)), self.opd or "")
        object.__setattr__(self, "key", "|".join(parts))

    def sees(self, thing: Guarded) -> bool:
        """Whether ``thing`` exists for this audience."""
        if thing.classification is Classification.PUBLIC:
            return True
        if thing.classification not in self.classes:
            return False
        if self.datasets and thing.dataset_id not in self.datasets:
            return False
        if thing.classification is Classification.GOVERNMENT and thing.opd:
            return self.opd in thing.opd
        return True

    @property
    def is_public(self) -> bool:
        """Whether this is the audience of a request that says nothing of who asks."""
        return self.classes == frozenset({Classification.PUBLIC})


PUBLIC_AUDIENCE = Audience()
EVERYTHING = Audience(frozenset(Classification))

Thing = TypeVar("Thing", bound=Guarded)


def visible[Thing: Guarded](audience: Audience, things: Iterable[Thing]) -> list[Thing]:
    """Those of ``things`` that exist for ``audience``, in their order."""
    return [thing for thing in things if audience.sees(thing)]


def may(actor: Actor, action: Action) -> bool:
    """Whether the role of ``actor`` allows ``action``."""
    return actor.role in PERMISSIONS[action]


def require(actor: Actor, action: Action) -> None:
    """Raise NotAllowed unless ``actor`` may do ``action``."""
    if not may(actor, action):
        raise NotAllowed(f"{actor.name} ({actor.role}) may not do {action}", action=str(action))
