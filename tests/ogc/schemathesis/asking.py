"""schemathesis asks what the API definition allows, and what it forbids, and judges every answer by it.

Asked in this process, without a network, the same questions in every run. What no schema can say of a value is filled
in here, for questions that are meant to be right: sentences of CQL2, boxes whose corners are in order, times that
exist, and that ``version`` and ``as-of`` exclude each other. Nothing is left out of what is judged.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.schemas import APIOperation, BaseSchema
from schemathesis.specs.openapi.checks import negative_data_rejection
from starlette.types import ASGIApp

MODES = {"allowed": GenerationMode.POSITIVE, "forbidden": GenerationMode.NEGATIVE}

DAYS = ("2026-03-11", "2024-02-29", "2026-12-31")
TIMES = ("2026-03-11T03:00:00Z", "2026-01-01T00:00:00.5+08:00")
DATETIMES = (*DAYS, *TIMES, "../2026-03-11", "2026-01-01/..", "2026-01-01/2026-06-30", f"{TIMES[1]}/{TIMES[0]}")
MOMENTS = ("2999-01-01", "2999-01-01T00:00:00Z", "1999-01-01", "2999-06-01T12:30:00+08:00")
IDS = {"titik": ["0001", "0037"], "wilayah": ["A0", "A8"], "ruas": ["1", "3"], "tabel": ["T1"]}

FILTERS: dict[str, list[tuple[str, Any]]] = {
    "titik": [
        ("urut < 5", {"op": "<", "args": [{"property": "urut"}, 5]}),
        ("nama LIKE 'titik 1%'", {"op": "like", "args": [{"property": "nama"}, "titik 1%"]}),
        ("aktif = TRUE", {"op": "=", "args": [{"property": "aktif"}, True]}),
        ("nilai BETWEEN 1 AND 7.5", {"op": "between", "args": [{"property": "nilai"}, 1, 7.5]}),
    ],
    "wilayah": [
        ("luas IS NULL", {"op": "isNull", "args": [{"property": "luas"}]}),
        (
            "T_AFTER(diubah, TIMESTAMP('2026-03-11T03:00:00Z'))",
            {"op": "t_after", "args": [{"property": "diubah"}, {"timestamp": "2026-03-11T03:00:00Z"}]},
        ),
        (
            "S_INTERSECTS(geometry, BBOX(0,0,1,1))",
            {"op": "s_intersects", "args": [{"property": "geometry"}, {"bbox": [0, 0, 1, 1]}]},
        ),
        (
            "NOT (jiwa IN (1, 2))",
            {"op": "not", "args": [{"op": "in", "args": [{"property": "jiwa"}, [1, 2]]}]},
        ),
    ],
    "ruas": [
        ("\"nama jalan\" = 'Jalan é 道'", {"op": "=", "args": [{"property": "nama jalan"}, "Jalan é 道"]}),
        (
            "CASEI(\"jarak/km\") = CASEI('A=B&C=D')",
            {"op": "=", "args": [{"op": "casei", "args": [{"property": "jarak/km"}]}, "a=b&c=d"]},
        ),
        ('"luas[ha]" > 0', {"op": ">", "args": [{"property": "luas[ha]"}, 0]}),
        ('"limit" + 1 > 6', {"op": ">", "args": [{"op": "+", "args": [{"property": "limit"}, 1]}, 6]}),
    ],
    "tabel": [
        ("jiwa = 1 OR kode = 'T0'", {"op": "or", "args": [
            {"op": "=", "args": [{"property": "jiwa"}, 1]}, {"op": "=", "args": [{"property": "kode"}, "T0"]}]}),
    ],
}  # fmt: skip
"""Sentences of CQL2 on the layers, as text and as JSON."""


CONFIG = schemathesis.Config.from_dict(
    {"checks": {"negative_data_rejection": {"expected-statuses": [400, 401, 404, 406, 413, 414, 415]}}}
)
"""How what is forbidden may be refused: never with a fault of the node. 413 and 414: a wild value may be a long one."""


@dataclass
class Report:
    """What was asked of some operations, and what was wrong with the answers."""

    asked: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    faults: dict[tuple[str, ...], str] = field(default_factory=dict)

    def told(self) -> str:
        """Every kind of fault once, with a question that shows it."""
        return "\n\n".join(f"{' | '.join(kind)}\n{shown}" for kind, shown in self.faults.items())


def operations_of(document: dict[str, Any], app: ASGIApp) -> list[APIOperation]:
    """The operations of a definition, to be asked of an application in this process."""
    return [found.ok() for found in schema_of(document, app).get_all_operations()]


def schema_of(document: dict[str, Any], app: ASGIApp) -> BaseSchema:
    """A definition as schemathesis reads it, to be asked of an application in this process."""
    # 17-069r4 7.15.2: a limit beyond the maximum SHALL NOT be refused. The maximum is written all the same, for clients
    # that look for it.
    whole = json.loads(json.dumps(document))
    inline = [each for path in whole["paths"].values() for verb in path.values() for each in verb["parameters"]]
    for parameter in (*whole["components"]["parameters"].values(), *inline):
        if parameter.get("name") == "limit":
            del parameter["schema"]["maximum"]
    schema = schemathesis.openapi.from_dict(whole, config=CONFIG)
    schema.app = app
    return schema


@schemathesis.serializer("application/query-cql-json")
def _as_json(_: schemathesis.SerializationContext, value: Any) -> bytes:
    return json.dumps(value).encode()


def ask(operations: Iterable[APIOperation], each: int, mode: str) -> Report:
    """Ask ``each`` questions of every operation, all ``allowed`` or all ``forbidden``, and judge the answers."""
    report = Report()
    for operation in operations:
        strategy = operation.as_strategy(generation_mode=MODES[mode])
        _run(strategy, each, lambda case, data: judge(case, _drawn(data) if mode == "allowed" else None, report))
    return report


def _run(strategy: st.SearchStrategy[Case], each: int, judge: Callable[[Case, st.DataObject], None]) -> None:
    @settings(
        max_examples=each,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=strategy, data=st.data())
    def asked(case: Case, data: st.DataObject) -> None:
        judge(case, data)

    asked()


def ask_boundaries(schema: BaseSchema, mode: str) -> Report:
    """Ask what schemathesis asks without chance: bounds, parameters left out or doubled, methods that are not there."""
    report = Report()
    for found in schema.get_all_operations():
        operation = found.ok()
        config = schema.config.generation_for(operation=operation, phase="coverage")
        for case in schema.iter_coverage_cases(operation, generation_modes=[MODES[mode]], generation_config=config):
            judge(case, (lambda values: values[0]) if mode == "allowed" else None, report)
    return report


Choose = Callable[[Sequence[Any]], Any]


def _drawn(data: st.DataObject) -> Choose:
    return lambda values: data.draw(st.sampled_from(values))


def judge(case: Case, choose: Choose | None, report: Report) -> None:
    """Ask one question and judge the answer; one that is meant to be right is given ``choose``, to fill it in with."""
    if choose is not None:
        _make_sense(case, choose)
    response = case.call()
    report.asked += 1
    right = choose is None and _is_right(response)
    if case.method not in ("HEAD", "OPTIONS") and not right:  # HEAD and OPTIONS are wherever GET is
        report.statuses[response.status_code] += 1
    try:
        case.validate_response(response, excluded_checks=[negative_data_rejection] if right else [])
    except BaseException as error:
        for each in getattr(error, "exceptions", [error]):
            kind = (case.operation.label, type(each).__name__, str(response.status_code))
            report.faults.setdefault(kind, f"{case.as_curl_command()[:2000]}\n{str(each)[:500]}\n{response.text[:500]}")


def _is_right(response: schemathesis.Response) -> bool:
    """Whether nothing wrong of a question is left in its address: any text is a term of ``q``, and a wrong value of
    another parameter may be one that leaves no trace ({}).
    """
    return set(parse_qs(urlsplit(str(response.request.url)).query)) == {"q"}


def _make_sense(case: Case, choose: Choose) -> None:
    """Put in what no schema can say, so that the question is one that has to be answered."""
    collection = case.path.split("/")[2] if case.path.count("/") > 1 else ""
    query = case.query or {}
    if "datetime" in query:
        query["datetime"] = choose(DATETIMES)
    if "as-of" in query:
        query["as-of"] = choose(MOMENTS)
    if "version" in query:
        query.pop("as-of", None)
        query["version"] = choose([1, 1, 2, query["version"]])
    if "bbox" in query:
        query["bbox"] = _in_order(query["bbox"])
    if "filter" in query:
        text, tree = choose(FILTERS[collection])
        query["filter"] = json.dumps(tree) if query.get("filter-lang") == "cql2-json" else text
    if "featureId" in (case.path_parameters or {}) and choose((True, False)):
        case.path_parameters["featureId"] = choose(IDS[collection])
    if case.method == "POST":
        case.body = choose(FILTERS[collection])[1]


def _in_order(box: str) -> str:
    numbers = box.split(",")
    half = len(numbers) // 2
    pairs = [sorted(pair, key=float) for pair in zip(numbers[:half], numbers[half:], strict=True)]
    return ",".join([low for low, _ in pairs] + [high for _, high in pairs])
