"""A moment is said in the zone of whoever looks, and says that it is UTC where nothing translates it."""

from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from mlregistry.accounts.models import User
from mlregistry.accounts.queries.actors import for_user
from models_app.actions.models import create_model
from models_app.models import AliasMove

from .conftest import CHROMIUM, signed_in

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
]


def test_a_moment_is_said_in_the_viewers_zone(browser: Browser, live_server: Any, bob: User) -> None:
    by = for_user(bob)
    model = create_model("churn", by=by)
    AliasMove.objects.create(
        team=by.team, model_id_then=model.pk, model_name=model.name, alias="champion", number=1, via="web",
        at=datetime(2026, 3, 1, 2, 30, tzinfo=UTC),
    )  # fmt: skip
    address = f"{live_server.url}/models/churn/aliases/history"
    for look, said in (
        ({"timezone_id": "America/New_York"}, "28 Feb 2026, 21:30"),
        ({"timezone_id": "Asia/Tokyo"}, "1 Mar 2026, 11:30"),
    ):
        page, complaints = signed_in(browser, address, **look)
        expect(page.locator("main time").first).to_have_text(said)
        assert complaints == []
    answer = page.request.get(address)
    assert "1 Mar 2026, 02:30 UTC</time>" in answer.text()
