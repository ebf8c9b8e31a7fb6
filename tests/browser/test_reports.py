"""A report in a real Chromium: nothing against the policy, as narrow as a phone, and a PDF by the browser's print."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.audit import record
from mlregistry.accounts.models import User
from serving.actions.reports import keep_document
from serving.models import AnswerCount, Endpoint, EndpointReport
from serving.queries.reports import document
from serving.report_periods import Period

from .conftest import CHROMIUM, complaints_of, sign_in, window

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
]
MONDAY = datetime(2026, 3, 9, tzinfo=UTC)


def made(by: Actor) -> EndpointReport:
    endpoint = Endpoint.objects.create(team=by.team, name="churn", salt="s")
    AnswerCount.objects.create(
        endpoint=endpoint, variant="a", version_id=1, status=200, hour=MONDAY - timedelta(days=2), n_requests=40,
        n_rows=40, seconds=1.0, histogram=[0, 0, 0, 40, *[0] * 11],
    )  # fmt: skip
    record(by, "endpoint.update", endpoint, fields=["description"])
    of = Period(MONDAY - timedelta(days=7), MONDAY)
    row = EndpointReport.objects.create(endpoint=endpoint, rhythm="weekly", since=of.since, until=of.until)
    keep_document(row.pk, document(endpoint, "weekly", of, now=MONDAY, report=lambda share, text: None))
    return row


def test_a_report_is_printed_without_what_is_for_screens(
    browser: Browser, live_server: Any, bob: User, actor_of: Callable[..., Actor]
) -> None:
    row = made(actor_of(bob))
    page = window(browser, viewport={"width": 390, "height": 844}, color_scheme="dark")
    complaints = complaints_of(page)
    page.goto(f"{live_server.url}/login/?next=/reports/{row.pk}/")
    sign_in(page)
    expect(page.get_by_role("heading", name="In short")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.evaluate("window.print = () => document.body.dataset.printed = 'yes'")
    page.click("[data-print]")
    assert page.evaluate("document.body.dataset.printed") == "yes"
    page.emulate_media(media="print")
    expect(page.locator(".top")).to_be_hidden()
    expect(page.locator("[data-print]")).to_be_hidden()
    expect(page.locator("svg.days")).to_be_visible()
    printed = page.pdf(prefer_css_page_size=True)
    assert printed.startswith(b"%PDF-")
    assert b"/Count 0" not in printed
    assert complaints == []
