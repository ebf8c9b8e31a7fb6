"""Signing in through an identity provider in a real browser: the strict policy lets the way there and back pass."""

from playwright.sync_api import Browser, expect

from tests.accounts.test_single_sign_on import ANNA, Place, place
from tests.browser.conftest import window

__all__ = ["place"]


def test_somebody_signs_in_by_the_provider_and_out_again(browser: Browser, place: Place) -> None:
    place.tell(**ANNA)
    page = window(browser)
    refused: list[str] = []
    page.on("console", lambda line: refused.append(line.text) if line.type == "error" else None)
    page.goto(f"{place.server}/team/")
    page.get_by_role("link", name="Sign in with Example Login").click()
    expect(page).to_have_url(f"{place.server}/team/")
    expect(page.get_by_text("by group devs")).to_be_visible()
    page.locator("summary", has_text="anna").click()
    page.get_by_role("link", name="Profile").click()
    expect(page.get_by_text("this browser", exact=True)).to_be_visible()
    page.locator("summary", has_text="anna").click()
    page.get_by_role("button", name="Sign out", exact=True).click()
    expect(page.get_by_role("link", name="Sign out of Example Login too")).to_be_visible()
    page.goto(f"{place.server}/login/?local=1")
    page.get_by_label("Username").fill("alice")
    page.get_by_label("Password").fill("correct horse battery")
    page.get_by_role("button", name="Log in").click()
    page.goto(f"{place.server}/admin/")
    expect(page.get_by_role("heading", name="Console")).to_be_visible()
    expect(page.get_by_text("all migrations are applied")).to_be_visible()
    assert refused == []
