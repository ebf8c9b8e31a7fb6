"""MLflow's reads of runs over its wire: search, one run, histories, datasets; rules 2.1, 2.3 and 2.4."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from experiments.models import (
    Experiment,
    InputDataset,
    LatestMetric,
    LoggedModel,
    MetricChunk,
    Param,
    Problem,
    Run,
    RunInput,
    RunModel,
    RunTag,
)
from experiments.queries import search as queries
from mlregistry.accounts.models import User

from .conftest import Mlflow

Make = Callable[..., Mlflow]
START = datetime(2026, 1, 1, tzinfo=UTC)
MILLIS = 1_767_225_600_000
NAN = float("nan")


@pytest.fixture
def experiment(mlflow: Make, bob: User) -> Experiment:
    made = mlflow(bob).post("experiments/create", {"name": "searched"})[1]
    return Experiment.objects.get(pk=int(made["experiment_id"]))


def logged(
    experiment: Experiment,
    number: int,
    *,
    params: dict[str, str] | None = None,
    metrics: dict[str, float | None] | None = None,
    tags: dict[str, str] | None = None,
    **fields: Any,
) -> Run:
    """The run that began `number` seconds after the first; a metric of None is NaN."""
    fields = {"name": f"run-{number}", "started_at": START + timedelta(seconds=number), **fields}
    run = Run.objects.create(id=uuid.UUID(int=1000 + number), experiment=experiment, **fields)
    for key, value in (params or {}).items():
        Param.objects.create(run=run, experiment=experiment, key=key, value=value)
    for key, value in (tags or {}).items():
        RunTag.objects.create(run=run, experiment=experiment, key=key, value=value)
    for name, number_ in (metrics or {}).items():
        metric = number_ or 0.0
        extremes = (
            {"minimum": None, "maximum": None}
            if number_ is None
            else {"minimum": metric - 1, "maximum": metric + 1}
        )
        LatestMetric.objects.create(
            run=run,
            experiment=experiment,
            key=name,
            value=metric,
            is_nan=number_ is None,
            timestamp=5,
            **extremes,
        )
    return run


def names(answer: Any) -> list[str]:
    return [run["info"]["run_name"] for run in answer.get("runs", [])]


def found(api: Mlflow, experiment: Experiment, filter: str = "", **more: Any) -> list[str]:
    status, answer = api.post(
        "runs/search", {"experiment_ids": [str(experiment.pk)], "filter": filter, **more}
    )
    assert status == 200, answer
    return names(answer)


def refused(answer: tuple[int, Any]) -> str:
    status, error = answer
    assert (status, error["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    return str(error["message"])


def test_a_run_is_told_whole_with_numbers_as_numbers_and_nan_as_a_word(
    mlflow: Make, bob: User, experiment: Experiment
) -> None:
    run = logged(
        experiment, 1, params={"lr": 'a"\\b\n'}, metrics={"m": 0.1, "n": None, "big": 1.7976931348623157e308},
        tags={"k": "ü"}, note="why", user_name="rob", ended_at=START + timedelta(milliseconds=1500),
    )  # fmt: skip
    status, answer = mlflow(bob).get("runs/get", run_id=run.pk.hex)
    assert status == 200
    told = answer["run"]
    assert told["info"] == {
        "run_id": run.pk.hex, "run_uuid": run.pk.hex, "run_name": "run-1", "experiment_id": str(experiment.pk),
        "user_id": "rob", "status": "RUNNING", "start_time": MILLIS + 1000, "end_time": MILLIS + 1500,
        "artifact_uri": f"mlflow-artifacts:/{experiment.pk}/{run.pk.hex}/artifacts", "lifecycle_stage": "active",
    }  # fmt: skip
    assert told["data"]["params"] == [{"key": "lr", "value": 'a"\\b\n'}]
    assert {tag["key"]: tag["value"] for tag in told["data"]["tags"]} == {
        "k": "ü", "mlflow.runName": "run-1", "mlflow.note.content": "why",
    }  # fmt: skip
    values = {metric["key"]: metric["value"] for metric in told["data"]["metrics"]}
    assert values == {"m": 0.1, "n": "NaN", "big": 1.7976931348623157e308}
    assert (told["inputs"], told["outputs"]) == ({}, {})


def test_empty_lists_and_an_absent_end_are_left_out_of_a_run(
    mlflow: Make, bob: User, experiment: Experiment
) -> None:
    run = logged(experiment, 1, name="")
    told = mlflow(bob).get("runs/get", run_uuid=run.pk.hex)[1]["run"]
    assert told["data"] == {}
    assert "end_time" not in told["info"]


def test_inputs_and_outputs_come_with_the_run(mlflow: Make, bob: User, experiment: Experiment) -> None:
    run = logged(experiment, 1)
    data = InputDataset.objects.create(
        experiment=experiment, name="d", digest="1", source_type="local", source="{}", schema="s"
    )
    RunInput.objects.create(run=run, dataset=data, tags={"mlflow.data.context": "training"})
    model = LoggedModel.objects.create(experiment=experiment, name="m")
    RunModel.objects.create(run=run, logged_model=model, role="output", step=3)
    RunModel.objects.create(run=run, logged_model=model, role="input")
    api = mlflow(bob)
    told = api.get("runs/get", run_id=run.pk.hex)[1]["run"]
    model_id = f"m-{model.pk.hex}"
    assert told["inputs"] == {
        "dataset_inputs": [
            {
                "tags": [{"key": "mlflow.data.context", "value": "training"}],
                "dataset": {
                    "name": "d",
                    "digest": "1",
                    "source_type": "local",
                    "source": "{}",
                    "schema": "s",
                },
            }
        ],
        "model_inputs": [{"model_id": model_id}],
    }
    assert told["outputs"] == {"model_outputs": [{"model_id": model_id, "step": 3}]}
    summary = {"experiment_id": str(experiment.pk), "name": "d", "digest": "1", "context": "training"}
    asked = {"experiment_ids": [str(experiment.pk)]}
    assert api.post("experiments/search-datasets", asked) == (200, {"dataset_summaries": [summary]})


def test_the_search_of_datasets_names_one_to_twenty_experiments(mlflow: Make, bob: User) -> None:
    api = mlflow(bob)
    for ids in ([], [str(n) for n in range(21)]):
        refused(api.post("experiments/search-datasets", {"experiment_ids": ids}))
    assert api.post("experiments/search-datasets", {"experiment_ids": ["999999"]}) == (200, {})


def test_runs_come_newest_first_and_ties_by_id(mlflow: Make, bob: User, experiment: Experiment) -> None:
    for number in (1, 3, 2):
        logged(experiment, number, started_at=START if number < 3 else START + timedelta(days=1))
    assert found(mlflow(bob), experiment) == ["run-3", "run-1", "run-2"]


def test_zero_is_the_default_experiment_and_unknown_ids_find_nothing(mlflow: Make, bob: User) -> None:
    api = mlflow(bob)
    assert api.post("runs/search", {"experiment_ids": ["0"]}) == (200, {})
    api.post("runs/create", {"experiment_id": "0", "start_time": 5, "run_name": "here"})
    answer = api.post("runs/search", {"experiment_ids": ["0", "987654", str(2**80)]})[1]
    assert names(answer) == ["here"]
    assert answer["runs"][0]["info"]["experiment_id"] == "0"
    assert api.post("runs/search", {"experiment_ids": []}) == (200, {})
    assert api.post("runs/search", {}) == (200, {})
    refused(api.post("runs/search", {"experiment_ids": ["abc"]}))


def test_metric_filters_see_the_latest_value_and_exclude_runs_without_the_metric(
    mlflow: Make, bob: User, experiment: Experiment
) -> None:
    logged(experiment, 1, metrics={"loss": 0.5})
    logged(experiment, 2, metrics={"loss": 1e9})
    logged(experiment, 3, metrics={"other": 1})
    api = mlflow(bob)
    for text, expected in (
        ("metrics.loss < 1", ["run-1"]), ("metric.loss >= 0.5", ["run-2", "run-1"]), ("metrics.loss = 0.5", ["run-1"]),
        ("metrics.loss != 0.5", ["run-2"]), ("metrics.loss < 1e400", ["run-2", "run-1"]), ("metrics.none > 1", []),
    ):  # fmt: skip
        assert found(api, experiment, text) == expected, text


def test_nan_matches_not_equal_and_no_other_comparison(
    mlflow: Make, bob: User, experiment: Experiment
) -> None:
    logged(experiment, 1, metrics={"m": None})
    api = mlflow(bob)
    for operator in ("=", "<", "<=", ">", ">="):
        assert found(api, experiment, f"metrics.m {operator} 0") == [], operator
        assert found(api, experiment, f"min(metrics.m) {operator} 0") == [], operator
    assert found(api, experiment, "metrics.m != 0") == ["run-1"]
    assert found(api, experiment, "max(metrics.m) != 0") == ["run-1"]


def test_params_and_tags_are_compared_as_text_and_not_equal_needs_the_key(
    mlflow: Make, bob: User, experiment: Experiment
) -> None:
    long = "x" * 300
    logged(experiment, 1, params={"p": "Adam", "long": long}, tags={"t.u": "one"})
    logged(experiment, 2, params={"p": "sgd", "long": long[:-1]})
    api = mlflow(bob)
    for text, expected in (
        ("params.p = 'Adam'", ["run-1"]), ("params.p = 'adam'", []), ("parameter.p != 'Adam'", ["run-2"]),
        ("params.p LIKE 'A%'", ["run-1"]), ("params.p ILIKE 'a%'", ["run-1"]), ("params.p LIKE 'a%'", []),
        (f"params.long = '{long}'", ["run-1"]), ("params.p IN ('sgd', 'lbfgs')", ["run-2"]),
        ("params.p RLIKE '^s.d$'", ["run-2"]), ("params.p NOT LIKE 'A%'", ["run-2"]),
        ('tags."t.u" = "one"', ["run-1"]), ("tags.`t.u` != 'one'", []),
        ("tags.`t.u` IS NULL", ["run-2"]), ("params.p IS NOT NULL", ["run-2", "run-1"]),
    ):  # fmt: skip
        assert found(api, experiment, text) == expected, text


def test_name_and_note_are_tags_too_and_blank_ones_are_none(
    mlflow: Make, bob: User, experiment: Experiment
) -> None:
    logged(experiment, 1, note="see here")
    logged(experiment, 2, name="")
    api = mlflow(bob)
    for text, expected in (
        ("tags.mlflow.runName = 'run-1'", ["run-1"]), ("tags.`mlflow.runName` IS NULL", [""]),
        ("tags.`mlflow.note.content` LIKE '%here'", ["run-1"]), ("tags.`mlflow.note.content` != 'x'", ["run-1"]),
        ("run_name = 'run-1'", ["run-1"]), ("attributes.`Run name` != 'zzz'", ["run-1"]),
    ):  # fmt: skip
        if "tags.mlflow.runName" in text:
            text = text.replace("mlflow.runName", "`mlflow.runName`")
        assert found(api, experiment, text) == expected, text
    assert found(api, experiment, order_by=["tags.`mlflow.note.content` DESC"]) == ["run-1", ""]


def test_attributes_are_compared_by_their_kind(mlflow: Make, bob: User, experiment: Experiment) -> None:
    one = logged(experiment, 1, status="FINISHED", user_name="me", ended_at=START + timedelta(seconds=9))
    logged(experiment, 2)
    api = mlflow(bob)
    for text, expected in (
        ("status = 'FINISHED'", ["run-1"]), ("attribute.status != 'FINISHED'", ["run-2"]),
        ("user_id = 'me'", ["run-1"]),
        (f"start_time = {MILLIS + 1000}", ["run-1"]), (f"start_time > {MILLIS + 1000}", ["run-2"]),
        (f"start_time >= {MILLIS + 1000}", ["run-2", "run-1"]), (f"created < {MILLIS + 2000}", ["run-1"]),
        (f"start_time <= {MILLIS + 1000.5}", ["run-1"]), (f"start_time != {MILLIS + 1000}", ["run-2"]),
        (f"start_time < {10**30}", ["run-2", "run-1"]), (f"start_time > -{10**30}", ["run-2", "run-1"]),
        (f"end_time = {MILLIS + 9000}", ["run-1"]), ("end_time > 0", ["run-1"]),
        (f"run_id = '{one.pk.hex}'", ["run-1"]), (f"run_id != '{one.pk.hex}'", ["run-2"]),
        (f"run_id IN ('{one.pk.hex}', 'none')", ["run-1"]), (f"run_id NOT IN ('{one.pk.hex}')", ["run-2"]),
        (f"run_id LIKE '%{one.pk.hex[-6:]}'", ["run-1"]), (f"run_id = '{one.pk.hex.upper()}x'", []),
        (f"artifact_uri LIKE '%/{one.pk.hex}/artifacts'", ["run-1"]),
    ):  # fmt: skip
        assert found(api, experiment, text) == expected, text


def test_datasets_are_filtered_by_name_digest_and_context(
    mlflow: Make, bob: User, experiment: Experiment
) -> None:
    run = logged(experiment, 1)
    logged(experiment, 2)
    data = InputDataset.objects.create(
        experiment=experiment, name="iris", digest="ab", source_type="local", source="{}"
    )
    RunInput.objects.create(run=run, dataset=data, tags={"mlflow.data.context": "train"})
    api = mlflow(bob)
    for text, n in (
        ("dataset.name = 'iris'", 1), ("datasets.digest LIKE 'a%'", 1), ("dataset.context = 'train'", 1),
        ("dataset.context != 'train'", 0), ("dataset.name IN ('x')", 0), ("NOT dataset.name = 'iris'", 1),
    ):  # fmt: skip
        assert len(found(api, experiment, text)) == n, text


def test_or_not_and_parentheses_join_comparisons(mlflow: Make, bob: User, experiment: Experiment) -> None:
    for number in (1, 2, 3):
        logged(experiment, number, metrics={"m": number}, params={"p": str(number)})
    api = mlflow(bob)
    assert found(api, experiment, "metrics.m = 1 OR params.p = '3'") == ["run-3", "run-1"]
    assert found(api, experiment, "NOT (metrics.m = 1 OR params.p = '3')") == ["run-2"]
    assert found(api, experiment, "metrics.m > 1 AND NOT params.p = '3'") == ["run-2"]
    assert found(api, experiment, "NOT metrics.none > 1") == ["run-3", "run-2", "run-1"]


def test_least_and_greatest_values_are_filtered_and_ordered_by(
    mlflow: Make, bob: User, experiment: Experiment
) -> None:
    for number in (1, 2):
        logged(experiment, number, metrics={"m": number})
    logged(experiment, 3, metrics={"m": None})
    logged(experiment, 4)
    api = mlflow(bob)
    assert found(api, experiment, "min(metrics.m) < 0.5") == ["run-1"]
    assert found(api, experiment, "max(metrics.m) = 3") == ["run-2"]
    for aggregate in ("min", "max", "last"):
        ordered = found(api, experiment, order_by=[f"{aggregate}(metrics.m) DESC"])
        assert ordered == ["run-2", "run-1", "run-3", "run-4"], aggregate


def test_the_best_value_follows_the_direction_of_the_problem(
    mlflow: Make, bob: User, experiment: Experiment
) -> None:
    for number in (1, 2):
        logged(experiment, number, metrics={"m": number})
    api = mlflow(bob)
    body = {"experiment_ids": [str(experiment.pk)], "filter": "best(metrics.m) < 0.5"}
    assert "min()" in refused(api.post("runs/search", body))
    experiment.problem = Problem.objects.create(
        team=experiment.team,
        name="p",
        kind="regression",
        target="y",
        primary_metric="rmse",
        direction="minimize",
    )
    experiment.save()
    assert found(api, experiment, "best(metrics.m) < 0.5") == ["run-1"]
    Problem.objects.update(direction="maximize")
    assert found(api, experiment, "best(metrics.m) < 2.5") == ["run-1"]
    assert found(api, experiment, order_by=["best(metrics.m) DESC"]) == ["run-2", "run-1"]


def test_orders_put_numbers_then_nan_then_missing_whatever_the_direction(
    mlflow: Make, bob: User, experiment: Experiment
) -> None:
    values: list[dict[str, float | None]] = [{"m": 2}, {"m": None}, {"m": -1}, {}, {"m": 0}]
    for number, metrics in enumerate(values):
        logged(experiment, number, metrics=metrics)
    api = mlflow(bob)
    for order, expected in (
        ("metrics.m", "24013"), ("metrics.m ASC", "24013"), ("metrics.m DESC", "04213"),
    ):  # fmt: skip
        wanted = [f"run-{number}" for number in expected]
        for wrap in ([order], ["params.none", order]):
            assert found(api, experiment, order_by=wrap) == wanted, wrap
            assert paged(api, experiment, size=1, order_by=wrap) == wanted, wrap
            assert paged(api, experiment, size=2, order_by=wrap, filter="start_time > 0") == wanted, wrap


def test_params_tags_and_attributes_order_with_missing_ones_last(
    mlflow: Make, bob: User, experiment: Experiment
) -> None:
    logged(experiment, 1, params={"p": "b"}, tags={"t": "x"}, ended_at=START)
    logged(experiment, 2, params={"p": "a"}, status="FAILED")
    logged(experiment, 3)
    api = mlflow(bob)
    for order, expected in (
        ("params.p", "213"), ("params.p DESC", "123"), ("tags.t", "132"), ("end_time DESC", "132"), ("end_time", "132"),
        ("start_time ASC", "123"), ("attributes.run_id DESC", "321"), ("run_name DESC", "321"), ("status", "231"),
        ("artifact_uri", "123"), ("user_id", "321"),
    ):  # fmt: skip
        wanted = [f"run-{number}" for number in expected]
        assert found(api, experiment, order_by=[order]) == wanted, order
        assert paged(api, experiment, size=1, order_by=[order]) == wanted, order


def paged(api: Mlflow, experiment: Experiment, *, size: int, **query: Any) -> list[str]:
    """All names, page by page."""
    body = {"experiment_ids": [str(experiment.pk)], "max_results": size, **query}
    got: list[str] = []
    for _ in range(100):
        status, answer = api.post("runs/search", body)
        assert status == 200, answer
        got += names(answer)
        if "next_page_token" not in answer:
            return got
        assert len(names(answer)) == size
        body["page_token"] = answer["next_page_token"]
    raise AssertionError("The pages do not end.")


def test_pages_hold_each_run_once_also_among_ties(mlflow: Make, bob: User, experiment: Experiment) -> None:
    for number in range(9):
        logged(experiment, number, started_at=START, metrics={"m": number % 2}, tags={"t": "x"})
    api = mlflow(bob)
    for order in (
        [],
        ["metrics.m DESC"],
        ["metrics.m", "run_name DESC"],
        ["tags.t", "metrics.m"],
        ["start_time ASC"],
    ):
        for filter in ("", "tags.t = 'x'"):
            everything = found(api, experiment, filter, order_by=order)
            assert len(set(everything)) == 9
            assert paged(api, experiment, size=2, order_by=order, filter=filter) == everything, order


def test_a_walk_down_the_index_and_a_whole_search_find_the_same(
    mlflow: Make, bob: User, experiment: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(30):
        logged(experiment, number, metrics={"m": number // 4, "n": number % 7}, params={"p": str(number % 3)})
    api = mlflow(bob)
    asked: dict[str, Any] = {
        "filter": "metrics.n > 2 AND (params.p = '1' OR metrics.m = 0)",
        "order_by": ["metrics.m DESC"],
    }
    for query in (asked, {**asked, "order_by": []}, {**asked, "filter": "params.p = 'none'"}):
        whole = found(api, experiment, **query)
        for first in (1, 2, 5):
            for name, value in (("FIRST_STEPS", first), ("STEPS_PER_ROW", 0), ("MOST_STEPS", 20)):
                monkeypatch.setattr(queries, name, value)
            assert paged(api, experiment, size=3, **query) == whole
            assert found(api, experiment, **query) == whole


def test_several_experiments_are_searched_as_one(mlflow: Make, bob: User, experiment: Experiment) -> None:
    api = mlflow(bob)
    other = Experiment.objects.create(team=experiment.team, name="other")
    for number in range(6):
        logged(
            experiment if number % 2 else other, number, metrics={"m": number % 3}, params={"p": str(number)}
        )
    both = {"experiment_ids": [str(experiment.pk), str(other.pk)]}
    newest = [f"run-{number}" for number in (5, 4, 3, 2, 1, 0)]
    assert names(api.post("runs/search", both)[1]) == newest
    assert paged(api, experiment, size=2, **both) == newest
    by_metric = {**both, "order_by": ["metrics.m DESC"], "filter": "params.p != '5'"}
    assert paged(api, experiment, size=2, **by_metric) == [f"run-{number}" for number in (2, 4, 1, 3, 0)]


def test_deleted_runs_are_seen_by_their_view(mlflow: Make, bob: User, experiment: Experiment) -> None:
    logged(experiment, 1)
    logged(experiment, 2, lifecycle="deleted")
    api = mlflow(bob)
    for view, expected in (
        ("ACTIVE_ONLY", ["run-1"]), ("DELETED_ONLY", ["run-2"]), ("ALL", ["run-2", "run-1"]), (3, ["run-2", "run-1"]),
    ):  # fmt: skip
        assert found(api, experiment, run_view_type=view) == expected
    told = mlflow(bob).get("runs/get", run_id=uuid.UUID(int=1002).hex)[1]["run"]
    assert told["info"]["lifecycle_stage"] == "deleted"


def test_wrong_limits_filters_orders_and_tokens_are_refused(
    mlflow: Make, bob: User, experiment: Experiment
) -> None:
    api = mlflow(bob)
    for number in range(3):
        logged(experiment, number)
    good = {"experiment_ids": [str(experiment.pk)], "max_results": 1}
    token = api.post("runs/search", good)[1]["next_page_token"]
    for wrong in (
        {"max_results": 0}, {"max_results": -1}, {"max_results": 50_001}, {"max_results": "x"}, {"filter": 5},
        {"filter": "metrics.m > 'a'"}, {"filter": "params.p > 3"}, {"filter": "size = 'x'"}, {"filter": "metrics.m >"},
        {"filter": "status RLIKE '('"}, {"filter": "metrics.m IS NULL"}, {"filter": "dataset.size = 'x'"},
        {"order_by": ["metrics.m", "metrics.m DESC"]}, {"order_by": ["dataset.name"]}, {"order_by": "start_time"},
        {"page_token": "abc"}, {"page_token": token, "filter": "status = 'RUNNING'"},
        {"page_token": token, "order_by": ["metrics.m"]}, {"page_token": token[:-2] + "AA"},
        {"run_view_type": "SOME"}, {"experiment_ids": "1"}, {"filter": "x" * 100_001},
    ):  # fmt: skip
        refused(api.post("runs/search", {**good, **wrong}))
    assert len(api.post("runs/search", {**good, "page_token": token})[1]["runs"]) == 1


def test_a_pattern_that_takes_too_long_is_stopped(
    mlflow: Make, bob: User, experiment: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "PATTERN_MILLIS", 50)
    logged(experiment, 1, params={"p": "a" * 5000 + "b"})
    slow = r"params.p RLIKE '^(.*)(.*)(.*)\3\2\1$'"
    message = refused(
        mlflow(bob).post("runs/search", {"experiment_ids": [str(experiment.pk)], "filter": slow})
    )
    assert "too long" in message


def points(run: Run, values: list[tuple[int, int, float, bool]], key: str = "loss") -> None:
    """As several calls would log them, the last of which was sent twice."""
    for part in (values[:2], values[2:], values[2:]):
        if part:
            MetricChunk.objects.create(
                run=run, key=key, change=MetricChunk.objects.count(),
                first_at=min(at for at, *_ in part), last_at=max(at for at, *_ in part),
                timestamps=[at for at, *_ in part], steps=[step for _, step, *_ in part],
                numbers=[NAN if nan else value for *_, value, nan in part],
            )  # fmt: skip


def test_a_history_comes_by_timestamp_step_and_value_in_pages(
    mlflow: Make, bob: User, experiment: Experiment
) -> None:
    run = logged(experiment, 1)
    wanted = [
        (1, 2, 0.5, False),
        (2, 0, 0.0, True),
        (2, 1, 0.1, False),
        (2, 1, 0.2, False),
        (3, 0, 9.0, False),
    ]
    points(run, wanted[::-1])
    api = mlflow(bob)
    told = [{"key": "loss", "value": "NaN" if nan else value, "timestamp": at, "step": step}
            for at, step, value, nan in wanted]  # fmt: skip
    query = {"run_id": run.pk.hex, "metric_key": "loss"}
    assert api.get("metrics/get-history", **query) == (200, {"metrics": told})
    got: list[Any] = []
    token: dict[str, str] = {}
    for _ in range(5):
        answer = api.get("metrics/get-history", **query, **token, max_results=2)[1]
        got += answer["metrics"]
        if "next_page_token" not in answer:
            break
        token = {"page_token": answer["next_page_token"]}
    assert got == told
    assert api.get("metrics/get-history", run_id=run.pk.hex, metric_key="none") == (200, {})
    odd = 'a"\\ü'
    points(run, [(1, 0, 1.5, False)], odd)
    assert api.get("metrics/get-history", run_uuid=run.pk.hex, metric_key=odd)[1]["metrics"][0]["key"] == odd


def test_the_history_of_an_unknown_run_is_not_found_and_bad_pages_are_refused(
    mlflow: Make, bob: User, charlie: User, experiment: Experiment
) -> None:
    run = logged(experiment, 1)
    points(run, [(1, 0, 1.0, False), (2, 0, 1.0, False)])
    api = mlflow(bob)
    query = {"run_id": run.pk.hex, "metric_key": "loss"}
    for unknown in (uuid.uuid4().hex, "abc"):
        status, error = api.get("metrics/get-history", run_id=unknown, metric_key="loss")
        assert (status, error["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")
    assert mlflow(charlie).get("metrics/get-history", **query)[0] == 404
    for wrong in (
        {"max_results": 0},
        {"max_results": -1},
        {"page_token": "x"},
        {"metric_key": ""},
        {"run_id": ""},
    ):
        refused(api.get("metrics/get-history", **{**query, **wrong}))
    token = api.get("metrics/get-history", **query, max_results=1)[1]["next_page_token"]
    refused(api.get("metrics/get-history", run_id=run.pk.hex, metric_key="other", page_token=token))


def test_histories_of_several_runs_come_run_by_run(
    mlflow: Make, bob: User, charlie: User, experiment: Experiment
) -> None:
    one, two = logged(experiment, 1), logged(experiment, 2)
    for run in (one, two):
        points(run, [(at, at, float(at), False) for at in range(4)])
    api = mlflow(bob)
    query = {"run_id": [two.pk.hex, one.pk.hex, uuid.uuid4().hex], "metric_key": "loss"}
    for path in ("metrics/get-history-bulk", "/ajax-api/2.0/mlflow/metrics/get-history-bulk"):
        got = api.get(path, **query)[1]["metrics"]
        assert [point["run_id"] for point in got] == [one.pk.hex] * 4 + [two.pk.hex] * 4
    assert len(api.get("metrics/get-history-bulk", **query, max_results=5)[1]["metrics"]) == 5
    assert mlflow(charlie).get("metrics/get-history-bulk", **query) == (200, {"metrics": []})
    refused(api.get("metrics/get-history-bulk", metric_key="loss"))
    refused(api.get("metrics/get-history-bulk", run_id=one.pk.hex))
    refused(api.get("metrics/get-history-bulk", run_id=[one.pk.hex] * 101, metric_key="loss"))


def test_samples_keep_the_first_and_the_last_point_and_even_distances(
    mlflow: Make, bob: User, experiment: Experiment
) -> None:
    run = logged(experiment, 1)
    points(run, [(100 - step, step, float(step), False) for step in range(101)])
    api = mlflow(bob)
    query = {"run_ids": [run.pk.hex], "metric_key": "loss"}

    def steps(**more: int) -> list[int]:
        return [
            point["step"]
            for point in api.get("metrics/get-history-bulk-interval", **query, **more)[1]["metrics"]
        ]

    assert steps() == list(range(101))
    assert steps(max_results=5) == [0, 21, 41, 61, 100]
    assert steps(max_results=1) == [100]
    assert steps(start_step=10, end_step=12) == [10, 11, 12]
    assert steps(start_step=10, end_step=20, max_results=2) == [10, 20]
    assert api.get("metrics/get-history-bulk-interval", run_ids=uuid.uuid4().hex, metric_key="loss") == (
        200,
        {},
    )
    for wrong in (
        {"start_step": 1}, {"end_step": 1}, {"start_step": 5, "end_step": 4}, {"max_results": 0},
        {"max_results": 2501}, {"run_ids": [run.pk.hex] * 101}, {"metric_key": ""},
    ):  # fmt: skip
        refused(api.get("metrics/get-history-bulk-interval", **{**query, **wrong}))


def test_another_team_s_runs_are_not_there(
    mlflow: Make, bob: User, charlie: User, experiment: Experiment
) -> None:
    run = logged(experiment, 1)
    stranger = mlflow(charlie)
    status, error = stranger.get("runs/get", run_id=run.pk.hex)
    assert (status, error["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")
    assert mlflow(bob).get("runs/get", run_id="abc")[0] == 404
    assert stranger.post("runs/search", {"experiment_ids": [str(experiment.pk)]}) == (200, {})
    assert stranger.post("experiments/search-datasets", {"experiment_ids": [str(experiment.pk)]}) == (200, {})


def test_viewers_may_search_and_nobody_may_without_a_login(
    mlflow: Make, vera: User, experiment: Experiment
) -> None:
    logged(experiment, 1)
    assert found(mlflow(vera, scopes=["read"]), experiment) == ["run-1"]
    status, error = mlflow().post("runs/search", {"experiment_ids": [str(experiment.pk)]})
    assert (status, error["error_code"]) == (401, "UNAUTHENTICATED")
