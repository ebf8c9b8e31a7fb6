"""Fills two teams with runs and asks the search, the start page and a problem's page. `benchmarks.finding` runs it."""

# ruff: noqa: E402 - models can only be imported once Django is set up

import json
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import django

django.setup()

from django.conf import settings
from django.core import signals
from django.db import connection, reset_queries
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from experiments.actions.problems import create_problem
from experiments.models import Experiment, Problem
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Membership, Role, Team, User
from mlregistry.ui.finding import find

N_EXPERIMENTS, N_PROBLEMS = 200, 20
ROUNDS = 30
QUESTIONS = ("", "forest", "bold fox", "bold-fox-4242", "seed 17", "churn", "0199", "nothing like it")
FILL = """
    INSERT INTO experiments_run (id, experiment_id, problem_id, name, status, lifecycle, estimator, is_baseline,
                                 warnings, error, note, user_name, changes, active_at, timed_out, started_at, ended_at)
    SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7'
            || substr(md5(n::text || %(team)s), 1, 19))::uuid,
           (%(experiments)s::bigint[])[1 + n %% %(n_experiments)s],
           (%(problems)s::bigint[])[1 + (n %% %(n_experiments)s) %% %(n_problems)s],
           CASE WHEN n %% 3 = 0 THEN 'random_forest seed ' || n %% 100
                ELSE (ARRAY['bold', 'calm', 'swift', 'kind'])[1 + n %% 4] || '-'
                     || (ARRAY['fox', 'owl', 'hare'])[1 + n %% 3] || '-' || n END,
           CASE WHEN n %% 10 = 0 THEN 'FAILED' ELSE 'FINISHED' END, 'active', 'random_forest', false,
           '[]', '', '', '', 0, at, false, at, at + interval '1 minute'
    FROM (SELECT n, %(now)s::timestamptz - n * interval '20 seconds' AS at
          FROM generate_series(1, %(n_runs)s) AS n) AS one
"""
MEASURE = """
    INSERT INTO experiments_latestmetric (run_id, experiment_id, key, value, is_nan, step, "timestamp")
    SELECT id, experiment_id, 'test_roc_auc', 0.5 + random() / 2, false, 0, 0 FROM experiments_run
"""


def main(n_runs: int, answer: Path) -> None:
    settings.ALLOWED_HOSTS.append("testserver")
    signals.request_started.disconnect(reset_queries)
    user = User.objects.create_user("finder", password=None)
    by = _filled(Team.objects.create(slug="own", name="Own"), user, n_runs)
    _filled(Team.objects.create(slug="other", name="Other"), None, n_runs)
    with connection.cursor() as cursor:
        cursor.execute(MEASURE)
        cursor.execute("VACUUM ANALYZE")
    web = Client()
    web.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    problem = Problem.objects.filter(team=by.team).order_by("pk")[0]
    rows = [_timed(f"“{text}”", partial(find, by, text)) for text in QUESTIONS]
    rows += [_timed("the start page", lambda: _got(web, "/"))]
    rows += [_timed("a problem’s page", lambda: _got(web, f"/problems/{problem.pk}/"))]
    answer.write_text(json.dumps({"rows": rows}), encoding="utf-8")


def _filled(team: Team, user: User | None, n_runs: int) -> Actor:
    if user is not None:
        Membership.objects.create(team=team, user=user, role=Role.EDITOR)
        User.objects.filter(pk=user.pk).update(default_team=team)
    by = Actor(user=user, team=team, role=Role.OWNER)
    problems = [
        create_problem(f"churn {n}", kind="classification", target="y", success_threshold=0.9, by=by).pk
        for n in range(N_PROBLEMS)
    ]
    made = Experiment.objects.bulk_create(
        Experiment(team=team, name=f"churn sweep {n}", problem_id=problems[n % N_PROBLEMS])
        for n in range(N_EXPERIMENTS)
    )
    values: dict[str, Any] = {
        "team": team.slug, "experiments": [one.pk for one in made], "n_experiments": N_EXPERIMENTS,
        "problems": problems,
        "n_problems": N_PROBLEMS, "n_runs": n_runs, "now": timezone.now(),
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(FILL, values)
    return by


def _got(web: Client, address: str) -> None:
    status = web.get(address).status_code
    assert status == 200, (address, status)


def _timed(asked: str, ask: Callable[[], Any]) -> dict[str, Any]:
    with CaptureQueriesContext(connection) as caught:
        ask()
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        ask()
        times.append(time.perf_counter() - started)
    times.sort()
    slowest = sorted(caught.captured_queries, key=lambda query: -float(query["time"]))[:2]
    print(asked, [(query["time"], query["sql"][:300]) for query in slowest], file=sys.stderr)
    return {
        "asked": asked,
        "statements": len(caught),
        "median": statistics.median(times),
        "p95": times[int(0.95 * len(times))],
    }


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
