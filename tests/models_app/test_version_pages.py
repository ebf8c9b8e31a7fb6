"""The page of a model: metrics chosen, sorted, best marked, at a fixed cost; two versions side by side."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from experiments.models import Experiment, LatestMetric, Problem, Run
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Team, User
from models_app.actions.cards import write_card
from models_app.models import Alias, ModelVersion, RegisteredModel
from models_app.queries.version_charts import chart_of
from models_app.queries.version_diffs import diff_of, signature_changes
from models_app.queries.version_metrics import in_order
from models_app.queries.version_rows import PER_PAGE, table_of
from serving.models import Endpoint, Variant
from tests.models_app.approving import two_versions
from tests.models_app.with_tests import with_tests

pytestmark = pytest.mark.django_db


@pytest.fixture
def model(team: Team) -> RegisteredModel:
    problem = Problem.objects.create(
        team=team, name="p", kind="regression", target="y", primary_metric="rmse", direction="minimize"
    )
    return RegisteredModel.objects.create(team=team, name="growth", problem=problem)


def versions_of(model: RegisteredModel, *values: float) -> list[ModelVersion]:
    return [
        ModelVersion.objects.create(
            model=model, number=number, metrics={"test_rmse": value, "test_r2": -value}
        )
        for number, value in enumerate(values, 1)
    ]


def numbers(model: RegisteredModel, order: str) -> list[int]:
    return [row.version.number for row in table_of(model, model.versions.all(), order=order).rows]


def test_versions_are_sorted_by_what_is_better_and_the_best_is_marked(model: RegisteredModel) -> None:
    versions_of(model, 3.0, 1.0, 2.0)
    ModelVersion.objects.create(model=model, number=4)
    assert numbers(model, "test_rmse") == [2, 3, 1, 4]
    assert numbers(model, "-test_rmse") == [1, 3, 2, 4]
    assert numbers(model, "") == [4, 3, 2, 1]
    assert numbers(model, "-number") == [1, 2, 3, 4]
    table = table_of(model, model.versions.all())
    assert table.chosen == ["test_rmse", "test_r2"]
    best = {(row.version.number, value.key) for row in table.rows for value in row.values if value.is_best}
    assert best == {(2, "test_rmse"), (2, "test_r2")}
    assert table.chart == [(1, 3.0), (2, 1.0), (3, 2.0)]


def test_a_clients_versions_show_what_their_runs_logged(model: RegisteredModel) -> None:
    experiment = Experiment.objects.create(team=model.team, name="e")
    run = Run.objects.create(experiment=experiment, name="r")
    LatestMetric.objects.create(run=run, experiment=experiment, key="loss", value=0.5, timestamp=0)
    for number in (1, 2):
        ModelVersion.objects.create(model=model, number=number, run=run)
    table = table_of(model, model.versions.all(), chosen=["loss"])
    assert [row.values[0].value for row in table.rows] == [0.5, 0.5]


def test_the_page_costs_the_same_for_one_version_and_for_many(
    model: RegisteredModel, vera: User, web: Callable[[User], Client]
) -> None:
    page, costs = web(vera), []
    endpoint = Endpoint.objects.create(team=model.team, name="e", salt="s")
    for number in range(1, PER_PAGE + 31):
        version = ModelVersion.objects.create(
            model=model, number=number, metrics={"test_rmse": float(number)}
        )
        with_tests(version)
        Variant.objects.create(endpoint=endpoint, name=f"v{number}", version=version, weight=1)
        if number in (2, PER_PAGE + 30):
            Alias.objects.create(model=model, name=f"a{number}", version=version)
            with CaptureQueriesContext(connection) as queries:
                answer = page.get("/models/growth/")
            costs.append(len(queries))
            assert answer.status_code == 200
    assert costs[1] <= costs[0], costs
    text = answer.content.decode()
    assert text.count('<th scope="row"><a href="/models/growth/versions/') == PER_PAGE
    assert len(answer.content) < 300_000
    older = page.get("/models/growth/?order=number&page=2").content.decode()
    assert older.count('<th scope="row"><a href="/models/growth/versions/') == 30
    assert page.get("/models/growth/?page=99&order=nothing&metric=x").status_code == 200


def test_two_versions_are_compared_in_everything(
    bob: User,
    alice: User,
    actor_of: Callable[..., Actor],
    api: Callable[..., APIClient],
    web: Callable[[User], Client],
) -> None:
    by = actor_of(bob)
    first, second = two_versions(by, actor_of(alice))
    ModelVersion.objects.filter(pk=second.pk).update(metrics={"test_roc_auc": 0.95})
    write_card(second, intended_use="screening", by=by)
    with_tests(second, against="row_order")
    second.refresh_from_db()
    diff = diff_of(first, second)
    (line,) = diff.metrics
    assert (line.name, round(line.change or 0, 6), line.better) == ("test_roc_auc", 0.05, True)
    assert diff.signature == []
    assert {line.name: line.same for line in diff.card} == {
        "Description": True,
        "Intended use": False,
        "Limits": True,
    }
    assert "Row order" in next(line.second for line in diff.tests if line.name == "What blocks")
    found = api(bob).get("/api/v1/models/tumour/compare", {"first": 1, "second": 2}).json()
    assert found["metrics"][0]["better"] is True
    for wrong in ({"first": "x", "second": "2"}, {"first": "1"}, {}):
        assert api(bob).get("/api/v1/models/tumour/compare", wrong).status_code == 400
    assert api(bob).get("/api/v1/models/tumour/compare", {"first": 1, "second": 9}).status_code == 404
    page = web(bob)
    text = page.get("/models/tumour/compare").content.decode()
    assert "v1 and v2" in text
    assert "better</span>" in text
    assert page.get("/models/tumour/compare?first=2&second=1").status_code == 200
    assert page.get("/models/tumour/compare?first=x&second=1").status_code == 400


def test_a_signature_is_compared_as_a_client_would_notice() -> None:
    first = {
        "inputs": [
            {"name": "age", "type": "double", "required": True}, {"name": "city", "type": "string"},
            {"name": "plan", "type": "string", "categories": ["a", "b"]},
        ],
        "classes": [0, 1],
    }  # fmt: skip
    second = {
        "inputs": [
            {"name": "age", "type": "long"}, {"name": "plan", "type": "string", "categories": ["b"]},
            {"name": "size", "type": "double", "required": True},
        ],
        "classes": [0, 1, 2],
    }  # fmt: skip
    assert sorted(signature_changes(first, second)) == sorted([
        "The column “city” is gone.", "The column “size” is new and must be given.",
        "“age” was double and is long.", "“age” may be empty now.",
        "“plan” was not trained on a any more.", "The classes were 0, 1 and are 0, 1, 2.",
    ])  # fmt: skip
    assert signature_changes({}, first) == ["Only one of the two has a signature."]
    assert signature_changes(first, first) == []


def test_the_page_before_a_move_says_what_changes(
    bob: User, alice: User, actor_of: Callable[..., Actor], web: Callable[[User], Client]
) -> None:
    first, _ = two_versions(actor_of(bob), actor_of(alice))
    endpoint = Endpoint.objects.create(team=first.model.team, name="clinic", salt="s")
    Variant.objects.create(endpoint=endpoint, name="one", version=first, weight=100)
    page = web(bob)
    text = page.get("/models/tumour/aliases/move?alias=champion&version=2").content.decode()
    assert "goes on serving version 1 to 100 %" in text
    free = page.get("/models/tumour/aliases/move?alias=shadow&version=2").content.decode()
    assert "Move shadow to version 2" in free
    assert page.get("/models/tumour/aliases/move?alias=champion&version=").status_code == 400
    assert page.get("/models/tumour/aliases/move?alias=champion&version=9").status_code == 404
    assert page.get("/models/tumour/aliases/move?alias=%00&version=2").status_code == 400


def test_a_chart_needs_two_versions() -> None:
    assert chart_of([(1, 0.5)], best=None) is None
    chart = chart_of([(1, 0.5), (2, 0.7), (4, 0.6)], best=0.7)
    assert chart is not None
    assert (chart.best.number, chart.low, chart.high, len(chart.dots)) == (2, 0.5, 0.7, 3)


def test_metrics_stand_by_the_rows_they_were_measured_on() -> None:
    keys = ["curves_seconds", "cv_f1_std", "cv_f1_mean", "validation_f1", "test_recall", "test_f1"]
    assert in_order(keys, Problem(kind="classification", primary_metric="recall")) == [
        "test_recall", "test_f1", "validation_f1", "cv_f1_mean", "cv_f1_std", "curves_seconds",
    ]  # fmt: skip
