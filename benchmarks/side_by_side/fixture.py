"""What every server is given before the clock: experiments, runs, a long history, a model with an alias.

The first run, the history and the model are logged over HTTP; the other runs are copied by SQL.
"""

import json
from dataclasses import dataclass, field
from typing import Any

from benchmarks.side_by_side.database import Database
from benchmarks.side_by_side.rows import BASE_MILLIS, FILTER, N_KEYS, ORDER, PARAMS
from benchmarks.side_by_side.wire import Client, Refused, Target

MODEL = "bench-model"
BATCH = 1000


@dataclass
class Filled:
    """A server's contents: ids that the rows need, and how many runs the searched experiment holds."""

    target: Target
    database: Database
    facts: dict[str, str] = field(default_factory=dict)
    n_runs: int = 0

    def prepare(self, *, points_per_run: int, n_history: int) -> None:
        """The first run, the history, the model. Refused when the server does not speak MLflow's API."""
        client = Client(self.target)
        for fact, name in (("experiment", "bench-search"), ("load", "bench-load")):
            answer = client.ask_json("POST", "experiments/create", name=name)
            self.facts[fact] = str(answer["experiment_id"])
        self.facts["template"] = _log_template(client, self.facts["experiment"], points_per_run)
        self.n_runs = 1
        run = _create_run(client, self.facts["load"], "history")
        _log_curve(client, run, n_history)
        self.facts["history"] = run
        try:
            _register(client)
            self.facts["model"] = MODEL
        except Refused:
            pass  # FastTrackML has no registry
        client.close()

    def grow(self, n_runs: int) -> None:
        """Up to `n_runs` runs in the searched experiment."""
        self.database.copy_runs(self.facts["template"], self.n_runs, n_runs - 1)
        self.n_runs = max(self.n_runs, n_runs)
        self.database.settle()

    def answers(self) -> dict[str, list[str]]:
        """The names of the runs that two searches find, to see that all servers do the same work."""
        client = Client(self.target)
        wanted: dict[str, dict[str, Any]] = {"newest": {}, "filter": {"filter": FILTER, "order_by": [ORDER]}}
        found = {}
        for name, more in wanted.items():
            body = {"experiment_ids": [self.facts["experiment"]], "max_results": 100, **more}
            answer = json.loads(client.ask("POST", "runs/search", json.dumps(body).encode()))
            found[name] = [run["info"]["run_name"] for run in answer.get("runs", [])]
        client.close()
        return found


def _log_template(client: Client, experiment: str, n_points: int) -> str:
    """A finished run of 20 params and 20 metrics, with `n_points` points in all."""
    run = _create_run(client, experiment, "run-0")
    points = [
        {"key": f"m{n % N_KEYS}", "value": 0.25, "timestamp": BASE_MILLIS + n // N_KEYS, "step": n // N_KEYS}
        for n in range(max(n_points, N_KEYS))
    ]
    client.ask_json("POST", "runs/log-batch", run_id=run, params=PARAMS)
    for start in range(0, len(points), BATCH):
        client.ask_json("POST", "runs/log-batch", run_id=run, metrics=points[start : start + BATCH])
    client.ask_json("POST", "runs/update", run_id=run, status="FINISHED", end_time=BASE_MILLIS + 900)
    return run


def _create_run(client: Client, experiment: str, name: str) -> str:
    answer = client.ask_json(
        "POST", "runs/create", experiment_id=experiment, run_name=name, start_time=BASE_MILLIS
    )
    return str(answer["run"]["info"]["run_id"])


def _log_curve(client: Client, run: str, n_points: int) -> None:
    """A long history in batches: as the server stores it, not as the benchmark would."""
    for start in range(0, n_points, BATCH):
        points = [
            {"key": "curve", "value": n / 7, "timestamp": BASE_MILLIS + n, "step": n}
            for n in range(start, min(start + BATCH, n_points))
        ]
        client.ask_json("POST", "runs/log-batch", run_id=run, metrics=points)


def _register(client: Client) -> None:
    client.ask_json("POST", "registered-models/create", name=MODEL)
    client.ask_json("POST", "model-versions/create", name=MODEL, source="s3://bench/model")
    client.ask_json("POST", "registered-models/alias", name=MODEL, alias="champion", version="1")
