"""A line to an MQTT broker: the address that was checked, TLS to the name, messages in batches, acknowledged when told.

Called by the kind `mqtt` and the action on subscriptions. Nothing is acknowledged by itself: what is not, the broker
sends again. Needs the extra `mqtt`.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

from mlregistry import outgoing
from mlregistry.errors import Unavailable
from mlregistry.lib.lazily import lazily

from .mqtt_rows import Message
from .protocol import Ask, number

paho = lazily("paho.mqtt.client")
ANSWER_SECONDS = 10.0
KEEPALIVE_SECONDS = 60
STEP_SECONDS = 0.02
REST_SECONDS = 0.25
MOST_MESSAGES = 2_000
LARGEST_MESSAGE = 1_000_000
LARGEST_PACKET = 64_000_000
MOST_BYTES = 16_000_000
ENCRYPTED, PLAIN = 8883, 1883


class Line:
    """Open inside `with`. A lasting session is kept by the broker under the name, with what comes meanwhile."""

    def __init__(self, ask: Ask, name: str, *, lasting: bool) -> None:
        self._config, self._host = ask.config, ask.config["host"]
        self._inbox: list[Message] = []
        self._n_bytes = 0
        self._refusal: str | None = None
        self._granted: bool | None = None
        self._is_open = False
        self.was_known = False
        self._client = self._prepared(ask, name, lasting=lasting)

    def __enter__(self) -> Self:
        encrypted = is_encrypted(self._config)
        port = number(self._config, "port", ENCRYPTED if encrypted else PLAIN, lowest=1, highest=65_535)
        address = outgoing.addresses_of(self._host, port)[0]
        try:
            self._client.connect(address, port, keepalive=KEEPALIVE_SECONDS)
        except ssl.SSLError as error:
            raise Unavailable(f"The encryption of {self._host} fails: {_reason(error)}") from error
        except (OSError, ValueError) as error:
            raise Unavailable(f"The broker at {self._host} cannot be reached.") from error
        self._wait(lambda: self._is_open or self._refusal is not None)
        if self._refusal is not None:
            raise Unavailable(f"The broker at {self._host} refuses the connection: {self._refusal}.")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.disconnect()
        self._client.loop(0.0)

    def subscribe(self, topic: str, qos: int) -> None:
        """Unavailable when the broker does not let this user read the topic."""
        self._granted = None
        self._client.subscribe(topic, qos)
        self._wait(lambda: self._granted is not None)
        if not self._granted:
            raise Unavailable(f"The broker at {self._host} does not allow the topic {topic[:200]}.")

    def unsubscribe(self, topic: str) -> None:
        self._client.unsubscribe(topic)

    def batch(self, seconds: float) -> list[Message]:
        """What came within this time; sooner once some came and no more follows. Unavailable when the line broke."""
        end = time.monotonic() + seconds
        while True:
            n_before = len(self._inbox)
            alive = self._step(STEP_SECONDS if self._inbox else REST_SECONDS)
            is_full = len(self._inbox) >= MOST_MESSAGES or self._n_bytes >= MOST_BYTES
            if self._inbox and (is_full or not alive or len(self._inbox) == n_before):
                found, self._inbox, self._n_bytes = self._inbox, [], 0
                return found
            if not alive:
                raise Unavailable(f"The broker at {self._host} broke off.")
            if time.monotonic() >= end:
                return []

    def acknowledge(self, messages: Sequence[Message]) -> None:
        """They are kept, the broker may forget them. On a line that broke it will send them again."""
        for message in messages:
            if message.qos:
                self._client.ack(message.number, message.qos)
        self._step(0.0)

    def _prepared(self, ask: Ask, name: str, *, lasting: bool) -> Any:
        client = paho.Client(
            paho.CallbackAPIVersion.VERSION2, client_id=name, clean_session=not lasting,
            protocol=paho.MQTTv311, reconnect_on_failure=False, manual_ack=True,
        )  # fmt: skip
        client.on_connect, client.on_subscribe = self._on_connect, self._on_subscribe
        client.on_message = self._on_message
        client.connect_timeout = ANSWER_SECONDS
        if ask.config.get("user"):
            client.username_pw_set(ask.config["user"], ask.secrets.get("secret") or None)
        if is_encrypted(ask.config):
            client.tls_set_context(_Context.for_name(self._host))
        return client

    def _wait(self, done: Callable[[], bool]) -> None:
        end = time.monotonic() + ANSWER_SECONDS
        while not done():
            if not self._step(STEP_SECONDS) and not done():
                raise Unavailable(f"The broker at {self._host} broke off.")
            if time.monotonic() > end:
                raise Unavailable(f"The broker at {self._host} does not answer.")

    def _step(self, seconds: float) -> bool:
        """Read and write what is due; False when the line is gone."""
        outcome = self._client.loop(seconds)
        # The library has no limit of its own for what a broker may send in one piece.
        if self._client._in_packet["remaining_length"] > LARGEST_PACKET:
            raise Unavailable(f"The broker at {self._host} sends a message of over {LARGEST_PACKET:,} bytes.")
        return bool(outcome == paho.MQTT_ERR_SUCCESS)

    def _on_connect(self, client: Any, data: Any, flags: Any, reason: Any, properties: Any) -> None:
        if reason.is_failure:
            self._refusal = str(reason)
        else:
            self._is_open, self.was_known = True, bool(flags.session_present)

    def _on_subscribe(self, client: Any, data: Any, mid: int, reasons: Any, properties: Any) -> None:
        self._granted = not any(reason.is_failure for reason in reasons)

    def _on_message(self, client: Any, data: Any, message: Any) -> None:
        payload = bytes(message.payload)
        self._n_bytes += len(payload)
        self._inbox.append(
            Message(
                _topic(message),
                payload if len(payload) <= LARGEST_MESSAGE else None,
                message.mid,
                message.qos,
                datetime.now(UTC),
            )
        )


class _Context(ssl.SSLContext):
    """Trusts what the system trusts, and holds the certificate against the name though the address is connected to."""

    name = ""

    @classmethod
    def for_name(cls, name: str) -> Self:
        context = cls(ssl.PROTOCOL_TLS_CLIENT)
        context.name = name
        context.load_default_certs()
        return context

    def wrap_socket(self, sock: Any, *args: Any, **options: Any) -> ssl.SSLSocket:
        return super().wrap_socket(sock, *args, **{**options, "server_hostname": self.name})


def is_encrypted(config: Mapping[str, str]) -> bool:
    return config.get("tls", "on") == "on"


def fits(topic_filter: str, topic: str) -> bool:
    """Whether the topic is one of those of the filter; a shared subscription's group is no part of it."""
    plain = topic_filter.split("/", 2)[2] if topic_filter.startswith("$share/") else topic_filter
    return bool(paho.topic_matches_sub(plain, topic))


def _topic(message: Any) -> str:
    try:
        return str(message.topic)
    except UnicodeDecodeError:
        return ""


def _reason(error: ssl.SSLError) -> str:
    return str(getattr(error, "verify_message", "") or error.reason or type(error).__name__)[:200]
