"""The rows of the speed table: what one client asks in each, how it is counted, and the goal.

A row's `work` is a generator: each step is one measured piece of work and yields how many units it did.
The bytes sent are the same for every server; answers are counted without parsing them, which would cost the
fastest server most.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from types import MappingProxyType

from benchmarks.side_by_side.wire import Client

Facts = Mapping[str, str]
BASE_MILLIS = 1_700_000_000_000
N_KEYS = 20
FILTER = "metrics.m0 > 0.5 AND params.p0 = 'p0-3'"
ORDER = "metrics.m1 DESC"
HISTORY_PAGE = 25_000
NEXT_PAGE = re.compile(rb'"next_page_token":\s*"([^"]+)"')
PARAMS = [{"key": f"p{n}", "value": f"p{n}-0"} for n in range(N_KEYS)]
METRICS = [{"key": f"m{n}", "value": n / 7, "timestamp": BASE_MILLIS, "step": 0} for n in range(N_KEYS)]


@dataclass(frozen=True)
class Row:
    """One line of the table; goals are ratios to MLflow and to FastTrackML."""

    title: str
    unit: str  # "ms" and "s", "MB": less is better; anything ending in "/s": more is better
    mlflow_goal: float
    fasttrackml_goal: float | None = None
    n_clients: int = 1
    needs: str = "experiment"  # the fact without which a server cannot do it

    @property
    def is_rate(self) -> bool:
        return self.unit.endswith("/s")


def log_metric(client: Client, facts: Facts, _: int) -> Iterator[int]:
    run = _own_run(client, facts)
    for step in count():
        body = f'{{"run_id":"{run}","key":"loss","value":0.{step},"timestamp":{BASE_MILLIS + step},"step":{step}}}'
        client.ask("POST", "runs/log-metric", body.encode())
        yield 1


def log_batch(client: Client, facts: Facts, _: int) -> Iterator[int]:
    """1,000 points, 10 keys × 100 steps; the round's number stands in front of the step's two digits."""
    run = _own_run(client, facts)
    points = ",".join(
        f'{{"key":"m{key}","value":0.{key}{step:02},"timestamp":{BASE_MILLIS},"step":@{step:02}}}'
        for step in range(100)
        for key in range(10)
    )
    template = f'{{"run_id":"{run}","metrics":[{points}]}}'.encode()
    for turn in count(1):
        client.ask("POST", "runs/log-batch", template.replace(b"@", b"%d" % turn))
        yield 1000


def complete_run(client: Client, facts: Facts, _: int) -> Iterator[int]:
    while True:
        run = _own_run(client, facts)
        batch = {"run_id": run, "params": PARAMS, "metrics": METRICS}
        client.ask("POST", "runs/log-batch", json.dumps(batch).encode())
        end = {"run_id": run, "status": "FINISHED", "end_time": BASE_MILLIS + 1000}
        client.ask("POST", "runs/update", json.dumps(end).encode())
        yield 1


def search_newest(client: Client, facts: Facts, _: int) -> Iterator[int]:
    return _searches(client, facts, 100)


def search_filtered(client: Client, facts: Facts, _: int) -> Iterator[int]:
    return _searches(client, facts, 100, filter=FILTER, order_by=[ORDER])


def one_large_page(client: Client, facts: Facts, _: int) -> Iterator[int]:
    return _searches(client, facts, 1000)


def page_through(client: Client, facts: Facts, _: int) -> Iterator[int]:
    token = ""
    while True:
        body = _search_body(facts, 1000, **({"page_token": token} if token else {}))
        answer = client.ask("POST", "runs/search", body)
        yield answer.count(b'"info"')
        token = _next_page(answer)


def read_history(client: Client, facts: Facts, _: int) -> Iterator[int]:
    path = f"metrics/get-history?run_id={facts['history']}&metric_key=curve&max_results={HISTORY_PAGE}"
    token = ""
    while True:
        answer = client.ask("GET", f"{path}&page_token={token}" if token else path)
        yield answer.count(b'"timestamp"')
        token = _next_page(answer)


def by_alias(client: Client, facts: Facts, _: int) -> Iterator[int]:
    while True:
        client.ask("GET", f"registered-models/alias?name={facts['model']}&alias=champion")
        yield 1


Work = Callable[[Client, Facts, int], Iterator[int]]
WORK: Mapping[str, tuple[Row, Work]] = MappingProxyType(
    {
        "metric": (Row("one log-metric per request, 8 clients", "requests/s", 15, 3, 8), log_metric),
        "batch": (Row("log-batch of 1,000 metrics, 8 clients", "metrics/s", 12, 5, 8), log_batch),
        "complete": (
            Row("complete runs (20 params, 20 metrics), 8 clients", "runs/s", 15, 4, 8),
            complete_run,
        ),
        "newest": (Row("search the newest 100 of {runs} runs", "ms", 20, 4), search_newest),
        "filter": (Row("filter on metric and param, order by metric", "ms", 20), search_filtered),
        "page": (Row("1,000 runs in one page", "ms", 50), one_large_page),
        "paging": (Row("page through {runs} runs", "runs/s", 50), page_through),
        "history": (Row("read {points} points of history", "points/s", 20, needs="history"), read_history),
        "alias": (Row("registry: version by alias", "ms", 10, needs="model"), by_alias),
    }
)
READS = ("newest", "filter", "page", "paging", "history", "alias")
START = Row("first healthy response, database there", "s", 4)
FIRST_START = Row("first healthy response, empty database", "s", 4)
MEMORY = Row("idle memory (PSS of all processes)", "MB", 4)


def _own_run(client: Client, facts: Facts) -> str:
    body = {"experiment_id": facts["load"], "start_time": BASE_MILLIS, "run_name": "bench"}
    answer = json.loads(client.ask("POST", "runs/create", json.dumps(body).encode()))
    return str(answer["run"]["info"]["run_id"])


def _searches(client: Client, facts: Facts, size: int, **more: object) -> Iterator[int]:
    body = _search_body(facts, size, **more)
    while True:
        yield client.ask("POST", "runs/search", body).count(b'"info"')


def _search_body(facts: Facts, size: int, **more: object) -> bytes:
    return json.dumps({"experiment_ids": [facts["experiment"]], "max_results": size, **more}).encode()


def _next_page(answer: bytes) -> str:
    found = NEXT_PAGE.search(answer)
    return found[1].decode() if found else ""
