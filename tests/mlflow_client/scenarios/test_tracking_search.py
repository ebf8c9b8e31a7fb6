"""Searching runs: the whole filter grammar, order, pages, stages, several experiments."""

import json
import math
import uuid
from dataclasses import dataclass

import pytest
from mlflow.entities import DatasetInput, InputTag, Metric, ViewType
from mlflow.tracking import MlflowClient

from tests.mlflow_client.scenarios.conftest import Refused

try:
    from mlflow.entities import Dataset
except ImportError:  # the older client keeps it one level down
    from mlflow.entities.dataset import Dataset


@dataclass(frozen=True)
class Shelf:
    """Five runs of one experiment, by a short name each."""

    experiment: str
    ids: dict[str, str]

    def find(self, client: MlflowClient, text: str = "", *order: str) -> list[str]:
        names = {number: short for short, number in self.ids.items()}
        found = client.search_runs([self.experiment], text, order_by=list(order) or None)
        return [names[run.info.run_id] for run in found]


@pytest.fixture(scope="module")
def shelf() -> Shelf:
    client = MlflowClient()
    experiment = client.create_experiment(f"shelf {uuid.uuid4().hex[:12]}")
    ids = {}
    for number, short in enumerate("abcde"):
        run = client.create_run(
            experiment, start_time=1000 + number, run_name=f"Run {short}", tags={"my kind": f"k{number % 2}"}
        )
        ids[short] = run.info.run_id
        client.log_param(ids[short], "depth", number)
    for short, value in {"a": 0.5, "b": math.nan, "c": 2.0, "d": 1.0}.items():
        client.log_batch(
            ids[short],
            metrics=[Metric("score", 9, 1, 0), Metric("score", value, 2, 1), Metric("m/x y", 1, 1, 1)],
        )
    client.log_param(ids["a"], "only a", "Yes")
    client.set_tag(ids["b"], "only.b", "50% _off_")
    client.set_terminated(ids["a"], "FINISHED", 5000)
    client.set_terminated(ids["b"], "FAILED", 6000)
    dataset = Dataset("irises", "d1gest", "local", "{}")
    tag = InputTag("mlflow.data.context", "training")
    client.log_inputs(ids["c"], [DatasetInput(dataset, [tag])])
    return Shelf(experiment, ids)


FILTERS = [
    ("metrics.score > 0.5", "cd"),
    ("metrics.score >= 0.5", "acd"),
    ("metric.score < 2", "ad"),
    ("metrics.score <= 2.0", "acd"),
    ("metrics.score = 1", "d"),
    ("metrics.score != 1", "abc"),
    ("metrics.score > -1e3", "acd"),
    ("metrics.`m/x y` = 1", "abcd"),
    ('metrics."m/x y" = 1', "abcd"),
    ("params.depth = '3'", "d"),
    ("parameters.depth != '3'", "abce"),
    ("param.depth LIKE '%'", "abcde"),
    ("params.`only a` LIKE 'Y%'", "a"),
    ("params.`only a` LIKE 'y%'", ""),
    ("params.`only a` ILIKE 'y_s'", "a"),
    ("params.`only a` != 'x'", "a"),
    ("params.`only a` IS NULL", "bcde"),
    ("params.`only a` IS NOT NULL", "a"),
    ("tags.`my kind` = 'k1'", "bd"),
    ('tag.`my kind` = "k0"', "ace"),
    ("tags.only.b LIKE '50%'", "b"),
    ("tags.only.b IS NULL", "acde"),
    ("status = 'FAILED'", "b"),
    ("attributes.status != 'RUNNING'", "ab"),
    ("attr.run_name = 'Run c'", "c"),
    ("run_name ILIKE 'run%'", "abcde"),
    ("run_name LIKE 'run%'", ""),
    ("`Run name` = 'Run d'", "d"),
    ("start_time > 1002", "de"),
    ("attribute.created <= 1001", "ab"),
    ("end_time >= 5000 AND end_time < 6000", "a"),
    ("dataset.name = 'irises'", "c"),
    ("datasets.digest LIKE 'd1%'", "c"),
    ("dataset.context = 'training'", "c"),
    ("dataset.name IN ('irises', 'other')", "c"),
    ("dataset.name = 'tulips'", ""),
    ("metrics.score >= 0.5 and params.depth != '0' AND tags.`my kind` = 'k0'", "c"),
    ("params.absent = '1'", ""),
]


@pytest.mark.parametrize(("text", "expected"), FILTERS, ids=[text for text, _ in FILTERS])
def test_a_filter_finds(text: str, expected: str, shelf: Shelf, client: MlflowClient) -> None:
    assert sorted(shelf.find(client, text)) == sorted(expected)


def test_a_filter_by_run_ids(shelf: Shelf, client: MlflowClient) -> None:
    a, b = shelf.ids["a"], shelf.ids["b"]
    assert shelf.find(client, f"run_id = '{a}'") == ["a"]
    assert sorted(shelf.find(client, f"attributes.run_id IN ('{a}', '{b}')")) == ["a", "b"]
    assert sorted(shelf.find(client, f"run_id NOT IN ('{a}', '{b}')")) == ["c", "d", "e"]


