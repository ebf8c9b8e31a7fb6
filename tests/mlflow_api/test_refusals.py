"""The words by which programs that talk to MLflow know why something was refused, and what was at fault."""

from collections.abc import Callable

import pytest

from mlregistry.accounts.models import User

from .conftest import Mlflow
from .test_registered_models import INVALID, code, model

Make = Callable[..., Mlflow]
PROMPT = [{"key": "mlflow.prompt.is_prompt", "value": "true"}]
EVENTS = [{"entity": "MODEL_VERSION", "action": "CREATED"}]


def run(api: Mlflow) -> str:
    return str(api.post("runs/create", {"experiment_id": "0"})[1]["run"]["info"]["run_id"])


@pytest.mark.parametrize(
    ("batch", "place"),
    [
        ({"metrics": [{"key": "../up", "value": 1, "timestamp": 1}]}, "metrics[0].name"),
        ({"params": [{"key": "fine", "value": "1"}, {"key": "../up", "value": "1"}]}, "params[1].key"),
        ({"tags": [{"key": "../up", "value": "1"}]}, "tags[0].key"),
    ],
)
def test_a_batch_says_which_key_cannot_be_used(
    mlflow: Make, bob: User, batch: dict[str, object], place: str
) -> None:
    api = mlflow(bob)
    answer = api.post("runs/log-batch", {"run_id": run(api), **batch})
    assert code(answer) == INVALID
    assert answer[1]["message"].startswith(f"Invalid value \"../up\" for parameter '{place}' supplied: ")


@pytest.mark.parametrize(
    ("path", "field"), [("log-metric", "name"), ("log-parameter", "key"), ("set-tag", "key")]
)
def test_a_key_with_other_characters_is_named(mlflow: Make, bob: User, path: str, field: str) -> None:
    api = mlflow(bob)
    value = {"value": 1, "timestamp": 1} if path == "log-metric" else {"value": "1"}
    answer = api.post(f"runs/{path}", {"run_id": run(api), "key": "f(x)", **value})
    assert code(answer) == INVALID
    assert answer[1]["message"].startswith(f"Invalid value \"f(x)\" for parameter '{field}' supplied: ")


def test_a_batch_that_is_refused_for_another_reason_keeps_it(mlflow: Make, bob: User) -> None:
    metrics = [{"key": "loss", "value": 1, "timestamp": -1}]
    api = mlflow(bob)
    answer = api.post("runs/log-batch", {"run_id": run(api), "metrics": metrics})
    assert code(answer) == INVALID
    assert "supplied: in a name" not in answer[1]["message"]


def test_a_param_that_would_change_is_named(mlflow: Make, bob: User) -> None:
    api = mlflow(bob)
    body = {"run_id": run(api), "key": "depth"}
    assert api.post("runs/log-parameter", {**body, "value": "3"}) == (200, {})
    answer = api.post("runs/log-parameter", {**body, "value": "5"})
    assert code(answer) == INVALID
    assert answer[1]["message"].startswith("Changing param values is not allowed. Param with key='depth'")


def test_a_taken_experiment_is_named_also_when_it_is_deleted(mlflow: Make, bob: User) -> None:
    api = mlflow(bob)
    made = api.post("experiments/create", {"name": "popular"})[1]
    for _ in range(2):
        answer = api.post("experiments/create", {"name": "popular"})
        assert code(answer) == (400, "RESOURCE_ALREADY_EXISTS")
        assert answer[1]["message"].startswith("Experiment(name=popular) already exists")
        api.post("experiments/delete", made)


def test_the_default_experiment_is_as_old_as_the_team(mlflow: Make, bob: User) -> None:
    api = mlflow(bob)
    api.post("experiments/create", {"name": "mine"})
    default = api.get("experiments/get", experiment_id="0")[1]["experiment"]
    listed = api.post("experiments/search", {"max_results": 10})[1]["experiments"]
    assert [found["name"] for found in listed] == ["mine", "Default"]
    assert default["creation_time"] <= listed[0]["creation_time"]
    assert default["last_update_time"] == default["creation_time"]


