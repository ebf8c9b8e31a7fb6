"""Any order and any filter of runs give what a plain sort in Python gives, whatever way PostgreSQL took."""

import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from experiments.actions import experiments as experiment_actions
from experiments.models import Experiment, LatestMetric, Param, Run, RunTag
from experiments.queries import run_places, search
from experiments.queries.search import Scope, Wanted
from mlregistry.accounts.actor import Actor

START = datetime(2026, 1, 1, tzinfo=UTC)
N_RUNS = 120


@dataclass
class Known:
    """What one run logged, as Python sees it; a metric of None is NaN."""

    id: uuid.UUID
    experiment: Experiment
    started: int
    deleted: bool
    lasted: int | None  # seconds; None while it runs
    metrics: dict[str, float | None] = field(default_factory=dict)
    params: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)


@pytest.fixture
def known(editor: Actor) -> list[Known]:
    """Runs of three experiments with ties, NaN, gaps and values that differ only behind what the index holds."""
    chance = random.Random(3)
    places = [experiment_actions.create_experiment(f"e{number}", by=editor) for number in range(3)]
    found = []
    for _ in range(N_RUNS):
        run = Known(
            uuid.UUID(int=chance.getrandbits(128)),
            chance.choice(places),
            chance.randrange(60),
            chance.random() < 0.1,
            chance.choice([None, 0, chance.randrange(30), chance.randrange(200_000)]),
        )
        for key in ("m", "n"):
            if chance.random() < 0.8:
                run.metrics[key] = (
                    None if chance.random() < 0.1 else chance.choice([-1.5, 0.0, 0.25, chance.random()])
                )
        if chance.random() < 0.8:
            run.params["p"] = chance.choice(
                ["", "0.1", "0.01", "é", "x" * 205 + str(chance.randrange(4)), "Z"]
            )
        if chance.random() < 0.7:
            run.tags["t"] = str(chance.randrange(100))
        found.append(run)
    _store(found)
    return found


def _store(runs: list[Known]) -> None:
    Run.objects.bulk_create(
        Run(
            id=run.id,
            experiment=run.experiment,
            started_at=START + timedelta(seconds=run.started),
            ended_at=None if run.lasted is None else START + timedelta(seconds=run.started + run.lasted),
            lifecycle="deleted" if run.deleted else "active",
        )
        for run in runs
    )
    tables: tuple[tuple[Any, str], ...] = ((Param, "params"), (RunTag, "tags"))
    for model, name in tables:
        model.objects.bulk_create(
            model(run_id=run.id, experiment=run.experiment, key=key, value=value)
            for run in runs
            for key, value in getattr(run, name).items()
        )
    LatestMetric.objects.bulk_create(
        LatestMetric(
            run_id=run.id, experiment=run.experiment, key=key, value=value or 0.0, is_nan=value is None,
            timestamp=0, minimum=value, maximum=value,
        )
        for run in runs
        for key, value in run.metrics.items()
    )  # fmt: skip


def _metric(run: Known, key: str, sign: int) -> tuple[int, float]:
    if key not in run.metrics:
        return 2, 0.0
    value = run.metrics[key]
    return (1, 0.0) if value is None else (0, sign * value)


def _text(values: dict[str, str], key: str, sign: int) -> tuple[int, list[int]]:
    """C.UTF-8 orders by code point; the end of a text is less than any."""
    text = values.get(key)
    return (1, []) if text is None else (0, [sign * ord(letter) for letter in text] + [0 if sign > 0 else 1])


def _lasted(run: Known, sign: int) -> tuple[int, int]:
    return (1, 0) if run.lasted is None else (0, sign * run.lasted)


