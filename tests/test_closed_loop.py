"""A simulated year: a churn model is deployed, customers change, the loop closes by itself; time is an argument.

Each week's traffic goes through the prediction log; drift checks, triggers, jobs and canaries are the real ones. In
June prices rise at once and high charges come to mean the opposite; from September to November support calls slowly do.
Truths come a week late.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from django.conf import settings
from django.db import connection
from django.db.models import F
from pytest_django import Settings
from scipy import stats
from sklearn.metrics import roc_auc_score

from experiments.actions import datasets, problems, training
from experiments.models import Dataset, Problem
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import AuditEvent, User
from mlregistry.jobs.inline import run_here
from mlregistry.jobs.models import Job, State
from mlregistry.notices.models import Notice
from models_app.actions.aliases import set_alias
from models_app.actions.versions import register
from models_app.models import Alias, ModelVersion
from serving import live_routing
from serving.actions import abtest_looks, drift_checks
from serving.actions.counts import add_counts
from serving.actions.drift_watches import declare_drift
from serving.actions.endpoints import create_endpoint
from serving.actions.retraining_declarations import Declaration
from serving.actions.retraining_looks import tend
from serving.actions.retraining_policies import declare_policy
from serving.hotpath.counters import BOUNDS, Key, Tally
from serving.hotpath.log import PredictionLog
from serving.hotpath.models import LoadedModel
from serving.hotpath.records import Record, new_id
from serving.hotpath.split import Layout, bucket_of
from serving.model_files import load_whole
from serving.models import DriftCheck, DriftWatch, Endpoint, Feedback, Retraining, UncountedPredictions
from serving.queries.routing import handle_of
from serving.shipping import ship_folder

YEAR = datetime(2026, 1, 5, tzinfo=UTC)  # a Monday
WEEK, DAY = timedelta(days=7), timedelta(days=1)
N_WEEKS, A_DAY = 52, 60
SUDDEN, GRADUAL, SETTLED = 21, 34, 47  # weeks: the first of June, from September to the end of November
LATE = WEEK  # until a truth is known
KINDS = (
    "serving.make_baseline", "serving.count_predictions", "serving.watch_drift", "serving.assemble_retraining",
    "serving.compare_retraining", "experiments.train",
)  # fmt: skip
GATE = ("models_app.compile", "models_app.test_version")
POLICY = Declaration(
    on_drift="drift", drift_looks=3, metric_fall=0.12, metric_hours=14 * 24, metric_rows=300, cooldown_hours=14 * 24,
    window_days=14, with_original=False, least_labels=300, held_out_share=0.3, go_live="canary", approval=False,
    steps=(10.0, 50.0, 100.0), dwell_seconds=3600, fewest_requests=100, guardrails={"error_rate": 0.1},
)  # fmt: skip


def customers(n: int, week: float, chance: np.random.Generator) -> pd.DataFrame:
    """Who they are in that week of the year, and who of them leaves."""
    dear = float(week >= SUDDEN)
    turned = float(np.clip((week - GRADUAL) / (SETTLED - GRADUAL), 0, 1))
    frame = pd.DataFrame({
        "tenure": chance.integers(0, 72, n),
        "charges": np.round(chance.normal(60 + 45 * dear, 15, n), 2),
        "calls": chance.poisson(1.5 + 3.5 * turned, n),
        "contract": chance.choice(["month", "year"], n, p=[0.6, 0.4]),
    })  # fmt: skip
    pull = (
        (1 - 2 * dear) * (frame["charges"] - 60 - 45 * dear) / 8
        + (1 - 2 * turned) * (frame["calls"] - 1.5 - 3.5 * turned) * 1.4
        - (frame["tenure"] - 36) / 30
        + np.where(frame["contract"] == "month", 0.5, -0.5)
    )
    frame["churned"] = np.where(chance.random(n) < 1 / (1 + np.exp(-pull)), "yes", "no")
    return frame


def asked(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows as clients send them."""
    rows = frame.drop(columns="churned").to_dict("records")
    return [{str(name): value for name, value in row.items()} for row in rows]


