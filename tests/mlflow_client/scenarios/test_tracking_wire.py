"""The wire below the client: raw requests for what the client cannot send, or hides from its user."""

import json
import os
import urllib.error
import urllib.request
from typing import Any

import pytest

URI = os.environ.get("MLFLOW_TRACKING_URI", "")
TOKEN = os.environ.get("MLFLOW_TRACKING_TOKEN", "")
LARGEST = 1.7976931348623157e308
Answer = tuple[int, Any]


def _send(method: str, path: str, body: Any = None, *, content_type: str = "application/json") -> Answer:
    """Status and body: parsed when it is JSON, text otherwise."""
    raw = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    head = {"Content-Type": content_type, **({"Authorization": f"Bearer {TOKEN}"} if TOKEN else {})}
    request = urllib.request.Request(URI + path, data=raw, method=method, headers=head)  # noqa: S310  # an address of our own server
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310  # an address of our own server
            status, text = answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        status, text = error.code, error.read().decode()
    try:
        return status, json.loads(text)
    except ValueError:
        return status, text


def _post(path: str, **body: Any) -> Answer:
    return _send("POST", f"/api/2.0/mlflow/{path}", body)


def _get(path: str) -> Answer:
    return _send("GET", f"/api/2.0/mlflow/{path}")


def _code(answer: Answer) -> tuple[int, str]:
    return answer[0], answer[1]["error_code"]


@pytest.fixture
def fresh(experiment: str) -> str:
    """A run whose start_time and tags are known."""
    status, answer = _post(
        "runs/create", experiment_id=experiment, start_time=1_700_000_000_000, run_name="r"
    )
    assert status == 200
    return str(answer["run"]["info"]["run_id"])


def test_numbers_are_numbers_and_what_is_empty_is_left_out(experiment: str, fresh: str) -> None:
    _, answer = _get(f"runs/get?run_id={fresh}")
    run = answer["run"]
    assert run["info"]["start_time"] == 1_700_000_000_000
    assert run["info"]["run_uuid"] == run["info"]["run_id"] == fresh
    assert run["info"]["experiment_id"] == experiment
    assert "end_time" not in run["info"]
    assert not {"metrics", "params"} & set(run["data"])
    assert run["inputs"] == {}
    assert _post("runs/search", experiment_ids=["987654321"]) == (200, {})
    assert _post("runs/search", experiment_ids=[]) == (200, {})


def test_writes_answer_an_empty_object(experiment: str, fresh: str) -> None:
    assert _post("runs/log-parameter", run_id=fresh, key="p", value="1") == (200, {})
    assert _post("runs/log-metric", run_id=fresh, key="m", value=1, timestamp=1) == (200, {})
    assert _post("runs/set-tag", run_id=fresh, key="t", value="1") == (200, {})
    assert _post("runs/log-batch", run_id=fresh) == (200, {})
    assert _post("experiments/update", experiment_id=experiment, new_name=f"new {fresh}") == (200, {})


def test_either_spelling_of_the_run_and_numbers_as_text_are_understood(fresh: str) -> None:
    status, _ = _post("runs/log-metric", run_uuid=fresh, key="m", value=1.5, timestamp="7", step="3")
    assert status == 200
    _, answer = _get(f"metrics/get-history?run_uuid={fresh}&metric_key=m")
    assert answer["metrics"] == [{"key": "m", "value": 1.5, "timestamp": 7, "step": 3}]


def test_unknown_fields_are_ignored(fresh: str) -> None:
    assert _post("runs/set-tag", run_id=fresh, key="t", value="1", of_the_future=[1])[0] == 200


def test_numbers_that_are_not_finite_are_words_on_the_wire(fresh: str) -> None:
    for key, word in (("nan", "NaN"), ("up", "Infinity"), ("down", "-Infinity")):
        assert _post("runs/log-metric", run_id=fresh, key=key, value=word, timestamp=1)[0] == 200
    _, answer = _get(f"runs/get?run_id={fresh}")
    values = {metric["key"]: metric["value"] for metric in answer["run"]["data"]["metrics"]}
    assert values == {"nan": "NaN", "up": LARGEST, "down": -LARGEST}


@pytest.mark.only_ours
@pytest.mark.parametrize("value", [True, "high", [1], {}])
def test_a_metric_that_would_be_corrupted_is_refused(value: Any, fresh: str) -> None:
    answer = _post("runs/log-metric", run_id=fresh, key="m", value=value, timestamp=1)
    assert _code(answer) == (400, "INVALID_PARAMETER_VALUE")


