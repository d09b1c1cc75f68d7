"""A foreign file is opened, read, checked and written anew in a child that may do nothing else; this process sees a
Report and one file.

``inspect_in_child`` is the parent's side: it copies the file, asks the fork server for a child, and believes nothing
of the answer that it has not looked at. ``run_request`` is the child's side. Bad data, a crash, a hang and a bomb are
all Reports; only a node that cannot work raises (Unavailable, StorageFull).
"""

from __future__ import annotations

import errno
import hashlib
import logging
import os
import resource
import shutil
import signal
import stat
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from geoportal.errors import StorageFull, Unavailable, UnreadableSource
from geoportal.ingest.beside import lay_references, named_beside, read_beside
from geoportal.ingest.faults import Faults, asked, collect_faults, write_faults
from geoportal.ingest.intake import FULL, MEND, OUT, SOURCE, WORK, is_kept, take_in
from geoportal.ingest.join import JoinWish, joined, lay_beside
from geoportal.ingest.phases import Progress, copying, listening, teller
from geoportal.ingest.processes import Ending, ForkServer
from geoportal.ingest.refusal import Note, note_of, refuse, shown
from geoportal.model.layer import LayerSummary
from geoportal.model.references import NO_REFERENCES, References
from geoportal.model.region import Region
from geoportal.model.report import Report
from geoportal.model.specification import Specification

if TYPE_CHECKING:
    from geoportal.ingest.source import Source
    from geoportal.settings import IngestSettings

log = logging.getLogger(__name__)

LAYER_FILE = "layer.gpkg"
MAX_ANSWER = 64 << 20
_LIBRARY_MEMORY = (
    1 << 30
)  # address space that the libraries hold before a file is opened; the limit is for what comes on top

_LITTLE = 4 << 20
_BASE_MB = 60  # what a child holds before it opens anything

_server = ForkServer()


@dataclass(frozen=True, slots=True)
class Staged:
    """A layer that was read, checked and written anew: its file in staging, the sha256 of it, and what it is.

    ``source`` is the copy of the file as received that the child read, the very bytes that were checked (a loose
    shapefile: one zip of its parts).
    """

    path: Path
    digest: str
    summary: LayerSummary
    source: Path


def inspect_in_child(
    path: Path,
    spec: Specification | None,
    region: Region,
    *,
    staging: Path,
    limits: IngestSettings,
    layer: str | None = None,
    crs: str | None = None,
    write: bool | str = True,
    progress: Progress | None = None,
    join: JoinWish | None = None,
    references: References = NO_REFERENCES,
    faults: bool = False,
) -> tuple[Report, Staged | None]:
    """Read and check a file in a child; with ``write`` also leave the layer as a GeoPackage in the folder ``staging``.

    ``layer`` picks one of several; ``crs`` is used where the file does not state one. Staged is None when the file is
    rejected, states another CRS than the one given, has no CRS and none was given, holds several layers and none was
    picked, or ``write`` is False; with ``write=MEND`` what a repair can put right does not count. Never raises for what
    is in the file; BadRequest for a ``crs`` that does not exist, Unavailable when no child can be had, StorageFull when
    the disk is full. ``progress`` hears of each phase as it begins, and of its share where that is known. ``join``
    names layers of this node, whose geometry a table without any may take; ``references`` is what the layer is compared
    with. With ``faults`` the child also leaves all places of all findings, which ``all_faults`` then reads.
    """
    if crs is not None:
        from geoportal.ingest.crs import parse_given

        crs = parse_given(crs)
    try:
        source = take_in(path, staging, limits.max_mb << 20, copying(progress))
    except UnreadableSource as error:
        return _report([note_of(error)], spec), None
    if join is not None:
        join = lay_beside(join, staging / SOURCE)
    request = {
        "staging": str(staging.resolve()),
        "file": source.name,
        "name": shown(path.name, 255),
        "layer": layer,
        "crs": crs,
        "write": write,
        "tells": progress is not None,
        "spec": spec.as_dict() if spec else None,
        "region": region.as_dict(),
        "join": join.as_dict() if join else None,
        "references": lay_references(references, staging / SOURCE).as_dict(),
        "faults": faults,
        "limits": limits.model_dump(include={"max_mb", "memory_mb", "cpu_s", "max_fields"}),
    }
    ending = _server.ask(orjson.dumps(request), limits.wall_s, MAX_ANSWER, listening(staging / OUT, progress))
    shutil.rmtree(staging / WORK, ignore_errors=True)
    answer = _understood(ending)
    if answer is None or "failure" in answer:
        return _report([_accident(ending, answer, limits)], spec), None
    report: Report = answer["report"]
    if answer["written"] is None or not is_kept(report, write):
        return report, None
    staged = _collected(staging, source, answer, report, limits)
    return (report, staged) if staged else (_report([("source-crashed", {"reason": "output"})], spec), None)


