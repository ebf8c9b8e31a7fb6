"""Retraining: triggers, one attempt at a time, its steps on real models, how it ends and who is told."""

import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from pytest_django import Settings

from experiments.models import DatasetVersion, Run, Study
from experiments.queries.datasets import local_paths
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import AuditEvent, User
from mlregistry.artifacts import store
from mlregistry.errors import Conflict, Forbidden, Invalid
from mlregistry.jobs.models import Job, State
from mlregistry.ml import tables
from mlregistry.notices.models import Notice
from models_app.models import Alias, ModelVersion
from serving.actions import abtest_looks, shadows
from serving.actions.abtests import stop_test
from serving.actions.endpoints import set_variants, update_endpoint
from serving.actions.retraining import approve, reject, start_retraining, stop_retraining
from serving.actions.retraining_declarations import declaration_of
from serving.actions.retraining_driving import advance
from serving.actions.retraining_looks import tend
from serving.actions.retraining_policies import adopt_recipe, declare_policy, delete_policy
from serving.models import (
    AbTest,
    DriftCheck,
    Endpoint,
    Retraining,
    RetrainingPolicy,
    Shadow,
    Variant,
)
from serving.queries import labelled_rows, retraining_triggers
from serving.queries import retraining as queries
from tests.models_app.trained import cancer_frame
from tests.models_app.with_tests import with_tests
from tests.serving.retrained import BEGAN, LATER, declared, labelled, lead_on, only, run_jobs, texts, turned
from tests.serving.test_canaries import counted

pytestmark = pytest.mark.django_db


def policy(endpoint: Endpoint, by: Actor, **changes: Any) -> RetrainingPolicy:
    return declare_policy(endpoint, declared(**changes), now=BEGAN, by=by)


def test_new_truths_set_one_off_that_learns_what_the_champion_did_not_know(
    watched: Endpoint, known: ModelVersion, by: Actor, tmp_path: Path
) -> None:
    policy(watched, by, approval=False, with_original=False)
    labelled(watched, turned(300), tmp_path, at=BEGAN + timedelta(days=3))
    lead_on(LATER)
    row = only(watched)
    assert (row.trigger, row.state) == ("labels", "running"), row.outcome
    assert (row.data["n_labelled"], row.data["n_held_out"]) == (240, 60)
    assert row.comparison["enough"]
    assert row.comparison["improvement"] > 0.2
    assert row.test is not None
    assert "1 % of the traffic" in texts(row)["deploying"] or "has begun" in texts(row)["deploying"]
    for minutes in range(1, 6):
        counted(watched, n=100, variant=row.challenger_name)
        abtest_looks.tend(LATER + timedelta(minutes=minutes))
    tend(LATER + timedelta(minutes=10))
    row = only(watched)
    assert row.state == "promoted", row.outcome
    assert [variant.version for variant in watched.variants.all()] == [row.challenger]
    assert Alias.objects.get(name="champion").version == row.challenger
    lines = AuditEvent.objects.filter(action__startswith="retraining.").order_by("pk")
    story = list(lines.values_list("action", flat=True))
    assert story[:2] == ["retraining.declare", "retraining.start"]
    assert story[-1] == "retraining.promote"
    assert Notice.objects.get(kind="retraining.promoted").link.endswith("/retraining/")


def test_a_challenger_of_other_columns_asks_before_it_takes_the_place_as_a_whole(
    watched: Endpoint, known: ModelVersion, by: Actor, tmp_path: Path
) -> None:
    steps = [{"step": "drop", "columns": ["mean texture"]}]
    policy(
        watched, by, approval=False, with_original=False,
        recipe={"estimator": "logistic_regression", "steps": steps},
    )  # fmt: skip
    labelled(watched, turned(300), tmp_path, at=BEGAN + timedelta(days=3))
    lead_on(LATER)
    row = only(watched)
    assert row.state == "waiting", row.outcome
    assert row.test is None
    assert "does not know the column “mean texture”" in texts(row)["deploying"]
    assert [variant.version for variant in watched.variants.all()] == [known]
    approve(row, now=LATER, by=by)
    assert only(watched).state == "promoted"
    assert [variant.version for variant in watched.variants.all()] == [row.challenger]
    assert Alias.objects.get(name="champion").version == row.challenger


