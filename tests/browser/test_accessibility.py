"""axe finds nothing on any page, wide and narrow, light and dark; the policy reports nothing; nothing is too wide."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Browser, Page

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import User

from . import world
from .conftest import CHROMIUM, sign_in, window

AXE = Path(__file__).parent / "vendor" / "axe.min.js"
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
    pytest.mark.skipif(not AXE.exists(), reason="axe is brought by `make test`"),
]
LOOKS = [(1440, "light"), (390, "dark")]
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
CHECK = """async (tags) => {
  const found = await axe.run(document, {runOnly: {type: "tag", values: tags}, resultTypes: ["violations"]});
  return found.violations.flatMap(v => v.nodes.map(n => `${v.id}: ${n.target.join(" ")} ${n.html.slice(0, 120)}`));
}"""


def _complaints(page: Page, address: str, width: int) -> list[str]:
    """What axe finds, and whether the page is wider than its window."""
    answer = page.goto(address)
    assert answer is not None
    found: list[str] = page.evaluate(CHECK, TAGS)
    n = page.evaluate("document.documentElement.scrollWidth")
    return [*found, *([f"{n} pixels wide"] if n > width else [])]


def _signed_in(browser: Browser, base: str, said: list[str], **look: Any) -> Page:
    page = window(browser, **look)
    page.context.add_init_script(path=AXE)
    page.on(
        "console",
        lambda message: said.append(f"{page.url}: {message.text}") if message.type == "error" else None,
    )
    page.on("pageerror", lambda error: said.append(f"{page.url}: {error}"))
    page.goto(base + "/login/")
    sign_in(page, "alice")
    return page


def test_every_page_is_accessible(
    browser: Browser,
    live_server: Any,
    alice: User,
    actor_of: Callable[..., Actor],
    web: Callable[[User], Client],
) -> None:
    addresses = world.addresses(actor_of(alice), web(alice))
    assert len(addresses) > 50
    wrong: dict[str, list[str]] = {}
    for width, scheme in LOOKS:
        said: list[str] = []
        page = _signed_in(
            browser, live_server.url, said, viewport={"width": width, "height": 900}, color_scheme=scheme
        )
        for address in addresses:
            found = _complaints(page, live_server.url + address, width)
            if found:
                wrong[f"{address} at {width}, {scheme}"] = found[:8]
        wrong |= {"the console": said} if said else {}
    assert not wrong, "\n".join(f"{where}: {line}" for where, lines in wrong.items() for line in lines)
