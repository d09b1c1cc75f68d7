"""Every route through stock pygeoapi and through ours, on the same data, compared by meaning (issue 5, A.5).

Stock pygeoapi runs in a process where nothing of ours is loaded, with its own Starlette app and its GeoJSON provider.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.ogc.differential import oracle, servers
from tests.ogc.differential.cases import Case, cases
from tests.ogc.differential.holding import Difference
from tests.ogc.differential.intended import INTENDED
from tests.ogc.differential.layers import Sample, samples
from tests.ogc.differential.meaning import differences, meaning, strict
from tests.ogc.differential.servers import DEFAULT_LIMIT, Answer, Ours, Server, Stock

SAMPLES = {sample.id: sample for sample in samples()}
CASES = cases(list(SAMPLES.values()))


@dataclass(frozen=True, slots=True)
class Pair:
    """The two servers."""

    stock: Stock
    ours: Ours


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    folder = tmp_path_factory.mktemp("differential")
    with (
        servers.stock(folder / "stock", list(SAMPLES.values())) as stock,
        servers.ours(folder / "ours", list(SAMPLES.values())) as ours,
    ):
        yield Pair(stock, ours)


@pytest.fixture(scope="module")
def answers(pair: Pair) -> dict[str, tuple[Case, Answer, Answer]]:
    """All cases, asked of both once."""

    def ask(server: Server, case: Case) -> Answer:
        return server.ask(case.path, case.method, case.headers, case.body)

    return {str(case): (case, ask(pair.stock, case), ask(pair.ours, case)) for case in CASES}


def found(case: Case, stock: Answer, ours: Answer) -> list[Difference]:
    """The differences of two answers to a case."""
    nowhere = case.layer == "lintas" and case.path.endswith("/32750") and b"Infinity" in stock.body
    said = {"status": 200} if nowhere else meaning(case.kind, stock)  # what stock says there is no JSON
    return [
        Difference(case, " > ".join(at), theirs, mine, SAMPLES)
        for at, theirs, mine in differences(said, meaning(case.kind, ours))
    ]


def test_every_difference_is_meant_and_every_meant_one_is_there(answers):
    used: Counter[str] = Counter()
    faults: dict[str, list[str]] = defaultdict(list)
    for case, stock, ours in answers.values():
        for difference in found(case, stock, ours):
            entry = next((entry for entry in INTENDED if entry.covers(difference)), None)
            if entry is None:
                said = f"{difference.stock!r} is with us {difference.ours!r}"
                faults[difference.at].append(f"{case}: {said}"[:400])
            else:
                used[entry.name] += 1
    told = [f"{at} ({len(each)} times), as in {each[0]}" for at, each in faults.items()]
    assert not faults, "differences that nobody meant:\n" + "\n".join(told)
    assert set(used) == {entry.name for entry in INTENDED}, "an entry that no comparison needs"


def test_the_table_is_short_and_cites():
    assert len(INTENDED) <= 25
    assert len({entry.name for entry in INTENDED}) == len(INTENDED)
    assert all(entry.cites.startswith(("CONFORMANCE ", "CONTRACT ", "OGC ", "PYGEOAPI ")) for entry in INTENDED)


def test_no_case_is_asked_twice_and_all_routes_are_asked():
    from geoportal.ogc.app import RESOURCES

    assert len(CASES) == len({str(case) for case in CASES})
    assert len(CASES) >= 350
    asked = {tuple(case.path.partition("?")[0].strip("/").split("/")) for case in CASES}
    for resource in RESOURCES:
        parts = resource.path.strip("/").split("/")
        shape = [part if not part.startswith("{") else None for part in parts]
        assert any(
            len(path) == len(shape) and all(want in (None, have) for want, have in zip(shape, path, strict=True))
            for path in asked
        ), f"no case asks {resource.path}"


def test_our_pages_are_what_the_rows_say(answers):
    """Where both agree they might agree on what is wrong: every page of features against shapely, pyproj and Python."""
    checked = 0
    for case, _, ours in answers.values():
        if case.kind != "items" or ours.status != 200 or ours.media_type != "application/geo+json":
            continue
        sample, document = SAMPLES[case.layer], strict(ours.body)
        assert [feature["id"] for feature in document["features"]] == oracle.page(case, sample, DEFAULT_LIMIT), str(
            case
        )
        assert document["numberMatched"] == len(oracle.matching(case, sample)), str(case)
        checked += 1
    assert checked > 120


@pytest.mark.parametrize("sample", SAMPLES.values(), ids=lambda sample: sample.id)
@pytest.mark.parametrize("limit", [1, 7, 100])
def test_a_walk_by_next_links_meets_every_feature_once_on_both(pair, sample: Sample, limit: int):
    if limit == 1 and len(sample.rows) > 50:
        limit = 50

    def walk(server: Server) -> list[str]:
        ids: list[str] = []
        path: str | None = f"/ogc/collections/{sample.id}/items?f=json&limit={limit}"
        while path:
            document = strict(server.ask(path).body)
            ids += [feature["id"] for feature in document["features"]]
            path = next((link["href"] for link in document["links"] if link["rel"] == "next"), None)
            path = path.removeprefix(servers.BASE) if path else None
        return ids

    assert walk(pair.ours) == walk(pair.stock) == [str(row[sample.key]) for row in sample.rows]


def test_every_link_of_ours_leads_somewhere(answers, pair):
    """Every address under ``/ogc`` that a document of ours names answers, in the type that the link says."""
    targets: dict[str, str] = {}
    for case, _, ours in answers.values():
        document = case.kind in ("landing", "collections", "collection", "items", "item") and ours.status == 200
        if document and ours.media_type in ("application/json", "application/geo+json") and ours.body:
            _gather(strict(ours.body), targets)
    assert len(targets) > 100
    for href, kind in targets.items():
        answer = pair.ours.ask(href)
        assert answer.status == 200, f"{href}: {answer.status}"
        assert answer.media_type == kind, f"{href} is said to be {kind} and is {answer.media_type}"


def _gather(value: object, targets: dict[str, str]) -> None:
    if isinstance(value, list):
        for each in value:
            _gather(each, targets)
    elif isinstance(value, dict):
        href = value.get("href")
        if isinstance(href, str) and href.startswith(f"{servers.BASE}/ogc") and value.get("rel") != "collection":
            targets.setdefault(href.removeprefix(servers.BASE), str(value.get("type", "")).partition(";")[0])
        for each in value.values():
            _gather(each, targets)
