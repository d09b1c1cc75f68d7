"""Are the answers the same? How many features the first answers hold, beside what shapely says of the same data."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from tests.bench.peers.load import Client
from tests.bench.peers.peer import Peer
from tests.bench.peers.workloads import COMPARED, Asked

CHECKED = ("W1", "W3", "W5", "WC")


@dataclass(frozen=True, slots=True)
class Answers:
    """What a server answered: features of the first answers of each workload, and how many it says there are."""

    found: dict[str, int | str]
    matched: int | None
    decimals: int
    why_not: dict[str, str]
    """Workloads that it did not answer, and what it said."""


def answered(peer: Peer, asked: Asked) -> Answers:
    """Ask a server the first requests of every checked workload."""
    found: dict[str, int | str] = {}
    refused: dict[str, str] = {}
    matched, decimals = None, 0
    client = Client(peer.base, peer.accept)
    for address in peer.dialect.addresses("W8", asked) or []:
        if (answer := client.get(address)).status != 200:
            refused["W8"] = f"{address}: {answer.status}: {answer.body[:160].decode('utf-8', 'replace')}"
    for workload in CHECKED:
        addresses = peer.dialect.addresses(workload, asked)
        if addresses is None:
            refused[workload] = "has no such request"
            continue
        total = 0
        for address in addresses[:COMPARED]:
            try:
                answer = client.get(address)
            except OSError as error:
                refused[workload] = f"{type(error).__name__}"
                break
            if answer.status != 200:
                refused[workload] = f"{answer.status}: {answer.body[:160].decode('utf-8', 'replace')}"
                break
            said = json.loads(answer.body)
            features = said["features"] if isinstance(said, dict) else said
            total += len(features)
            if workload == "W1":
                matched = said.get("numberMatched")
                decimals = _decimals(features[0]["geometry"]["coordinates"])
            if answer.seconds > 2:
                total = -1
                break
        found[workload] = "slow" if total < 0 else total
    client.close()
    return Answers(found, matched, decimals, refused)


def _decimals(coordinates: Any) -> int:
    """The longest row of digits behind a point."""
    if isinstance(coordinates, list):
        return max((_decimals(each) for each in coordinates), default=0)
    return len(repr(coordinates).partition(".")[2])


def wrong(answers: Answers, asked: Asked) -> list[str]:
    """Workloads whose first answers hold another number of features than shapely finds."""
    return [
        name
        for name, truth in asked.truth.items()
        if isinstance(found := answers.found.get(name), int) and name not in answers.why_not and found != sum(truth)
    ]


def table(answers: dict[str, Answers], asked: Asked) -> str:
    """Servers against workloads, in Markdown; a number that is not shapely's is marked."""
    lines = [
        f"Features in the first {COMPARED} answers of each workload (W1: of one answer); * = not what shapely finds.",
        "",
        "| server | " + " | ".join(CHECKED) + " | numberMatched | decimals |",
        "|---" * (len(CHECKED) + 3) + "|",
        "| shapely | 10 | " + " | ".join(str(sum(asked.truth[name])) for name in CHECKED[1:]) + f" | {asked.count} | |",
    ]
    for name, each in answers.items():
        bad = wrong(each, asked)
        cells = [
            "-" if workload in each.why_not else f"{each.found[workload]}{'*' if workload in bad else ''}"
            for workload in CHECKED
        ]
        matched = "-" if each.matched is None else str(each.matched)
        lines.append(f"| {name} | {' | '.join(cells)} | {matched} | {each.decimals} |")
    for name, each in answers.items():
        lines += [f"- {name} {workload}: {reason}" for workload, reason in each.why_not.items()]
    return "\n".join(lines)
