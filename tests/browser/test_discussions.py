"""Two people in a real Chromium: one comments, the other is mentioned, told, answers; the first sees it live."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from experiments.actions.problems import create_problem
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import User
from mlregistry.discussions.actions.comments import write_comment
from mlregistry.discussions.nouns import of_row
from mlregistry.discussions.queries.comments import MOST_THREADS

from .conftest import CHROMIUM, signed_in

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
]


def test_two_people_comment_mention_and_are_told(
    browser: Browser, live_server: Any, bob: User, vera: User, actor_of: Callable[..., Actor]
) -> None:
    problem = create_problem(
        "Churn", kind="classification", target="y", primary_metric="roc_auc", by=actor_of(bob)
    )
    address, complaints = f"{live_server.url}/problems/{problem.pk}/", []
    his, _ = signed_in(browser, f"{live_server.url}/login/")
    his.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    his.goto(address)
    box = his.get_by_label("Your comment")
    box.press_sequentially("Is the target clean, @ve")
    expect(his.get_by_role("option", name="@vera")).to_be_visible()
    box.press("Enter")
    expect(box).to_have_value("Is the target clean, @vera ")
    box.press_sequentially("?")
    box.press("Control+Enter")
    expect(his.locator(".comment .mention")).to_have_text("@vera")
    expect(his.get_by_label("Your comment")).to_have_value("")

    hers, _ = signed_in(
        browser,
        f"{live_server.url}/login/",
        name="vera",
        viewport={"width": 390, "height": 844},
        color_scheme="dark",
    )
    expect(hers.locator(".inbox-link .count")).to_have_text("1")
    hers.click(".inbox-link")
    hers.get_by_role("link", name="bob mentioned you on problem Churn").press("Enter")
    hers.wait_for_url(f"{address}#comment-*")
    assert hers.evaluate("document.documentElement.scrollWidth") <= 390

    his.get_by_label("Your comment").fill("a draft")  # what is being written outlives what comes in
    hers.locator(".reply > summary").click()
    hers.get_by_label("Your reply").fill("It is <b>not</b>.")
    hers.get_by_role("button", name="Reply").click()
    expect(hers.locator(".replies .comment .prose")).to_have_text("It is <b>not</b>.")
    expect(his.locator(".replies .comment .prose")).to_have_text("It is <b>not</b>.")
    expect(his.locator("[data-said]")).to_have_text("One new comment")
    expect(his.get_by_label("Your comment")).to_have_value("a draft")

    his.get_by_role("button", name="Delete").click()
    his.get_by_role("button", name="Undo").click()
    expect(his.locator(".comment .mention")).to_have_text("@vera")
    assert complaints == []


def test_the_address_of_a_comment_leads_to_it_however_old_its_thread_is(
    browser: Browser, live_server: Any, bob: User, actor_of: Callable[..., Actor]
) -> None:
    by = actor_of(bob)
    problem = create_problem("Churn", kind="classification", target="y", primary_metric="roc_auc", by=by)
    begun = datetime(2026, 3, 1, tzinfo=UTC)
    first, *_ = [
        write_comment(of_row(problem), f"thread {n}", now=begun + timedelta(hours=n), by=by)
        for n in range(MOST_THREADS + 1)
    ]
    page, _ = signed_in(browser, f"{live_server.url}/login/")
    page.goto(f"{live_server.url}/problems/{problem.pk}/#comment-{first.pk}")
    page.wait_for_url(f"**/discussions/problem/{problem.pk}/threads?from={first.pk}#comment-{first.pk}")
    expect(page.locator(".comment .prose")).to_have_text("thread 0")
    page.locator(".reply > summary").click()
    page.get_by_label("Your reply").fill("I know")
    page.get_by_role("button", name="Reply").click()
    expect(page.locator(".replies .comment .prose")).to_have_text("I know")
    page.get_by_role("link", name="The newest").click()
    page.get_by_role("link", name="Show older ones").click()
    expect(page.locator(".replies .comment .prose")).to_have_text("I know")
