"""A table of 300,000 rows is scrolled, a split is moved by its slider, and a snippet pasted, in a real Chromium."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from experiments.actions import datasets
from experiments.models import Dataset
from mlregistry.accounts.actions import tokens
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import User
from models_app.actions.versions import register
from serving import live_routing
from serving.actions.endpoints import create_endpoint
from tests.models_app.trained import finished_run, fitted

from .conftest import CHROMIUM, signed_in

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
]
N = 300_000


def test_a_long_table_scrolls_by_wheel_key_and_number(
    browser: Browser, live_server: Any, bob: User, actor_of: Callable[..., Actor]
) -> None:
    """So long that a pixel stands for more than one row."""
    by = actor_of(bob)
    made = Dataset.objects.create(team=by.team, name="numbers", created_by=bob)
    table = "n,half\n" + "".join(f"{n},{n / 2}\n" for n in range(N))
    datasets.add_version(made, io.BytesIO(table.encode()), filename="numbers.csv", by=by)
    page, complaints = signed_in(browser, f"{live_server.url}/datasets/{made.pk}/versions/1/")
    view, place = page.locator("[data-rows-window]"), page.locator("[data-rows-place]")
    expect(place).to_contain_text("rows 1 to")
    view.focus()
    page.keyboard.press("End")
    expect(view.locator(f"tr[aria-rowindex='{N + 1}'] td").first).to_have_text(str(N - 1))
    expect(view.locator(f"tr[aria-rowindex='{N + 1}']")).to_be_in_viewport()
    page.fill("#f-row", "123456")
    page.press("#f-row", "Enter")
    wanted = view.locator("tr[aria-rowindex='123457']")
    expect(wanted.locator("td").first).to_have_text("123455")
    expect(wanted).to_be_in_viewport()
    expect(place).to_contain_text("rows 123,456 to")
    page.keyboard.press("ArrowDown")
    expect(place).to_contain_text("rows 123,457 to")
    view.hover()
    page.mouse.wheel(0, -3000)
    expect(place).not_to_contain_text("rows 123,457 to")
    view.evaluate("view => { view.scrollTop = 0; }")
    expect(view.locator("tr[aria-rowindex='2'] td").first).to_have_text("0")
    assert page.evaluate("document.querySelectorAll('[data-rows] tr').length") < 600
    assert complaints == []


def test_a_split_is_previewed_as_it_is_moved_and_a_snippet_works(
    browser: Browser, live_server: Any, bob: User, actor_of: Callable[..., Actor]
) -> None:
    by = actor_of(bob)
    live_routing.reset()
    versions = [
        register(finished_run(by, name=f"seed {n}", model=fitted(seed=n)), "tumour", by=by) for n in (1, 2)
    ]
    create_endpoint(
        "tumour", by=by,
        variants=[
            {"name": "champion", "version": versions[0], "weight": 90},
            {"name": "challenger", "version": versions[1], "weight": 10},
        ],
    )  # fmt: skip
    page, complaints = signed_in(browser, f"{live_server.url}/endpoints/tumour/variants")
    expect(page.locator("#split-preview")).to_contain_text("Nothing")
    page.locator("[data-weight-slider]").last.fill("40")
    expect(page.locator("[data-weight]").first).to_have_value("60")
    expect(page.locator("#split-preview")).to_contain_text(
        "30.0 % of the units move from champion to challenger"
    )
    page.click("button:has-text('Change')")
    page.wait_for_url("**/endpoints/tumour/")
    _, secret = tokens.create_token("paste", scopes=["predict"], by=by)
    page.click("summary:has-text('JavaScript')")
    text = page.inner_text("#snippet-javascript")
    page.evaluate("secret => { window.prompt = () => secret; }", secret)
    with page.expect_console_message(lambda message: "predictions" in message.text):
        page.evaluate(f"() => {{ {text} }}")
    assert complaints == []
    live_routing.reset()