def all_faults(staging: Path, report: Report, limits: IngestSettings) -> Faults:
    """The report of a file with all its places, which the child that read it in ``staging`` was asked to leave."""
    return collect_faults(staging / OUT, report, _file_size(limits.max_mb))


def _understood(ending: Ending) -> dict[str, Any] | None:
    """The answer of a child with its report made a Report, None when it is none; each part is checked for its shape."""
    if not ending.answer or ending.exit_code != 0:
        return None
    from geoportal.checks import RULES

    try:
        answer = orjson.loads(ending.answer)
        if "failure" in answer:
            return {"failure": str(answer["failure"]), "detail": str(answer.get("detail", ""))}
        report = Report.from_dict(answer["report"])
        known = all(finding.rule in RULES for finding in report.findings) and set(report.checked) <= set(RULES)
        # What from_dict takes over unseen must be of the right kind: the report as JSON is the one that came.
        if not known or not _well_formed(report) or report.as_dict() != answer["report"]:
            return None
        written = answer["written"]
        if written is not None and not (isinstance(written, str) and written in {item.name for item in report.layers}):
            return None
    except (ValueError, KeyError, TypeError, AttributeError, IndexError):
        return None
    return {"report": report, "written": written}


def _well_formed(report: Report) -> bool:
    def texts(values: Iterable[Any]) -> bool:
        return all(value is None or isinstance(value, str) for value in values)

    return (
        texts([report.spec, *report.checked])
        and all(
            texts([item.name, item.crs, item.geometry_type])
            and type(item.features) is int
            and all(isinstance(value, int | float) for value in item.extent or ())
            and all(texts([field.name, field.type]) for field in item.fields)
            for item in report.layers
        )
        and all(
            texts([finding.layer])
            and type(finding.count) is int
            and type(finding.params) is dict
            and all(texts([o.feature, o.related]) and isinstance(o.params, dict) for o in finding.occurrences)
            for finding in report.findings
        )
    )


def _accident(ending: Ending, answer: dict[str, Any] | None, limits: IngestSettings) -> Note:
    """What became of a child that brought no report, as a rule and its parameters."""
    failure = answer["failure"] if answer else None
    if failure == "lockdown":
        raise Unavailable("this machine cannot cut the network off a process; see `geoportal doctor`")
    if failure == "memory":
        return "source-too-large", {"reason": "memory", "limit_mb": limits.memory_mb}
    if failure == "output" or ending.overflow:
        return "source-too-large", {"reason": "output", "limit_mb": limits.max_mb}
    if failure == "space":
        raise StorageFull("the data directory is full")
    if ending.ended_by == "wall":
        return "source-too-slow", {"seconds": limits.wall_s}
    if ending.signal == signal.SIGXCPU:
        return "source-too-slow", {"seconds": limits.cpu_s}
    if ending.signal is not None:
        reason = signal.Signals(ending.signal).name
        if reason in ("SIGSEGV", "SIGABRT", "SIGBUS") and ending.memory_mb > _BASE_MB + 0.6 * limits.memory_mb:
            # GDAL and GEOS do not ask whether they got the memory that they asked for.
            return "source-too-large", {"reason": "memory", "limit_mb": limits.memory_mb}
        log.warning("the ingest child was ended by %s", reason)
        return "source-crashed", {"reason": reason}
    log.error("the ingest child failed: %s", ascii(answer["detail"] if answer else f"exit {ending.exit_code}"))
    return "source-crashed", {"reason": failure or f"exit {ending.exit_code}"}


