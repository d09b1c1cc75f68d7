"""Hands the passes of ``parts`` to a Dask cluster, and takes a dask-geopandas frame as a layer in parts.

Dask is no part of a node (it is among the development requirements): only who sets a scheduler needs ``dask-geopandas``
and ``distributed``, and gets the same report sooner, or one of a layer that no single machine can hold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from geoportal.errors import Unavailable
from geoportal.model.layer import Field, Layer

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geoportal.checks.parts import Run

SECONDS = 30.0


@contextmanager
def spread(scheduler: str) -> Iterator[Run]:
    """A ``map`` over the workers of the Dask scheduler at an address such as tcp://10.0.0.5:8786; the order is kept.

    Raises Unavailable when Dask is not installed or the scheduler does not answer.
    """
    try:
        import distributed
    except ImportError:
        raise Unavailable("checks.scheduler is set, but Dask is not installed", say="dask") from None
    try:
        client: Any = distributed.Client(scheduler, timeout=SECONDS, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:  # no answer; or an address that is none
        raise Unavailable(f"no Dask scheduler answers at {scheduler}", say="scheduler", address=scheduler) from error

    def run(function: Callable[[Any], Any], arguments: Iterable[Any]) -> list[Any]:
        # A part is asked again after a change of the file: nothing is taken from an earlier run.
        waiting = client.map(function, list(arguments), pure=False)
        return list(client.gather(waiting))

    try:
        yield run
    finally:
        client.close()


@dataclass(frozen=True)
class DaskParts:
    """A ``dask_geopandas.GeoDataFrame`` as a layer in parts, one for each partition (``checks.parts.Parts``).

    ``frame`` has x before y in the system ``crs`` (AUTHORITY:CODE or WKT, None = unknown); ``fields`` describe its
    columns other than the geometry.
    """

    frame: Any
    name: str
    crs: str | None
    fields: tuple[Field, ...]
    sizes: tuple[int, ...]
    geometry_type: str | None = "Unknown"

    @classmethod
    def of(
        cls, frame: Any, name: str, crs: str | None, fields: tuple[Field, ...], geometry_type: str | None = "Unknown"
    ) -> DaskParts:
        """Counts the features of each partition, which a lazy frame does not know."""
        sizes = tuple(int(size) for size in frame.map_partitions(len).compute(scheduler="synchronous"))
        return cls(frame, name, crs, fields, sizes, geometry_type)

    def part(self, number: int) -> Layer:
        """One partition. It is computed where this is called, which is a worker already."""
        found = self.frame.get_partition(number).compute(scheduler="synchronous")
        return self._layer(found.reset_index(drop=True))

    def rows(self, numbers: NDArray[np.int_]) -> Layer:
        """These features, counted from 0, out of the partitions that hold them."""
        import pandas

        firsts = np.cumsum((0, *self.sizes))
        found: list[Any] = []
        for part in range(len(self.sizes)):
            wanted = numbers[(numbers >= firsts[part]) & (numbers < firsts[part + 1])] - firsts[part]
            if len(wanted) or (not found and part == len(self.sizes) - 1):
                found.append(self.part(part).frame.iloc[wanted])
        return self._layer(pandas.concat(found, ignore_index=True))

    def attributes(self) -> Layer:
        """All columns but the geometry."""
        columns = [field.name for field in self.fields]
        found = self.frame[columns].compute(scheduler="synchronous").reset_index(drop=True)
        return replace(self._layer(found), notes=())

    def _layer(self, frame: Any) -> Layer:
        return Layer(self.name, frame, self.crs, self.fields, self.geometry_type)
