"""Requests that wait for one model are joined: equal answers, nobody left behind, nobody hurt by another's rows."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sklearn.linear_model import LinearRegression

from mlregistry.errors import Invalid
from serving.hotpath.combining import MOST_JOINED, Combiner, joins_exactly
from serving.hotpath.models import load_model
from serving.hotpath.snapshot import ModelHandle
from tests.serving.hotpath.conftest import customers

Rows = list[dict[str, Any]]


class Slow:
    """Doubles numbers; the first call lasts until `go`, so that others come to wait."""

    def __init__(self) -> None:
        self.calls: list[int] = []
        self.started, self.go = threading.Event(), threading.Event()

    def __call__(self, rows: Rows) -> dict[str, Any]:
        self.calls.append(len(rows))
        self.started.set()
        self.go.wait(10)
        if any(row["x"] is None for row in rows):
            raise Invalid("x is missing.")
        return {"predictions": [2 * row["x"] for row in rows], "classes": ["a"]}


def _ask_together(slow: Slow, requests: list[Rows]) -> list[Any]:
    """The first alone; the others come while it is under way."""
    combiner = Combiner(slow)

    def one(rows: Rows) -> Any:
        try:
            return combiner.score(rows)
        except Invalid as error:
            return error

    with ThreadPoolExecutor(len(requests)) as pool:
        first = pool.submit(one, requests[0])
        slow.started.wait(10)
        others = [pool.submit(one, rows) for rows in requests[1:]]
        while len(combiner._waiting) < len(others):
            threading.Event().wait(0.001)
        slow.go.set()
        return [future.result(10) for future in (first, *others)]


def test_those_who_wait_share_one_call_and_each_gets_its_own_rows() -> None:
    slow = Slow()
    requests = [[{"x": n}] * (1 + n % 3) for n in range(9)]
    answers = _ask_together(slow, requests)
    assert slow.calls == [1, sum(map(len, requests[1:]))]
    assert [answer["predictions"] for answer in answers] == [
        [2 * row["x"] for row in rows] for rows in requests
    ]
    assert all(answer["classes"] == ["a"] for answer in answers)


def test_more_rows_than_fit_go_into_the_call_after() -> None:
    slow = Slow()
    answers = _ask_together(slow, [[{"x": n}] * 16 for n in range(12)])
    assert max(slow.calls) == MOST_JOINED
    assert sum(slow.calls) == 12 * 16
    assert [answer["predictions"][0] for answer in answers] == [2 * n for n in range(12)]


def test_another_ones_bad_rows_hurt_nobody() -> None:
    answers = _ask_together(Slow(), [[{"x": 1}], [{"x": None}], [{"x": 3}]])
    assert isinstance(answers[1], Invalid)
    assert [answers[0]["predictions"], answers[2]["predictions"]] == [[2], [6]]


def test_a_forest_is_joined(regressor: ModelHandle) -> None:
    assert load_model(regressor).combiner is not None


def test_a_product_of_matrices_is_not(classifier: ModelHandle) -> None:
    assert load_model(classifier).combiner is None
    frame = customers()[["months"]]
    wide = frame.assign(**{f"x{n}": frame["months"] * 0.37 * n % 7 for n in range(30)})
    linear = LinearRegression().fit(wide.to_numpy(), frame["months"] ** 0.5)

    def score(asked: Rows) -> dict[str, Any]:
        return {"predictions": linear.predict([list(row.values()) for row in asked]).tolist()}

    assert not joins_exactly(score, [{str(name): 0.3 * n for n, name in enumerate(wide)}])


@pytest.mark.parametrize("example", [[], [{"x": None}]])
def test_without_an_example_that_it_answers_nothing_is_joined(example: Rows) -> None:
    slow = Slow()
    slow.go.set()
    assert not joins_exactly(slow, example)