def _collected(
    staging: Path, source: Path, answer: dict[str, Any], report: Report, limits: IngestSettings
) -> Staged | None:
    """The written layer, if it is what we asked for: one regular file, of sensible size. It is hashed here, by us."""
    path = staging / OUT / LAYER_FILE
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    with os.fdopen(descriptor, "rb") as stream:
        status = os.fstat(stream.fileno())
        if not stat.S_ISREG(status.st_mode) or status.st_nlink != 1 or status.st_size > _file_size(limits.max_mb):
            return None
        if stream.read(16) != b"SQLite format 3\0":
            return None
        stream.seek(0)
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    summary = next(item for item in report.layers if item.name == answer["written"])
    target = staging / LAYER_FILE
    path.replace(target)
    return Staged(target, digest, summary, source)


def _report(findings: list[Note], spec: Specification | None) -> Report:
    from geoportal.checks import source_report

    return source_report(findings, spec)


def _file_size(max_mb: int) -> int:
    """The largest file that a child may write, in bytes: a GeoPackage with its index is larger than its source."""
    return (3 * max_mb + 64) << 20


# The child's side ----------------------------------------------------------------------------------------------------


def prepare() -> None:
    """Import all that a child needs, in the fork server: after the lock nothing new can be loaded."""
    import importlib

    modules = (
        "geoportal.checks",
        "geoportal.ingest.reader",
        "geoportal.ingest.raster",
        "geoportal.ingest.writer",
        "geoportal.ingest.lockdown",
    )
    for name in modules:
        importlib.import_module(name)
    from geoportal.ingest import gdal

    gdal.configure()
    gdal.drivers()


def run_request(text: bytes) -> bytes:
    """What the child does: lock itself, then look at the file. The answer is JSON: a report, or the kind of failure."""
    import traceback

    from geoportal.ingest.lockdown import Limits, LockdownFailed, lock_down

    request = orjson.loads(text)
    staging, limits = Path(request["staging"]), request["limits"]
    try:
        lock_down(
            [staging / SOURCE],
            [staging / WORK, staging / OUT],
            Limits(
                memory=(limits["memory_mb"] << 20) + _address_space(),
                file_size=_file_size(limits["max_mb"]),
                cpu_s=limits["cpu_s"],
            ),
        )
        report, written = inspect(request)
        return orjson.dumps({"report": report.as_dict(), "written": written}, option=orjson.OPT_SERIALIZE_NUMPY)
    except LockdownFailed:
        return orjson.dumps({"failure": "lockdown"})
    except MemoryError:
        return orjson.dumps({"failure": "memory"})
    except OSError as error:
        full = error.errno in FULL or shutil.disk_usage(staging / OUT).free < _LITTLE
        kind = "space" if full else "output" if error.errno in (errno.EFBIG, errno.EIO) else type(error).__name__
        return orjson.dumps({"failure": kind, "detail": ascii(str(error))})
    except Exception as error:  # whatever a file does to a library is told to the parent, which makes a report of it
        return orjson.dumps(
            {
                "failure": type(error).__name__,
                "detail": traceback.format_exc()[-4000:].encode("ascii", "replace").decode(),
            }
        )


