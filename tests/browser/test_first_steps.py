"""A newcomer gets from nothing to an answer by clicks alone; the search and the keys go anywhere without a mouse."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from experiments.actions.experiments import create_experiment
from experiments.actions.runs import create_run
from experiments.models import AutoTraining, Study
from mlregistry.accounts.models import User
from mlregistry.accounts.queries.actors import for_user
from mlregistry.jobs.inline import run_here
from serving import live_routing
from serving.actions import guide

from .conftest import CHROMIUM, sign_in, window

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
]
FEW = 3


@pytest.fixture(autouse=True)
def _own_routing() -> Iterator[None]:
    live_routing.reset()
    yield
    live_routing.reset()


def _signed_in(browser: Browser, base: str, said: list[str], **look: Any) -> Page:
    page = window(browser, **look)
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(base + "/login/")
    sign_in(page)
    return page


def _trained_quickly() -> None:
    """What the workers do, with the first few candidates only."""
    study = Study.objects.get()
    study.trials.filter(number__gte=FEW).delete()
    Study.objects.filter(pk=study.pk).update(max_trials=FEW, next_number=FEW)
    run_here(study.lanes.select_related("job").latest("pk").job)
    closing = AutoTraining.objects.select_related("job").get().job
    assert closing is not None
    run_here(closing)


def test_from_nothing_to_an_answer_by_clicks_alone(
    browser: Browser, live_server: Any, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guide, "MINUTES", 30.0)  # its end is that of the candidates, however slow the machine
    said: list[str] = []
    page = _signed_in(browser, live_server.url, said, viewport={"width": 390, "height": 844})
    page.get_by_role("button", name="Start with sample data").click()
    page.get_by_role("button", name="Just train it").click()
    expect(page.get_by_text("This page follows it")).to_be_visible()
    _trained_quickly()
    page.get_by_role("button", name="Register the best").click()  # it comes by itself
    page.get_by_role("button", name="Put it behind an endpoint").click()
    expect(page.get_by_role("button", name="Predict")).to_be_visible()
    live_routing.here().start(wait=True)
    page.get_by_role("button", name="Predict").click()
    expect(page.get_by_text("Your model answers.")).to_be_visible()
    expect(page.locator("[data-answer-plain]")).to_have_text(re.compile(r"^(yes|no), \d+ % sure$"))
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert said == []


def test_the_search_and_the_keys_go_anywhere(browser: Browser, live_server: Any, bob: User) -> None:
    by = for_user(bob)
    run = create_run(create_experiment("sweep", by=by), name="bold fox", by=by)
    said: list[str] = []
    page = _signed_in(browser, live_server.url, said, timezone_id="America/New_York", locale="en-GB")
    page.keyboard.press("g")
    page.keyboard.press("e")
    page.wait_for_url("**/experiments/")
    assert "GMT-" in (page.locator("main time").first.get_attribute("title") or "")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    box = page.get_by_role("combobox")
    expect(box).to_be_focused()
    expect(
        page.get_by_role("option", name="bold fox")
    ).to_be_visible()  # the newest, before anything is typed
    box.fill("no such thing")
    expect(page.get_by_text("Nothing is called “no such thing”")).to_be_visible()
    box.fill("fox")
    expect(page.get_by_role("option")).to_have_count(1)
    assert box.get_attribute("aria-activedescendant") == "find-0"
    box.press("Enter")
    page.wait_for_url(f"**/runs/{run.pk}/")
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("combobox")).to_be_hidden()
    assert said == []
