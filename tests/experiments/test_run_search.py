"""Runs by the filter grammar through the native API and the page of an experiment."""

from collections.abc import Callable

import pytest
from django.test import Client
from rest_framework.test import APIClient

from experiments.actions import logging
from experiments.actions import runs as run_actions
from experiments.actions.measurements import Metric
from experiments.models import Experiment
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import User

pytestmark = pytest.mark.django_db
Clients = Callable[[User], APIClient]


@pytest.fixture
def path(experiment: Experiment, editor: Actor) -> str:
    """Three runs: run-0, run-1 and run-2, with loss and depth alike."""
    for number in range(3):
        run = run_actions.create_run(experiment, name=f"run-{number}", by=editor)
        metrics = [Metric("loss", number), Metric("auc", 1 - number / 10)]
        logging.log_batch(run, metrics=metrics, params={"depth": str(number), "lr": "1"}, by=editor)
    return f"/api/v1/experiments/{experiment.pk}/runs"


def test_a_filter_an_order_and_a_count(api: Clients, vera: User, path: str) -> None:
    query = {
        "filter": "metrics.loss > 0 OR params.depth = '0'",
        "order_by": "metrics.loss DESC",
        "count": "true",
    }
    first = api(vera).get(path, {**query, "max_results": "2"}).json()
    assert [run["name"] for run in first["results"]] == ["run-2", "run-1"]
    assert first["count"] == 3
    rest = api(vera).get(path, {**query, "max_results": "2", "page_token": first["next_page_token"]}).json()
    assert [run["name"] for run in rest["results"]] == ["run-0"]
    assert rest["next_page_token"] is None


def test_columns_choose_what_is_shown(api: Clients, vera: User, path: str) -> None:
    query = {"filter": "params.depth = '1'", "columns": "metrics.loss,params.depth"}
    (run,) = api(vera).get(path, query).json()["results"]
    assert (run["metrics"], run["params"], run["tags"]) == ({"loss": 1.0}, {"depth": "1"}, {})


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"filter": "loss >"}, "filter"), ({"order_by": "size"}, "order_by"), ({"columns": "loss"}, "columns"),
        ({"filter": "best(metrics.loss) > 1"}, "filter"), ({"count": "true", "max_results": "5000"}, "max_results"),
        ({"count": "true", "page_token": "x"}, "page_token"), ({"filter": "", "status": "FAILED"}, "status"),
        ({"count": "true", "view": "SOME"}, "view_type"),
    ],
)  # fmt: skip
def test_bad_input_names_its_field(
    api: Clients, vera: User, path: str, query: dict[str, str], field: str, experiment: Experiment
) -> None:
    experiment.problem = None
    experiment.save()
    answer = api(vera).get(path, query)
    assert (answer.status_code, answer.json()["field"]) == (400, field)


def test_strangers_find_no_experiment_to_search(api: Clients, charlie: User, path: str) -> None:
    assert api(charlie).get(path, {"filter": "metrics.loss > 0"}).status_code == 404


def test_the_page_of_an_experiment_filters_its_runs(
    client: Client, vera: User, path: str, experiment: Experiment
) -> None:
    client.force_login(vera)
    page = f"/experiments/{experiment.pk}/"
    former = client.get(page, {"filter": "metrics.loss >= 1"})
    assert former["Location"].startswith(f"{page}runs?filter=metrics.loss")
    shown = client.get(former["Location"]).content.decode()
    assert "run-2" in shown
    assert "run-0" not in shown
    none = client.get(f"{page}runs", {"filter": "metrics.loss > 9"}).content.decode()
    assert "run-2" not in none


def test_the_page_says_what_is_wrong_with_a_filter(
    client: Client, vera: User, path: str, experiment: Experiment
) -> None:
    client.force_login(vera)
    answer = client.get(f"/experiments/{experiment.pk}/runs", {"filter": "size = '<b>'"})
    shown = answer.content.decode()
    assert answer.status_code == 200
    assert "Invalid attribute key" in shown
    assert "<b>" not in shown