def _address_space() -> int:
    """What this process takes already, in bytes."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except (OSError, ValueError):
        return _LIBRARY_MEMORY
    return pages * resource.getpagesize()


def inspect(request: dict[str, Any]) -> tuple[Report, str | None]:
    """Find, read, check and write, in this process: the report on every layer, and the name of the one written."""
    from geoportal.checks import validate
    from geoportal.ingest import gdal, raster
    from geoportal.ingest.formats import find_sources
    from geoportal.ingest.reader import read_layer

    spec = Specification.from_dict(request["spec"]) if request["spec"] else None
    region = Region.from_dict(request["region"])
    references = References.from_dict(request["references"])
    staging, limits = Path(request["staging"]), request["limits"]
    tell = teller(staging / OUT if request.get("tells") else None)
    tell("unpack")
    try:
        sources = find_sources(
            staging / SOURCE / request["file"],
            staging / WORK,
            name=request["name"],
            max_bytes=limits["max_mb"] << 20,
            max_fields=limits["max_fields"],
        )
        chosen = _chosen(sources, request["layer"])
    except UnreadableSource as error:
        return _report([note_of(error)], spec), None
    # From here on GDAL is used, with the drivers of these sources and the one that writes.
    others = named_beside(sources, spec)
    gdal.keep_drivers({source.driver for source in (*chosen, *others) if source.driver} | {"GPKG"})
    notes: list[Note] = [("layers-several", {"names": [s.name for s in chosen]})] if len(chosen) > 1 else []
    spatial = [source for source in chosen if source.has_geometry and source.driver != raster.DRIVER]
    wanted = spatial[0] if len(spatial) == 1 else chosen[0] if len(chosen) == 1 else None
    outlines: list[bytes] | None = [] if request["faults"] else None
    reports, written, beside = [], None, read_beside(others, request["crs"])
    for number, source in enumerate(chosen):
        tell("read", number, len(chosen))
        try:
            if source.driver == raster.DRIVER:
                reports.append(_judged(source, request["crs"], spec, region))
                continue
            layer = read_layer(source, request["crs"])
            if source is wanted and request["join"]:
                layer = joined(layer, JoinWish.from_dict(request["join"]), staging / SOURCE)
        except UnreadableSource as error:
            rule, params = note_of(error)
            notes.append((rule, {**params, "layer": source.name} if len(chosen) > 1 else params))
            continue
        tell("check", number, len(chosen))
        report = asked(partial(validate, layer, spec, region, references=references, beside=beside), layer, outlines)
        reports.append(report)
        conflict = any(rule in ("crs-conflict", "join-impossible") for rule, _ in layer.notes)
        known = layer.crs is not None or layer.geometry_type is None or request["write"] == MEND
        if source is wanted and known and not conflict and is_kept(report, request["write"]):
            from geoportal.ingest.writer import write_layer

            tell("write")
            write_layer(layer, staging / OUT / LAYER_FILE)
            written = layer.name
    report = _report(notes, spec).merged_with(reports)
    if outlines is not None:
        write_faults(report, outlines, staging / OUT)
    return report, written if is_kept(report, request["write"]) else None


def _judged(source: Source, crs: str | None, spec: Specification | None, region: Region) -> Report:
    """The report on a raster: what is asked of its place is asked of a rectangle there."""
    from geoportal.checks import validate
    from geoportal.ingest import raster

    found = raster.judge(source, crs)
    report = validate(found.footprint, spec, region)
    told = tuple(finding for finding in report.findings if finding.rule not in ("layer-empty",))
    return replace(report, layers=(found.summary,), findings=told)


def _chosen(sources: list[Source], layer: str | None) -> list[Source]:
    if layer is None:
        return [source for source in sources if not source.on_request]
    chosen = [source for source in sources if source.name == layer]
    if not chosen:
        raise refuse("layer-not-found", name=shown(layer), names=[source.name for source in sources][:50])
    return chosen


def close() -> None:
    """End the fork server of this process, if it runs."""
    with suppress(OSError):
        _server.close()
