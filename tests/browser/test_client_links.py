"""The links that MLflow's clients print open the right pages, for whoever is logged in and for whoever is not yet."""

import re
from typing import Any

import pytest
from playwright.sync_api import Browser

from experiments.actions.experiments import create_experiment, default_experiment
from experiments.actions.logged_models import create_logged_model
from experiments.actions.runs import create_run
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import User
from mlregistry.accounts.queries.actors import for_user
from models_app.actions.models import create_model

from .conftest import CHROMIUM, sign_in, window

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
]


def _linked(by: Actor) -> list[tuple[str, str]]:
    """(link, the page it means)"""
    experiment = create_experiment("sweep", by=by)
    run = create_run(experiment, name="first", by=by)
    create_model("churn model", by=by)
    logged = create_logged_model(experiment, name="forest", source_run=run, by=by).model_id
    default = default_experiment(by=by)
    return [
        (f"/#/experiments/{experiment.pk}/runs/{run.pk.hex}", f"/runs/{run.pk}/"),
        (f"/#/experiments/{experiment.pk}/models/{logged}", f"/logged-models/{logged}/"),
        (f"/#/experiments/{experiment.pk}", f"/experiments/{experiment.pk}/"),
        (f"/#/experiments/{experiment.pk}?workspace=lab", f"/t/lab/experiments/{experiment.pk}/"),
        (f"/t/lab/#/experiments/{experiment.pk}/runs/{run.pk.hex}", f"/t/lab/runs/{run.pk}/"),
        ("/#/experiments/0", f"/experiments/{default.pk}/"),
        ("/#/models/churn%20model", "/models/churn%20model/"),
    ]


def test_a_link_that_the_client_printed_opens_its_page(browser: Browser, live_server: Any, bob: User) -> None:
    links = _linked(for_user(bob))
    page = window(browser)
    page.goto(live_server.url + links[0][0])
    sign_in(page)
    page.wait_for_url(live_server.url + links[0][1] + "#**")  # browsers keep the fragment
    for link, meant in links[1:]:
        page.goto("about:blank")
        page.goto(live_server.url + link)
        page.wait_for_url(live_server.url + meant)
        assert page.locator("h1").count() == 1


@pytest.mark.parametrize("hash", ["#/nothing", "#main", "#/experiments/x/runs/y/../../.."])
def test_another_fragment_never_leads_out_of_the_site(
    browser: Browser, live_server: Any, bob: User, hash: str
) -> None:
    page = window(browser)
    page.goto(live_server.url + "/" + hash)
    sign_in(page)
    page.wait_for_url(re.compile(re.escape(live_server.url) + "/(experiments/)?(#.*)?$"))
