"""Child runs in a real Chromium: folded and unfolded, kept so, and the pages around them fit their window."""

import io
from typing import Any

import pytest
from playwright.sync_api import Browser

from experiments.actions.artifacts import save_artifact
from experiments.actions.experiments import create_experiment
from experiments.actions.logged_models import create_logged_model
from experiments.actions.runs import create_run
from experiments.models import Run
from mlregistry.accounts.models import User
from mlregistry.accounts.queries.actors import for_user

from .conftest import CHROMIUM, signed_in

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
]


def _family(bob: User) -> Run:
    by = for_user(bob)
    parent = create_run(create_experiment("sweep", by=by), name="parent", by=by)
    child = create_run(parent.experiment, name="child", parent=parent, by=by)
    create_run(parent.experiment, name="fold", parent=child, by=by)
    model = create_logged_model(parent.experiment, name="forest", source_run=parent, by=by)
    save_artifact(model, "MLmodel", io.BytesIO(b"flavors: {}"), by=by)
    return parent


def test_child_runs_fold_away_with_all_below_them(browser: Browser, live_server: Any, bob: User) -> None:
    parent = _family(bob)
    page, complaints = signed_in(
        browser,
        f"{live_server.url}/experiments/{parent.experiment_id}/",
        viewport={"width": 1200, "height": 900},
    )
    child, fold = (
        page.get_by_role("link", name="child", exact=True),
        page.get_by_role("link", name="fold", exact=True),
    )
    assert child.is_visible()
    assert fold.is_visible()
    page.get_by_role("button", name="Child runs of child").click()
    assert child.is_visible()
    assert not fold.is_visible()
    page.get_by_role("button", name="Child runs of parent").click()
    assert not child.is_visible()
    page.get_by_role("button", name="Child runs of parent").click()
    assert not fold.is_visible()  # as it was left
    page.get_by_role("button", name="Fold all").click()
    assert not child.is_visible()
    page.get_by_role("button", name="Unfold all").click()
    assert fold.is_visible()
    assert complaints == []


@pytest.mark.parametrize("width", [1440, 390])
def test_a_file_of_a_logged_model_is_looked_into(
    browser: Browser, live_server: Any, bob: User, width: int
) -> None:
    parent = _family(bob)
    model = parent.logged_models.get()
    page, complaints = signed_in(
        browser,
        f"{live_server.url}/logged-models/{model.model_id}/",
        viewport={"width": width, "height": 900},
    )
    page.get_by_text("Look inside").click()
    page.get_by_text("flavors: {}").wait_for()
    for path in (f"/logged-models/{model.model_id}/", f"/experiments/{parent.experiment_id}/logged-models",
                 f"/experiments/{parent.experiment_id}/", f"/runs/{parent.pk}/"):  # fmt: skip
        page.goto(live_server.url + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
    assert complaints == []
