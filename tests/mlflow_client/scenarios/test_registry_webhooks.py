"""Webhooks of the 3.x client: created, read, listed, changed, deleted; addresses that must not be called."""

import pytest
from mlflow.tracking import MlflowClient

from tests.mlflow_client.scenarios.ground import fresh, refused

pytestmark = pytest.mark.only_mlflow3
client = MlflowClient()
ADDRESS = "https://1.1.1.1/hook"  # public and numeric: no name has to be resolved


def _events(webhook: object) -> list[str]:
    return sorted(str(event) for event in webhook.events)  # type: ignore[attr-defined]  # of either version of mlflow


def test_a_webhook_is_created_and_read_back_without_its_secret() -> None:
    name = fresh("hook")
    created = client.create_webhook(
        name,
        ADDRESS,
        ["registered_model.created", "model_version.created"],
        description="d",
        secret="hush-hush",
    )
    read = client.get_webhook(created.webhook_id)
    assert (read.name, read.url, read.description, read.status.value) == (name, ADDRESS, "d", "ACTIVE")
    assert _events(read) == ["model_version.created", "registered_model.created"]
    assert not read.secret
    assert read.creation_timestamp > 1_500_000_000_000
    client.delete_webhook(created.webhook_id)


@pytest.mark.parametrize(
    "event",
    [
        "registered_model.created",
        "model_version.created",
        "model_version_tag.set",
        "model_version_tag.deleted",
        "model_version_alias.created",
        "model_version_alias.deleted",
        "prompt.created",
        "prompt_version.created",
    ],
)
def test_each_event_can_be_subscribed_to(event: str) -> None:
    webhook = client.create_webhook(fresh("hook"), ADDRESS, [event])
    assert _events(client.get_webhook(webhook.webhook_id)) == [event]
    client.delete_webhook(webhook.webhook_id)


def test_an_update_changes_what_it_names_and_nothing_else() -> None:
    webhook = client.create_webhook(fresh("hook"), ADDRESS, ["model_version.created"], description="before")
    client.update_webhook(webhook.webhook_id, description="after", status="DISABLED")
    changed = client.get_webhook(webhook.webhook_id)
    assert (changed.description, changed.status.value, changed.url) == ("after", "DISABLED", ADDRESS)
    assert _events(changed) == ["model_version.created"]
    client.update_webhook(
        webhook.webhook_id, events=["registered_model.created"], url=ADDRESS + "/2", name="new"
    )
    changed = client.get_webhook(webhook.webhook_id)
    assert (changed.name, changed.url, _events(changed)) == (
        "new",
        ADDRESS + "/2",
        ["registered_model.created"],
    )
    client.delete_webhook(webhook.webhook_id)


def test_webhooks_are_listed_page_by_page() -> None:
    made = {
        client.create_webhook(fresh("hook"), ADDRESS, ["model_version.created"]).webhook_id for _ in range(3)
    }
    page = client.list_webhooks(max_results=2)
    assert len(page) == 2
    listed = [webhook.webhook_id for webhook in page]
    while page.token:
        page = client.list_webhooks(max_results=2, page_token=page.token)
        listed += [webhook.webhook_id for webhook in page]
    assert made <= set(listed)
    assert len(listed) == len(set(listed))
    for webhook_id in made:
        client.delete_webhook(webhook_id)


def test_a_deleted_webhook_is_gone() -> None:
    webhook = client.create_webhook(fresh("hook"), ADDRESS, ["model_version.created"])
    client.delete_webhook(webhook.webhook_id)
    for ask in (client.get_webhook, client.delete_webhook):
        with refused("RESOURCE_DOES_NOT_EXIST"):
            ask(webhook.webhook_id)


@pytest.mark.parametrize(
    "url",
    [
        "http://1.1.1.1/plain",
        "https://127.0.0.1/loopback",
        "https://10.0.0.1/private",
        "https://169.254.169.254/metadata",
        "https://[::1]/loopback",
        "ftp://1.1.1.1/",
        "https://",
        "",
        "not an address",
    ],
)
def test_an_address_that_must_not_be_called_is_refused(url: str) -> None:
    with refused("INVALID_PARAMETER_VALUE"):
        client.create_webhook(fresh("hook"), url, ["model_version.created"])


def test_a_webhook_without_events_or_with_a_bad_name_is_refused() -> None:
    with refused("INVALID_PARAMETER_VALUE"):
        client.create_webhook(fresh("hook"), ADDRESS, [])
    with refused("INVALID_PARAMETER_VALUE"):
        client.create_webhook("", ADDRESS, ["model_version.created"])
