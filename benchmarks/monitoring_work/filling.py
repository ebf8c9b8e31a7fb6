"""What an endpoint leaves behind that has answered millions of predictions in five weeks: log, roll-ups, checks.

Filled by SQL and copies of a few folded hours. `benchmarks.monitoring` runs it with a database of its own.
"""

# ruff: noqa: E402 - models can only be imported once Django is set up

import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import django

django.setup()

import numpy as np
from django.db import connection
from django.utils import timezone

from mlregistry.accounts.models import Membership, Role, Team, User
from mlregistry.ml.drift import coding
from mlregistry.ml.drift.baselines import PREDICTION, PROBABILITY, Baseline, baseline_of
from mlregistry.ml.drift.counters import Counters, counted_values
from mlregistry.ml.drift.values import of_array
from models_app.models import ModelVersion, RegisteredModel, VersionState
from serving import partitions
from serving.actions import drift_baselines, drift_checks
from serving.hotpath.counters import BOUNDS
from serving.models import (
    AnswerCount,
    DriftBaseline,
    DriftCheck,
    DriftCount,
    Endpoint,
    Span,
    Variant,
)

NAME = "busy"
N_NUMBERS, N_TEXTS = 22, 8
DAYS = 35
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
KINDS_OF_HOURS = 24
CHUNK = 500_000
FILL = """
    INSERT INTO serving_prediction (request_id, "row", endpoint_id, variant, version_id, unit, at, latency_seconds,
                                    input, output)
    SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' || substr(md5(n::text), 1, 19))::uuid,
           0, %(endpoint)s, CASE WHEN n %% 10 = 0 THEN 'challenger' ELSE 'champion' END,
           CASE WHEN n %% 10 = 0 THEN %(second)s ELSE %(first)s END, '', at, 0.001,
           jsonb_build_object('number_0', round(random()::numeric, 6), 'number_1', n %% 1000, 'text_0', 'red'),
           jsonb_build_object('prediction', CASE WHEN n %% 3 = 0 THEN 'yes' ELSE 'no' END,
                              'probabilities', jsonb_build_array(0.6, 0.4))
    FROM (SELECT n, %(since)s::timestamptz + n * %(apart)s AS at
          FROM generate_series(%(start)s, %(end)s) AS n) AS one
"""
TRUTHS = """
    INSERT INTO serving_feedback (endpoint_id, request_id, "row", truth, at)
    SELECT endpoint_id, request_id, "row", '"yes"', at + interval '1 hour' FROM serving_prediction
    WHERE at > %s ORDER BY at DESC LIMIT 200000
"""
LOADS = """
    INSERT INTO serving_processload (name, at, seconds, cpu_seconds, memory_bytes)
    SELECT 'host ' || p, at, 300, 60 + 60 * random(), 300000000
    FROM generate_series(date_bin('5 minutes', now(), 'epoch') - interval '31 days', now(), '5 minutes') AS at,
         generate_series(1, 4) AS p
"""


def main(n_rows: int) -> None:
    endpoint, versions = made()
    now = timezone.now().replace(minute=0, second=0, microsecond=0)
    log(endpoint, versions, n_rows, now)
    counts(endpoint, versions, n_rows, now)
    checks(endpoint, versions, now)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def made() -> tuple[Endpoint, list[ModelVersion]]:
    """Two versions with one baseline behind an endpoint, and a user who looks at them."""
    team = Team.objects.create(slug="busy", name="Busy")
    user = User.objects.create_user("watcher", password="benchmark-password-9152")  # noqa: S106  # of a server that lives for one benchmark
    Membership.objects.create(user=user, team=team, role=Role.OWNER)
    endpoint = Endpoint.objects.create(team=team, name=NAME, salt="s")
    model = RegisteredModel.objects.create(team=team, name="model")
    values = {name: of_array(array) for name, array in columns(20_000, 0).items()}
    baseline = baseline_of(values)
    reference = counted_values(baseline, values, n_rows=20_000)
    inputs = [{"name": f"number_{n}", "type": "float"} for n in range(N_NUMBERS)]
    inputs += [{"name": f"text_{n}", "type": "string"} for n in range(N_TEXTS)]
    found = []
    for number, (name, weight) in enumerate((("champion", 90), ("challenger", 10)), 1):
        version = ModelVersion.objects.create(
            model=model, number=number, state=VersionState.READY,
            signature={"kind": "classification", "classes": ["no", "yes"], "inputs": inputs},
        )  # fmt: skip
        drift_baselines.keep_baseline(
            DriftBaseline.objects.create(version=version), baseline, reference, notes=[]
        )
        Variant.objects.create(endpoint=endpoint, name=name, version=version, weight=weight, position=number)
        found.append(version)
    return endpoint, found


