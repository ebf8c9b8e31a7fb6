"""The runs table in a real Chromium: completion, pages while scrolling, a selection that stays, undo, views."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, expect

from experiments.actions.experiments import create_experiment
from experiments.models import Experiment, LatestMetric, Param, Run, RunView
from experiments.queries import table_groups
from mlregistry.accounts.models import User
from mlregistry.accounts.queries.actors import for_user

from .conftest import CHROMIUM, signed_in

WIDE, NARROW = {"width": 1200, "height": 900}, {"width": 390, "height": 900}

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
]


@pytest.fixture
def experiment(bob: User) -> Experiment:
    """120 runs, the newest first by name; every second is of depth 3."""
    made = create_experiment("sweep", by=for_user(bob))
    now = timezone.now()
    runs = [
        Run(experiment=made, name=f"run {n:03}", status="FINISHED", started_at=now - timedelta(minutes=n))
        for n in range(120)
    ]
    Run.objects.bulk_create(runs)
    Param.objects.bulk_create(
        Param(run=run, experiment=made, key="depth", value="3" if n % 2 else "5")
        for n, run in enumerate(runs)
    )
    LatestMetric.objects.bulk_create(
        LatestMetric(run=run, experiment=made, key="auc", value=n / 120, timestamp=0, minimum=0, maximum=n)
        for n, run in enumerate(runs)
    )
    return made


def test_runs_are_found_selected_deleted_and_brought_back(
    browser: Browser, live_server: Any, bob: User, experiment: Experiment
) -> None:
    page, complaints = signed_in(
        browser, f"{live_server.url}/experiments/{experiment.pk}/runs", viewport=WIDE
    )
    expect(page.locator("[data-count]")).to_have_text("120 runs")
    page.locator("tr[data-run]").first.locator("a").focus()
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.locator("[data-selected]")).to_have_text("2 selected")
    page.locator("[data-box]").evaluate("box => { box.scrollTop = box.scrollHeight; }")
    expect(page.locator("tr[data-run]")).to_have_count(100)
    page.locator("#filter").click()
    page.keyboard.type("params.d")
    page.locator("#filter-choices li").first.click()
    page.keyboard.type("= ")
    page.get_by_role("option", name="'3'").click()
    page.keyboard.press("Enter")
    expect(page.locator("[data-count]")).to_have_text("60 runs")
    expect(page.locator("[data-selected]")).to_have_text("2 selected")
    page.get_by_role("button", name="All that match").click()
    expect(page.locator("[data-selected]")).to_have_text("61 selected")
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.locator("#runs-said")).to_contain_text("61 runs deleted")
    expect(page.get_by_text("No run matches")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("[data-count]")).to_have_text("60 runs")
    assert Run.objects.filter(lifecycle="deleted").count() == 0
    page.locator("#filter").fill("metrics.auc >> 3")
    page.locator("#filter").press("Enter")
    expect(page.locator(".mistake mark")).to_have_text(">>")
    assert complaints == []


def test_columns_are_chosen_sized_grouped_and_kept_as_a_view(
    browser: Browser, live_server: Any, bob: User, experiment: Experiment
) -> None:
    page, complaints = signed_in(
        browser, f"{live_server.url}/experiments/{experiment.pk}/runs", viewport=NARROW
    )
    page.get_by_role("button", name="Columns").click()
    page.get_by_placeholder("auc, depth, owner").fill("auc")
    page.locator("[data-found]").get_by_text("max").click()
    page.get_by_role("button", name="Show these").click()
    head = page.locator("th[data-column='max(metrics.auc)']")
    expect(head).to_be_visible()
    before = head.bounding_box()
    head.locator("[data-column-menu]").click()
    page.get_by_role("menuitem", name="Wider").click()
    page.wait_for_url("**widths=**")
    after = head.bounding_box()
    assert before is not None
    assert after is not None
    assert after["width"] > before["width"]
    page.locator("th[data-column='params.depth'] [data-column-menu]").click()
    page.get_by_role("menuitem", name="Group by it").click()
    expect(page.locator("table.groups tbody tr")).to_have_count(2)
    page.locator("[data-expand]").first.click()
    expect(page.locator("table.nested tbody tr")).to_have_count(20)
    page.locator("details.views summary").click()
    page.get_by_label("Save as a new view").fill("by depth")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("View: by depth")).to_be_visible()
    view = RunView.objects.get()
    assert view.state["group"] == ["params.depth"]
    assert any(view.state["widths"])
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert complaints == []


def test_means_of_very_many_runs_come_behind_their_groups(
    browser: Browser, live_server: Any, bob: User, experiment: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table_groups, "MANY", 100)
    words = "columns=metrics.auc&columns=max(metrics.auc)&columns=min(metrics.auc)&group=params.depth"
    page, complaints = signed_in(
        browser, f"{live_server.url}/experiments/{experiment.pk}/runs?{words}", viewport=WIDE
    )
    expect(page.locator("[data-measures]")).to_have_count(0)
    expect(page.locator("[data-groups] tbody td.n", has_text="±")).to_have_count(6)
    expect(page.locator("[data-groups] tbody td.waiting")).to_have_count(0)
    page.locator("[data-expand]").first.click()
    expect(page.locator("tr.inside table")).to_be_visible()
    assert complaints == []
