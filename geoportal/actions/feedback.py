"""What readers tell the node, and what staff answer: send, answer, forget.

Anybody may send; a report on a dataset that the sender may not see cannot be made, because that dataset does not exist
for him. How many come in within an hour is limited for the node as a whole: nothing is kept of where they came from.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from geoportal.errors import Invalid, TooManyMessages
from geoportal.model.access import Action, Actor, Audience, require
from geoportal.node import Node

if TYPE_CHECKING:
    from geoportal.store.messages import Draft, Message, Status

HOUR = timedelta(hours=1)
LONGEST_NOTE = 2000


def send(node: Node, audience: Audience, draft: Draft) -> Message:
    """Keep a message from a reader and return it with its number.

    NotFound where it names a dataset that does not exist for ``audience``; TooManyMessages where the node has had
    enough for this hour.
    """
    from dataclasses import replace

    from geoportal.store import messages
    from geoportal.store.clock import now

    if draft.dataset_id is not None:
        publication = node.publication(audience, draft.dataset_id)
        draft = replace(draft, dataset_version=draft.dataset_version or publication.version.number)
    most = node.settings.feedback.most_per_hour
    with node.register.begin() as conn:
        moment = now(conn)
        came = messages.came_since(conn, moment - HOUR)
        if len(came) >= most:
            free = came[len(came) - most] + HOUR - moment if most else HOUR
            raise TooManyMessages(
                "too many reports within the last hour", retry_after_s=max(1, int(free.total_seconds()) + 1)
            )
        return messages.add(conn, draft)


def answer(node: Node, actor: Actor, number: str, status: Status, note: str) -> Message:
    """Say what became of a message; the sender reads ``note`` on its page. An end needs a note."""
    from geoportal.store import events, messages

    require(actor, Action.FEEDBACK_ANSWER)
    note = note.strip()
    if len(note) > LONGEST_NOTE:
        raise Invalid(f"a note has at most {LONGEST_NOTE} characters", length=len(note))
    with node.register.begin() as conn:
        before = messages.get(conn, number)
        done = messages.answer(conn, before.number, status, note, actor.name)
        if done.ended and not note:
            raise Invalid("say with --note why or how: the sender reads it", number=done.number)
        events.record(
            conn,
            actor,
            Action.FEEDBACK_ANSWER,
            done.draft.dataset_id,
            number=done.number,
            before=str(before.status),
            status=str(status),
            note=note,
        )
    return done


def forget(node: Node, actor: Actor, number: str) -> Message:
    """Erase who sent a message (name, agency, contact); the message and its answers stay."""
    from geoportal.store import events, messages

    require(actor, Action.FEEDBACK_ANSWER)
    with node.register.begin() as conn:
        done = messages.forget(conn, number)
        events.record(
            conn, actor, Action.FEEDBACK_ANSWER, done.draft.dataset_id, number=done.number, forgotten="contact"
        )
    return done