def test_the_data_are_the_rows_of_before_and_the_older_truths_and_the_newest_are_held_out(
    watched: Endpoint, known: ModelVersion, by: Actor, tmp_path: Path
) -> None:
    policy(watched, by)
    labelled(watched, turned(90, seed=1), tmp_path, at=BEGAN + timedelta(days=1))
    labelled(watched, turned(10, seed=2), tmp_path, at=BEGAN + timedelta(days=2))
    labelled(watched, turned(30, seed=3), tmp_path, at=BEGAN - timedelta(days=60))
    start_retraining(watched, why="let us see", now=LATER, by=by)
    lead_on(LATER, "serving.assemble_retraining")
    row = only(watched)
    original = DatasetVersion.objects.get(dataset__name="cancer")
    assert row.original_version == original
    assert (row.data["n_original"], row.data["n_labelled"], row.data["n_held_out"]) == (569, 80, 20)
    version = row.dataset_version
    assert version is not None
    assert version.dataset.name == "tumour retraining"
    assert version.n_rows == 649
    assert [column["name"] for column in version.columns] == [column["name"] for column in original.columns]
    with local_paths(version) as paths:
        frame = tables.load(paths)
    assert frame["target"].isin([0, 1]).all()
    assert row.held_out is not None
    with store.local_path(row.held_out) as path:
        held = [found.input["mean radius"] for found in labelled_rows.read_lines(path)]
    assert set(held[:10]) == set(turned(10, seed=2)["mean radius"])
    assert original.dataset.last_number == 1
    assert row.run is not None
    run = Run.objects.get(pk=row.run.pk)
    assert run.recipe is not None
    assert run.recipe["estimator"] == "logistic_regression"
    assert run.experiment.name == "Retraining of tumour"


def test_a_storm_of_triggers_and_schedulers_starts_one(watched: Endpoint, by: Actor, tmp_path: Path) -> None:
    made = policy(watched, by, new_labels=50, every_hours=1)
    labelled(watched, turned(100), tmp_path, at=BEGAN + timedelta(days=1))
    for _ in range(5):
        RetrainingPolicy.objects.filter(pk=made.pk).update(look_at=BEGAN)
        tend(LATER)
    assert Retraining.objects.count() == 1
    assert RetrainingPolicy.objects.get().note.startswith("A retraining is under way")
    with pytest.raises(Conflict, match="under way"):
        start_retraining(watched, now=LATER, by=by)
    assert Job.objects.filter(kind="serving.assemble_retraining").count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_schedulers_at_once_start_one_and_lead_it_on_once(
    watched: Endpoint, by: Actor, tmp_path: Path
) -> None:
    policy(watched, by, new_labels=50)
    labelled(watched, turned(100), tmp_path, at=BEGAN + timedelta(days=1))
    errors: list[BaseException] = []

    def scheduler() -> None:
        try:
            tend(LATER)
        except BaseException as error:
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=scheduler) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    tend(LATER)
    assert Retraining.objects.count() == 1
    assert Job.objects.filter(kind="serving.assemble_retraining").count() == 1


def test_a_trigger_waits_for_truths_and_for_the_cool_down(
    watched: Endpoint, by: Actor, tmp_path: Path
) -> None:
    made = policy(watched, by, new_labels=None, every_hours=24, cooldown_hours=48)
    tend(LATER)
    made.refresh_from_db()
    assert "50 more are needed" in made.note
    labelled(watched, turned(60), tmp_path, at=BEGAN + timedelta(days=9))
    tend(LATER + timedelta(minutes=5))
    row = only(watched)
    assert row.trigger == "schedule"
    stop_retraining(row, why="not today", now=LATER + timedelta(hours=1), by=by)
    tend(LATER + timedelta(hours=30))
    made.refresh_from_db()
    assert made.note.startswith("The cool-down lasts until")
    assert Retraining.objects.count() == 1
    tend(LATER + timedelta(hours=50))
    assert Retraining.objects.count() == 2


def checked(endpoint: Endpoint, version: ModelVersion, *verdicts: str) -> None:
    for place, verdict in enumerate(verdicts):
        at = BEGAN + timedelta(hours=place + 1)
        DriftCheck.objects.create(
            endpoint=endpoint, version=version, since=at, until=at, at=at, verdict=verdict, n_rows=500,
            n_compared=4, n_drifted=3,
        )  # fmt: skip


