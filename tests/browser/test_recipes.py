"""A recipe is written in a real Chromium: steps added, changed, moved; a live preview; nothing against the policy."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from experiments.actions import datasets, problems
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import User
from tests.ml.frames import classification_rows, mixed

from .conftest import CHROMIUM, complaints_of, sign_in, window

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
]


def test_steps_are_added_changed_and_moved_with_a_live_preview(
    browser: Browser, live_server: Any, bob: User, actor_of: Callable[..., Actor]
) -> None:
    by = actor_of(bob)
    problem = problems.create_problem("Churn", kind="classification", target="churn", by=by)
    dataset = datasets.create_dataset("Customers", problem=problem, by=by)
    table = io.BytesIO(classification_rows(mixed()).to_csv(index=False).encode())
    datasets.add_version(dataset, table, filename="churn.csv", by=by)
    page = window(browser, viewport={"width": 390, "height": 844})
    complaints = complaints_of(page)
    page.goto(f"{live_server.url}/login/?next=/problems/{problem.pk}/recipe")
    sign_in(page)
    steps = page.locator(".recipe-step")
    expect(steps.first).to_be_visible()
    n_steps = steps.count()
    page.select_option("#f-add", "formula")
    page.wait_for_timeout(1000)  # nothing is asked for meanwhile, which would choose the first kind again
    assert page.input_value("#f-add") == "formula"
    page.click("button[value=add]")
    expect(steps).to_have_count(n_steps + 1)
    last = steps.nth(n_steps)
    last.locator("input[name$='.name']").fill("ratio")
    last.locator("textarea.formula").fill("income /")
    last.locator("textarea.formula").blur()
    expect(steps.nth(n_steps)).to_contain_text("not the end")
    steps.nth(n_steps).locator("textarea.formula").fill("income / age")
    steps.nth(n_steps).locator("textarea.formula").blur()
    expect(steps.nth(n_steps).locator("th", has_text="ratio")).to_be_visible()
    steps.nth(n_steps).locator(f"button[value='up:{n_steps}']").click()
    expect(steps.nth(n_steps - 1)).to_contain_text("Compute a column")
    formula = steps.nth(n_steps - 1).locator("textarea.formula")
    formula.fill("income / age / 2")
    page.select_option("#f-at", "0")
    page.click("button[value=add]")  # the field loses the focus: a change and a button at the same moment
    expect(steps).to_have_count(n_steps + 2)
    expect(steps.first).to_contain_text("Compute a column")
    expect(steps.first.locator("h2")).to_be_focused()
    expect(steps.nth(n_steps).locator("textarea.formula")).to_have_value("income / age / 2")
    steps.first.locator("button[value='remove:0']").click()
    expect(steps).to_have_count(n_steps + 1)
    expect(page.get_by_text("The estimator gets")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert [line for line in complaints if "htmx:" not in line] == []
