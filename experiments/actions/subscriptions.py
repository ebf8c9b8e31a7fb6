"""Listening to a broker for a while: its messages become waiting rows, and are acknowledged once those are committed.

Called by the refresh job. The broker keeps the session, so what comes between two refreshes, or is not acknowledged
because something broke, comes with the next one; the key of a row makes it count once.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils.crypto import salted_hmac

from experiments.models import DataSource, SourceState
from experiments.sources import mqtt, mqtt_rows
from experiments.sources.mqtt_line import Line, fits
from experiments.sources.mqtt_rows import Message
from experiments.sources.protocol import Ask, Limits, Report
from mlregistry.accounts.actor import Actor
from mlregistry.errors import Invalid, MlregistryError

from . import streams
from .sources import LONGEST_ERROR, opened, settle, without

PURPOSE = "mqtt session"
QUIET_SECONDS = 2.0
PROBLEMS_TOLD = 5

Group = tuple[Message, list[dict[str, Any]]]


@dataclass
class Tally:
    """What came of the messages."""

    n_messages: int = 0
    n_rows: int = 0
    n_new: int = 0
    n_bad: int = 0
    problems: list[str] = field(default_factory=list)

    def spoil(self, message: Message, error: MlregistryError) -> None:
        self.n_bad += 1
        if len(self.problems) < PROBLEMS_TOLD:
            self.problems.append(f"{message.topic[:200]}: {error.message[:300]}")

    def told(self) -> str:
        """A sentence about what could not be used; empty when all could."""
        if not self.n_bad:
            return ""
        return f"{self.n_bad:,} of {self.n_messages:,} messages could not be used. {self.problems[0]}"

    def to_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("n_messages", "n_rows", "n_new", "n_bad", "problems")}


def listen(source: DataSource, report: Report, *, by: Actor) -> Tally:
    """Keep the rows of what waits at the broker and comes while listening; a failure keeps what came before it."""
    secrets, tally = opened(source), Tally()
    ask = Ask(source.config, secrets, Path(), Limits(max_bytes=0), report=report)
    try:
        streams.check_takes_rows(source.dataset)
        with Line(ask, session_name(source), lasting=True) as line:
            _subscribe(line, source)
            _drain(line, source, tally, ask, by)
    except MlregistryError as error:
        told = without(error, secrets)
        if tally.n_new:
            told.message += f" {tally.n_new:,} rows that came before are kept."
            told.args = (told.message,)
        settle(source, SourceState.FAILED, error=told.message[:LONGEST_ERROR])
        raise told from None
    settle(source, SourceState.READY, error=tally.told()[:LONGEST_ERROR])
    return tally


def session_name(source: DataSource) -> str:
    """What the broker knows the source by; the same at each refresh, and another one in another installation."""
    return f"mlreg-{salted_hmac(PURPOSE, str(source.pk)).hexdigest()[:16]}"


def _subscribe(line: Line, source: DataSource) -> None:
    """Anew only where the broker does not know it yet: a subscription brings retained messages each time."""
    wanted = {"topic": source.config["topic"], "qos": source.config.get("qos") or "1"}
    if line.was_known and source.cursor == wanted:
        return
    before = source.cursor.get("topic")
    if line.was_known and before and before != wanted["topic"]:
        line.unsubscribe(before)
    line.subscribe(wanted["topic"], int(wanted["qos"]))
    DataSource.objects.filter(pk=source.pk).update(cursor=wanted)


def _drain(line: Line, source: DataSource, tally: Tally, ask: Ask, by: Actor) -> None:
    """Until the time is up; with a session that lasts, until nothing more comes."""
    lasts = source.config.get("qos") != "0"
    end = time.monotonic() + mqtt.listen_seconds(source.config)
    while (left := end - time.monotonic()) > 0:
        messages = line.batch(min(left, QUIET_SECONDS))
        if not messages and lasts:
            return
        _keep(source, messages, tally, by)
        line.acknowledge(messages)
        ask.report(0.0, f"{tally.n_messages:,} messages, {tally.n_new:,} new rows")


def _keep(source: DataSource, messages: Sequence[Message], tally: Tally, by: Actor) -> None:
    groups: list[Group] = []
    for message in messages:
        if not fits(source.config["topic"], message.topic):
            continue  # of a topic that was listened to before
        tally.n_messages += 1
        try:
            groups.append((message, mqtt_rows.rows_of(message, source.config)))
        except MlregistryError as error:
            tally.spoil(message, error)
    for chunk in _chunks(groups):
        _append(source, chunk, tally, by)


def _append(source: DataSource, groups: Sequence[Group], tally: Tally, by: Actor) -> None:
    """All of them at once; where one is refused, halves, down to the message that is to blame."""
    rows = [row for _, found in groups for row in found]
    try:
        with transaction.atomic():
            tally.n_new += streams.append(source.dataset, rows, by=by)
        tally.n_rows += len(rows)
    except Invalid as error:
        if len(groups) == 1:
            tally.spoil(groups[0][0], error)
            return
        middle = len(groups) // 2
        _append(source, groups[:middle], tally, by)
        _append(source, groups[middle:], tally, by)


def _chunks(groups: Sequence[Group]) -> Iterator[list[Group]]:
    """Of at most as many rows as one batch may have."""
    chunk: list[Group] = []
    n_rows = 0
    for group in groups:
        if chunk and n_rows + len(group[1]) > streams.MOST_ROWS:
            yield chunk
            chunk, n_rows = [], 0
        chunk.append(group)
        n_rows += len(group[1])
    if chunk:
        yield chunk