@pytest.mark.only_ours
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("metrics.score > 1 OR params.depth = '4'", "ce"),
        ("NOT (status = 'RUNNING')", "ab"),
        ("params.depth IN ('1', '3')", "bd"),
    ],
)
def test_a_larger_grammar_than_mlflows(text: str, expected: str, shelf: Shelf, client: MlflowClient) -> None:
    assert sorted(shelf.find(client, text)) == sorted(expected)


ORDERS = [
    ((), "edcba"),
    (("metrics.score ASC",), "adcbe"),
    (("metrics.score DESC",), "cdabe"),
    (("metrics.score",), "adcbe"),
    (("params.depth DESC",), "edcba"),
    (("tags.`my kind` DESC", "start_time ASC"), "bdace"),
    (("attributes.start_time ASC",), "abcde"),
    (("run_name DESC",), "edcba"),
    (("status ASC", "created DESC"), "baedc"),
    (("end_time DESC", "start_time ASC"), "bacde"),
]


@pytest.mark.parametrize(
    ("order", "expected"), ORDERS, ids=[" ".join(order) or "none" for order, _ in ORDERS]
)
def test_an_order_is_kept(order: tuple[str, ...], expected: str, shelf: Shelf, client: MlflowClient) -> None:
    assert "".join(shelf.find(client, "", *order)) == expected


BAD_FILTERS = [
    "metrics.score > '0.5'",
    "params.depth = 3",
    "params.depth > '3'",
    "metrics.score LIKE '1'",
    "metrics.score",
    "nonsense.a = 1",
    "nonsense = 'a'",
    "params.depth = '3",
    "start_time LIKE '1'",
    "dataset.nonsense = 'x'",
    "1 = 1; DROP TABLE runs",
]


@pytest.mark.parametrize("text", BAD_FILTERS)
def test_a_filter_that_cannot_be(text: str, shelf: Shelf, client: MlflowClient, refused: Refused) -> None:
    refused("INVALID_PARAMETER_VALUE", client.search_runs, [shelf.experiment], text)


@pytest.mark.parametrize("order", ["nonsense.a", "metrics.score UP", "score DESC", "metrics.score ASC DESC"])
def test_an_order_that_cannot_be(order: str, shelf: Shelf, client: MlflowClient, refused: Refused) -> None:
    refused("INVALID_PARAMETER_VALUE", client.search_runs, [shelf.experiment], order_by=[order])


@pytest.mark.only_ours
def test_a_field_twice_in_the_order_is_refused(shelf: Shelf, client: MlflowClient, refused: Refused) -> None:
    twice = ["metrics.score ASC", "metrics.score DESC"]
    refused("INVALID_PARAMETER_VALUE", client.search_runs, [shelf.experiment], order_by=twice)


@pytest.mark.parametrize("order", [None, ["metrics.score DESC"], ["params.depth ASC"], ["tags.absent ASC"]])
def test_pages_hold_every_run_once(order: list[str] | None, shelf: Shelf, client: MlflowClient) -> None:
    whole = [run.info.run_id for run in client.search_runs([shelf.experiment], order_by=order)]
    seen: list[str] = []
    token = None
    for _ in range(10):
        page = client.search_runs([shelf.experiment], order_by=order, max_results=2, page_token=token)
        seen += [run.info.run_id for run in page]
        token = page.token
        if not token:
            break
    assert seen == whole
    assert sorted(seen) == sorted(shelf.ids.values())


def test_page_sizes_and_tokens_that_cannot_be(shelf: Shelf, client: MlflowClient, refused: Refused) -> None:
    where = [shelf.experiment]
    refused("INVALID_PARAMETER_VALUE", client.search_runs, where, max_results=50_001)
    refused("INVALID_PARAMETER_VALUE", client.search_runs, where, page_token="no token")


def test_deleted_runs_are_seen_on_demand(client: MlflowClient, experiment: str, run: str) -> None:
    other = client.create_run(experiment).info.run_id
    client.delete_run(run)

    def ids(view: int) -> set[str]:
        return {found.info.run_id for found in client.search_runs([experiment], run_view_type=view)}

    assert ids(ViewType.ACTIVE_ONLY) == {other}
    assert ids(ViewType.DELETED_ONLY) == {run}
    assert ids(ViewType.ALL) == {run, other}


def test_several_experiments_are_searched_at_once_and_unknown_ones_add_nothing(
    shelf: Shelf, client: MlflowClient, experiment: str, run: str
) -> None:
    found = client.search_runs([shelf.experiment, experiment, "987654321"])
    assert {item.info.run_id for item in found} == {run, *shelf.ids.values()}
    assert list(client.search_runs(["987654321"])) == []


def test_what_is_found_carries_all_its_data(shelf: Shelf, client: MlflowClient) -> None:
    [found] = client.search_runs([shelf.experiment], "dataset.name = 'irises'")
    assert found.data.metrics == {"score": 2.0, "m/x y": 1.0}
    assert found.data.params == {"depth": "2"}
    assert found.data.tags["my kind"] == "k0"
    assert found.inputs.dataset_inputs[0].dataset.name == "irises"
    assert json.dumps(found.to_dictionary())
