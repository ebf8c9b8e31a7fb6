"""Logged models in the room: actions, writers at the same time, the native API."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from rest_framework.test import APIClient

from experiments.actions import experiments as experiment_actions
from experiments.actions import inputs, runs
from experiments.actions import logged_models as actions
from experiments.actions.inputs import DatasetInput
from experiments.actions.measurements import Metric
from experiments.models import (
    Experiment,
    InputDataset,
    Lifecycle,
    LoggedModel,
    LoggedModelMetric,
    RunInput,
    RunModel,
)
from experiments.queries import logged_models as queries
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import AuditEvent, User
from mlregistry.errors import Conflict, Forbidden, Invalid, NotFound

Client = Callable[[User], APIClient]


def together(*acts: Callable[[], Any]) -> list[Exception]:
    """Runs each in a thread with a connection of its own; returns what they raised."""
    raised: list[Exception] = []
    gate = threading.Barrier(len(acts))

    def run(act: Callable[[], Any]) -> None:
        try:
            gate.wait(10)
            act()
        except Exception as error:
            raised.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return raised


def test_making_deleting_and_restoring_leave_an_audit_line_each(
    experiment: Experiment, editor: Actor
) -> None:
    model = actions.create_logged_model(experiment, name="m", by=editor)
    actions.delete_logged_model(model, by=editor)
    actions.delete_logged_model(model, by=editor)
    assert LoggedModel.objects.get(pk=model.pk).lifecycle == Lifecycle.DELETED
    actions.restore_logged_model(model, by=editor)
    stored = LoggedModel.objects.get(pk=model.pk)
    assert (stored.lifecycle, stored.deleted_at) == (Lifecycle.ACTIVE, None)
    found = AuditEvent.objects.filter(target_id=str(model.pk)).order_by("id").values_list("action", flat=True)
    assert list(found) == ["logged_model.create", "logged_model.delete", "logged_model.restore"]


def test_viewers_change_nothing(experiment: Experiment, editor: Actor, viewer: Actor) -> None:
    model = actions.create_logged_model(experiment, by=editor)
    run = runs.create_run(experiment, by=editor)
    for act in (
        lambda: actions.create_logged_model(experiment, by=viewer),
        lambda: actions.finalize_logged_model(model, "READY", by=viewer),
        lambda: actions.log_params(model, {"a": "1"}, by=viewer),
        lambda: actions.set_tags(model, {"a": "1"}, by=viewer),
        lambda: actions.delete_tag(model, "a", by=viewer),
        lambda: actions.delete_logged_model(model, by=viewer),
        lambda: actions.restore_logged_model(model, by=viewer),
        lambda: inputs.log_inputs(run, by=viewer),
        lambda: inputs.log_outputs(run, [], by=viewer),
        lambda: inputs.record_model(run, {}, by=viewer),
    ):
        with pytest.raises(Forbidden):
            act()


def test_wrong_statuses_params_and_tags_are_refused(experiment: Experiment, editor: Actor) -> None:
    model = actions.create_logged_model(experiment, params={"a": "1"}, by=editor)
    with pytest.raises(Invalid):
        actions.finalize_logged_model(model, "DONE", by=editor)
    with pytest.raises(Conflict):
        actions.log_params(model, {"b": "2", "a": "2"}, by=editor)
    with pytest.raises(Invalid):
        actions.set_tags(model, {f"k{n}": "" for n in range(10_001)}, by=editor)
    with pytest.raises(NotFound):
        actions.delete_tag(model, "none", by=editor)
    model.refresh_from_db()
    assert (model.params, model.tags, model.status) == ({"a": "1"}, {}, "PENDING")


def test_metrics_are_stored_once_and_infinities_as_the_largest_floats(
    experiment: Experiment, editor: Actor
) -> None:
    model = actions.create_logged_model(experiment, by=editor)
    run = runs.create_run(experiment, by=editor)
    values = (0.5, 0.5, float("inf"), float("-inf"), 10**400, float("nan"))
    points = [Metric("m", value, 0, 1, model.model_id) for value in values]
    for _ in range(2):
        actions.write_metrics(run.pk, [*points, Metric("none", 1.0)], by=editor)
    stored = LoggedModelMetric.objects.order_by("value").values_list("value", "is_nan")
    assert list(stored) == [
        (-1.7976931348623157e308, False),
        (0.0, True),
        (0.5, False),
        (1.7976931348623157e308, False),
    ]
    latest = queries.latest_metrics([model])[model.pk]
    assert [(metric.key, metric.value) for metric in latest] == [("m", 1.7976931348623157e308)]


def test_the_latest_metric_is_the_newest_in_time_then_by_step_then_by_value(
    experiment: Experiment, editor: Actor
) -> None:
    model = actions.create_logged_model(experiment, by=editor)
    run = runs.create_run(experiment, by=editor)
    for value, step, timestamp, wanted in (
        (1.0, 9, 1, 1.0),
        (2.0, 0, 2, 2.0),
        (3.0, 1, 2, 3.0),
        (2.5, 1, 2, 3.0),
    ):
        actions.write_metrics(run.pk, [Metric("m", value, step, timestamp, model.model_id)], by=editor)
        assert [metric.value for metric in queries.latest_metrics([model])[model.pk]] == [wanted]


def test_a_model_of_another_team_takes_no_metrics(
    experiment: Experiment, editor: Actor, stranger: Actor
) -> None:
    model = actions.create_logged_model(experiment, by=editor)
    run = runs.create_run(experiment_actions.create_experiment("theirs", by=stranger), by=stranger)
    with pytest.raises(NotFound):
        actions.write_metrics(run.pk, [Metric("m", 1.0, 0, 1, model.model_id)], by=stranger)
    assert not LoggedModelMetric.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_writers_at_the_same_time_lose_no_tag_and_no_param(experiment: Experiment, editor: Actor) -> None:
    model = actions.create_logged_model(experiment, by=editor)
    raised = together(
        *(lambda n=n: actions.set_tags(model, {f"t{n}": "x"}, by=editor) for n in range(4)),
        *(lambda n=n: actions.log_params(model, {f"p{n}": "x"}, by=editor) for n in range(4)),
    )
    model.refresh_from_db()
    assert raised == []
    assert (sorted(model.tags), sorted(model.params)) == (["t0", "t1", "t2", "t3"], ["p0", "p1", "p2", "p3"])


@pytest.mark.django_db(transaction=True)
def test_of_two_values_for_one_param_at_the_same_time_one_is_refused(
    experiment: Experiment, editor: Actor
) -> None:
    model = actions.create_logged_model(experiment, by=editor)
    raised = together(*(lambda n=n: actions.log_params(model, {"p": str(n)}, by=editor) for n in range(4)))
    assert [type(error) for error in raised] == [Conflict] * 3


@pytest.mark.django_db(transaction=True)
def test_runs_that_log_the_same_datasets_at_the_same_time_share_them(
    experiment: Experiment, editor: Actor
) -> None:
    made = [runs.create_run(experiment, by=editor) for _ in range(2)]
    there = [DatasetInput("d", str(n), "local", "s") for n in range(50)]
    raised = together(
        *(
            lambda run=run, turn=turn: inputs.log_inputs(run, datasets=there[::turn], by=editor)
            for run in made
            for turn in (1, -1)
        )
    )
    assert raised == []
    assert (InputDataset.objects.count(), RunInput.objects.count()) == (50, 100)


@pytest.mark.django_db(transaction=True)
def test_models_recorded_at_the_same_time_are_all_in_the_history(
    experiment: Experiment, editor: Actor
) -> None:
    run = runs.create_run(experiment, by=editor)
    entry = {"flavors": {}, "utc_time_created": "now", "run_id": run.pk.hex}
    raised = together(
        *(
            lambda n=n: inputs.record_model(run, {**entry, "artifact_path": str(n)}, by=editor)
            for n in range(4)
        )
    )
    history = run.tags.get(key=inputs.HISTORY_TAG).value
    assert raised == []
    assert history.count("artifact_path") == 4


def test_linking_takes_a_fixed_number_of_statements(
    experiment: Experiment, editor: Actor, django_assert_num_queries: Callable[..., Any]
) -> None:
    run = runs.create_run(experiment, by=editor)
    models = [actions.create_logged_model(experiment, by=editor).model_id for _ in range(5)]
    with django_assert_num_queries(1):
        inputs.log_outputs(run, [(model, 0) for model in models], by=editor)
    # Two statements between a savepoint and its release.
    with django_assert_num_queries(4):
        inputs.log_inputs(
            run, datasets=[DatasetInput("d", str(n)) for n in range(200)], models=models, by=editor
        )
    assert (RunModel.objects.count(), RunInput.objects.count()) == (10, 200)


def test_the_api_lists_an_experiment_s_models_and_shows_one_with_its_metrics(
    api: Client, vera: User, experiment: Experiment, editor: Actor
) -> None:
    model = actions.create_logged_model(experiment, name="m", params={"a": "1"}, by=editor)
    actions.create_logged_model(experiment, name="other", by=editor)
    run = runs.create_run(experiment, by=editor)
    points = [
        Metric("acc", 0.5, 3, 1, model.model_id, "d", "g"),
        Metric("n", float("nan"), 0, 1, model.model_id),
    ]
    actions.write_metrics(run.pk, points, by=editor)
    listed = api(vera).get(f"/api/v1/experiments/{experiment.pk}/logged-models?ordering=name").json()
    assert [row["name"] for row in listed["results"]] == ["m", "other"]
    one = api(vera).get(f"/api/v1/logged-models/{model.model_id}").json()
    assert (one["model_id"], one["params"], one["status"]) == (model.model_id, {"a": "1"}, "PENDING")
    point = {"timestamp": 1, "run": str(run.pk)}
    assert one["metrics"] == [
        {**point, "key": "acc", "value": 0.5, "step": 3, "dataset_name": "d", "dataset_digest": "g"},
        {**point, "key": "n", "value": None, "step": 0, "dataset_name": "", "dataset_digest": ""},
    ]


def test_the_api_shows_no_other_team_s_models_and_refuses_unknown_filters(
    api: Client, charlie: User, vera: User, experiment: Experiment, editor: Actor
) -> None:
    model = actions.create_logged_model(experiment, by=editor)
    for place in (f"logged-models/{model.model_id}", f"experiments/{experiment.pk}/logged-models"):
        assert api(charlie).get(f"/api/v1/{place}").status_code == 404
        assert APIClient().get(f"/api/v1/{place}").status_code == 401
    for wrong in ("m-x", "m-" + "0" * 32, str(model.pk)):
        assert api(vera).get(f"/api/v1/logged-models/{wrong}").status_code == 404
    assert api(vera).get(f"/api/v1/experiments/{experiment.pk}/logged-models?size=3").status_code == 400
