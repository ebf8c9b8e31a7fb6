"""Logged predictions of 30 columns: counted, reported from counters, and checked row by row.

`… -m benchmarks.drift_work.log_check <baseline> <window> <rounds> <answer>`, with a database of its own (database.py).
"""

# ruff: noqa: E402 - models can only be imported once Django is set up

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import django

django.setup()

import duckdb
import psutil
from django.db import connection, transaction

from experiments.actions import datasets
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Team
from mlregistry.ml.drift.baselines import baseline_of
from mlregistry.ml.drift.counters import counted_values
from mlregistry.ml.drift.parquet_rows import open_table
from models_app.models import ModelVersion, RegisteredModel, VersionState
from serving import partitions
from serving.actions import drift_baselines
from serving.actions.drift_counts import count_some
from serving.models import DriftBaseline, DriftCheck, Endpoint
from serving.queries import drift
from serving.workers.drift_exact import exact_report

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
N_REPORTS = 100
A_NOTE = 2_000  # rows that are shipped at once
TYPES = {"BIGINT": "integer", "DOUBLE": "float"}
FILL = """
    INSERT INTO serving_prediction (request_id, "row", endpoint_id, variant, version_id, unit, at, latency_seconds,
                                    input, output)
    SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' || substr(md5(n::text), 1, 19))::uuid,
           0, %(endpoint)s, 'champion', %(version)s, '', at, 0.001, line::jsonb, '{"prediction": 0.5}'
    FROM (SELECT n, line, %(at)s::timestamptz + n * %(apart)s AS at FROM lines) AS one
"""
NOTES = """
    INSERT INTO serving_uncountedpredictions (endpoint_id, version_id, first_request, last_request, numbers, at)
    SELECT endpoint_id, version_id, min(request_id::text)::uuid, max(request_id::text)::uuid, array_agg(id), now()
    FROM serving_prediction GROUP BY endpoint_id, version_id, id / %s
"""


def main(baseline: Path, window: Path, rounds: int, answer: Path) -> None:
    version = made_version(baseline)
    endpoint = Endpoint.objects.create(team=version.model.team, name="benchmark", salt="s")
    n_rows = filled(endpoint, version, window)
    of = drift.Window(NOON, NOON + timedelta(hours=24))
    found: dict[str, Any] = {"rows": n_rows, "columns": len(version.served_signature["inputs"])}
    found["count"] = measured(lambda: counted(endpoint))
    found["reports"] = [seconds(lambda: drift.report(endpoint, version, of)) for _ in range(N_REPORTS)]
    check = DriftCheck(endpoint=endpoint, version=version, since=of.since, until=of.until, at=of.until)
    found["exact"] = [measured(lambda: exact_report(check)) for _ in range(rounds)]
    answer.write_text(json.dumps(found), encoding="utf-8")


def made_version(baseline: Path) -> ModelVersion:
    """A version whose baseline is the file."""
    team = Team.objects.create(slug="benchmark", name="Benchmark")
    by = Actor.system(team)
    data = datasets.add_version(
        datasets.create_dataset("rows", by=by), baseline, filename="rows.parquet", by=by
    )
    with duckdb.connect() as reader:
        described = reader.execute(f"DESCRIBE SELECT * FROM read_parquet('{baseline}')").fetchall()  # noqa: S608  # our own file
    inputs = [{"name": row[0], "type": TYPES.get(row[1], "string")} for row in described]
    version = ModelVersion.objects.create(
        model=RegisteredModel.objects.create(team=team, name="rows"), number=1, state=VersionState.READY,
        signature={"kind": "regression", "inputs": inputs},
    )  # fmt: skip
    with open_table([baseline]) as table:
        values = {f"input:{name}": table.values(name) for name in table.names}
        grids = baseline_of(values)
        counters = counted_values(grids, values, n_rows=table.n_rows)
    row = DriftBaseline.objects.create(version=version, dataset_version=data)
    drift_baselines.keep_baseline(row, grids, counters, notes=[])
    return version


def filled(endpoint: Endpoint, version: ModelVersion, window: Path) -> int:
    """The rows of the file in the log, evenly over a day, and noted as not counted."""
    lines = window.with_suffix(".ndjson")
    duckdb.sql(f"COPY (SELECT * FROM read_parquet('{window}')) TO '{lines}' (FORMAT json)")  # noqa: S608  # our own files
    partitions.make_ahead(NOON)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMP TABLE lines (n bigint GENERATED ALWAYS AS IDENTITY, line text) ON COMMIT DROP"
        )
        with lines.open("rb") as file:
            cursor.copy_expert(
                "COPY lines (line) FROM STDIN (FORMAT csv, DELIMITER e'\\x02', QUOTE e'\\x01')", file
            )
        cursor.execute("SELECT count(*) FROM lines")
        (n_rows,) = cursor.fetchone()
        apart = timedelta(hours=23.9) / max(1, n_rows)
        cursor.execute(FILL, {"endpoint": endpoint.pk, "version": version.pk, "at": NOON, "apart": apart})
        cursor.execute(NOTES, [A_NOTE])
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE serving_prediction")
    lines.unlink()
    return int(n_rows)


def counted(endpoint: Endpoint) -> None:
    while count_some(endpoint):
        pass


def seconds(work: Callable[[], Any]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def measured(work: Callable[[], Any]) -> dict[str, float]:
    """Wall and processor seconds, the database's apart, and the peak of this process's memory so far."""
    own, server, started = time.process_time(), _server_seconds(), time.perf_counter()
    work()
    return {
        "seconds": time.perf_counter() - started,
        "cpu": time.process_time() - own,
        "server_cpu": _server_seconds() - server,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def _server_seconds() -> float:
    """Of all processes of the database, those that have ended too."""
    first = psutil.Process(int(os.environ["BENCHMARK_POSTGRES"]))
    times = [one.cpu_times() for one in (first, *first.children(recursive=True))]
    return sum(one.user + one.system + one.children_user + one.children_system for one in times)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
