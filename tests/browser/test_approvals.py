"""Two people and one alias in a real Chromium: request, four eyes, comment, approval, and what was in production."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django import Settings

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import User
from serving.actions.endpoints import create_endpoint
from tests.models_app.approving import champion, two_versions

from .conftest import CHROMIUM, sign_in, window

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
]


def signed_in(browser: Browser, address: str, name: str, complaints: list[str], **look: Any) -> Page:
    page = window(browser, **look)
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.goto(f"{address}/login/")
    sign_in(page, name)
    return page


def test_one_asks_another_approves_and_the_alias_moves(
    browser: Browser,
    live_server: Any,
    alice: User,
    bob: User,
    actor_of: Callable[..., Actor],
    settings: Settings,
) -> None:
    settings.MODEL_GATE = False
    by = actor_of(bob)
    first, _ = two_versions(by, actor_of(alice))
    create_endpoint("clinic", variants=[{"name": "one", "version": first, "weight": 100}], by=by)
    complaints: list[str] = []
    page = signed_in(browser, live_server.url, "bob", complaints, timezone_id="Asia/Tokyo")
    page.goto(f"{live_server.url}/models/tumour/")
    page.select_option("#f-version", "2")
    page.get_by_role("button", name="See what changes").click()
    expect(page.get_by_text("goes on serving version 1 to 100 %")).to_be_visible()
    page.fill("#f-comment", "Better on the **young**.")
    page.get_by_role("button", name="Ask for approval").click()
    expect(page.get_by_text("somebody else decides")).to_be_visible()
    expect(page.get_by_role("button", name="Approve")).to_have_count(0)
    request = page.url
    phone = {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"}
    other = signed_in(browser, live_server.url, "alice", complaints, **phone)
    other.goto(f"{live_server.url}/inbox/")
    other.get_by_role("link", name="approval asked for by bob").press("Enter")
    assert other.evaluate("document.documentElement.scrollWidth") <= 390
    other.fill("#f-text", "How does it do on the old?")
    other.get_by_role("button", name="Comment").click()
    page.goto(request)
    expect(page.get_by_text("How does it do on the old?")).to_be_visible()
    page.fill("#f-text", "As before.")
    page.get_by_role("button", name="Comment").click()
    expect(page.get_by_text("As before.")).to_be_visible()
    assert champion() == 1
    other.goto(request)
    other.fill("#f-text", "Good.")
    other.get_by_role("button", name="Approve").click()
    expect(other.get_by_text("points at tumour v2 now")).to_be_visible()
    assert champion() == 2
    page.goto(f"{live_server.url}/models/tumour/versions/2/")
    expect(page.locator(".lineage-graph svg a").first).to_be_visible()
    page.goto(f"{live_server.url}/production/")
    expect(page.locator("[data-zone-name]")).to_have_text("(Asia/Tokyo)")
    page.get_by_role("button", name="Show it").click()
    expect(page.get_by_role("heading", name="Asia/Tokyo")).to_be_visible()
    assert "zone=Asia%2FTokyo" in page.url
    assert complaints == []