ORDERS: dict[str, Callable[[Known], Any]] = {
    "metrics.m DESC": lambda run: _metric(run, "m", -1),
    "metrics.m ASC": lambda run: _metric(run, "m", 1),
    "max(metrics.n) ASC": lambda run: _metric(run, "n", 1),
    "params.p ASC": lambda run: _text(run.params, "p", 1),
    "params.p DESC": lambda run: _text(run.params, "p", -1),
    "tags.t DESC": lambda run: _text(run.tags, "t", -1),
    "tags.t ASC": lambda run: _text(run.tags, "t", 1),
    "metrics.nobody ASC": lambda run: 0,
    "attributes.start_time ASC": lambda run: run.started,
    "attributes.duration_seconds DESC": lambda run: _lasted(run, -1),
    "duration ASC": lambda run: _lasted(run, 1),
    "": lambda run: 0,
}
FILTERS: dict[str, Callable[[Known], bool]] = {
    "": lambda run: True,
    "metrics.m > 0.2 AND params.p = '0.1'": lambda run: (
        _number(run, "m") > 0.2 and run.params.get("p") == "0.1"
    ),
    "params.p = '0.1' OR NOT metrics.m <= 0.25": lambda run: (
        run.params.get("p") == "0.1" or not _number(run, "m") <= 0.25
    ),
    "metrics.m != 0.25 AND tags.t IN ('1', '2', '30', '31', '77')": lambda run: (
        "m" in run.metrics and _number(run, "m") != 0.25 and run.tags.get("t") in ("1", "2", "30", "31", "77")
    ),
    f"params.p = '{'x' * 205}1' AND attributes.status = 'RUNNING'": lambda run: (
        run.params.get("p") == "x" * 205 + "1"
    ),
    "tags.t IS NULL AND min(metrics.n) < 0.5": lambda run: "t" not in run.tags and _number(run, "n") < 0.5,
    "params.p = 'nobody'": lambda run: False,
    "duration_seconds >= 20 AND NOT attributes.duration > 1000.5": lambda run: (
        run.lasted is not None and 20 <= run.lasted <= 1000
    ),
}


def _number(run: Known, key: str) -> float:
    """NaN, which compares with nothing, for a metric that is NaN or missing."""
    value = run.metrics.get(key)
    return float("nan") if value is None else value


def _paged(where: Scope, wanted: Wanted, size: int) -> list[uuid.UUID]:
    found: list[uuid.UUID] = []
    token = ""
    while True:
        page = search.page(where, wanted, max_results=size, page_token=token)
        assert len(page.rows) == size or not page.next_page_token
        found += page.rows
        token = page.next_page_token
        if not token:
            return found


@pytest.mark.django_db
@pytest.mark.parametrize("way", ["hashed sets", "probes", "short walks"])
def test_every_order_and_filter_pages_as_a_plain_sort_does(
    known: list[Known], way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if way == "probes":
        monkeypatch.setattr(run_places, "FEW", 0)
    if way == "short walks":
        for name in ("FIRST_STEPS", "STEPS_PER_ROW"):
            monkeypatch.setattr(search, name, 2)
        monkeypatch.setattr(search, "MOST_STEPS", 40)
    everywhere = tuple(sorted({run.experiment.pk for run in known}))
    team = known[0].experiment.team_id
    for text, matches in FILTERS.items():
        for order, key in ORDERS.items():
            for places, view, size in ((everywhere, "ACTIVE_ONLY", 11), (everywhere[:1], "ALL", 15)):
                wanted = Wanted(view, text, (order,) if order else ())
                expected = [
                    run.id
                    for run in sorted(known, key=lambda run: (key(run), -run.started, run.id))
                    if run.experiment.pk in places and matches(run) and (view == "ALL" or not run.deleted)
                ]
                assert _paged(Scope(team, places), wanted, size) == expected, (text, order, places)
                assert search.count(Scope(team, places), wanted) == len(expected)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("text", "order"),
    [("", "duration_seconds DESC"), ("", "duration_seconds ASC"), ("duration_seconds > 99990", "")],
)
def test_durations_are_read_down_their_index(editor: Actor, text: str, order: str) -> None:
    experiment = experiment_actions.create_experiment("long", by=editor)
    Run.objects.bulk_create(
        Run(experiment=experiment, started_at=START, ended_at=START + timedelta(seconds=number))
        for number in range(5_000)
    )
    Run.objects.filter(ended_at=START + timedelta(seconds=4_999)).update(
        ended_at=START + timedelta(seconds=99_999)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE experiments_run")
    wanted = Wanted(filter=text, order_by=(order,) if order else ())
    with CaptureQueriesContext(connection) as queries:
        page = search.page(Scope(experiment.team_id, (experiment.pk,)), wanted, max_results=20)
    assert len(page.rows) == (1 if text else 20)
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {queries.captured_queries[-1]['sql']}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "run_by_duration" in plan, plan
