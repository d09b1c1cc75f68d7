"""A Starlette application with the short way before it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send

from geoportal.ogc.engine import Engine
from geoportal.ogc.short.gate import Short

if TYPE_CHECKING:
    from geoportal.node import Node


class Fronted(Starlette):
    """An application whose hot requests are answered before its middleware and its routes see them."""

    short: Short | None = None

    def front(self, node: Node, engine: Engine, admits: Callable[[str], bool] = lambda host: True) -> None:
        """Put the short way in front; ``admits`` says which Host headers the application accepts."""
        self.short = Short(partial(super().__call__), node, engine, admits)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer by the short way if it can, else as any application."""
        await (self.short or super().__call__)(scope, receive, send)