def test_drift_sets_it_off_once_so_many_checks_in_a_row_tell_it(
    watched: Endpoint, known: ModelVersion, by: Actor
) -> None:
    made = policy(watched, by, on_drift="drift", new_labels=None)
    checked(watched, known, "drift", "quiet", "drift")
    (reading,) = retraining_triggers.readings(made, LATER)
    assert not reading.fires
    checked(watched, known, "quiet", "quiet", "quiet", "drift", "drift")
    (reading,) = retraining_triggers.readings(made, LATER)
    assert reading.fires
    assert "3 of 4 columns over 500 rows" in reading.text
    made.on_drift = "columns"
    DriftCheck.objects.all().delete()
    checked(watched, known, "quiet", "columns", "drift")
    assert retraining_triggers.readings(made, LATER)[0].fires


def test_a_fall_of_the_live_metric_sets_it_off_with_enough_truths_of_the_champion(
    watched: Endpoint, by: Actor, tmp_path: Path
) -> None:
    made = policy(watched, by, new_labels=None, metric_floor=0.99, metric_rows=40, metric_hours=72)
    labelled(
        watched, turned(30), tmp_path, at=LATER - timedelta(days=20), truth_at=LATER - timedelta(hours=1)
    )
    (reading,) = retraining_triggers.readings(made, LATER)
    assert (reading.fires, "40 are needed" in reading.text) == (False, True)
    labelled(watched, turned(30, seed=2), tmp_path, at=LATER - timedelta(days=9), truth_at=LATER)
    (reading,) = retraining_triggers.readings(made, LATER)
    assert reading.fires
    assert "over 60 truths, worse than 0.99 (the bound)" in reading.text
    made.metric_floor, made.metric_fall = None, 0.05
    (reading,) = retraining_triggers.readings(made, LATER)
    assert "0.05 from the 0.9 of its test rows" in reading.text


def test_a_challenger_that_is_not_shown_to_be_better_is_refused(
    watched: Endpoint, by: Actor, tmp_path: Path
) -> None:
    policy(watched, by)
    frame = cancer_frame().sample(200, replace=True, random_state=5).reset_index(drop=True)
    labelled(watched, frame, tmp_path, at=BEGAN + timedelta(days=1))
    lead_on(LATER)
    row = only(watched)
    assert row.state == "refused"
    assert "not shown to be better" in row.outcome
    assert Notice.objects.filter(kind="retraining.refused").exists()
    assert Variant.objects.count() == 1


def test_a_challenger_whose_tests_failed_serves_nobody(
    watched: Endpoint, by: Actor, tmp_path: Path, settings: Settings
) -> None:
    settings.MODEL_GATE = True
    policy(watched, by)
    labelled(watched, turned(200), tmp_path, at=BEGAN + timedelta(days=1))
    lead_on(LATER)
    row = only(watched)
    assert (row.state, row.steps.last().name) == ("running", "testing")  # type: ignore[union-attr]  # it is there
    assert "has not been tested yet" in texts(row)["testing"] or "still running" in texts(row)["testing"]
    assert row.challenger is not None
    with_tests(row.challenger, against="row_against_batch")
    tend(LATER + timedelta(minutes=1))
    row = only(watched)
    assert row.state == "refused"
    assert "Row against batch" in row.outcome
    assert "comparing" not in texts(row)


def waiting(watched: Endpoint, by: Actor, folder: Path, **changes: Any) -> Retraining:
    """One whose canary has passed its steps."""
    policy(watched, by, **{"with_original": False, "steps": (5.0, 25.0), **changes})
    labelled(watched, turned(300), folder, at=BEGAN + timedelta(days=3))
    lead_on(LATER)
    row = only(watched)
    for minutes in range(1, 4):
        counted(watched, n=200, variant=row.challenger_name)
        abtest_looks.tend(LATER + timedelta(minutes=minutes))
    tend(LATER + timedelta(minutes=5))
    return only(watched)


def test_a_canary_that_passed_waits_for_approval_which_makes_it_the_champion(
    watched: Endpoint,
    known: ModelVersion,
    by: Actor,
    vera: User,
    actor_of: Callable[..., Actor],
    tmp_path: Path,
) -> None:
    row = waiting(watched, by, tmp_path)
    assert row.state == "waiting", (row.outcome, texts(row))
    assert AbTest.objects.get().is_running
    assert Notice.objects.get(kind="retraining.waiting").severity == "warning"
    tend(LATER + timedelta(minutes=6))
    with pytest.raises(Forbidden):
        approve(row, by=actor_of(vera))
    approve(row, why="looks well", now=LATER + timedelta(hours=1), by=by)
    row = only(watched)
    assert (row.state, row.decided_by) == ("promoted", by.user)
    assert [variant.version for variant in watched.variants.all()] == [row.challenger]
    assert Alias.objects.get(name="champion").version == row.challenger
    with pytest.raises(Conflict, match="waits for approval"):
        reject(row, by=by)
    assert queries.original_of(watched, row.challenger) == row.original_version


