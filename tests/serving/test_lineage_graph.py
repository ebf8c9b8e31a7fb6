"""Lineage around problems, datasets, runs, versions and endpoints: the same path from everywhere, and bounded."""

import re
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from experiments.models import Experiment, Problem, Run
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Team, User
from models_app.actions.versions import register
from models_app.models import ModelVersion, RegisteredModel
from serving.actions.endpoints import create_endpoint
from serving.actions.shadows import add_shadow
from serving.models import Endpoint
from serving.queries import lineage_graph
from serving.queries.lineage_graph import MOST, of_problem
from tests.models_app.trained import finished_run, fitted
from tests.serving.conftest import two_variants

pytestmark = pytest.mark.django_db


def addresses(watched: Endpoint) -> dict[str, str]:
    version = watched.variants.get().version
    run = version.run
    assert run is not None
    assert run.dataset_version is not None
    return {
        "problem": str(run.problem_id), "dataset": str(run.dataset_version.dataset_id), "run": run.pk.hex,
        "version": f"{version.model.name}:{version.number}", "endpoint": watched.name,
    }  # fmt: skip


def test_the_path_is_the_same_from_each_of_its_ends(
    watched: Endpoint, vera: User, api: Callable[..., APIClient]
) -> None:
    client = api(vera)
    for noun, key in addresses(watched).items():
        found = client.get(f"/api/v1/lineage/{noun}/{key}").json()
        path = [f"{one['from'].split(':')[0]} {one['to'].split(':')[0]}" for one in found["edges"]]
        assert sorted(path) == ["data run", "problem data", "run version", "version endpoint"], noun
        assert next(one["label"] for one in found["edges"] if one["label"]) == "100 %"
    assert client.get("/api/v1/lineage/model/tumour").status_code == 404
    assert client.get("/api/v1/lineage/moon/1").status_code == 404
    assert client.get("/api/v1/lineage/version/tumour:x").status_code == 404


def test_it_is_drawn_with_links_and_said_as_a_list(
    watched: Endpoint, vera: User, charlie: User, web: Callable[[User], Client]
) -> None:
    page = web(vera)
    for noun, key in addresses(watched).items():
        text = page.get(f"/lineage/{noun}/{key}/").content.decode()
        assert text.count('<rect width="180"') == 5
        assert text.count('class="centre"') == 1, noun
        assert 'version <a href="/models/tumour/versions/1/">tumour v1</a>' in text
        part = page.get(f"/lineage/{noun}/{key}/", headers={"HX-Request": "true"}).content.decode()
        assert "<html" not in part
        assert web(charlie).get(f"/lineage/{noun}/{key}/").status_code == 404


def test_its_links_stay_in_the_team_of_the_address(
    watched: Endpoint, vera: User, web: Callable[[User], Client]
) -> None:
    text = web(vera).get(f"/t/lab/lineage/endpoint/{watched.name}/").content.decode()
    assert 'version <a href="/t/lab/models/tumour/versions/1/">tumour v1</a>' in text


def test_lines_to_an_endpoint_say_the_share_of_traffic_or_that_it_is_a_shadow(
    endpoint: Endpoint, versions: list[ModelVersion], by: Actor, web: Callable[[User], Client], vera: User
) -> None:
    third = register(finished_run(by, name="seed 3", model=fitted(seed=3)), "tumour", by=by)
    add_shadow(endpoint, "next", third, by=by)
    add_shadow(endpoint, "same", versions[1], by=by)
    keys = [f"version:{version.pk}" for version in (*versions, third)]
    labels = ("90 %", "10 %", "shadow")
    wanted = {(key, f"endpoint:{endpoint.pk}"): label for key, label in zip(keys, labels, strict=True)}
    for graph in (lineage_graph.of_endpoint(endpoint), lineage_graph.of_version(third)):
        ends = {edge: label for edge, label in graph.edges.items() if edge[1].startswith("endpoint:")}
        assert ends == {edge: label for edge, label in wanted.items() if edge[0] in graph.nodes}
    text = web(vera).get(f"/lineage/endpoint/{endpoint.name}/").content.decode()
    for label in labels:
        assert re.search(rf'<text class="label" x="\d+" y="\d+">{label}</text>', text), label
    assert f'endpoint <a href="/endpoints/{endpoint.name}/">{endpoint.name}</a> (shadow)' in text


def test_variants_of_one_version_add_up_on_its_line(versions: list[ModelVersion], by: Actor) -> None:
    pair = two_variants([versions[0], versions[0]], 60, 40)
    made = create_endpoint("twice", variants=pair, by=by)
    assert list(lineage_graph.of_endpoint(made).edges.values())[-1] == "100 %"


def test_a_problem_with_many_runs_is_cut_and_costs_the_same(team: Team) -> None:
    problem = Problem.objects.create(
        team=team, name="p", kind="classification", target="y", primary_metric="roc_auc", direction="maximize"
    )
    experiment = Experiment.objects.create(team=team, name="e", problem=problem)
    model = RegisteredModel.objects.create(team=team, name="m", problem=problem)
    costs = []
    for n in range(1, 41):
        run = Run.objects.create(experiment=experiment, problem=problem, name=f"r{n}")
        ModelVersion.objects.create(model=model, number=n, run=run)
        if n in (2, 12, 40):
            with CaptureQueriesContext(connection) as queries:
                graph = of_problem(problem)
            costs.append(len(queries))
    assert (len(graph.nodes), graph.more) == (1 + 2 * MOST, {"run": 40 - MOST})
    assert max(costs) <= min(costs) + 1


def test_a_version_that_a_client_registered_by_its_source_hangs_on_its_problem(team: Team) -> None:
    problem = Problem.objects.create(
        team=team, name="p", kind="classification", target="y", primary_metric="roc_auc", direction="maximize"
    )
    model = RegisteredModel.objects.create(team=team, name="m", problem=problem)
    version = ModelVersion.objects.create(model=model, number=1)
    graph = lineage_graph.of_version(version)
    assert list(graph.edges) == [(f"problem:{problem.pk}", f"version:{version.pk}")]
