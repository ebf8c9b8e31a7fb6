"""Server time, queries and bytes of every page, asked in this process. Run by `benchmarks.pages` in its database."""
# ruff: noqa: E402 - models can only be imported once Django is set up

import gc
import json
import math
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

from benchmarks.pages_work.asking import asked
from mlregistry.accounts.models import User
from mlregistry.supervisor.web import COLLECTED_AT

SCAN = re.compile(r"Seq Scan on (\w+)")
LARGE = {f"experiments_{name}" for name in ("run", "latestmetric", "param", "runtag", "metricchunk")}


def main(n_times: int, answer: Path) -> None:
    settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    user = User.objects.get(username="owner")
    client = Client(raise_request_exception=False)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    assert user.default_team is not None
    addresses, missing = asked(user.default_team)
    rows: list[dict[str, Any]] = []
    left: list[dict[str, Any]] = [{"title": route, "status": "nothing of the kind"} for route in missing]
    _settle()
    for title, path in addresses:
        row = _measured(client, title, path, n_times)
        (rows if row["status"] == 200 else left).append(row)
    answer.write_text(json.dumps({"pages": rows, "left": left}), encoding="utf-8")


def _settle() -> None:
    """The collector as in a web process: else it goes through all that is loaded, in a fifth of a second."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTED_AT)


def _measured(client: Client, title: str, path: str, n_times: int) -> dict[str, Any]:
    began = time.perf_counter()
    with CaptureQueriesContext(connection) as captured:
        found = client.get(path)
        first = time.perf_counter() - began
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
        "title": title, "path": path, "status": 200, "first": first,
        "median": statistics.median(seconds), "cpu": statistics.median(busy),
        "p95": seconds[math.ceil(0.95 * len(seconds)) - 1], "queries": len(queries),
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
