"""MLflow's runs over its wire, as they are written: creating, logging, deleting, and what is refused."""

from collections.abc import Callable
from typing import Any

import pytest

from experiments.models import LatestMetric, MetricPoint, Param, Run, RunTag
from mlregistry.accounts.models import User

from .conftest import Mlflow

Make = Callable[..., Mlflow]


@pytest.fixture
def run_id(mlflow: Make, bob: User) -> str:
    return str(created(mlflow(bob))["info"]["run_id"])


def created(api: Mlflow, **fields: Any) -> Any:
    status, answer = api.post("runs/create", {"experiment_id": "0", "start_time": 1000, **fields})
    assert status == 200, answer
    return answer["run"]


def tags_of(run: Any) -> dict[str, str]:
    return {tag["key"]: tag["value"] for tag in run["data"]["tags"]}


def test_a_run_is_made_with_name_tags_and_a_place_for_artifacts(mlflow: Make, bob: User) -> None:
    run = created(mlflow(bob), run_name="first", user_id="rob", tags=[{"key": "a", "value": "b"}])
    info = run["info"]
    assert info["run_id"] == info["run_uuid"]
    assert len(info["run_id"]) == 32
    assert info["artifact_uri"] == f"mlflow-artifacts:/0/{info['run_id']}/artifacts"
    assert (info["status"], info["start_time"], info["user_id"]) == ("RUNNING", 1000, "rob")
    assert (info["experiment_id"], info["lifecycle_stage"]) == ("0", "active")
    assert "end_time" not in info
    assert tags_of(run) == {"a": "b", "mlflow.runName": "first"}
    assert run["inputs"] == {}
    assert "outputs" not in run


def test_the_name_comes_from_the_field_the_tag_or_is_made_up(mlflow: Make, bob: User) -> None:
    api = mlflow(bob)
    named = [{"key": "mlflow.runName", "value": "tagged"}]
    assert created(api, tags=named)["info"]["run_name"] == "tagged"
    assert created(api, tags=named, run_name="tagged")["info"]["run_name"] == "tagged"
    assert 0 < len(created(api)["info"]["run_name"]) <= 20
    assert api.post("runs/create", {"experiment_id": "0", "run_name": "other", "tags": named})[0] == 400


def test_name_and_tag_are_kept_in_step(mlflow: Make, bob: User, run_id: str) -> None:
    api = mlflow(bob)
    api.post("runs/update", {"run_id": run_id, "run_name": "second"})
    assert Run.objects.get().name == "second"
    api.post("runs/set-tag", {"run_id": run_id, "key": "mlflow.runName", "value": "third"})
    assert Run.objects.get().name == "third"
    assert not RunTag.objects.exists()


def test_status_and_end_are_updated_and_unknown_states_refused(mlflow: Make, bob: User, run_id: str) -> None:
    api = mlflow(bob)
    answer = api.post("runs/update", {"run_id": run_id, "status": "FINISHED", "end_time": 2000})[1]
    assert (answer["run_info"]["status"], answer["run_info"]["end_time"]) == ("FINISHED", 2000)
    for wrong in ({"status": "DONE"}, {"end_time": "soon"}, {"end_time": 10**18}, {"status": 7}):
        assert api.post("runs/update", {"run_id": run_id, **wrong})[0] == 400, wrong
    assert api.post("runs/log-parameter", {"run_id": run_id, "key": "late", "value": "1"}) == (200, {})


def test_either_name_of_the_run_id_is_taken(mlflow: Make, bob: User, run_id: str) -> None:
    api = mlflow(bob)
    assert api.post("runs/set-tag", {"run_uuid": run_id, "key": "a", "value": "b"}) == (200, {})
    assert api.post("runs/set-tag", {"runId": run_id, "key": "a", "value": "b"}) == (200, {})
    assert api.post("runs/set-tag", {"runId": run_id, "run_id": run_id, "key": "a", "value": "b"})[0] == 400