def test_a_rejected_challenger_goes_from_behind_the_endpoint(
    watched: Endpoint, known: ModelVersion, by: Actor, tmp_path: Path
) -> None:
    row = waiting(watched, by, tmp_path)
    reject(row, why="not in December", by=by)
    row = only(watched)
    assert (row.state, row.outcome) == ("refused", "not in December")
    assert [(one.version, float(one.weight)) for one in watched.variants.all()] == [(known, 100.0)]
    assert not AbTest.objects.get().is_running
    assert not Alias.objects.filter(name="champion").exists()


def test_a_broken_guardrail_ends_it_even_while_it_waits(
    watched: Endpoint, known: ModelVersion, by: Actor, tmp_path: Path
) -> None:
    row = waiting(watched, by, tmp_path)
    counted(watched, n=3000, n_errors=3000, variant=row.challenger_name)
    abtest_looks.tend(LATER + timedelta(minutes=10))
    tend(LATER + timedelta(minutes=11))
    row = only(watched)
    assert row.state == "refused"
    assert "rolled back" in row.outcome
    assert [one.version for one in watched.variants.all()] == [known]


def test_stopping_takes_its_job_and_its_canary_along(
    watched: Endpoint, known: ModelVersion, by: Actor, tmp_path: Path
) -> None:
    policy(watched, by, with_original=False)
    labelled(watched, turned(300), tmp_path, at=BEGAN + timedelta(days=3))
    start_retraining(watched, now=LATER, by=by)
    tend(LATER)
    row = only(watched)
    stop_retraining(row, now=LATER, by=by)
    assert Job.objects.get(kind="serving.assemble_retraining").state == State.CANCELLED
    with pytest.raises(Conflict, match="ended already"):
        stop_retraining(row, by=by)
    start_retraining(watched, now=LATER, by=by)
    lead_on(LATER)
    second = Retraining.objects.get(ended_at=None)
    assert second.test is not None
    stop_retraining(second, now=LATER, by=by)
    assert [one.version for one in watched.variants.all()] == [known]
    assert AbTest.objects.get().state == "stopped"
    assert not advance(second.pk, LATER)


def test_a_training_that_is_stopped_or_fails_ends_the_attempt_with_its_reason(
    watched: Endpoint, by: Actor, tmp_path: Path
) -> None:
    made = policy(watched, by, recipe={"estimator": "k_nearest_neighbors", "params": {"n_neighbors": 5}})
    adopt_recipe(made, {"estimator": "logistic_regression", "seed": 4}, why="Proposed by a study.", by=by)
    labelled(watched, turned(100), tmp_path, at=BEGAN + timedelta(days=1))
    lead_on(LATER, "serving.assemble_retraining")
    row = only(watched)
    assert row.run is not None
    run = Run.objects.get(pk=row.run.pk)
    assert run.recipe is not None
    assert (run.recipe["estimator"], run.recipe["seed"]) == ("logistic_regression", 4)
    Run.objects.filter(pk=row.run.pk).update(status="FAILED", error="It ran out of memory.")
    tend(LATER)
    row = only(watched)
    assert (row.state, row.outcome) == ("failed", "It ran out of memory.")
    assert Notice.objects.get(kind="retraining.failed").severity == "critical"
    assert AuditEvent.objects.get(action="retraining.adopt_recipe").details["why"] == "Proposed by a study."


def test_a_search_trains_its_winner(watched: Endpoint, by: Actor, tmp_path: Path) -> None:
    policy(watched, by, method="search", search_trials=2, with_original=False, approval=False)
    labelled(watched, turned(150), tmp_path, at=BEGAN + timedelta(days=1))
    lead_on(LATER, "serving.assemble_retraining")
    study = Study.objects.get()
    assert (study.max_trials, study.max_seconds) == (2, 15 * 60)
    assert "of 2 trials" in texts(only(watched))["training"]
    row = only(watched)
    stop_retraining(row, by=by)
    assert Study.objects.get().state == "CANCELLED"


