"""A run from the client's first point to the comparison: live curves in a real Chromium, and rest once it has ended."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, expect
from rest_framework.test import APIClient

from experiments.actions.experiments import create_experiment
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import User

from .conftest import CHROMIUM, complaints_of, sign_in, window

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
]
HELD = "([key, n]) => curveGrids[0].charts.get(key)?.data.values().next().value?.steps.length === n"
POINTS = (
    "([key, run, n]) => curveGrids[0].charts.get(key)?.data.get(run.replaceAll('-', ''))?.steps.length === n"
)
DRAWN = "(n) => curveGrids[0].charts.get('val/loss')?.lines?.length === n"


def started(client: APIClient, experiment_id: int, name: str) -> str:
    body = client.post(f"/api/v1/experiments/{experiment_id}/runs", {"name": name}, format="json").json()
    return str(body["id"])


def log(client: APIClient, run_id: str, steps: range, *, key: str = "val/loss", scale: float = 1.0) -> None:
    metrics = [{"key": key, "value": scale / (step + 1), "step": step} for step in steps]
    body = {"metrics": metrics, "params": {"seed": "1"}}
    assert client.post(f"/api/v1/runs/{run_id}/log-batch", body, format="json").status_code == 204


def opened(browser: Browser, address: str, path: str) -> tuple[Page, list[str], list[str]]:
    """The page, what the console complained of, and the questions for news."""
    page = window(browser, viewport={"width": 390, "height": 844})
    asked: list[str] = []
    complaints = complaints_of(page)
    page.on("request", lambda request: asked.append(request.url) if "/live" in request.url else None)
    page.clock.install()  # goes on by itself, and can be put forward
    page.goto(f"{address}/login/?next={path}")
    sign_in(page)
    return page, complaints, asked


def test_a_run_is_watched_until_it_ends_and_compared(
    browser: Browser,
    live_server: Any,
    bob: User,
    actor_of: Callable[..., Actor],
    api: Callable[..., APIClient],
) -> None:
    client, experiment = api(bob), create_experiment("live", by=actor_of(bob))
    first, second = (started(client, experiment.pk, name) for name in ("first", "second"))
    log(client, first, range(3))
    log(client, second, range(6), scale=2.0)
    page, complaints, asked = opened(browser, live_server.url, f"/runs/{first}/%23charts")

    expect(page.get_by_role("heading", name="loss")).to_be_visible()
    page.wait_for_function(HELD, arg=["val/loss", 3])
    log(client, first, range(3, 5))
    page.wait_for_function(HELD, arg=["val/loss", 5])
    log(client, first, range(4), key="val/acc")
    page.wait_for_function(HELD, arg=["val/acc", 4])
    page.locator("[name=smooth]").first.fill("0.5")
    assert "smooth=0.5" in page.url
    assert page.evaluate("document.documentElement.scrollWidth") <= 390

    ended = client.patch(f"/api/v1/runs/{first}", {"status": "FINISHED"}, format="json")
    assert ended.status_code == 200, ended.content
    expect(page.get_by_text("The run has ended: finished.")).to_be_visible()
    n_asked = len(asked)
    assert n_asked > 1
    page.clock.run_for(60_000)  # a minute in which nothing may be asked
    assert len(asked) == n_asked
    page.goto(f"{live_server.url}/runs/{first}/#charts")
    page.wait_for_function(HELD, arg=["val/loss", 5])
    page.clock.run_for(60_000)
    assert len(asked) == n_asked

    page.goto(f"{live_server.url}/compare?run={first}&run={second}&view=curves")
    expect(page.get_by_text("1 of them still trains")).to_be_visible()
    chip = page.get_by_role("button", name=re.compile("second"))
    expect(chip).to_be_visible()
    page.wait_for_function(DRAWN, arg=2)
    chip.click()
    expect(chip).to_have_attribute("aria-pressed", "false")
    page.wait_for_function(DRAWN, arg=1)
    assert complaints == []


def test_runs_that_still_train_are_followed_while_they_are_compared(
    browser: Browser,
    live_server: Any,
    bob: User,
    actor_of: Callable[..., Actor],
    api: Callable[..., APIClient],
) -> None:
    client, experiment = api(bob), create_experiment("live", by=actor_of(bob))
    first, second = (started(client, experiment.pk, name) for name in ("first", "second"))
    log(client, first, range(3))
    query = f"run={first}&run={second}"
    page, complaints, asked = opened(browser, live_server.url, f"/compare?{quote(query)}%26view=curves")
    page.wait_for_function(POINTS, arg=["val/loss", first, 3])
    log(client, first, range(3, 5))
    log(client, second, range(7), scale=2.0)
    page.wait_for_function(POINTS, arg=["val/loss", first, 5])
    page.wait_for_function(POINTS, arg=["val/loss", second, 7])
    page.wait_for_function(DRAWN, arg=2)
    log(client, second, range(4), key="val/acc")
    page.wait_for_function(POINTS, arg=["val/acc", second, 4])
    log(client, second, range(7, 9), scale=2.0)
    page.wait_for_function(POINTS, arg=["val/loss", second, 9])

    page.goto(f"{live_server.url}/compare?{query}")
    last = page.locator("tr[data-key='val/loss'] td")
    expect(last).to_have_text(["0.2000", "0.2222"])
    log(client, second, range(9, 10), scale=2.0)
    log(client, second, range(1), key="brand/new", scale=7.0)
    expect(last).to_have_text(["0.2000", "0.2000"])
    expect(page.locator("tr[data-key='brand/new'] td")).to_have_text(["–", "7"])
    for run in (first, second):
        assert client.patch(f"/api/v1/runs/{run}", {"status": "FINISHED"}, format="json").status_code == 200
    expect(page.get_by_text("All of them have ended.")).to_be_visible()
    n_asked = len(asked)
    page.clock.run_for(60_000)
    assert len(asked) == n_asked > 2
    page.get_by_role("link", name="Show all that they brought").click()
    expect(last).to_have_text(["0.2000", "0.2000"])
    page.clock.run_for(60_000)
    assert (len(asked), complaints) == (n_asked, [])
