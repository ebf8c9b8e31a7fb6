"""Several runs side by side: each view, what the address holds, groups of seeds by page and API."""

import base64
import io
from collections.abc import Callable, Sequence

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from experiments.actions import logging
from experiments.actions.artifacts import save_artifact
from experiments.actions.experiments import create_experiment
from experiments.actions.measurements import Metric
from experiments.actions.runs import create_run
from experiments.models import Run
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import User

pytestmark = pytest.mark.django_db
Web = Callable[[User], Client]
Api = Callable[..., APIClient]
VIEWS = ("values", "curves", "groups", "plots", "matrices", "recipes", "files")


@pytest.fixture
def by(bob: User, actor_of: Callable[..., Actor]) -> Actor:
    return actor_of(bob)


def made(n_seeds: int, by: Actor) -> list[Run]:
    """Two depths, the deeper better by 0.01 for each seed."""
    experiment = create_experiment(f"seeds {n_seeds}", by=by)
    runs = []
    for depth in (3, 6):
        for seed in range(n_seeds):
            run = create_run(experiment, name=f"depth {depth} seed {seed}", by=by)
            score = 0.9 + 0.01 * (depth == 6) + 0.001 * seed + 0.0002 * (seed % 2) * (depth == 6)
            points = [Metric("val_acc", score * (step + 1) / 3, step) for step in range(3)]
            params = {
                "depth": str(depth),
                "seed": str(seed),
                "rate": str(10.0 ** -(1 + seed % 3)),
                "kind": "tree",
            }
            logging.log_batch(run, metrics=points, params=params, by=by)
            runs.append(run)
    return runs


def address(runs: Sequence[Run], view: str = "values", **query: str) -> str:
    ids = "".join(base64.urlsafe_b64encode(run.pk.bytes).decode().rstrip("=") for run in runs)
    return f"/compare?view={view}&ids={ids}" + "".join(f"&{name}={value}" for name, value in query.items())


def test_what_differs_comes_first(web: Web, vera: User, by: Actor) -> None:
    text = web(vera).get(address(made(1, by))).content.decode()
    assert text.index('scope="row">depth') < text.index('scope="row">kind')
    assert text.count("differs</span>") == 1
    assert "3 of 4 are the same" in text


@pytest.mark.parametrize("view", VIEWS)
def test_each_view_costs_the_same_queries_for_few_and_for_many_runs(
    web: Web, vera: User, by: Actor, view: str
) -> None:
    client, few, many = web(vera), made(6, by), made(12, by)
    client.get(address(few, view))
    counts = []
    for runs in (few, many):
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address(runs, view)).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert counts[0] <= 16


def test_the_address_of_two_hundred_runs_is_short_enough_and_its_page_opens(
    web: Web, vera: User, by: Actor
) -> None:
    experiment = create_experiment("many", by=by)
    runs = [create_run(experiment, by=by) for _ in range(201)]
    assert len(address(runs[:200])) < 4_500
    assert web(vera).get(address(runs[:200])).status_code == 200
    answer = web(vera).get(address(runs))
    assert answer.status_code == 400
    assert "Choose 2 to 200 runs" in answer.content.decode()


def test_a_comparison_refuses_what_it_cannot_read(web: Web, vera: User, charlie: User, by: Actor) -> None:
    runs, client = made(1, by), web(vera)
    assert client.get("/compare?run=x&run=y").status_code == 400
    assert client.get("/compare?ids=é").status_code == 400
    assert client.get(address(runs, "odd")).status_code == 400
    assert client.get(address(runs, "plots", x="weight:1")).status_code == 400
    assert web(charlie).get(address(runs)).status_code == 404


def test_groups_of_seeds_are_compared_in_a_sentence(web: Web, vera: User, by: Actor) -> None:
    runs = made(5, by)
    text = web(vera).get(address(runs, "groups", metric="val_acc", by="param:depth")).content.decode()
    assert "6 is better than 3 by 0.0101 (95 %: 0.00994 to 0.0102); the same 5 seeds each." in text
    assert "paired by seed" in text
    text = web(vera).get(address(runs, "groups")).content.decode()
    assert "6 is better than 3" in text
    text = web(vera).get(address(runs, "groups", by="param:kind")).content.decode()
    assert "There is one group alone: tree." in text
    text = web(vera).get(address(runs, "groups", metric="none")).content.decode()
    assert "None of these runs has the metric" in text