@pytest.mark.only_ours
def test_a_status_that_is_none_is_refused(fresh: str) -> None:
    assert _code(_post("runs/update", run_id=fresh, status="DREAMING")) == (400, "INVALID_PARAMETER_VALUE")


def test_a_missing_field_is_refused(fresh: str) -> None:
    for path, body in (
        ("runs/log-metric", {"run_id": fresh, "value": 1, "timestamp": 1}),
        ("runs/log-metric", {"run_id": fresh, "key": "m", "timestamp": 1}),
        ("runs/log-metric", {"run_id": fresh, "key": "m", "value": 1}),
        ("runs/log-parameter", {"run_id": fresh, "value": "1"}),
        ("runs/set-tag", {"run_id": fresh, "value": "1"}),
        ("runs/delete-tag", {"run_id": fresh}),
        ("experiments/create", {}),
        ("experiments/set-experiment-tag", {"experiment_id": "0", "value": "1"}),
    ):
        assert _code(_post(path, **body)) == (400, "INVALID_PARAMETER_VALUE"), path


def test_a_batch_over_the_limits_is_refused(fresh: str) -> None:
    metrics = [{"key": f"m{number}", "value": 1, "timestamp": 1} for number in range(1001)]
    params = [{"key": f"p{number}", "value": "1"} for number in range(101)]
    for body in (
        {"metrics": metrics},
        {"params": params},
        {"tags": params},
        {"metrics": metrics[:1000], "params": params[:1]},
    ):
        answer = _post("runs/log-batch", run_id=fresh, **body)
        assert _code(answer) == (400, "INVALID_PARAMETER_VALUE")
    _, answer = _get(f"runs/get?run_id={fresh}")
    assert not {"metrics", "params"} & set(answer["run"]["data"])


def test_page_sizes_that_cannot_be() -> None:
    for size in (0, -1, 50_001):
        answer = _post("runs/search", experiment_ids=["0"], max_results=size)
        assert _code(answer) == (400, "INVALID_PARAMETER_VALUE")
    answer = _post("experiments/search", max_results=50_001)
    assert _code(answer) == (400, "INVALID_PARAMETER_VALUE")


def test_experiments_are_searched_by_get_as_well() -> None:
    status, answer = _get("experiments/search?max_results=1&view_type=ALL")
    assert status == 200
    assert len(answer["experiments"]) == 1


def test_what_is_not_json_is_refused(fresh: str) -> None:
    path = "/api/2.0/mlflow/runs/set-tag"
    body = {"run_id": fresh, "key": "t", "value": "1"}
    assert _send("POST", path, b"{", content_type="application/json")[0] == 400
    assert _code(_send("POST", path, body, content_type="text/plain")) == (400, "INVALID_PARAMETER_VALUE")


def test_the_pages_own_paths_are_the_same(fresh: str) -> None:
    assert _send("GET", f"/ajax-api/2.0/mlflow/runs/get?run_id={fresh}")[0] == 200
    assert _send("GET", f"/api/2.0/mlflow/runs/get?run_id={fresh}")[0] == 200


def test_an_unknown_route_is_no_json_error() -> None:
    status, answer = _get("no-such-route")
    assert status == 404
    assert isinstance(answer, str)


def test_errors_name_their_code() -> None:
    assert _code(_get("experiments/get-by-name?experiment_name=not%20there")) == (
        404,
        "RESOURCE_DOES_NOT_EXIST",
    )
    assert _code(_get("runs/get?run_id=none")) == (404, "RESOURCE_DOES_NOT_EXIST")
    status, answer = _post("experiments/create", name="Default")
    assert (status, answer["error_code"]) == (400, "RESOURCE_ALREADY_EXISTS")
    assert "Default" in answer["message"]


@pytest.mark.only_ours
def test_messages_carry_no_sql() -> None:
    _, answer = _post("experiments/create", name="Default")
    assert "INSERT" not in answer["message"].upper()


@pytest.mark.only_ours
def test_without_a_token_nothing_is_told() -> None:
    request = urllib.request.Request(f"{URI}/api/2.0/mlflow/experiments/get?experiment_id=0")  # noqa: S310  # an address of our own server
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request, timeout=60)  # noqa: S310  # an address of our own server
    assert caught.value.code == 401
    assert "WWW-Authenticate" in caught.value.headers


def test_health_and_version_are_plain_text() -> None:
    assert _send("GET", "/health") == (200, "OK")
    status, version = _send("GET", "/version")
    assert status == 200
    assert str(version)[0].isdigit()
