"""The Chromium of the tests in this folder: one for all of them, with fresh windows for each."""

import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.cast import PASSWORD

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
PATIENCE = 120_000  # milliseconds; Chromium may share its processors with many others
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """Playwright runs an event loop in the test's thread, which Django takes for asynchronous code."""
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setitem(os.environ, "DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        expect.set_options(timeout=PATIENCE)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS, timeout=PATIENCE)
        yield browser
        browser.close()


@pytest.fixture
def browser(chromium: Browser) -> Iterator[Browser]:
    """No window outlives its test."""
    yield chromium
    for context in chromium.contexts:
        context.close()


def window(browser: Browser, **look: Any) -> Page:
    """A page of a person of its own."""
    context = browser.new_context(**look)
    context.set_default_timeout(PATIENCE)
    return context.new_page()


def complaints_of(page: Page) -> list[str]:
    """What its console complains of, as it comes."""
    found: list[str] = []
    page.on("console", lambda message: found.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: found.append(str(error)))
    return found


def sign_in(page: Page, name: str = "bob") -> None:
    """On the page that asks for it; then it is the page that was wanted."""
    page.fill("input[name=username]", name)
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_selector(".inbox-link")  # there at every width, for whoever is signed in
    page.wait_for_load_state()  # with its scripts, or keys that are pressed at once go nowhere


def signed_in(browser: Browser, address: str, *, name: str = "bob", **look: Any) -> tuple[Page, list[str]]:
    """A person at this address, and the complaints of the console as they come."""
    page = window(browser, **look)
    complaints = complaints_of(page)
    page.goto(address)
    sign_in(page, name)
    return page, complaints