def test_groups_are_compared_by_the_api_too(api: Api, vera: User, charlie: User, by: Actor) -> None:
    runs = made(3, by)
    query = "&".join(f"run={run.pk.hex}" for run in runs)
    place = f"/api/v1/run-groups?{query}&metric=val_acc"
    body = api(vera).get(f"{place}&by=param:depth").json()
    assert (body["better"], [group["n"] for group in body["groups"]]) == ("higher", [3, 3])
    assert body["differences"][0]["method"] == "paired"
    assert body["differences"][0]["verdict"] == "worse"
    lonely = api(vera).get(f"{place}&by=param:seed&better=lower").json()
    assert {one["method"] for one in lonely["differences"]} == {"welch"}
    assert api(charlie).get(f"{place}&by=param:depth").status_code == 404
    for wrong, field in (("by=depth", "column"), ("by=param:depth&better=best", "better")):
        answer = api(vera).get(f"{place}&{wrong}")
        assert (answer.status_code, answer.json()["field"]) == (400, field)
    one = api(vera).get(f"/api/v1/run-groups?run={runs[0].pk}&metric=val_acc&by=param:depth")
    assert (one.status_code, one.json()["field"]) == (400, "run")


def test_plots_choose_axes_that_differ_and_keep_those_named(web: Web, vera: User, by: Actor) -> None:
    runs = made(5, by)
    text = web(vera).get(address(runs, "plots")).content.decode()
    assert 'id="chart-parallel"' in text
    assert "<option selected>param:depth</option>" in text
    text = (
        web(vera)
        .get(address(runs, "plots", x="param:rate", y="param:seed", color="metric:val_acc"))
        .content.decode()
    )
    assert 'id="chart-contour"' in text
    text = web(vera).get(address(runs, "plots", x="param:kind", color="attribute:status")).content.decode()
    assert 'id="chart-scatter"' in text
    assert 'id="chart-contour"' not in text


def test_images_of_the_same_path_stand_side_by_side(web: Web, vera: User, by: Actor) -> None:
    runs = made(1, by)
    for run in runs:
        save_artifact(run, "plots/roc.png", io.BytesIO(b"\x89PNG"), by=by)
    save_artifact(runs[0], "plots/alone.png", io.BytesIO(b"\x89PNG"), by=by)
    text = web(vera).get(address(runs, "files")).content.decode()
    assert text.count("<figure>") == 2
    assert "alone.png" not in text


def test_recipes_are_told_apart_line_by_line(web: Web, vera: User, by: Actor) -> None:
    runs = made(2, by)
    for run, depth in zip(runs[:3], (3, 3, 5), strict=True):
        Run.objects.filter(pk=run.pk).update(recipe={"estimator": "tree", "depth": depth})
    text = web(vera).get(address(runs, "recipes")).content.decode()
    assert '<span class="minus">-  &quot;depth&quot;: 3,</span>' in text
    assert '<span class="plus">+  &quot;depth&quot;: 5,</span>' in text
    assert text.count("against the first") == 1


def test_roc_curves_and_confusion_matrices_stand_side_by_side(web: Web, vera: User, by: Actor) -> None:
    runs = made(1, by)
    for run in runs:
        roc = {"type": "lines", "series": [{"name": "yes", "x": [0, 1], "y": [0, 1], "area": 0.5}]}
        matrix = {"type": "matrix", "labels": ["no", "yes"], "values": [[5, 1], [2, 4]]}
        logging.set_curves(run, {"roc": roc, "confusion_matrix": matrix}, by=by)
    text = web(vera).get(address(runs, "matrices")).content.decode()
    for name in ("chart-roc", "chart-confusion-0", "chart-confusion-1"):
        assert f'id="{name}"' in text