def test_delete_is_idempotent_and_stops_writes_until_restored(mlflow: Make, bob: User, run_id: str) -> None:
    api = mlflow(bob)
    for _ in range(2):
        assert api.post("runs/delete", {"run_id": run_id}) == (200, {})
    tag = {"run_id": run_id, "key": "a", "value": "b"}
    writes = {
        "runs/set-tag": tag, "runs/log-parameter": tag, "runs/update": {"run_id": run_id, "status": "FAILED"},
        "runs/log-metric": {**tag, "value": 1, "timestamp": 1}, "runs/log-batch": {"run_id": run_id, "tags": [tag]},
        "runs/delete-tag": tag,
    }  # fmt: skip
    for route, body in writes.items():
        if route == "runs/log-batch":
            body = {"run_id": run_id, "tags": [{"key": "a", "value": "b"}]}
        status, error = api.post(route, body)
        assert (status, error["error_code"]) == (400, "INVALID_PARAMETER_VALUE"), route
        assert "must be in the 'active' state" in error["message"]
    assert api.post("runs/restore", {"run_id": run_id}) == (200, {})
    assert api.post("runs/set-tag", tag) == (200, {})


def test_a_param_is_written_once_cut_when_long_and_may_be_empty(mlflow: Make, bob: User, run_id: str) -> None:
    api = mlflow(bob)

    def log(key: str, value: str) -> int:
        return api.post("runs/log-parameter", {"run_id": run_id, "key": key, "value": value})[0]

    assert [log("a", "1"), log("a", "1"), log("a", "2")] == [200, 200, 400]
    assert [log("long", "x" * 7000), log("empty", ""), log("k" * 251, "x")] == [200, 200, 400]
    assert len(Param.objects.get(key="long").value) == 6000
    assert api.post("runs/log-parameter", {"run_id": run_id, "key": "none"}) == (200, {})


def test_a_tag_is_overwritten_cut_when_long_and_missing_ones_are_not_found(
    mlflow: Make, bob: User, run_id: str
) -> None:
    api = mlflow(bob)
    for value in ("1", "2", "x" * 10_000_000):
        assert api.post("runs/set-tag", {"run_id": run_id, "key": "a", "value": value})[0] == 200
    assert len(RunTag.objects.get(key="a").value) == 8000
    assert api.post("runs/delete-tag", {"run_id": run_id, "key": "a"}) == (200, {})
    assert api.post("runs/delete-tag", {"run_id": run_id, "key": "a"})[0] == 404


@pytest.mark.parametrize(
    "key", ["../a", "/a", "a//b", "a/./b", "acc%", "<b>", "a\nb", "", "a" * 251, "a\x00"]
)
def test_keys_that_leave_their_place_are_refused(mlflow: Make, bob: User, run_id: str, key: str) -> None:
    api = mlflow(bob)
    for route in ("log-parameter", "set-tag"):
        assert api.post(f"runs/{route}", {"run_id": run_id, "key": key, "value": "1"})[0] == 400
    metric = {"key": key, "value": 1.0, "timestamp": 1}
    assert api.post("runs/log-metric", {"run_id": run_id, **metric})[0] == 400
    assert api.post("runs/log-batch", {"run_id": run_id, "metrics": [metric]})[0] == 400


def test_equal_points_are_one_and_different_values_at_one_moment_are_kept(
    mlflow: Make, bob: User, run_id: str
) -> None:
    api = mlflow(bob)
    for value in (1.0, 1.0, 2.0):
        body = {"run_id": run_id, "key": "m", "value": value, "timestamp": 5, "step": 1}
        assert api.post("runs/log-metric", body) == (200, {})
    assert sorted(MetricPoint.objects.values_list("value", flat=True)) == [1.0, 2.0]


