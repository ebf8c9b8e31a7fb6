"""Long metric histories: their order, and pages of 25,000 points that the client turns by itself."""

import json
import math
import os
import urllib.parse
import urllib.request
from typing import Any

import pytest
from mlflow.entities import Metric
from mlflow.tracking import MlflowClient

from tests.mlflow_client.scenarios.conftest import Refused

LONGER_THAN_A_PAGE = 25_300
ABSENT = "0123456789abcdef" * 2


def _page(**query: object) -> dict[str, Any]:
    """One page of a history as the wire has it."""
    address = f"{os.environ['MLFLOW_TRACKING_URI']}/api/2.0/mlflow/metrics/get-history?"
    request = urllib.request.Request(address + urllib.parse.urlencode(query))  # noqa: S310  # a loopback address
    token = os.environ.get("MLFLOW_TRACKING_TOKEN")
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310  # an address of our own server
        return dict(json.loads(answer.read()))


def test_a_history_longer_than_a_page_comes_whole_and_in_order(run: str, client: MlflowClient) -> None:
    points = [Metric("loss", 1 / (step + 1), 1_000_000 + step, step) for step in range(LONGER_THAN_A_PAGE)]
    for start in range(0, LONGER_THAN_A_PAGE, 1000):
        client.log_batch(run, metrics=points[start : start + 1000])
    history = client.get_metric_history(run, "loss")
    assert [point.step for point in history] == list(range(LONGER_THAN_A_PAGE))
    assert [point.value for point in history] == [point.value for point in points]
    assert client.get_run(run).data.metrics == {"loss": 1 / LONGER_THAN_A_PAGE}


def test_a_history_is_ordered_by_time_then_step_then_value(run: str, client: MlflowClient) -> None:
    points = [(2.0, 5, 1), (1.0, 5, 1), (0.0, 5, 0), (9.0, 1, 7), (4.0, 6, -3)]
    client.log_batch(run, metrics=[Metric("m", *point) for point in points])
    history = [(point.value, point.timestamp, point.step) for point in client.get_metric_history(run, "m")]
    assert history == sorted(points, key=lambda point: (point[1], point[2], point[0]))


def test_a_metric_that_was_never_logged_has_no_history(run: str, client: MlflowClient) -> None:
    assert list(client.get_metric_history(run, "absent")) == []


def test_pages_follow_each_other_by_token(run: str, client: MlflowClient) -> None:
    client.log_batch(run, metrics=[Metric("m", step, step, step) for step in range(5)])
    seen: list[int] = []
    token: dict[str, str] = {}
    for _ in range(3):
        page = _page(run_id=run, metric_key="m", max_results=2, **token)
        seen += [point["step"] for point in page["metrics"]]
        token = {"page_token": page["next_page_token"]} if page.get("next_page_token") else {}
    assert (seen, token) == ([0, 1, 2, 3, 4], {})


def test_values_on_the_wire_are_numbers_and_nan_a_word(run: str, client: MlflowClient) -> None:
    client.log_metric(run, "m", math.nan, timestamp=3, step=4)
    client.log_metric(run, "m", 1.5, timestamp=5, step=6)
    first, second = _page(run_id=run, metric_key="m")["metrics"]
    assert (first["value"], first["timestamp"], first["step"]) == ("NaN", 3, 4)
    assert (second["key"], second["value"], second["timestamp"], second["step"]) == ("m", 1.5, 5, 6)


@pytest.mark.only_ours
def test_the_history_of_a_run_that_is_not_there(client: MlflowClient, refused: Refused) -> None:
    refused("RESOURCE_DOES_NOT_EXIST", client.get_metric_history, ABSENT, "m")


def test_a_history_keeps_what_came_from_several_clients_at_once(run: str, client: MlflowClient) -> None:
    client.log_batch(run, metrics=[Metric(f"m{number % 10}", number, 1, number) for number in range(1000)])
    lengths = {len(client.get_metric_history(run, f"m{number}")) for number in range(10)}
    assert lengths == {100}
