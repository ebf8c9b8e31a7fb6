"""MLflow's webhooks over its wire, and which events the registry's routes tell."""

from collections.abc import Callable
from typing import Any

import pytest

from mlregistry import outgoing
from mlregistry.accounts.models import User
from models_app.models import WebhookDelivery

from .conftest import Mlflow
from .test_registered_models import INVALID, MISSING, code

Make = Callable[..., Mlflow]
CREATED = [{"entity": "MODEL_VERSION", "action": "CREATED"}]
BODY = {"name": "hook", "url": "https://hooks.example.com/x", "events": CREATED}


@pytest.fixture(autouse=True)
def _names_resolve(monkeypatch: pytest.MonkeyPatch) -> None:
    """No network here: the host of the tests has a public address."""
    known = outgoing.check_url

    def check(url: str, **options: Any) -> object:
        return None if url.startswith("https://hooks.example.com/") else known(url, **options)

    monkeypatch.setattr(outgoing, "check_url", check)


def hook(api: Mlflow, **more: object) -> dict[str, object]:
    status, made = api.post("webhooks", {**BODY, **more})
    assert status == 200, made
    found: dict[str, object] = made["webhook"]
    return found


def test_a_webhook_is_made_read_listed_and_its_secret_never_told(mlflow: Make, alice: User) -> None:
    api = mlflow(alice)
    made = hook(api, description="tells", secret="s3cret")
    assert made["events"] == CREATED
    assert (made["status"], made["description"]) == ("ACTIVE", "tells")
    assert "secret" not in made
    assert api.get(f"webhooks/{made['webhook_id']}") == (200, {"webhook": made})
    assert api.get("webhooks") == (200, {"webhooks": [made]})


def test_a_webhook_is_changed_field_by_field_and_deleted(mlflow: Make, alice: User) -> None:
    api = mlflow(alice)
    place = f"webhooks/{hook(api, description='d')['webhook_id']}"
    changed = api.patch(place, {"name": "other", "status": "DISABLED"})[1]["webhook"]
    assert (changed["name"], changed["status"], changed["description"]) == ("other", "DISABLED", "d")
    assert "description" not in api.patch(place, {"description": ""})[1]["webhook"]
    assert api.delete(place) == (200, {})
    assert code(api.get(place)) == MISSING


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""}, {"name": "a b"}, {"url": "http://hooks.example.com/x"}, {"url": "https://127.0.0.1/x"},
        {"events": []}, {"events": [{"entity": "MODEL_VERSION", "action": "SET"}]}, {"events": ["x"]},
        {"events": [{"entity": 5, "action": "CREATED"}]}, {"status": "SLEEPING"}, {"url": None},
    ],
)  # fmt: skip
def test_a_wrong_webhook_is_refused(mlflow: Make, alice: User, wrong: dict[str, object]) -> None:
    assert code(mlflow(alice).post("webhooks", {**BODY, **wrong})) == INVALID


def test_webhooks_are_listed_in_pages(mlflow: Make, alice: User) -> None:
    api = mlflow(alice)
    made = [hook(api, name=f"h{number}")["name"] for number in range(3)]
    first = api.get("webhooks", max_results=2)[1]
    rest = api.get("webhooks", max_results=2, page_token=first["next_page_token"])[1]
    assert [row["name"] for row in first["webhooks"] + rest["webhooks"]] == made[::-1]
    assert "next_page_token" not in rest
    assert code(api.get("webhooks", max_results=1001)) == INVALID
    assert code(api.get("webhooks", page_token="x")) == INVALID


def test_a_test_of_a_webhook_says_what_came_of_it(mlflow: Make, alice: User) -> None:
    api = mlflow(alice)
    made = hook(api)
    status, got = api.post(f"webhooks/{made['webhook_id']}/test", {})
    assert status == 200
    assert got["result"]["success"] is False
    assert got["result"]["error_message"]


def test_webhooks_are_for_owners_of_the_team(mlflow: Make, alice: User, bob: User, charlie: User) -> None:
    made = hook(mlflow(alice))
    assert code(mlflow(bob).get("webhooks")) == (403, "PERMISSION_DENIED")
    assert code(mlflow(bob).post("webhooks", BODY)) == (403, "PERMISSION_DENIED")
    assert code(mlflow(charlie).get(f"webhooks/{made['webhook_id']}")) == MISSING
    assert code(mlflow(alice).get("webhooks/nonsense")) == MISSING
    assert mlflow().get("webhooks")[0] == 401


def test_the_registry_tells_of_models_versions_tags_and_aliases(mlflow: Make, alice: User) -> None:
    api = mlflow(alice)
    events = [
        ("REGISTERED_MODEL", "CREATED"), ("MODEL_VERSION", "CREATED"), ("MODEL_VERSION_TAG", "SET"),
        ("MODEL_VERSION_TAG", "DELETED"), ("MODEL_VERSION_ALIAS", "CREATED"),
        ("MODEL_VERSION_ALIAS", "DELETED"), ("PROMPT", "CREATED"), ("PROMPT_VERSION", "CREATED"),
        ("PROMPT_TAG", "SET"),
    ]  # fmt: skip
    hook(api, events=[{"entity": entity, "action": action} for entity, action in events])
    one = {"name": "churn", "version": "1"}
    api.post("registered-models/create", {"name": "churn"})
    api.post("registered-models/set-tag", {"name": "churn", "key": "k", "value": "v"})  # models tell no tags
    api.post("model-versions/create", {"name": "churn", "source": "s3://b/x"})
    api.post("model-versions/set-tag", {**one, "key": "k", "value": "v"})
    api.delete("model-versions/delete-tag", {**one, "key": "k"})
    api.post("registered-models/alias", {**one, "alias": "a"})
    api.delete("registered-models/alias", {"name": "churn", "alias": "a"})
    api.delete("registered-models/alias", {"name": "churn", "alias": "a"})
    tags = [{"key": "mlflow.prompt.is_prompt", "value": "true"}, {"key": "mlflow.prompt.text", "value": "Hi"}]
    api.post("registered-models/create", {"name": "p", "tags": tags[:1]})
    api.post("model-versions/create", {"name": "p", "source": "dummy-source", "tags": tags})
    api.post("registered-models/set-tag", {"name": "p", "key": "k", "value": "v"})
    told = [row.event for row in WebhookDelivery.objects.order_by("created_at")]
    assert told == [f"{entity}.{action}".lower() for entity, action in events]
    prompt = WebhookDelivery.objects.get(event="prompt_version.created").body
    assert '"template":"Hi"' in prompt.replace('": "', '":"')
