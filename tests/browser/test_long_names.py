"""Names of two hundred letters without a space, of people and of things: no page is wider than the phone."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client
from playwright.sync_api import Browser, Page

from experiments.models import Dataset, Experiment, Problem, Recipe, Run, Study
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Team, User
from mlregistry.discussions.models import WriteUp
from mlregistry.notices.models import Channel
from models_app.models import Alias, RegisteredModel
from serving.models import AbTest, AlertRule, Endpoint, Shadow

from . import world
from .conftest import CHROMIUM, signed_in

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
]
NARROW = 390
NAMED: tuple[Any, ...] = (
    Problem, Dataset, Experiment, Recipe, Run, Study, Channel, RegisteredModel, Alias, Endpoint, Shadow, AbTest,
    AlertRule,
)  # fmt: skip
# The parts that stick out, but for those that scroll by themselves.
WIDE = """(width) => document.documentElement.scrollWidth <= width ? "" :
  [...document.querySelectorAll("main *")].filter(e => e.getBoundingClientRect().right > width + 1
    && !e.closest(".scroll, .tabs")).slice(0, 3).map(e => e.outerHTML.slice(0, 90)).join(" ")
    + ` ${document.documentElement.scrollWidth} pixels`"""


def _long(row: Any, field: str = "name") -> str:
    most = min(row._meta.get_field(field).max_length or 200, 200)
    return f"{row.pk}".replace("-", "")[-8:].rjust(8, "x") + "x" * (most - 8)


def _renamed(team: Team, alice: User) -> dict[str, str]:
    """Gives all of them long names, and says what stands for the name of each model and endpoint in addresses."""
    changed = {}
    for kind in NAMED:
        for row in kind._default_manager.all():
            if kind in (RegisteredModel, Endpoint):
                changed[f"/{row._meta.app_label[:3]}/{row.name}"] = _long(row)
            kind._default_manager.filter(pk=row.pk).update(name=_long(row))
    for writeup in WriteUp.objects.all():
        WriteUp.objects.filter(pk=writeup.pk).update(title=_long(writeup, "title"))
    User.objects.filter(pk=alice.pk).update(username=_long(alice, "username"))
    Team.objects.filter(pk=team.pk).update(name=_long(team))
    return changed


def _address(old: str, names: dict[str, str]) -> str:
    for place, prefix in (("models", "/mod/"), ("endpoints", "/ser/")):
        for key, name in names.items():
            if key.startswith(prefix):
                old_name = quote(key.removeprefix(prefix), safe="")
                old = old.replace(f"/{place}/{old_name}/", f"/{place}/{name}/")
    return old


def _sticks_out(page: Page, address: str) -> str:
    answer = page.goto(address)
    assert answer is not None
    assert answer.status < 500, address
    found: str = page.evaluate(WIDE, NARROW)
    return found


def test_no_page_is_wider_than_a_phone_however_long_a_name_is(
    browser: Browser,
    live_server: Any,
    alice: User,
    team: Team,
    actor_of: Callable[..., Actor],
    web: Callable[[User], Client],
) -> None:
    addresses = world.addresses(actor_of(alice), web(alice))
    page, _ = signed_in(
        browser, live_server.url, name="alice", viewport={"width": NARROW, "height": 844}
    )  # fmt: skip
    names = _renamed(team, alice)
    wrong = {
        address: found
        for address in dict.fromkeys(_address(one, names) for one in addresses)
        if (found := _sticks_out(page, live_server.url + address))
    }
    assert len(addresses) > 50
    assert not wrong, "\n".join(f"{address[:80]}: {found}" for address, found in wrong.items())
