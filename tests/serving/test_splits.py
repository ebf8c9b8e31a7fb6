"""The form of a split and what it says beforehand; the request to paste elsewhere."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from mlregistry.accounts.actions import tokens
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import User
from models_app.models import ModelVersion
from serving.actions.counts import add_counts
from serving.actions.split_previews import preview
from serving.hotpath.counters import Key, Tally
from serving.hotpath.split import Layout, moves, reweigh
from serving.models import Endpoint
from serving.web import snippets
from tests.serving.conftest import ROW, two_variants

Api = Callable[..., APIClient]
Web = Callable[[User], Client]
PAGE = "/endpoints/tumour/variants/preview"


def test_moves_are_counted_by_who_gives_and_who_takes() -> None:
    before = reweigh({"a": 70, "b": 20, "c": 10})
    after = reweigh({"a": 60, "b": 20, "d": 20}, previous=before)
    counts = moves(before, after)
    assert sum(counts.values()) == 10_000
    assert {pair: n for pair, n in counts.items() if pair[0] != pair[1]} == {
        ("a", "d"): 1000,
        ("c", "d"): 1000,
    }
    assert moves(before, before) == {("a", "a"): 7000, ("b", "b"): 2000, ("c", "c"): 1000}


def test_a_preview_says_what_the_change_then_does(
    endpoint: Endpoint, versions: list[ModelVersion], by: Actor
) -> None:
    tally = Tally(n_requests=200, n_rows=200, seconds=1.0)
    add_counts({Key(endpoint.pk, "champion", versions[0].pk, 200): tally})
    found = preview(endpoint, two_variants(versions, 60, 40), by=by)
    assert [(one.source, one.target, one.share, one.n_a_day) for one in found.moved] == [
        ("champion", "challenger", 0.3, 60)
    ]
    assert (found.stays, found.swapped, found.test) == (0.7, (), "")
    same = preview(endpoint, two_variants(versions, 90, 10), by=by)
    assert not same.changes
    turned = preview(endpoint, two_variants(versions[::-1], 90, 10), by=by)
    assert [name for name, _, _ in turned.swapped] == ["champion", "challenger"]
    endpoint.refresh_from_db()
    assert Layout.from_json(endpoint.layout).shares() == {"champion": 9000, "challenger": 1000}


def test_the_page_and_the_api_tell_it_and_what_is_wrong(
    endpoint: Endpoint, versions: list[ModelVersion], bob: User, vera: User, web: Web, api: Api
) -> None:
    rows: dict[str, Any] = {
        "variant": ["champion", "challenger"], "version": ["tumour/1", "tumour/2"], "weight": ["75", "25"],
    }  # fmt: skip
    text = web(bob).get(PAGE, rows).content.decode()
    assert "<b>15.0 %</b>" in text
    assert "from <b>champion</b> to <b>challenger</b>" in text
    for wrong, words in (
        ({"weight": ["75", "20"]}, "must sum to 100"),
        ({"weight": ["75", "many"]}, "many"),
        ({"variant": ["champion", "champion"]}, "Two variants are named"),
        ({"version": ["tumour/1", "tumour/99"]}, "99"),
    ):
        answer = web(bob).get(PAGE, rows | wrong)
        assert answer.status_code == 200
        assert words in unescape(answer.content.decode())
    assert web(vera).get(PAGE, rows).status_code == 403
    path = "/api/v1/endpoints/tumour/variants/preview"
    wanted = [
        {"name": "champion", "model": "tumour", "version": 1, "weight": 75},
        {"name": "challenger", "model": "tumour", "version": 2, "weight": 25},
    ]
    assert api(vera).post(path, {"variants": wanted}, format="json").status_code == 403
    told = api(bob).post(path, {"variants": wanted}, format="json").json()
    assert told["moved"] == [{"source": "champion", "target": "challenger", "share": 0.15, "n_a_day": 0}]
    assert told["stays"] == 0.85


@pytest.mark.django_db(transaction=True)
def test_the_snippets_work_when_they_are_pasted(endpoint: Endpoint, by: Actor, live_server: Any) -> None:
    _, secret = tokens.create_token("paste", scopes=["predict"], by=by)
    found = {
        one.key: one.text
        for one in snippets.of(f"{live_server.url}/api/v1/endpoints/tumour", {"dataframe_records": [ROW]})
    }
    environment = os.environ | {"TOKEN": secret}
    python = subprocess.run(
        [sys.executable, "-c", found["python"]],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "'predictions': [0]" in python.stdout
    shell = subprocess.run(
        ["sh", "-c", found["curl"]], env=environment, capture_output=True, text=True, timeout=60
    )
    assert '"predictions":[0]' in shell.stdout


def test_no_value_breaks_out_of_a_snippet() -> None:
    odd = {"dataframe_records": [{'it\'s "so"': "`$(id)` ${x} \\ ' \n ü", "none": None, "yes": True}]}
    found = {one.key: one.text for one in snippets.of("http://127.0.0.1:1/api/v1/endpoints/a", odd)}
    python = found["python"].split("headers =")[0] + "print(json.dumps(body))"
    printed = subprocess.run(
        [sys.executable, "-c", python], capture_output=True, text=True, timeout=60, check=True
    )
    assert json.loads(printed.stdout) == odd
    shell = found["curl"].replace("curl ", "printf '%s\\n' ", 1)
    shown = subprocess.run(["sh", "-c", shell], capture_output=True, text=True, timeout=60, check=True)
    assert "`$(id)` ${x}" in shown.stdout
