"""A prediction from request to answer, on real pipelines."""

from __future__ import annotations

import base64
import json
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from serving.hotpath import segments
from serving.hotpath.admission import Admission
from serving.hotpath.counters import Counters
from serving.hotpath.decoding import Decoder
from serving.hotpath.log import PredictionLog
from serving.hotpath.predict import Means, predict
from serving.hotpath.protocols import Answer
from serving.hotpath.records import Record
from serving.hotpath.snapshot import Address, LogPolicy, Snapshot, snapshot_of, with_models

ROW = {"months": 3, "charge": 80.0, "contract": "monthly"}
HEADERS = {"authorization": "Bearer mlr_predict", "content-type": "application/json"}
Ask = Callable[..., Answer]


@pytest.fixture
def log(tmp_path: Path) -> Iterator[PredictionLog]:
    log = PredictionLog(tmp_path / "predictions")
    yield log
    log.close()


@pytest.fixture
def counters() -> Counters:
    return Counters()


@pytest.fixture
def ask(routed: Snapshot, log: PredictionLog, counters: Counters) -> Ask:
    def send(
        body: Any,
        *,
        name: str = "churn",
        team: str | None = None,
        snapshot: Snapshot = routed,
        **headers: str,
    ) -> Answer:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        sent = {**HEADERS, **{key.replace("_", "-"): value for key, value in headers.items()}}
        return predict(Address(team, name), raw, sent, snapshot, means=Means(log, counters, Admission(64)))

    return send


def logged(log: PredictionLog) -> list[Record]:
    log.close()
    return [record for segment in segments.listing(log.folder) for record in segments.read_all(segment.path)]


def test_a_classifier_answers_with_predictions_probabilities_and_ids(ask: Ask) -> None:
    status, headers, body = ask({"dataframe_records": [ROW, {**ROW, "months": 70, "charge": None}]})
    answer = json.loads(body)
    assert status == 200
    assert answer["predictions"] == ["Yes", "No"]
    assert answer["classes"] == ["No", "Yes"]
    assert [round(sum(row), 9) for row in answer["probabilities"]] == [1, 1]
    assert answer["prediction_ids"] == [f"{headers['X-Request-Id']}-{i}" for i in range(2)]
    assert headers["Content-Type"] == "application/json"
    assert headers["X-Variant"] in ("champion", "challenger")
    assert headers["X-Model-Version"] == "1"


def test_a_regression_answers_with_numbers_alone(ask: Ask) -> None:
    status, _, body = ask({"instances": [[30, 50.0]]}, name="spend")
    answer = json.loads(body)
    assert status == 200
    assert set(answer) == {"predictions", "prediction_ids"}
    assert answer["predictions"][0] == pytest.approx(60, abs=6)


def test_csv_and_json_answer_the_same(ask: Ask) -> None:
    by_json = json.loads(ask({"dataframe_records": [ROW]})[2])
    by_csv = json.loads(ask(b"charge,contract,months\n80.0,monthly,3\n", content_type="text/csv")[2])
    assert by_csv["probabilities"] == by_json["probabilities"]


def test_a_unit_always_meets_the_same_variant_and_traffic_splits_as_weighted(ask: Ask) -> None:
    met = [ask({"dataframe_records": [ROW]}, x_unit_id=f"u{i}")[1]["X-Variant"] for i in range(300)]
    again = [ask({"dataframe_records": [ROW], "unit_id": f"u{i}"})[1]["X-Variant"] for i in range(100)]
    assert met[:100] == again
    assert abs(Counter(met)["challenger"] - 30) <= 21  # four standard deviations


def test_a_plain_request_id_is_taken_over_and_a_strange_one_is_not(ask: Ask) -> None:
    assert ask({"dataframe_records": [ROW]}, x_request_id="abc-1")[1]["X-Request-Id"] == "abc-1"
    assert ask({"dataframe_records": [ROW]}, x_request_id="a b\r\n")[1]["X-Request-Id"] != "a b\r\n"


