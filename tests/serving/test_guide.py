"""The first steps: each deed, its order, twice the same, what is refused; and the page that leads through them."""

from collections.abc import Callable

import pytest
from django.test import Client

from experiments.models import Dataset, DatasetVersion, Problem, Study
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import User
from mlregistry.errors import Conflict, Forbidden, Invalid
from models_app.models import ModelVersion
from serving.actions import guide
from serving.models import Endpoint
from serving.queries import guide as queries
from tests.models_app.trained import finished_run

pytestmark = pytest.mark.django_db
Web = Callable[[User], Client]


def test_a_sample_makes_a_problem_with_its_table_once(by: Actor) -> None:
    first = guide.start_with_sample("churn", by=by)
    again = guide.start_with_sample("churn", by=by)
    assert first == again
    version = DatasetVersion.objects.get(dataset__problem=first)
    assert (version.n_rows, version.n_columns) == (1_200, 8)
    assert Dataset.objects.count() == 1
    assert (first.target, first.success_threshold) == ("churned", 0.8)


def test_training_begins_once_and_takes_a_minute(by: Actor) -> None:
    problem = guide.start_with_sample("flats", by=by)
    guide.train(problem, by=by)
    guide.train(problem, by=by)
    study = Study.objects.get(problem=problem)
    assert study.auto_training.seconds == 60
    where = queries.standing(problem)
    assert where.is_training
    assert where.run is None


def test_from_the_best_run_to_an_endpoint(by: Actor) -> None:
    problem = finished_run(by).problem
    assert problem is not None
    version = guide.register_best(problem, by=by)
    assert version == guide.register_best(problem, by=by) == ModelVersion.objects.get()
    endpoint = guide.serve(problem, by=by)
    assert endpoint == guide.serve(problem, by=by) == Endpoint.objects.get()
    assert [(row.name, float(row.weight)) for row in endpoint.variants.all()] == [("champion", 100.0)]


def test_a_name_that_is_taken_gets_a_number(by: Actor) -> None:
    problem = finished_run(by).problem
    assert problem is not None
    Endpoint.objects.create(team=by.team, name=guide.name_for(problem), salt="s")
    guide.register_best(problem, by=by)
    assert guide.serve(problem, by=by).name == f"{guide.name_for(problem)}-2"


def test_a_step_before_its_time_is_refused_in_words(by: Actor) -> None:
    bare = Problem.objects.create(team=by.team, name="?!", kind="regression", target="y",
                                  primary_metric="rmse", direction="minimize")  # fmt: skip
    with pytest.raises(Conflict, match="no data to train on"):
        guide.train(bare, by=by)
    with pytest.raises(Conflict, match="No model is trained yet"):
        guide.register_best(bare, by=by)
    with pytest.raises(Conflict, match="No model is registered yet"):
        guide.serve(bare, by=by)
    with pytest.raises(Invalid, match="There is no sample"):
        guide.start_with_sample("moon", by=by)
    assert guide.name_for(bare) == f"problem-{bare.pk}"


def test_a_viewer_begins_nothing(vera: User, actor_of: Callable[..., Actor], web: Web) -> None:
    with pytest.raises(Forbidden):
        guide.start_with_sample("churn", by=actor_of(vera))
    assert web(vera).post("/start/sample", {"sample": "churn"}).status_code == 403
    assert "takes the role editor" in web(vera).get("/start/").content.decode()


def test_the_page_leads_from_step_to_step(by: Actor, bob: User, charlie: User, web: Web) -> None:
    client = web(bob)
    assert "Sample data is one click away" in client.get("/start/").content.decode()
    address = client.post("/start/sample", {"sample": "churn"})["Location"]
    problem = Problem.objects.get()
    assert address == f"/start/?problem={problem.pk}"
    assert "Just train it" in client.get(address).content.decode()
    assert client.post(f"/start/{problem.pk}/train")["Location"] == address
    page = client.get(address).content.decode()
    assert 'hx-trigger="every 2s"' in page
    assert "Register the best</button>" not in page
    part = client.get(address, headers={"HX-Request": "true"}).content.decode()
    assert part.startswith('<ol id="guide"')
    assert client.post(f"/start/{problem.pk}/fly").status_code == 404
    assert web(charlie).get(address).status_code == 404
    assert web(charlie).post(f"/start/{problem.pk}/train").status_code == 404


def test_the_last_steps_offer_the_endpoint_and_a_form_to_ask(by: Actor, bob: User, web: Web) -> None:
    problem = finished_run(by).problem
    assert problem is not None
    client, address = web(bob), f"/start/?problem={problem.pk}"
    assert "Register the best</button>" in client.get(address).content.decode()
    client.post(f"/start/{problem.pk}/register")
    assert "Put it behind an endpoint" in client.get(address).content.decode()
    client.post(f"/start/{problem.pk}/serve")
    page = client.get(address).content.decode()
    assert 'data-try action="/api/v1/endpoints/classification/invocations"' in page
    assert 'name="mean radius"' in page