def columns(n: int, seed: int) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    found: dict[str, Any] = {f"input:number_{k}": rng.normal(size=n) for k in range(N_NUMBERS)}
    found |= {
        f"input:text_{k}": rng.choice(np.array(["red", "green", "blue"], dtype=object), n)
        for k in range(N_TEXTS)
    }
    found["truth:answer"] = rng.choice(np.array(["no", "yes"], dtype=object), n)
    found[PREDICTION] = rng.choice(np.array(["no", "yes"], dtype=object), n)
    found |= {f"{PROBABILITY}{name}": rng.random(n) for name in ("no", "yes")}
    return found


def log(endpoint: Endpoint, versions: list[ModelVersion], n_rows: int, now: datetime) -> None:
    for weeks in range(-(DAYS // 7) - 1, 1):
        partitions.make_ahead(now + weeks * partitions.WEEK)
    since, apart = now - DAYS * DAY, DAYS * DAY / n_rows
    for start in range(0, n_rows, CHUNK):
        values: dict[str, Any] = {
            "endpoint": endpoint.pk, "first": versions[0].pk, "second": versions[1].pk, "since": since,
            "apart": apart, "start": start, "end": min(n_rows, start + CHUNK) - 1,
        }  # fmt: skip
        with connection.cursor() as cursor:
            cursor.execute(FILL, values)
        print(f"{min(n_rows, start + CHUNK):,} rows logged", file=sys.stderr, flush=True)
    with connection.cursor() as cursor:
        cursor.execute(TRUTHS, [now - 2 * DAY])
        cursor.execute(LOADS)


def counts(endpoint: Endpoint, versions: list[ModelVersion], n_rows: int, now: datetime) -> None:
    """Hours of a few kinds, each with as many rows as its share of all."""
    baseline = Baseline.from_json(DriftBaseline.objects.get(version=versions[0]).document or {})
    n_hours = DAYS * 24
    rows = []
    for version, variant, share in ((versions[0], "champion", 0.9), (versions[1], "challenger", 0.1)):
        n = max(1, round(n_rows * share / n_hours))
        kinds = [folded(baseline, n, seed) for seed in range(KINDS_OF_HOURS)]
        day = kinds[0]
        for kind in kinds[1:]:
            day = day + kind
        known = {"endpoint": endpoint, "version": version, "variant": variant}
        packed = [coding.to_bytes(kind, baseline) for kind in kinds]
        for hour in range(n_hours):
            at = now - (n_hours - hour) * HOUR
            rows.append(
                DriftCount(**known, span=Span.HOUR, at=at, n_rows=n, counters=packed[hour % KINDS_OF_HOURS])
            )
        first, whole = (now - DAYS * DAY).replace(hour=0), coding.to_bytes(day, baseline)
        rows += [
            DriftCount(**known, span=Span.DAY, at=first + k * DAY, n_rows=24 * n, counters=whole)
            for k in range(DAYS)
        ]  # fmt: skip
    DriftCount.objects.bulk_create(rows, batch_size=200)
    AnswerCount.objects.bulk_create(answers(endpoint, versions, n_rows, now), batch_size=2_000)


def folded(baseline: Baseline, n: int, seed: int) -> Counters:
    values = {name: of_array(array) for name, array in columns(n, seed + 1).items() if "truth" not in name}
    return counted_values(baseline, values, n_rows=n)


def answers(
    endpoint: Endpoint, versions: list[ModelVersion], n_rows: int, now: datetime
) -> Iterator[AnswerCount]:
    for hour in range(DAYS * 24):
        for version, variant in zip(versions, ("champion", "challenger"), strict=True):
            for status, share in ((200, 0.49), (400, 0.005), (500, 0.005)):
                n = max(1, int(n_rows / (DAYS * 24) * share))
                histogram = [0] * (len(BOUNDS) + 1)
                histogram[2], histogram[4] = n - n // 5, n // 5
                yield AnswerCount(
                    endpoint=endpoint, variant=variant, version_id=version.pk, status=status, n_requests=n, n_rows=n,
                    hour=now - hour * HOUR, seconds=n / 500, histogram=histogram,
                )  # fmt: skip


def checks(endpoint: Endpoint, versions: list[ModelVersion], now: datetime) -> None:
    """One by the server's own hand, copied into each hour."""
    (first, *_) = drift_checks.check_endpoint(endpoint, now)
    DriftCheck.objects.bulk_create(
        [
            DriftCheck(
                endpoint=endpoint, version=version, since=at - DAY, until=at, at=at, verdict=first.verdict,
                n_rows=first.n_rows, n_compared=first.n_compared, n_drifted=first.n_drifted, report=first.report,
                quality=first.quality, beyond=first.beyond,
            )
            for version in versions
            for hour in range(1, DAYS * 24)
            for at in [now - hour * HOUR]
        ],
        batch_size=200,
    )  # fmt: skip


if __name__ == "__main__":
    main(int(sys.argv[1]))
