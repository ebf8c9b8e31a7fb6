"""What the tests of notices stand on: a receiver on the loopback, channels to it, and its own check of signatures."""

import base64
import hashlib
import hmac
from collections.abc import Callable, Iterator

import pytest
from pytest_django import Settings

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import User
from mlregistry.notices.actions import channels
from mlregistry.notices.actions.channels import Made
from tests.receiver import Received, Receiver, listening


@pytest.fixture(autouse=True)
def _local(settings: Settings) -> None:
    """The loopback is allowed, and plain HTTP."""
    settings.ALLOWED_NETWORKS = ["127.0.0.0/8"]
    settings.WEBHOOKS_OVER_HTTP = True


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with listening() as server:
        yield server


@pytest.fixture
def owner(alice: User, actor_of: Callable[[User], Actor]) -> Actor:
    return actor_of(alice)


@pytest.fixture
def webhook(receiver: Receiver, owner: Actor) -> Made:
    return channels.create_channel("on-call", kind="webhook", url=receiver.url(), by=owner)


def verifies(got: Received, secret: str) -> bool:
    """As a receiver checks it, by the specification alone: any of the signatures counts."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    head = f"{got.headers['webhook-id']}.{got.headers['webhook-timestamp']}.".encode()
    expected = "v1," + base64.b64encode(hmac.digest(key, head + got.body, hashlib.sha256)).decode()
    return any(hmac.compare_digest(one, expected) for one in got.headers["webhook-signature"].split(" "))