def test_the_latest_metric_is_the_greatest_step_then_time_then_value(
    mlflow: Make, bob: User, run_id: str
) -> None:
    api = mlflow(bob)
    points = [(3.0, 10, 1), (1.0, 20, 1), (2.0, 20, 1), (9.0, 99, 0), ("NaN", 20, 1), (-5.0, 20, 1)]
    for value, at, step in points:
        api.post(
            "runs/log-metric", {"run_id": run_id, "key": "m", "value": value, "timestamp": at, "step": step}
        )
    latest = LatestMetric.objects.get()
    assert (latest.value, latest.timestamp, latest.step, latest.is_nan) == (2.0, 20, 1, False)
    assert (latest.minimum, latest.maximum) == (-5.0, 9.0)


def test_nan_is_a_flag_and_infinities_are_the_largest_floats(mlflow: Make, bob: User, run_id: str) -> None:
    api = mlflow(bob)
    for key, value in (("nan", "NaN"), ("up", "Infinity"), ("down", "-Infinity"), ("text", "1.5")):
        assert (
            api.post("runs/log-metric", {"run_id": run_id, "key": key, "value": value, "timestamp": 1})[0]
            == 200
        )
    stored = {row.key: (row.value, row.is_nan) for row in LatestMetric.objects.all()}
    assert stored["nan"] == (0.0, True)
    assert stored["up"] == (1.7976931348623157e308, False)
    assert stored["down"] == (-1.7976931348623157e308, False)
    assert stored["text"] == (1.5, False)


@pytest.mark.parametrize(
    "wrong",
    [
        {"value": True}, {"value": "high"}, {"value": None}, {"value": [1]}, {"timestamp": None},
        {"timestamp": -1}, {"timestamp": "now"}, {"step": 2**63}, {"step": 0.5}, {"key": 5},
    ],
)  # fmt: skip
def test_metrics_of_wrong_types_are_refused_and_never_stored_as_zero(
    mlflow: Make, bob: User, run_id: str, wrong: dict[str, Any]
) -> None:
    api = mlflow(bob)
    metric = {"key": "m", "value": 1.0, "timestamp": 1, "step": 0, **wrong}
    for route, body in (("log-metric", metric), ("log-batch", {"metrics": [metric]})):
        status, error = api.post(f"runs/{route}", {"run_id": run_id, **body})
        assert (status, error["error_code"]) == (400, "INVALID_PARAMETER_VALUE"), (route, error)
    assert not MetricPoint.objects.exists()


def test_numbers_out_of_range_are_refused_and_bare_nan_is_understood(
    mlflow: Make, bob: User, run_id: str
) -> None:
    api = mlflow(bob)
    for value, expected in (("-1e400", 400), ("NaN", 200), ("-Infinity", 200)):
        body = f'{{"run_id": "{run_id}", "key": "m", "value": {value}, "timestamp": 1}}'.encode()
        assert api.raw("POST", "/api/2.0/mlflow/runs/log-metric", body)[0] == expected, value