@dataclass
class World:
    """The endpoint, its models as they were when they served, and the truths that are not known yet."""

    endpoint: Endpoint
    folder: Path
    chance: np.random.Generator = field(default_factory=lambda: np.random.default_rng(7))
    models: dict[int, LoadedModel] = field(default_factory=dict)
    coming: list[tuple[datetime, str, int, str]] = field(default_factory=list)
    quality: list[float] = field(default_factory=list)  # of each week, by all its truths

    def model(self, version: ModelVersion) -> LoadedModel:
        if version.pk not in self.models:
            self.models[version.pk] = load_whole(handle_of(version))
        return self.models[version.pk]

    def live(self, week: int) -> pd.DataFrame:
        """A week of traffic into the log, answered by whoever owns the customer's bucket."""
        log, answered = PredictionLog(self.folder), []
        for day in range(7):
            at = YEAR + week * WEEK + day * DAY + timedelta(hours=12)
            frame = customers(A_DAY, week + day / 7, self.chance)
            for name, part in frame.groupby(self.owners(len(frame)), sort=True):
                answered.append(self.answer(str(name), part, at, log))
        log.close()
        ship_folder(self.folder)
        UncountedPredictions.objects.update(
            at=F("at") - timedelta(hours=1)
        )  # the week has passed in a moment
        found = pd.concat(answered)
        self.quality.append(float(roc_auc_score(found["churned"] == "yes", found["sure"])))
        return found

    def owners(self, n: int) -> Any:
        layout = Layout.from_json(Endpoint.objects.get(pk=self.endpoint.pk).layout)
        units = self.chance.integers(0, 10**9, n)
        return np.array([layout.owner(bucket_of(str(unit), self.endpoint.salt)) for unit in units])

    def answer(self, name: str, part: pd.DataFrame, at: datetime, log: PredictionLog) -> pd.DataFrame:
        version = self.endpoint.variants.select_related("version__model").get(name=name).version
        rows = asked(part)
        scores = self.model(version).score(rows)
        sure = [each[1] for each in scores["probabilities"]]
        id = new_id()
        log.append(
            Record(
                id=id, at=at.timestamp(), team_id=self.endpoint.team_id, endpoint_id=self.endpoint.pk, variant=name,
                version_id=version.pk, request_id=id, unit_id=None, n_rows=len(rows), seconds=0.001, inputs=rows,
                predictions=scores["predictions"], probabilities=scores["probabilities"],
            ),
            durable=False,
        )  # fmt: skip
        self.coming += [(at + LATE, id, place, truth) for place, truth in enumerate(part["churned"])]
        return part.assign(sure=sure)

    def tell_truths(self, now: datetime) -> None:
        """Those that have become known by now, each at its time."""
        due = [one for one in self.coming if one[0] <= now]
        self.coming = [one for one in self.coming if one[0] > now]
        Feedback.objects.bulk_create(
            Feedback(endpoint=self.endpoint, request_id=id, row=place, truth=truth)
            for _, id, place, truth in due
        )
        for at in {one[0] for one in due}:
            ids = {id for when, id, _, _ in due if when == at}
            Feedback.objects.filter(endpoint=self.endpoint, request_id__in=ids).update(at=at)

    def work(self, now: datetime) -> None:
        """What scheduler and workers do at that time, until nothing more happens."""
        for _ in range(12):
            drift_checks.tend(now)
            tend(now)
            if not work_off():
                return

    def canary(self, now: datetime) -> None:
        """While one runs: an hour on each step with its requests, all well."""
        for hour in range(1, 6):
            row = Retraining.objects.filter(endpoint=self.endpoint, ended_at=None).first()
            if row is None or row.test_id is None:
                return
            version_id = self.endpoint.variants.get(name=row.challenger_name).version_id
            histogram = [0] * (len(BOUNDS) + 1)
            histogram[2] = 300
            tally = Tally(n_requests=300, n_rows=300, seconds=0.1, histogram=histogram)
            add_counts({Key(self.endpoint.pk, row.challenger_name, version_id, 200): tally})
            abtest_looks.tend(now + timedelta(hours=hour, minutes=1))
            tend(now + timedelta(hours=hour, minutes=2))


def analyze() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE serving_prediction, serving_feedback")


def work_off() -> int:
    """Compiling and the model tests take most of the time, so they are for the first challenger alone."""
    n, kinds = 0, [*KINDS, *(GATE if settings.MODEL_GATE else ())]
    while waiting := list(Job.objects.filter(kind__in=kinds, state=State.QUEUED).order_by("created_at")):
        for job in waiting:
            assert run_here(job).state == State.SUCCEEDED, (job.kind, job.error)
            n += 1
    return n


@pytest.fixture
def _own_routing() -> Iterator[None]:
    live_routing.reset()
    yield
    live_routing.reset()


@pytest.fixture
def world(bob: User, actor_of: Any, tmp_path: Path, settings: Settings, _own_routing: None) -> World:
    """Trained on last year's customers, deployed on the first of January."""
    settings.MODEL_GATE = False
    by = actor_of(bob)
    problem = problems.create_problem(
        "Churn", kind="classification", target="churned", primary_metric="roc_auc", by=by
    )
    data = datasets.create_dataset("Customers of last year", by=by)
    table = tmp_path / "customers.csv"
    customers(2_000, -1, np.random.default_rng(3)).to_csv(table, index=False)
    return World(deployed(problem, data, table, by), tmp_path / "log")


