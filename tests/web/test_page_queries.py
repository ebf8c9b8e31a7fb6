"""Each page asks the database as often for many rows as for few, and no more often than when it was last counted.

`COUNT_QUERIES=1 pytest tests/web/test_page_queries.py` counts anew; a page that asks less may be left so.
"""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from benchmarks.pages_work.many_things import add
from benchmarks.pages_work.walking import address, objects, routes
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import User

SNAPSHOT = Path(__file__).with_name("page_queries.json")
FEW, MANY = 3, 14
Web = Callable[[User], Client]


def counted(client: Client, addresses: dict[str, str]) -> dict[str, int]:
    """The number of queries of each page there is."""
    found = {}
    for route, path in addresses.items():
        with CaptureQueriesContext(connection) as captured:
            answer = client.get(path)
        assert answer.status_code < 500, path
        if answer.status_code == 200 and answer["Content-Type"].startswith("text/html"):
            found[route] = len(captured)
    return found


@pytest.mark.django_db
def test_no_page_asks_more_for_more_rows(web: Web, alice: User, actor_of: Callable[..., Actor]) -> None:
    by, client = actor_of(alice), web(alice)
    add(0, FEW - 1, by=by)
    known = objects(by.team)
    filled = {route: address(route, known) for route in routes()}
    addresses = {route: path for route, path in filled.items() if path is not None}
    counted(client, addresses)  # what is kept in memory is read once
    few = counted(client, addresses)
    add(FEW, MANY - 1, by=by)
    many = counted(client, addresses)
    assert {route: (few[route], many[route]) for route in few if many.get(route) != few[route]} == {}
    assert len(few) > 100
    if os.environ.get("COUNT_QUERIES"):
        SNAPSHOT.write_text(json.dumps(many, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    kept: dict[str, int] = json.loads(SNAPSHOT.read_text(encoding="utf-8"))
    worse = {route: (kept[route], n) for route, n in many.items() if n > kept.get(route, n)}
    assert worse == {}, "pages that ask more than when they were counted: (then, now)"
