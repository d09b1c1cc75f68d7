"""The folders of a data directory: sealed versions and derived builds, which appear whole or not at all.

    datasets/<id>/<digest>/    sealed at submit, never changed: source/, layer.gpkg, report.json, manifest.json
    derived/<digest>/<build>/  what is built at publish; may be deleted and built again
    orphans/<id>/<digest>/     sealed folders that no version of the register stands on
    tmp/, locks/               work in progress, and who is at it

A folder is filled under ``tmp/``, every file and folder of it is brought to the disk, then it is renamed to its place
and that place is brought to the disk: only then may a row of the register speak of it. Whoever seals or builds does so
inside ``registering()``, up to the commit: no sweep takes a folder for an orphan while its row is still on the way.
"""

from __future__ import annotations

import errno
import json
import logging
import os
import re
import secrets
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from geoportal.errors import Conflict, StorageFull
from geoportal.model.dataset import checked_id
from geoportal.model.report import Report
from geoportal.store import datasets, locks, manifest, temporary
from geoportal.store.locks import PRIVATE, private_folder

if TYPE_CHECKING:
    from geoportal.model.layer import Layer
    from geoportal.store.layers import SealedParts
    from geoportal.store.register import Register

logger = logging.getLogger(__name__)

LAYER = "layer.gpkg"
REPORT = "report.json"
SOURCE = "source"

