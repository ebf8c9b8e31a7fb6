"""What the log may keep: columns and units redacted before anything is written, samples by unit."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from mlregistry.errors import Invalid
from serving.hotpath import redaction, segments
from serving.hotpath.admission import Admission, Busy
from serving.hotpath.counters import Counters
from serving.hotpath.decoding import Decoder
from serving.hotpath.log import PredictionLog
from serving.hotpath.predict import Means, predict
from serving.hotpath.protocols import Answer
from serving.hotpath.snapshot import Address, LogPolicy, Snapshot, snapshot_of, with_models

KEY = "ab" * 32
ROW = {"months": 3, "charge": 80.25, "contract": "monthly-secret"}
RULES = {"months": "hash", "charge": "drop", "contract": "truncate:3", "unit_id": "hash"}
Ask = Callable[..., Answer]


def with_policy(routed: Snapshot, policy: LogPolicy) -> Snapshot:
    endpoints = [replace(endpoint, log=policy) for endpoint in routed.endpoints.values()]
    return with_models(snapshot_of(endpoints, routed.tokens, epoch=4), routed.models)


def ask(snapshot: Snapshot, means: Means, row: dict[str, Any] = ROW, unit: str = "alice@home") -> Answer:
    headers = {"authorization": "Bearer mlr_predict", "content-type": "application/json", "x-unit-id": unit}
    body = json.dumps({"dataframe_records": [row]}).encode()
    return predict(Address(None, "churn"), body, headers, snapshot, means=means)


@pytest.fixture
def means(tmp_path: Path) -> Means:
    return Means(PredictionLog(tmp_path / "predictions"), Counters(), Admission(64))


def test_what_is_redacted_never_reaches_the_disk(routed: Snapshot, means: Means) -> None:
    answer = ask(with_policy(routed, LogPolicy(redact=RULES, key=KEY)), means)
    assert answer[0] == 200
    means.log.close()
    (segment,) = segments.listing(means.log.folder)
    raw = segment.path.read_bytes()
    assert not [word for word in (b"secret", b"alice", b"80.25") if word in raw]
    (record,) = segments.read_all(segment.path)
    assert record.inputs == [{"months": redaction.digest(3, KEY), "contract": "mon"}]
    assert record.unit_id == redaction.digest("alice@home", KEY)


def test_an_estimators_words_about_a_redacted_value_are_not_logged(
    routed: Snapshot, means: Means, caplog: pytest.LogCaptureFixture
) -> None:
    class Chatty:
        inputs = ()
        decoder: Decoder | None = None
        example = [ROW]

        def score(self, rows: Sequence[dict[str, Any]], **wish: Any) -> dict[str, Any]:
            raise ValueError(f"cannot convert {rows[0]['contract']}")

    snapshot = with_models(
        with_policy(routed, LogPolicy(redact=RULES, key=KEY)), {101: Chatty(), 102: Chatty()}
    )
    ask(snapshot, means)
    assert "ValueError" in caplog.text
    assert "secret" not in caplog.text


def test_equal_values_have_equal_hashes_within_a_team_only() -> None:
    assert redaction.digest("a", KEY) == redaction.digest("a", KEY) != redaction.digest("a", "cd" * 32)
    assert redaction.rows([{"a": None}], {"a": "hash"}, KEY) == [{"a": None}]
    assert redaction.unit("u", {"unit_id": "drop"}, KEY) is None
    assert redaction.unit("u", {}, KEY) == "u"


def test_rules_are_checked_by_column() -> None:
    assert redaction.checked({"a": "truncate", "b": "hash"}) == {"a": "truncate:3", "b": "hash"}
    for rules in ({"a": "blur"}, {"a": "hash:3"}, {"a": "truncate:x"}, {"unit_id": "truncate:2"}):
        with pytest.raises(Invalid, match=r"redact|unit_id|truncate"):
            redaction.checked(rules)


def test_a_unit_is_in_the_sample_with_all_its_requests_or_none(routed: Snapshot, means: Means) -> None:
    snapshot = with_policy(routed, LogPolicy(sample=0.5))
    for _ in range(2):
        for number in range(60):
            assert ask(snapshot, means, unit=f"unit {number}")[0] == 200
    means.log.close()
    found = [
        str(record.unit_id)
        for one in segments.listing(means.log.folder)
        for record in segments.read_all(one.path)
    ]
    assert Counter(found) == dict.fromkeys(found, 2)
    assert 15 <= len(set(found)) <= 45
    counts = means.log.drain_counts()
    assert counts[1].n_enqueued == len(found)


def test_a_full_queue_refuses_at_once_and_counts(routed: Snapshot, means: Means) -> None:
    admission = Admission(2)
    tight = msgspec.structs.replace(means, admission=admission)
    for _ in range(2):
        admission.enter(1)
    admission._lines[1].seconds = 0.5  # its answers take so long
    status, headers, body = ask(routed, tight)
    assert (status, headers["Retry-After"], json.loads(body)["code"]) == (503, "1", "busy")
    assert tight.counters.drain_refused() == {1: 1}
    admission.leave(1, 0.5)
    assert ask(routed, tight)[0] == 200


def test_a_quick_endpoint_is_never_closed() -> None:
    admission = Admission(1)
    for _ in range(5):
        admission.enter(7)
    admission.enter(8)
    admission._lines[8].seconds = 1.0
    with pytest.raises(Busy):
        admission.enter(8)


def test_rows_that_cannot_be_written_are_counted_as_dropped(routed: Snapshot, means: Means) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    means.log.syncs_each, means.log.sync = True, full
    assert ask(with_policy(routed, LogPolicy("durable")), means)[0] == 503
    tally = means.log.drain_counts()[1]
    assert (tally.n_enqueued, tally.n_dropped) == (1, 1)
