"""A real Chromium walks the start of the path: sign in, frame a problem, bring data; at two sizes, light and dark."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from mlregistry.accounts.models import User

from .conftest import CHROMIUM, signed_in

SIZES = [(1440, 1000, "light"), (1440, 1000, "dark"), (390, 844, "light"), (390, 844, "dark")]

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
]


@pytest.mark.parametrize(("width", "height", "scheme"), SIZES)
def test_pages_fit_their_window_and_the_policy_reports_nothing(
    browser: Browser, live_server: Any, bob: User, width: int, height: int, scheme: str
) -> None:
    page, complaints = signed_in(
        browser, f"{live_server.url}/", viewport={"width": width, "height": height}, color_scheme=scheme
    )
    for path in ("/", "/problems/", "/problems/new", "/datasets/", "/datasets/new", "/experiments/", "/trash/",
                 "/models/", "/endpoints/", "/jobs/"):  # fmt: skip
        answer = page.goto(live_server.url + path)
        assert answer is not None
        assert answer.status == 200, path
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
    assert complaints == []


def test_a_newcomer_frames_a_problem_and_brings_data(
    browser: Browser, live_server: Any, bob: User, tmp_path: Path
) -> None:
    table = tmp_path / "flats.csv"
    table.write_text(
        "rooms,metres,rent\n" + "".join(f"{n % 5 + 1},{20 + n},{300 + 9 * n}\n" for n in range(60))
    )
    page, complaints = signed_in(browser, f"{live_server.url}/")
    page.goto(live_server.url + "/problems/new")
    page.fill("input[name=name]", "Rents")
    page.check("input[name=kind][value=regression]", force=True)
    page.fill("input[name=target]", "rent")
    page.press("input[name=target]", "Enter")
    page.wait_for_selector("h1:has-text('Rents')")
    page.goto(live_server.url + "/datasets/new")
    page.fill("input[name=name]", "Flats")
    page.set_input_files("input[type=file]", str(table))
    page.press("input[name=name]", "Enter")
    page.wait_for_selector("h1:has-text('Flats')")
    assert "60" in page.inner_text("main")
    assert complaints == []
