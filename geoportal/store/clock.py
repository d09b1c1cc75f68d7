"""The time of the register: UTC, injected, and never an order: a clock may go back, a sequence does not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import sqlalchemy as sa

type Clock = Callable[[], datetime]

_OPTION = "geoportal_clock"


def utc_now() -> datetime:
    """The time of this machine, in UTC."""
    return datetime.now(UTC)


def with_clock(conn: sa.Connection, clock: Clock) -> sa.Connection:
    """The same connection, telling the time by ``clock``."""
    return conn.execution_options(**{_OPTION: clock})


def now(conn: sa.Connection) -> datetime:
    """The time in UTC by the clock of the register that gave ``conn``."""
    clock: Clock = conn.get_execution_options().get(_OPTION, utc_now)
    return clock().astimezone(UTC)
