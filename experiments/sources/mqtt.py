"""Messages of an MQTT broker: the settings and the preview. Refreshes are `actions.subscriptions`. Extra `mqtt`."""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import Mapping

from django.conf import settings

from mlregistry.errors import Invalid
from mlregistry.ml.reading import Reading

from . import mqtt_rows
from .mqtt_line import Line
from .protocol import Ask, Fetched, Setting, number

TOPIC = re.compile(r"#|(\$share/[^+#/]+/|(?!\$share/))(#|(\+|[^+#/]*)(/(\+|[^+#/]*))*(/#)?)")
LONGEST_TOPIC = 1_000
PREVIEW_SECONDS = 8.0
LISTEN_SECONDS = 50


class Mqtt:
    name = "mqtt"
    title = "MQTT topics"
    text = "Messages of a broker as rows, each key once. The broker keeps them while nobody listens."
    settings = (
        Setting(
            "host",
            "Host",
            "Private addresses only when the operator of this server allows them.",
            required=True,
            placeholder="broker.example.org",
        ),
        Setting(
            "topic",
            "Topics",
            "+ stands for one level, # for all below.",
            required=True,
            placeholder="plant/+/temperature",
        ),
        Setting("port", "Port", "Empty: 8883 with encryption, 1883 without."),
        Setting("tls", "Encryption", "The broker’s certificate is checked.", choices=("on", "off")),
        Setting("user", "User"),
        Setting("secret", "Password", "Kept encrypted and never shown again.", secret=True),
        Setting(
            "qos",
            "Quality of service",
            "1: the broker keeps what comes while nobody listens. 0: it does not.",
            choices=("1", "0"),
        ),
        Setting("listen_seconds", "Most seconds", f"Of one refresh; {LISTEN_SECONDS} when empty."),
        Setting(
            "records",
            "Path to the rows",
            "In the JSON of a message, such as data.items; empty: the message is a row, or a list of them.",
        ),
        Setting("values", "Path to the values", "In a row; empty: the row without its key and time."),
        Setting(
            "key",
            "Path to the key",
            "In a row, unique in the dataset; several with commas are joined, $topic is the topic."
            " Empty: made of topic, time and content.",
            placeholder="$topic, id",
        ),
        Setting(
            "event_at",
            "Path to the time",
            "ISO 8601, or seconds or milliseconds since 1970. Empty: when the message came; then one that is"
            " sent twice may count twice.",
            placeholder="at",
        ),
        Setting("topic_column", "Column for the topic", "Empty: the topic is not kept."),
    )

    def check(self, config: Mapping[str, str]) -> None:
        topic = config["topic"]
        if len(topic) > LONGEST_TOPIC or not TOPIC.fullmatch(topic):
            raise Invalid("A topic has + as a whole level, and # as the last one only.", field="topic")
        number(config, "port", 0, lowest=1, highest=65_535)
        listen_seconds(config)
        mqtt_rows.check(config)
        if config.get("user") and config.get("tls") == "off" and not settings.SOURCES_OVER_HTTP:
            raise Invalid(
                "Without encryption the password would travel in the open; the operator of this server can allow it"
                " with MLREGISTRY_SOURCES_OVER_HTTP.",
                field="tls",
            )

    def fetch(self, ask: Ask) -> Fetched:
        """For a preview: rows of the first messages that come, in a session that leaves no trace at the broker."""
        rows: list[str] = []
        problem = ""
        most = ask.n_rows or mqtt_rows.MOST_ROWS
        end = time.monotonic() + min(PREVIEW_SECONDS, ask.seconds_left())
        with Line(ask, f"mlreg-{secrets.token_hex(8)}", lasting=False) as line:
            line.subscribe(ask.config["topic"], 0)
            while len(rows) < most and (left := end - time.monotonic()) > 0:
                for message in line.batch(left):
                    try:
                        found = mqtt_rows.rows_of(message, ask.config)
                        rows += [json.dumps(_flat(row)) for row in found]
                    except Invalid as error:
                        problem = error.message
        if not rows:
            told = (
                f"No message of {PREVIEW_SECONDS:g} seconds could be used: {problem}"
                if problem
                else (
                    f"No message came within {PREVIEW_SECONDS:g} seconds. The broker lets this user read the topics;"
                    " save the source to hear what comes later."
                )
            )
            raise Invalid(told, field="topic")
        file = ask.into / "rows.jsonl"
        file.write_text("\n".join(rows[:most]), encoding="utf-8")
        return Fetched(file, "rows.jsonl", reading=Reading(keep_text=frozenset({"key"})))


def listen_seconds(config: Mapping[str, str]) -> int:
    return number(config, "listen_seconds", LISTEN_SECONDS, lowest=1, highest=3_600)


def _flat(row: Mapping[str, object]) -> dict[str, object]:
    values = row["values"]
    plain = values if isinstance(values, dict) else {}
    return {"key": row["key"], "event_at": row["event_at"], **plain}