def test_a_batch_is_written_whole_or_not_at_all(mlflow: Make, bob: User, run_id: str) -> None:
    api = mlflow(bob)
    batch = {
        "run_id": run_id,
        "metrics": [{"key": "m", "value": 1, "timestamp": 1, "step": n} for n in range(3)],
        "params": [{"key": "p", "value": "1"}],
        "tags": [{"key": "t", "value": "1"}],
    }
    for _ in range(2):
        assert api.post("runs/log-batch", batch) == (200, {})
    conflict = {**batch, "params": [{"key": "p", "value": "2"}, {"key": "q", "value": "1"}]}
    conflict["tags"] = [{"key": "other", "value": "1"}]
    status, error = api.post("runs/log-batch", conflict)
    assert (status, error["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    assert (MetricPoint.objects.count(), Param.objects.count(), RunTag.objects.count()) == (3, 1, 1)


def test_a_batch_has_limits_and_no_param_twice(mlflow: Make, bob: User, run_id: str) -> None:
    api = mlflow(bob)
    metrics = [{"key": "m", "value": 1.0, "timestamp": 1, "step": n} for n in range(1001)]
    texts = [{"key": f"k{n}", "value": "1"} for n in range(101)]
    for batch in (
        {"metrics": metrics}, {"params": texts}, {"tags": texts},
        {"metrics": metrics[:1000], "tags": texts[:1]},
        {"params": [{"key": "p", "value": "1"}, {"key": "p", "value": "1"}]},
    ):  # fmt: skip
        status, error = api.post("runs/log-batch", {"run_id": run_id, **batch})
        assert (status, error["error_code"]) == (400, "INVALID_PARAMETER_VALUE"), error
    assert api.post("runs/log-batch", {"run_id": run_id, "metrics": metrics[:1000]}) == (200, {})
    assert api.post("runs/log-batch", {"run_id": run_id, "metrics": metrics * 1000})[0] in (400, 413)


def test_missing_fields_of_a_batch_are_named_by_their_place(mlflow: Make, bob: User, run_id: str) -> None:
    api = mlflow(bob)
    for batch, place in (
        ({"metrics": [{"value": 1.0, "timestamp": 1}]}, "metrics[0].key"),
        ({"metrics": [{"key": "m", "timestamp": 1}]}, "metrics[0].value"),
        ({"metrics": [{"key": "m", "value": 1.0}]}, "metrics[0].timestamp"),
        ({"params": [{"value": "1"}]}, "params[0].key"),
        ({"tags": [{"value": "1"}]}, "tags[0].key"),
    ):
        status, error = api.post("runs/log-batch", {"run_id": run_id, **batch})
        assert status == 400
        assert f"Missing value for required parameter '{place}'" in error["message"]


def test_runs_that_are_not_there_or_another_team_s_are_not_found(
    mlflow: Make, bob: User, charlie: User, run_id: str
) -> None:
    body = {"key": "a", "value": "1"}
    for api, wanted in ((mlflow(charlie), run_id), (mlflow(bob), "0" * 32), (mlflow(bob), "no-such-run")):
        for route in ("set-tag", "log-parameter", "delete", "restore", "update"):
            status, error = api.post(f"runs/{route}", {"run_id": wanted, **body})
            assert (status, error["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST"), route


def test_runs_are_not_made_in_deleted_or_missing_experiments(mlflow: Make, bob: User) -> None:
    api = mlflow(bob)
    made = api.post("experiments/create", {"name": "gone"})[1]
    api.post("experiments/delete", made)
    assert api.post("runs/create", made)[0] == 400
    assert api.post("runs/create", {"experiment_id": "424242"})[0] == 404
    assert api.post("runs/create", {"experiment_id": "x"})[0] == 400


def test_a_parent_named_by_tag_becomes_the_parent(mlflow: Make, bob: User, run_id: str) -> None:
    api = mlflow(bob)
    child = created(api, tags=[{"key": "mlflow.parentRunId", "value": run_id}])
    assert tags_of(child)["mlflow.parentRunId"] == run_id
    later = created(api)["info"]["run_id"]
    api.post("runs/set-tag", {"run_id": later, "key": "mlflow.parentRunId", "value": run_id})
    assert Run.objects.filter(parent__id=run_id).count() == 2
    created(api, tags=[{"key": "mlflow.parentRunId", "value": "not-here"}])


def test_double_encoded_bodies_of_old_clients_are_read(mlflow: Make, bob: User, run_id: str) -> None:
    body = f'"{{\\"run_id\\": \\"{run_id}\\", \\"key\\": \\"a\\", \\"value\\": \\"b\\"}}"'.encode()
    assert mlflow(bob).raw("POST", "/api/2.0/mlflow/runs/set-tag", body)[0] == 200


def test_other_content_types_and_broken_json_are_refused(mlflow: Make, bob: User, run_id: str) -> None:
    api = mlflow(bob)
    body = f'{{"run_id": "{run_id}", "key": "a", "value": "b"}}'.encode()
    for route in ("set-tag", "log-batch"):
        place = f"/api/2.0/mlflow/runs/{route}"
        assert api.raw("POST", place, body, content_type="text/plain")[0] == 400
        for broken in (b"{", b"[" * 5000, b"\xff\xfe", b"[1]", b'{"run_id": "\\ud800"}'):
            assert api.raw("POST", place, broken)[0] in (400, 404), broken
