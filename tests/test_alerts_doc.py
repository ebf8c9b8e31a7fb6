"""What docs/alerts.md says is so: its receiver takes what is rightly signed alone; its table and times are true."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from pytest_django import Settings

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import User
from mlregistry.notices.actions import channels
from mlregistry.notices.actions.channels import Made
from mlregistry.notices.actions.delivering import PAUSES, send_test
from mlregistry.supervisor.leash import leashed
from serving.queries.alert_figures import figures
from tests.servers import free_port

PAGE = (Path(__file__).resolve().parent.parent / "docs" / "alerts.md").read_text()


@pytest.fixture
def owner(alice: User, actor_of: Callable[..., Actor]) -> Actor:
    return actor_of(alice)


@pytest.fixture
def channel(owner: Actor, settings: Settings) -> Iterator[Made]:
    """To the page's own receiver, which runs with the channel's secret."""
    settings.ALLOWED_NETWORKS, settings.WEBHOOKS_OVER_HTTP = ["127.0.0.0/8"], True
    port = free_port()
    made = channels.create_channel("doc", kind="webhook", url=f"http://127.0.0.1:{port}/", by=owner)
    code = re.search(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    assert code is not None
    assert len([line for line in code[1].splitlines() if line.strip()]) <= 18
    environment = {**os.environ, "WEBHOOK_SECRET": made.secret, "PORT": str(port)}
    process = subprocess.Popen(
        [sys.executable, "-c", code[1]], env=environment, preexec_fn=leashed(signal.SIGKILL)
    )
    try:
        _wait_for(port)
        yield made
    finally:
        process.terminate()
        process.wait(20)


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 5).close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def test_the_page_s_receiver_takes_what_is_rightly_and_freshly_signed_alone(
    channel: Made, owner: Actor
) -> None:
    taken = send_test(channel.channel, by=owner)
    assert taken is not None
    assert (taken.state, taken.status_code) == ("delivered", 204)
    stale = send_test(channel.channel, now=timezone.now() - timedelta(hours=1), by=owner)
    assert stale is not None
    assert stale.status_code == 401
    rotated = channels.rotate_secret(channel.channel, by=owner)
    both = send_test(rotated.channel, by=owner)
    assert both is not None
    assert both.status_code == 204
    again = channels.rotate_secret(rotated.channel, by=owner)
    other = send_test(again.channel, by=owner)
    assert other is not None
    assert other.status_code == 401


def test_the_page_lists_every_figure() -> None:
    table = PAGE.partition("| figure |")[2].partition("\n\n")[0]
    named = [
        name
        for row in table.splitlines()
        for name in re.findall(r"`(\w+)`", row.split("|")[1] if "|" in row else "")
    ]
    assert named == list(figures())


def test_the_page_says_when_it_is_tried_again() -> None:
    assert "after 5 seconds, 1, 5 and 30 minutes, 2, 5, 10 and 10 hours" in PAGE
    minutes = [pause / timedelta(minutes=1) for pause in PAUSES[1:]]
    assert PAUSES[0] == timedelta(seconds=5)
    assert minutes == [1, 5, 30, 2 * 60, 5 * 60, 10 * 60, 10 * 60]