def test_an_extra_column_is_named_and_nothing_is_logged(ask: Ask, log: PredictionLog) -> None:
    status, _, body = ask({"dataframe_records": [{**ROW, "shoe_size": 43}]})
    assert status == 400
    assert "shoe_size" in json.loads(body)["detail"]
    assert logged(log) == []


def test_what_was_answered_is_in_the_log(ask: Ask, log: PredictionLog) -> None:
    _, headers, body = ask({"dataframe_records": [ROW]}, x_unit_id="u1", x_request_id="r1")
    (record,) = logged(log)
    answer = json.loads(body)
    assert record.given()[0] == ROW
    assert record.predictions == answer["predictions"]
    assert record.probabilities == answer["probabilities"]
    assert answer["prediction_ids"] == [f"{record.id}-0"]
    assert (record.unit_id, record.request_id, record.n_rows) == ("u1", "r1", 1)
    assert (record.endpoint_id, record.team_id, record.version_id) == (1, 7, 101)
    assert record.variant == headers["X-Variant"]
    assert record.seconds > 0


def test_the_log_has_the_columns_in_the_order_in_which_each_client_sends_them(
    ask: Ask, log: PredictionLog
) -> None:
    for names in (list(ROW), list(ROW)[::-1], list(ROW)[::-1]):
        data = [[ROW[name] for name in names], [ROW[name] for name in names]]
        assert ask({"dataframe_split": {"columns": names, "data": data}})[0] == 200
    found = logged(log)
    order = tuple(ROW)
    assert [record.columns for record in found] == [order, order[::-1], order[::-1]]
    assert all(list(record.given()) == [ROW, ROW] for record in found)


def _with_policy(routed: Snapshot, policy: LogPolicy) -> Snapshot:
    endpoints = [replace(endpoint, log=policy) for endpoint in routed.endpoints.values()]
    return with_models(snapshot_of(endpoints, routed.tokens, epoch=4), routed.models)


def test_the_log_policy_can_switch_off_sample_and_leave_out_inputs(
    ask: Ask, log: PredictionLog, routed: Snapshot
) -> None:
    for policy in (LogPolicy("off"), LogPolicy(sample=0.0), LogPolicy(inputs=False)):
        assert ask({"dataframe_records": [ROW]}, snapshot=_with_policy(routed, policy))[0] == 200
    (record,) = logged(log)
    assert record.inputs is None


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"authorization": ""}, 401),
        ({"authorization": "Bearer wrong"}, 401),
        ({"authorization": "Bearer mlr_old"}, 401),
        ({"authorization": "Bearer \ud800"}, 401),
        ({"authorization": "Basic !!"}, 401),
        ({"authorization": "Digest x"}, 401),
        ({"authorization": "Bearer mlr_read"}, 403),
        ({"authorization": "Bearer mlr_charlie"}, 404),
    ],
)
def test_who_may_not_predict_is_told_so(ask: Ask, headers: dict[str, str], status: int) -> None:
    got, answer_headers, body = ask({"dataframe_records": [ROW]}, **headers)
    assert got == status == json.loads(body)["status"]
    assert answer_headers["Content-Type"] == "application/problem+json"
    assert ("WWW-Authenticate" in answer_headers) == (status == 401)
    assert "X-Variant" not in answer_headers


def test_a_token_is_accepted_as_the_basic_password(ask: Ask) -> None:
    basic = base64.b64encode(b"alice:mlr_predict").decode()
    assert ask({"dataframe_records": [ROW]}, authorization=f"Basic {basic}")[0] == 200


@pytest.mark.parametrize(
    ("team", "name"), [("outside", "theirs"), (None, "none"), ("acme", "off"), ("x", "churn")]
)
def test_an_endpoint_that_is_not_there_or_not_theirs_is_not_found(
    ask: Ask, team: str | None, name: str
) -> None:
    assert ask({"dataframe_records": [ROW]}, name=name, team=team)[0] == 404


