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
from experiments.models import Run
from experiments.web.run_comparisons import MOST_VERDICTS_AMONG, VIEWS
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Team, User

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
        if answer.status_code == 200 and answer["Content-Type"].startswith(("text/html", "application/json")):
            found[route] = len(captured)
    return found


def comparisons(team: Team) -> dict[str, str]:
    """Every view of as many runs as there are, up to the most of which each two are told apart, and what they ask."""
    rows = Run.objects.filter(experiment__team=team, lifecycle="active").order_by("pk")
    runs = [row.pk.hex for row in rows[:MOST_VERDICTS_AMONG]]
    chosen = "&".join(f"run={run}" for run in runs)
    views = {f"compare {view}": f"/compare?{chosen}&view={view}" for view in VIEWS}
    return {**views, "live-runs": f"/api/v1/live-runs?{chosen}&key=loss"}


@pytest.mark.django_db
def test_no_page_asks_more_for_more_rows(web: Web, alice: User, actor_of: Callable[..., Actor]) -> None:
    by, client = actor_of(alice), web(alice)
    add(0, FEW - 1, by=by)
    known = objects(by.team)
    filled = {route: address(route, known) for route in routes()}
    addresses = {route: path for route, path in filled.items() if path is not None}
    counted(client, addresses | comparisons(by.team))  # what is kept in memory is read once
    few = counted(client, addresses | comparisons(by.team))
    add(FEW, MANY - 1, by=by)
    many = counted(client, addresses | comparisons(by.team))
    assert {route: (few[route], many[route]) for route in few if many.get(route) != few[route]} == {}
    assert len(few) > 100
    assert set(comparisons(by.team)) <= set(few)
    if os.environ.get("COUNT_QUERIES"):
        SNAPSHOT.write_text(json.dumps(many, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    kept: dict[str, int] = json.loads(SNAPSHOT.read_text(encoding="utf-8"))
    worse = {route: (kept[route], n) for route, n in many.items() if n > kept.get(route, n)}
    assert worse == {}, "pages that ask more than when they were counted: (then, now)"