_DIGEST = re.compile(r"[0-9a-f]{64}")
_BUILD = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep did. ``complete`` is False where somebody was submitting or publishing: only ``tmp/`` was swept."""

    temporary: tuple[str, ...] = ()
    orphans: tuple[Path, ...] = ()
    builds: tuple[Path, ...] = ()
    complete: bool = True


class Files:
    """The folders under one data directory. Nothing is made before it is needed; the register keeps no paths."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._sealed = data / "datasets"
        self._derived = data / "derived"
        self._orphans = data / "orphans"
        self._tmp = data / "tmp"
        self._locks = data / "locks"
        self._mine = threading.local()

    @contextmanager
    def staging(self) -> Iterator[Path]:
        """A fresh empty folder on the file system of the data directory, removed at the end with all that is in it."""
        with _full_disk_said():
            slot = temporary.claim(private_folder(self._tmp))
            try:
                yield slot.folder
            finally:
                slot.release()

    @contextmanager
    def registering(self) -> Iterator[None]:
        """What is sealed or built inside this block is no orphan before it ends: commit its row inside.

        Builds that were begun and not finished are removed at the end. Blocks may lie in each other.
        """
        if self._slots() is not None:
            yield
            return
        with _full_disk_said(), locks.shared(private_folder(self._locks) / "registering"):
            self._mine.slots = {}
            try:
                yield
            finally:
                slots: dict[str, temporary.Slot] = self._mine.slots
                self._mine.slots = None
                for slot in slots.values():
                    slot.release()

    def seal(self, dataset_id: str, source: Path, source_name: str, layer_gpkg: Path, report: Report) -> str:
        """Keep a source with its layer and its report for good, and return the digest that names the folder.

        The same content again is the folder that is there. Inside ``registering()`` only. StorageFull leaves nothing.
        """
        self._expect_registering()
        parent = self._sealed / checked_id(dataset_id)
        with _full_disk_said(), self.staging() as slot:
            folder = slot / "sealed"
            (folder / SOURCE).mkdir(PRIVATE, parents=True)
            received = manifest.copy_source(source, source_name, folder / SOURCE)
            lines = {f"{SOURCE}/{name}": line for name, line in received.items()}
            lines[LAYER] = manifest.copy(layer_gpkg, folder / LAYER)
            lines[REPORT] = manifest.write(folder / REPORT, manifest.json_bytes(report.as_dict()))
            content = manifest.json_bytes({"format": manifest.FORMAT, "files": lines})
            manifest.write(folder / manifest.NAME, content)
            digest = manifest.digest_of(content)
            _sync(folder / SOURCE)
            _sync(folder)
            private_folder(parent)
            self._place(folder, parent / digest)
            faults = manifest.faults(parent / digest, digest, deep=False)
            if faults:
                raise Conflict(f"the sealed folder of this content is damaged: {'; '.join(faults)}", digest=digest)
        return digest

    def folder(self, dataset_id: str, digest: str) -> Path:
        """Where a sealed version lies."""
        return self._sealed / checked_id(dataset_id) / _checked(_DIGEST, digest)

    def report(self, dataset_id: str, digest: str) -> Report:
        """What the checks said of a version when it was sealed."""
        return Report.from_dict(json.loads((self.folder(dataset_id, digest) / REPORT).read_bytes()))

    def open_layer(self, dataset_id: str, digest: str) -> Layer:
        """The layer of a sealed version as it was read: source CRS, source order, nothing repaired. Costs geopandas."""
        from geoportal.store.layers import read_sealed

        return read_sealed(self.folder(dataset_id, digest) / LAYER, self.report(dataset_id, digest))

    def open_parts(self, dataset_id: str, digest: str, size: int) -> SealedParts:
        """The layer of a sealed version in parts of ``size`` features, each read when it is asked for."""
        from geoportal.store.layers import sealed_parts

        return sealed_parts(self.folder(dataset_id, digest) / LAYER, self.report(dataset_id, digest), size)

    def is_sealed(self, dataset_id: str, digest: str) -> bool:
        """Whether the folder of a version is there with all its files in their lengths."""
        return not manifest.faults(self.folder(dataset_id, digest), digest, deep=False)

    def verify(self, dataset_id: str, digest: str) -> list[str]:
        """What has become wrong with a sealed version, every byte of it read again; empty where it is whole."""
        return manifest.faults(self.folder(dataset_id, digest), digest, deep=True)

    def new_build(self, digest: str) -> tuple[str, Path]:
        """A name for a build of a version and the empty folder to fill. Inside ``registering()`` only."""
        self._expect_registering()
        _checked(_DIGEST, digest)
        build = secrets.token_hex(8)
        with _full_disk_said():
            slot = temporary.claim(private_folder(self._tmp))
            self._mine.slots[build] = slot
            folder = slot.folder / "build"
            folder.mkdir(PRIVATE)
        return build, folder

    def finish_build(self, digest: str, build: str) -> None:
        """Bring a build to the disk and to its place; publish it, and commit, before ``registering()`` ends."""
        slot: temporary.Slot = self._mine.slots[build]
        with _full_disk_said():
            folder = slot.folder / "build"
            _sync_tree(folder)
            parent = private_folder(self._derived / _checked(_DIGEST, digest))
            self._place(folder, parent / build)
        del self._mine.slots[build]
        slot.release()

    @contextmanager
    def renewing(self, digest: str, build: str, names: Sequence[str]) -> Iterator[Path]:
        """An empty folder to fill anew with files that lie in a finished build under ``names``; at the end they take
        the place of those. Only while nobody serves, and inside ``registering()``.

        The first of ``names`` says that the others are whole: it goes before any of them and comes after all of them.
        """
        self._expect_registering()
        target = self.derived(digest, build)
        with _full_disk_said(), self.staging() as folder:
            yield folder
            _sync_tree(folder)
            sign, *others = names
            (target / sign).unlink(missing_ok=True)
            _sync(target)
            for name in others:
                (target / name).unlink(missing_ok=True)
                if (folder / name).exists():
                    (folder / name).rename(target / name)
            _sync(target)
            (folder / sign).rename(target / sign)
            _sync(target)

    def derived(self, digest: str, build: str) -> Path:
        """Where a finished build lies."""
        return self._derived / _checked(_DIGEST, digest) / _checked(_BUILD, build)

    def orphans(self) -> list[Path]:
        """The sealed folders that no version stands on, as ``<dataset id>/<digest>`` under ``orphans/``."""
        return sorted(path.relative_to(self._orphans) for path in self._orphans.glob("*/*") if path.is_dir())

    def free_mb(self) -> int:
        """Space that the node's user may still fill, in MB (10**6 bytes), on the disk of the data directory."""
        folder = next(path for path in (self._data.absolute(), *self._data.absolute().parents) if path.exists())
        status = os.statvfs(folder)
        return status.f_bavail * status.f_frsize // 1_000_000

    def sweep(self, register: Register) -> Swept:
        """Clear up after killed processes: temporary folders go, sealed folders without a row move to ``orphans/``.

        Builds that no reader can be on go too; they can be built again. A sealed folder is never deleted. Where
        somebody is submitting or publishing at this moment, folders and builds are left for the next start.
        """
        gone = temporary.sweep(private_folder(self._tmp))
        with locks.exclusive(private_folder(self._locks) / "registering", wait=False) as alone:
            if not alone:
                return Swept(tuple(gone), complete=False)
            # Nobody is between folder and row now, so what the register says from here on is all that there is.
            with register.read() as conn:
                known, used = datasets.sealed(conn), datasets.builds_in_use(conn)
            orphans = [path for path in self._folders(self._sealed, _DIGEST) if _key(path) not in known]
            unused = [path for path in self._folders(self._derived, _BUILD) if _key(path) not in used]
            try:
                aside = tuple(self._set_aside(path) for path in orphans)
                for path in unused:
                    with self.staging() as trash:
                        path.rename(trash / path.name)
            except (OSError, StorageFull) as error:
                # A node starts all the same: on a full disk it still reads.
                logger.warning("not all could be swept: %s", error)
                return Swept(tuple(gone), complete=False)
        return Swept(tuple(gone), aside, tuple(path.relative_to(self._derived) for path in unused))

    def _slots(self) -> dict[str, temporary.Slot] | None:
        """The unfinished builds of this thread; None outside ``registering()``."""
        return getattr(self._mine, "slots", None)

    def _expect_registering(self) -> None:
        if self._slots() is None:
            raise RuntimeError("seal and build inside registering(), which lasts until the commit")

    def _place(self, folder: Path, target: Path) -> None:
        """Rename a folder that is on the disk to its place, unless the same is there; bring the place to the disk."""
        try:
            folder.rename(target)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
        # Also when it was there: whoever put it there may not have come this far yet.
        for place in (target.parent, target.parent.parent, self._data):
            _sync(place)

    def _set_aside(self, path: Path) -> Path:
        place = private_folder(self._orphans / path.parent.name)
        target, number = place / path.name, 1
        while target.exists():
            number += 1
            target = place / f"{path.name}.{number}"
        path.rename(target)
        for folder in (place, self._orphans, self._data, path.parent):
            _sync(folder)
        return target.relative_to(self._orphans)

    @staticmethod
    def _folders(parent: Path, name: re.Pattern[str]) -> list[Path]:
        return sorted(path for path in parent.glob("*/*") if path.is_dir() and name.fullmatch(path.name))


def _key(path: Path) -> tuple[str, str]:
    return path.parent.name, path.name


def _checked(pattern: re.Pattern[str], name: str) -> str:
    if not pattern.fullmatch(name):
        raise ValueError(f"{name!r} names no folder of ours")
    return name


def _sync(path: Path) -> None:
    """Bring a file, or the list of names in a folder, to the disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync_tree(folder: Path) -> None:
    """Bring a folder to the disk, files first, the innermost folders before those that hold them."""
    for parent, _, names in folder.walk(top_down=False):
        for name in names:
            _sync(parent / name)
        _sync(parent)


@contextmanager
def _full_disk_said() -> Iterator[None]:
    """Say "no space" in the errors of the node."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageFull("no room on the disk") from error
        raise
