"""The page “Monitoring” in this process: how long it and its queries take, and what each query reads of the log.

`benchmarks.monitoring` runs it with the database that `filling` has filled.
"""

# ruff: noqa: E402 - models can only be imported once Django is set up

import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import django

django.setup()

from django.conf import settings
from django.db import connection
from django.test import Client

from benchmarks.monitoring_work.filling import NAME
from mlregistry.accounts.models import User
from serving.models import Prediction

ROUNDS = 20
LOG = "serving_prediction"
Query = tuple[str, Any, float]


def main(answer: Path) -> None:
    settings.ALLOWED_HOSTS.append("testserver")
    web = Client()
    web.force_login(User.objects.get(username="watcher"))
    found: dict[str, Any] = {"rows": Prediction.objects.count(), "pages": {}, "queries": []}
    for window in ("24h", "7d", "30d"):
        address = f"/endpoints/{NAME}/monitoring/?window={window}"
        first = _seconds(web, address)
        times = sorted(_seconds(web, address) for _ in range(ROUNDS))
        found["pages"][window] = {"first": first, "median": statistics.median(times), "p95": times[-2]}
        with _watched() as queries:
            _seconds(web, address)
        found["queries"] += [{"window": window, **_explained(*query)} for query in queries]
    answer.write_text(json.dumps(found), encoding="utf-8")


def _seconds(web: Client, address: str) -> float:
    started = time.perf_counter()
    answer = web.get(address)
    assert answer.status_code == 200, answer.content[:500]
    return time.perf_counter() - started


@contextmanager
def _watched() -> Iterator[list[Query]]:
    found: list[Query] = []

    def watch(execute: Callable[..., Any], sql: str, values: Any, many: bool, context: Any) -> Any:
        started = time.perf_counter()
        try:
            return execute(sql, values, many, context)
        finally:
            found.append((sql, values, time.perf_counter() - started))

    with connection.execute_wrapper(watch):
        yield found


def _explained(sql: str, values: Any, seconds: float) -> dict[str, Any]:
    """Rows that the plan touches in the log's partitions, and whether it reads one from end to end."""
    words = " ".join(sql.split())
    if not words.startswith(("SELECT", "WITH")):
        return {"sql": words[:90], "seconds": seconds, "log_rows": 0, "scans": []}
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", values)
        (plans,) = cursor.fetchone()
    nodes = list(_nodes((plans if isinstance(plans, list) else json.loads(plans))[0]["Plan"]))
    log = [node for node in nodes if str(node.get("Relation Name", "")).startswith(LOG)]
    return {
        "sql": words[:90],
        "seconds": seconds,
        "log_rows": round(sum(_touched(node) for node in log)),
        "scans": [
            node["Relation Name"] for node in log if node["Node Type"] == "Seq Scan" and _touched(node)
        ],
    }


def _touched(node: dict[str, Any]) -> float:
    n_rows = (
        node["Actual Rows"]
        + node.get("Rows Removed by Filter", 0)
        + node.get("Rows Removed by Index Recheck", 0)
    )
    return float(n_rows * node["Actual Loops"])


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for inner in plan.get("Plans", []):
        yield from _nodes(inner)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
