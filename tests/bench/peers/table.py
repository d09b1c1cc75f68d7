"""What was measured as tables: rates, times, ratios to the best peer and to the limit, and the figures reached."""

from __future__ import annotations

import statistics
from collections.abc import Collection, Mapping, Sequence

from tests.bench.peers.load import Load
from tests.bench.peers.workloads import AIMS, FIGURES, OF_LIMIT, TITLES

LIMIT = "nginx"
OURS = "ours"
FOREIGN = 0.2
"""Cores of others during a load from which on a number is marked."""

Measured = Mapping[str, Mapping[str, Sequence[Load]]]
"""Server, workload, one load for each run."""


def rate(loads: Sequence[Load]) -> float:
    """The median of the runs; 0 where one answer in a hundred was an error: such a rate is none."""
    return statistics.median(load.rate if load.errors <= load.answers / 100 else 0.0 for load in loads)


def number(value: float) -> str:
    """A rate with as many digits as it deserves."""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def rates(measured: Measured) -> str:
    """Requests a second (p50, p99 in ms): servers against workloads."""
    names = [name for name in TITLES if any(name in each for each in measured.values())]
    lines = [
        "Answers a second (p50 / p99 ms), median of the runs; 'x' = errors, '~' = others kept more than "
        f"{FOREIGN:g} cores busy, '*' = too slow for the window: requests one after another.",
        "",
        "| server | " + " | ".join(names) + " | PSS MB | largest process, own MB |",
        "|---" * (len(names) + 3) + "|",
    ]
    for server, each in measured.items():
        cells = [_cell(each[name]) if name in each else "-" for name in names]
        loads = [load for runs in each.values() for load in runs]
        held = max((load.memory.pss for load in loads), default=0)
        alone = max((load.memory.private for load in loads), default=0)
        lines.append(f"| {server} | {' | '.join(cells)} | {held:.0f} | {alone:.0f} |")
    return "\n".join(lines)


def _cell(loads: Sequence[Load]) -> str:
    marks = ("x" if any(load.errors for load in loads) else "") + (
        "~" if statistics.median(load.foreign for load in loads) > FOREIGN else ""
    )
    slow = "*" if any(load.one_by_one for load in loads) else ""
    p50, p99 = (statistics.median(getattr(load, name) for load in loads) for name in ("p50", "p99"))
    return f"{number(rate(loads))}{slow}{marks} ({p50:.1f} / {p99:.1f})"


def best(measured: Measured, workload: str) -> tuple[str, float] | None:
    """The fastest peer of a workload; None when none could be asked."""
    found = [
        (rate(each[workload]), server)
        for server, each in measured.items()
        if server not in (OURS, LIMIT) and workload in each and rate(each[workload]) > 0
    ]
    return (max(found)[1], max(found)[0]) if found else None


def ratios(measured: Measured, wrong: Collection[tuple[str, str]] = ()) -> tuple[str, list[dict[str, object]]]:
    """Our server beside the best peer and the limit, in Markdown and as rows.

    ``wrong``: servers and workloads with other features than shapely finds. They count as peers all the same; where
    one is the best, the line says so and names the best of the others.
    """
    lines = [
        "| | what | ours | best peer | ratio | figure | reached | aim | of nginx | aim | p99 ms | bytes | foreign |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    rows: list[dict[str, object]] = []
    for name, title in TITLES.items():
        loads = measured.get(OURS, {}).get(name)
        if not loads:
            continue
        ours, other, limit = rate(loads), best(measured, name), measured.get(LIMIT, {}).get(name)
        ratio = ours / other[1] if other else None
        part = ours / rate(limit) if limit else None
        right = None
        if other and (other[0], name) in wrong:
            right = best({server: each for server, each in measured.items() if (server, name) not in wrong}, name)
        figure = FIGURES.get(name)
        reached = None if ratio is None or figure is None else ratio >= figure
        row: dict[str, object] = {
            "workload": name,
            "ours": ours,
            "peer": other[0] if other else None,
            "peer_rate": other[1] if other else None,
            "ratio": ratio,
            "right_peer": right[0] if right else None,
            "right_ratio": ours / right[1] if right else None,
            "figure": figure,
            "reached": reached,
            "aim": AIMS.get(name),
            "of_limit": part,
            "of_limit_aim": OF_LIMIT.get(name),
        }
        rows.append(row)
        said = "no peer" if reached is None and figure else "" if reached is None else "yes" if reached else "NO"
        beside = f" (answers wrongly; {right[0]} {number(right[1])}: {ours / right[1]:.1f}x)" if right else ""
        lines.append(
            f"| {name} | {title} | {number(ours)} | {f'{other[0]} {number(other[1])}' if other else '-'} "
            f"| {f'{ratio:.1f}x' if ratio else '-'}{beside} | {f'>= {figure}x' if figure else ''} | {said} "
            f"| {f'{AIMS[name]}x' if name in AIMS else ''} | {f'{part:.3f}' if part else '-'} "
            f"| {f'{OF_LIMIT[name]:.2f}' if name in OF_LIMIT else ''} "
            f"| {statistics.median(load.p99 for load in loads):.1f} | {loads[-1].mean_bytes:.0f} "
            f"| {statistics.median(load.foreign for load in loads):.2f} |"
        )
    return "\n".join(lines), rows