def test_a_team_in_the_address_reaches_its_endpoint(ask: Ask) -> None:
    assert ask({"dataframe_records": [ROW]}, team="acme")[0] == 200


def test_a_door_that_knows_the_user_passes_the_grant(
    routed: Snapshot, log: PredictionLog, counters: Counters
) -> None:
    grant = next(iter(routed.tokens.values()))
    body = json.dumps({"dataframe_records": [ROW]}).encode()
    answer = predict(
        Address(None, "churn"), body, {}, routed, means=Means(log, counters, Admission(64)), grant=grant
    )
    assert answer[0] == 200


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ({"months": 3, "charge": 1.0}, "contract"),
        ({**ROW, "months": None}, "months"),
        ({**ROW, "months": "three"}, "months"),
        ({**ROW, "contract": 5}, "contract"),
        ({**ROW, "charge": [1]}, "charge"),
    ],
)
def test_a_row_that_breaks_the_signature_is_named(ask: Ask, row: dict[str, Any], field: str) -> None:
    status, headers, body = ask({"dataframe_records": [ROW, row]})
    problem = json.loads(body)
    assert status == 400
    assert problem["field"] == field
    assert "Row 2" in problem["detail"]
    assert problem["request_id"] == headers["X-Request-Id"]


def test_a_value_that_the_model_refuses_is_named_and_is_the_clients_mistake(ask: Ask) -> None:
    status, _, body = ask({"instances": [[3, 1.0], [4, 2.0], [5, 1e300], [6, 1.0]]}, name="spend")
    problem = json.loads(body)
    assert status == 400
    assert problem["detail"] == "Row 3, column “charge”: the model cannot score this value."
    assert problem["field"] == "charge"


class Broken:
    """A model that lost what it needs."""

    inputs = ()
    decoder: Decoder | None = None
    example = [ROW]

    def score(self, rows: Sequence[dict[str, Any]], **wish: Any) -> dict[str, Any]:
        raise RuntimeError("no weights")


def test_a_model_that_fails_on_its_own_example_is_a_server_error(ask: Ask, routed: Snapshot) -> None:
    broken = with_models(routed, {101: Broken(), 102: Broken()})
    status, _, body = ask({"dataframe_records": [ROW]}, snapshot=broken)
    assert status == 500
    assert "no weights" not in body.decode()
    assert json.loads(body)["code"] == "model_failed"


def test_a_version_that_is_not_loaded_asks_to_come_back(ask: Ask, routed: Snapshot) -> None:
    status, headers, _ = ask({"dataframe_records": [ROW]}, snapshot=with_models(routed, {}))
    assert (status, headers["Retry-After"]) == (503, "1")


def test_a_durable_endpoint_does_not_acknowledge_what_it_could_not_write(
    ask: Ask, log: PredictionLog
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    log.syncs_each, log.sync = True, full
    assert ask({"instances": [[3, 1.0]]}, name="spend")[0] == 503
    log.sync = os.fdatasync
    assert ask({"instances": [[3, 1.0]]}, name="spend")[0] == 200
    assert len(logged(log)) == 1


def test_every_request_is_counted_under_its_status(ask: Ask, counters: Counters) -> None:
    ask({"dataframe_records": [ROW, ROW]})
    ask(b"no")
    ask({"dataframe_records": [ROW]}, authorization="")
    found = {(key.endpoint_id, key.status): tally for key, tally in counters.totals().items()}
    assert {key: tally.n_requests for key, tally in found.items()} == {(1, 200): 1, (1, 400): 1, (0, 401): 1}
    assert found[1, 200].n_rows == 2


def test_an_error_inside_the_server_is_answered_too(ask: Ask, routed: Snapshot) -> None:
    class Odd(Broken):
        def score(self, rows: Sequence[dict[str, Any]], **wish: Any) -> dict[str, Any]:
            return {}

    status, _, body = ask({"dataframe_records": [{}]}, snapshot=with_models(routed, {101: Odd()}))
    assert (status, json.loads(body)["code"]) == (500, "model_failed")
