"""A real MQTT broker on the loopback, and messages sent to it."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

BINARY = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")


@dataclass
class Broker:
    port: int
    process: "subprocess.Popen[bytes]"

    def publish(self, topic: str, *payloads: Any, retain: bool = False, **login: str) -> None:
        """Texts and bytes as they are, all else as JSON; returns once the broker has taken them."""
        client = paho.Client(CallbackAPIVersion.VERSION2)
        if login:
            client.username_pw_set(login["user"], login["password"])
        client.connect("127.0.0.1", self.port)
        client.loop_start()
        try:
            for payload in payloads:
                body = payload if isinstance(payload, str | bytes) else json.dumps(payload)
                client.publish(topic, body, qos=1, retain=retain).wait_for_publish(10)
        finally:
            client.disconnect()
            client.loop_stop()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(10)


@contextlib.contextmanager
def broker(folder: Path, *lines: str, user: str = "", password: str = "") -> Iterator[Broker]:
    """With these further lines of its configuration; open to all unless a user is named."""
    if BINARY is None:
        pytest.skip("mosquitto is not installed")
    port = _free_port()
    settings = ["persistence false", f"listener {port} 127.0.0.1", *lines]
    if user:
        passwords = folder / "passwords"
        subprocess.run(["mosquitto_passwd", "-b", "-c", str(passwords), user, password], check=True)
        settings += ["allow_anonymous false", f"password_file {passwords}"]
    else:
        settings.append("allow_anonymous true")
    if os.geteuid() == 0:
        settings.append("user root")  # or it could not read the test's folder
    (folder / "mosquitto.conf").write_text("\n".join(settings) + "\n")
    process = subprocess.Popen(
        [BINARY, "-c", str(folder / "mosquitto.conf")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait(port)
        yield Broker(port, process)
    finally:
        process.kill()
        process.wait(10)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def _wait(port: int) -> None:
    deadline = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