def deployed(problem: Problem, data: Dataset, table: Path, by: Actor) -> Endpoint:
    version = datasets.add_version(data, table, filename="customers.csv", by=by)
    recipe = {"estimator": "logistic_regression", "seed": 1}
    _, runs, _ = training.start_training(problem, version, recipes=[recipe], by=by)
    work_off()
    run = next(run for run in runs if not run.is_baseline)
    run.refresh_from_db()
    first = register(run, "churn", by=by)
    work_off()
    set_alias(first.model, "champion", first, by=by)
    endpoint = create_endpoint(
        "churn", variants=[{"name": "champion", "version": first, "weight": 100}], by=by
    )
    declare_drift(endpoint, {}, window_hours=168, every_minutes=7 * 24 * 60, by=by)
    DriftWatch.objects.update(next_at=YEAR + WEEK)
    declare_policy(endpoint, POLICY, now=YEAR, by=by)
    return endpoint


@pytest.mark.django_db
def test_a_year_of_customers_who_change_is_lived_through_by_itself(world: World, settings: Settings) -> None:
    first = Alias.objects.get(name="champion").version
    Job.objects.filter(kind__in=GATE).delete()
    for week in range(N_WEEKS):
        settings.MODEL_GATE = not Retraining.objects.filter(state="promoted").exists()
        world.live(week)
        now = YEAR + (week + 1) * WEEK
        world.tell_truths(now)
        if week in (1, 8):  # as the database does of its own accord, but not within a test
            analyze()
        world.work(now)
        world.canary(now)
    checks = {(check.until - YEAR) // WEEK: check for check in DriftCheck.objects.order_by("at")}
    alarms = [week for week, check in checks.items() if check.verdict == "drift"]
    told_of_sudden_drift(alarms, world)
    told_of_gradual_drift(alarms)
    kept_quiet_in_quiet_months(checks)
    recovered(world, first)
    told_the_story(first)


def told_of_sudden_drift(alarms: list[int], world: World) -> None:
    """By the first check that saw it, and retrained as soon as there were truths to learn from and to compare on."""
    assert alarms[0] == SUDDEN + 1
    one = Retraining.objects.order_by("pk").first()
    assert one is not None
    assert (one.state, one.trigger in ("drift", "metric")) == ("promoted", True)
    assert SUDDEN + 1 <= (one.started_at - YEAR) / WEEK <= SUDDEN + 4
    assert one.comparison["low"] > 0.1
    assert one.data["n_original"] == 0
    assert max(world.quality[SUDDEN : SUDDEN + 2]) < 0.65


def told_of_gradual_drift(alarms: list[int]) -> None:
    later = [week for week in alarms if week > SUDDEN + 4]
    assert later
    assert GRADUAL < later[0] <= SETTLED
    starts = [(row.started_at - YEAR) / WEEK for row in Retraining.objects.order_by("pk")[1:]]
    assert starts
    assert all(GRADUAL < start <= SETTLED + 4 for start in starts)
    assert set(Retraining.objects.values_list("state", flat=True)) == {"promoted"}


def kept_quiet_in_quiet_months(checks: dict[int, DriftCheck]) -> None:
    """No drift is told, and a column raises an alarm in no more weeks than the level of 5 % lets expect."""
    quiet = [*range(1, SUDDEN + 1), *range(SUDDEN + 5, GRADUAL + 1)]
    assert {checks[week].verdict for week in quiet} <= {"quiet", "columns"}
    n_alarms = sum(checks[week].verdict == "columns" for week in quiet)
    assert n_alarms <= stats.binom.ppf(0.999, len(quiet), 0.05)


def recovered(world: World, first: ModelVersion) -> None:
    """As good after each retraining as in spring, where the first model would be of no use."""
    spring = np.mean(world.quality[:SUDDEN])
    assert np.mean(world.quality[SUDDEN + 4 : GRADUAL]) > spring - 0.03
    assert np.mean(world.quality[-2:]) > spring - 0.05
    december = customers(2_000, N_WEEKS, np.random.default_rng(5))
    sure = world.model(first).score(asked(december))["probabilities"]
    assert roc_auc_score(december["churned"] == "yes", [one[1] for one in sure]) < 0.6


def told_the_story(first: ModelVersion) -> None:
    """Who did what, in order, for each attempt; people were told when the champion changed."""
    champion = Alias.objects.get(name="champion").version
    assert champion.number == first.number + Retraining.objects.count()
    for row in Retraining.objects.order_by("pk"):
        mine = AuditEvent.objects.filter(target_type="serving.retraining", target_id=str(row.pk))
        assert list(mine.order_by("pk").values_list("action", flat=True)) == [
            "retraining.start", "retraining.assemble", "retraining.step", "retraining.step", "retraining.step",
            "retraining.compare", "retraining.step", "retraining.promote",
        ]  # fmt: skip
        steps = [line.details["step"] for line in mine.filter(action="retraining.step").order_by("pk")]
        assert steps == ["assembling", "training", "testing", "comparing"]
    moved = AuditEvent.objects.filter(action="alias.set", details__alias="champion").order_by("pk")
    assert [line.details["version"] for line in moved] == list(range(first.number, champion.number + 1))
    assert Notice.objects.filter(kind="retraining.promoted").count() == Retraining.objects.count()
