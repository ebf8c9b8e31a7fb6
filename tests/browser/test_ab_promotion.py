"""An A/B test from its form to the promotion in a real Chromium: declared, told in a sentence, promoted by a click."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, expect
from pytest_django import Settings

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import User
from models_app.actions.aliases import point_alias
from models_app.actions.versions import register
from models_app.models import Alias
from serving import live_routing
from serving.actions.abtest_looks import tend
from serving.actions.endpoints import create_endpoint
from serving.queries import abtests
from tests.models_app.trained import finished_run, fitted
from tests.serving.answering import logged

from .conftest import CHROMIUM, signed_in

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
]


def test_a_test_is_declared_watched_and_promoted(
    browser: Browser,
    live_server: Any,
    bob: User,
    actor_of: Callable[..., Actor],
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings.MODEL_GATE = False
    monkeypatch.setattr(abtests, "GRACE", timedelta())
    by = actor_of(bob)
    live_routing.reset()
    old, new = (
        register(finished_run(by, name=f"seed {n}", model=fitted(seed=n)), "tumour", by=by) for n in (1, 2)
    )
    point_alias(old.model, "champion", old, by=by)
    endpoint = create_endpoint(
        "tumour", by=by,
        variants=[
            {"name": "champion", "version": old, "weight": 90},
            {"name": "challenger", "version": new, "weight": 10},
        ],
    )  # fmt: skip
    page, complaints = signed_in(browser, f"{live_server.url}/endpoints/tumour/new-test")
    page.fill("input[name=name]", "Is the new one better?")
    page.select_option("select[name=metric]", "accuracy")
    page.fill("input[name='weight-champion']", "50")
    page.fill("input[name='weight-challenger']", "50")
    page.locator("details:has(input[name=alias]) > summary").click()
    page.fill("input[name=alias]", "champion")
    page.click("main form button.primary[type=submit]")
    page.wait_for_url("**/ab-tests/*/")
    expect(page.locator("#live")).to_contain_text("The first look comes within seconds")
    logged(endpoint, {"champion": 0.5, "challenger": 0.75}, n=1500)
    for minutes in (5, 15):
        tend(timezone.now() + timedelta(minutes=minutes))
    page.reload()
    expect(page.locator("#live")).to_contain_text("“challenger” is better than “champion”")
    expect(page.locator("#live")).to_contain_text("split as declared")
    expect(page.locator("[data-chart] svg").first).to_be_visible()
    page.on("dialog", lambda dialog: dialog.accept())
    page.click("button:has-text('Promote challenger')")
    expect(page.locator("#live")).to_contain_text("Promoted")
    assert Alias.objects.get(name="champion").version == new
    page.goto(f"{live_server.url}/endpoints/tumour/")
    expect(page.locator("#statistics")).to_contain_text("tumour v2")
    assert [(one.version, float(one.weight)) for one in endpoint.variants.all() if one.weight] == [(new, 100)]
    assert complaints == []
    live_routing.reset()