def test_a_shadow_is_judged_by_the_truths_of_what_it_was_asked(
    watched: Endpoint, known: ModelVersion, by: Actor, tmp_path: Path
) -> None:
    policy(watched, by, go_live="shadow", shadow_rows=40, with_original=False)
    labelled(watched, turned(300), tmp_path, at=BEGAN + timedelta(days=3))
    lead_on(LATER)
    row = only(watched)
    assert Shadow.objects.get().name == row.challenger_name
    labelled(watched, turned(120, seed=9), tmp_path, at=LATER + timedelta(hours=1), each=1)
    shadows.tend()
    run_jobs("serving.score_shadow")
    tend(LATER + timedelta(hours=2))
    row = only(watched)
    assert row.state == "waiting", texts(row)["deploying"]
    assert "As a shadow its" in texts(row)["deploying"]
    approve(row, by=by)
    assert not Shadow.objects.exists()
    assert [one.version for one in watched.variants.all()] == [only(watched).challenger]


def test_going_live_waits_for_another_test_and_is_given_up_after_its_days(
    watched: Endpoint, versions: list[ModelVersion], known: ModelVersion, by: Actor, tmp_path: Path
) -> None:
    policy(watched, by, with_original=False, deadline_days=2)
    labelled(watched, turned(300), tmp_path, at=BEGAN + timedelta(days=3))
    variants = [("champion", known, 90.0), ("mine", versions[0], 10.0)]
    set_variants(watched, [{"name": n, "version": v, "weight": w} for n, v, w in variants], by=by)
    lead_on(LATER)
    assert "this one has 2" in texts(only(watched))["deploying"]
    tend(LATER + timedelta(days=3))
    row = only(watched)
    assert row.state == "refused"
    assert row.outcome.startswith("It was not live within 2 days.")
    assert watched.variants.count() == 2


def test_a_canary_that_somebody_stops_by_hand_is_left_as_it_is(
    watched: Endpoint, by: Actor, tmp_path: Path
) -> None:
    policy(watched, by, with_original=False)
    labelled(watched, turned(300), tmp_path, at=BEGAN + timedelta(days=3))
    lead_on(LATER)
    stop_test(AbTest.objects.get(), by=by)
    tend(LATER + timedelta(minutes=1))
    row = only(watched)
    assert row.state == "cancelled"
    assert watched.variants.count() == 2


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"window_days": 0}, "window_days"),
        ({"held_out_share": 0.9}, "held_out_share"),
        ({"on_drift": "always"}, "on_drift"),
        ({"method": "magic"}, "method"),
        ({"steps": (5.0, 3.0)}, "steps"),
        ({"steps": (5.0, 25.0), "approval": False}, "steps"),
        ({"guardrails": {}}, "guardrails"),
        ({"guardrails": {"metric_fall": 0.1}}, "guardrails"),
        ({"recipe": {"estimator": "no such"}}, "recipe.estimator"),
        ({"alias": "no alias!"}, "alias"),
        ({"new_labels": None}, "on_drift"),
        ({"metric_floor": float("nan")}, "metric_floor"),
        ({"least_labels": True}, "least_labels"),
    ],
)
def test_a_policy_that_cannot_be_names_its_field(
    watched: Endpoint, by: Actor, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as error:
        policy(watched, by, **changes)
    assert error.value.field == field


def test_what_cannot_be_retrained_says_why(
    watched: Endpoint, by: Actor, vera: User, actor_of: Callable[..., Actor]
) -> None:
    with pytest.raises(Conflict, match="Declare first"):
        start_retraining(watched, by=by)
    with pytest.raises(Forbidden):
        policy(watched, actor_of(vera))


def test_a_log_that_hides_an_input_teaches_nothing(watched: Endpoint, by: Actor) -> None:
    policy(watched, by)
    update_endpoint(watched, log={"redact": {"mean radius": "drop"}}, by=by)
    watched.refresh_from_db()
    with pytest.raises(Invalid, match="hides the column “mean radius”"):
        start_retraining(watched, by=by)


def test_a_policy_is_deleted_once_nothing_is_under_way(watched: Endpoint, by: Actor) -> None:
    made = policy(watched, by, new_labels=None, every_hours=5, approval=False)
    assert declaration_of(RetrainingPolicy.objects.get()) == declared(
        new_labels=None, every_hours=5, approval=False
    )
    row = start_retraining(watched, by=by)
    with pytest.raises(Conflict, match="under way"):
        delete_policy(made, by=by)
    stop_retraining(row, by=by)
    delete_policy(made, by=by)
    assert Retraining.objects.count() == 1
