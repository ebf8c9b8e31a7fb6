"""Server time, queries and bytes of every page, asked in this process. Run by `benchmarks.pages` in its database."""
# ruff: noqa: E402 - models can only be imported once Django is set up

import json
import re
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import django

django.setup()

from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from benchmarks.pages_work.walking import address, objects, routes
from mlregistry.accounts.models import User

AUC = "metrics.m0"
RUNS_TABLE = "experiments/<int:experiment_id>/runs"
VARIANTS = {
    "filtered": f"filter={AUC}+>+0.9&order={AUC}+DESC",
    "two filters": f"filter={AUC}+>+0.5+AND+params.p0+%3D+'p0-3'&order=metrics.m1+DESC",
    "by a param": "order=params.p1+ASC",
    "grouped": f"columns={AUC}&columns=metrics.m1&group=params.p0",
}
SCAN = re.compile(r"Seq Scan on (\w+)")
LARGE = {f"experiments_{name}" for name in ("run", "latestmetric", "param", "runtag", "metricchunk")}
ASKED = {f"{RUNS_TABLE}/values": "?name=params.p0", f"{RUNS_TABLE}/chosen": f"?filter={AUC}+>+0.95"}


def main(n_times: int, answer: Path) -> None:
    settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    user = User.objects.get(username="owner")
    client = Client(raise_request_exception=False)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    assert user.default_team is not None
    known = objects(user.default_team)
    rows: list[dict[str, Any]] = []
    left: list[dict[str, Any]] = []
    for title, path in _asked(known, left):
        row = _measured(client, title, path, n_times)
        (rows if row["status"] == 200 else left).append(row)
    answer.write_text(json.dumps({"pages": rows, "left": left}), encoding="utf-8")


def _asked(known: dict[str, str], left: list[dict[str, Any]]) -> list[tuple[str, str]]:
    asked = []
    for route in routes():
        path = address(route, known)
        if path is None:
            left.append({"title": route, "status": "nothing of the kind"})
            continue
        asked.append((route, path + ASKED.get(route, "")))
        if route == RUNS_TABLE:
            asked += [(f"{route} {name}", f"{path}?{query}") for name, query in VARIANTS.items()]
    return asked


def _measured(client: Client, title: str, path: str, n_times: int) -> dict[str, Any]:
    with CaptureQueriesContext(connection) as captured:
        found = client.get(path)
        queries = list(captured.captured_queries)
    if found.status_code != 200:
        return {"title": title, "status": found.status_code}
    slowest = max(queries, key=lambda query: float(query["time"]), default={"sql": ""})
    seconds, busy = [], []
    for _ in range(n_times):
        started, worked = time.perf_counter(), time.process_time()
        body = _body(client.get(path))
        seconds.append(time.perf_counter() - started)
        busy.append(time.process_time() - worked)
    seconds.sort()
    return {
        "title": title, "path": path, "status": 200, "median": statistics.median(seconds),
        "cpu": statistics.median(busy),
        "p95": seconds[min(len(seconds) - 1, round(0.95 * len(seconds)))], "queries": len(queries),
        "bytes": len(body), "slowest": slowest["sql"][:300], "slowest_seconds": slowest.get("time"),
        "scanned": _scanned(queries),
    }  # fmt: skip


def _scanned(queries: list[dict[str, str]]) -> list[str]:
    """The large tables that a statement reads from end to end."""
    found: set[str] = set()
    with connection.cursor() as cursor:
        for query in queries:
            if query["sql"].lstrip().upper().startswith(("SELECT", "WITH")):
                cursor.execute(f"EXPLAIN {query['sql'].replace('%', '%%')}", [])
                plan = "\n".join(line for (line,) in cursor.fetchall())
                found.update(SCAN.findall(plan))
    return sorted(found & LARGE)


def _body(answer: Any) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else bytes(answer.content)


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