def test_a_prompt_and_a_model_cannot_share_a_name(mlflow: Make, bob: User) -> None:
    api = mlflow(bob)
    model(api, "churn")
    model(api, "greeting", tags=PROMPT)
    words = {
        "churn": "Tried to create a prompt with name 'churn', but the name is already taken by a registered model",
        "greeting": "Tried to create a registered model with name 'greeting', but the name is already taken by",
    }
    for name, message in words.items():
        answer = api.post(
            "registered-models/create", {"name": name, "tags": PROMPT if name == "churn" else []}
        )
        assert code(answer) == (400, "RESOURCE_ALREADY_EXISTS")
        assert answer[1]["message"].startswith(message)


def test_a_page_token_from_elsewhere_cannot_be_decoded(mlflow: Make, bob: User) -> None:
    for path in ("registered-models/search", "model-versions/search"):
        answer = mlflow(bob).get(path, page_token="evilhax", max_results=5)
        assert code(answer) == INVALID
        assert "Invalid page token, could not base64-decode" in answer[1]["message"]


def test_a_tag_that_is_too_long_is_told_the_limit(mlflow: Make, bob: User) -> None:
    api = mlflow(bob)
    model(api)
    answer = api.post("registered-models/set-tag", {"name": "churn", "key": "k", "value": "a" * 100_001})
    assert code(answer) == INVALID
    assert "'value' exceeds the maximum length of 100000 characters" in answer[1]["message"]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"name": "-hook"}, "Webhook name '-hook' is invalid"),
        ({"url": "  "}, "Webhook URL cannot be empty or just whitespace"),
        ({"url": "ftp://93.184.216.34/x"}, "Invalid webhook URL scheme"),
        ({"url": "https://[broken"}, "Invalid webhook URL: "),
        ({"url": "https://127.0.0.1/x"}, "Invalid webhook URL: "),
        ({"events": []}, "Webhook events must be a non-empty list"),
    ],
)
def test_a_wrong_webhook_is_told_what_is_wrong(
    mlflow: Make, alice: User, wrong: dict[str, object], message: str
) -> None:
    body = {"name": "hook", "url": "https://93.184.216.34/x", "events": EVENTS, **wrong}
    answer = mlflow(alice).post("webhooks", body)
    assert code(answer) == INVALID
    assert answer[1]["message"].startswith(message)


def test_the_query_of_a_location_stays_behind_the_place_of_a_run(mlflow: Make, bob: User) -> None:
    api = mlflow(bob)
    place = "abfss://c@host/base/?sig=a?b"
    made = api.post("experiments/create", {"name": "q", "artifact_location": place})[1]
    told = api.post("runs/create", made)[1]["run"]["info"]
    found = api.post("runs/search", {"experiment_ids": [made["experiment_id"]]})[1]["runs"][0]["info"]
    assert told["artifact_uri"] == f"abfss://c@host/base/{told['run_id']}/artifacts?sig=a?b"
    assert found["artifact_uri"] == told["artifact_uri"]
    model = api.post("logged-models", {**made, "name": "m"})[1]["model"]["info"]
    assert model["artifact_uri"] == f"abfss://c@host/base/models/{model['model_id']}/artifacts?sig=a?b"


def test_a_wrong_tag_of_an_experiment_is_named(mlflow: Make, bob: User) -> None:
    answer = mlflow(bob).post(
        "experiments/set-experiment-tag", {"experiment_id": "0", "key": "../up", "value": "x"}
    )
    assert code(answer) == INVALID
    assert answer[1]["message"].startswith("Invalid value \"../up\" for parameter 'key' supplied: ")


def test_a_name_that_is_too_long_and_a_page_that_is_too_large_are_told_the_limit(
    mlflow: Make, bob: User
) -> None:
    api = mlflow(bob)
    answer = api.post("experiments/create", {"name": "x" * 501})
    assert code(answer) == INVALID
    assert "'name' exceeds the maximum length of 500 characters" in answer[1]["message"]
    for path, body in (("experiments/search", {}), ("runs/search", {"experiment_ids": ["0"]})):
        for size, words in ((0, "It must be a positive integer"), (1_000_000, "It must be at most 50000")):
            answer = api.post(path, {**body, "max_results": size})
            assert code(answer) == INVALID
            assert f"Invalid value {size} for parameter 'max_results' supplied" in answer[1]["message"]
            assert words in answer[1]["message"]
