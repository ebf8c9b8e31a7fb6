"""One prediction from request to answer. Called by the DRF view and by the thin WSGI door."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from mlregistry.errors import MlregistryError, Unavailable
from serving.hotpath import blame, records, wire, wishes
from serving.hotpath.access import authorise, endpoint_at
from serving.hotpath.counters import Counters, Key
from serving.hotpath.log import PredictionLog
from serving.hotpath.problems import problem
from serving.hotpath.snapshot import Address, Endpoint, Grant, LogPolicy, Scorer, Snapshot, Variant

logger = logging.getLogger(__name__)

Answer = tuple[int, dict[str, str], bytes]
MAX_REQUEST_ID = 64
REQUEST_ID_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:")


@dataclass(slots=True)
class _Trace:
    """What is known of a request so far, for its headers, counters and log."""

    id: str
    request_id: str
    started: float
    endpoint: Endpoint | None = None
    variant: Variant | None = None
    n_rows: int = 0


def predict(
    endpoint: Address,
    body: bytes,
    headers: Mapping[str, str],
    snapshot: Snapshot,
    *,
    log: PredictionLog,
    counters: Counters,
    grant: Grant | None = None,
    clock: Callable[[], float] = time.time,
) -> Answer:
    """Status, headers and body of the answer; never raises.

    Header names are lower-case. A door that has authenticated the request itself passes the grant; otherwise
    the token in the Authorization header counts. `clock` gives seconds since 1970.
    """
    trace = _trace(headers)
    try:
        status, answer_headers, answer = _answer(endpoint, body, headers, snapshot, log, grant, clock, trace)
    except MlregistryError as error:
        status, answer_headers, answer = problem(error, request_id=trace.request_id)
    except Exception:
        logger.exception("prediction %s failed", trace.request_id)
        failure = blame.ModelFailed("The server failed to answer; the reason is in its log.")
        status, answer_headers, answer = problem(failure, request_id=trace.request_id)
    counters.add(_key(trace, status), n_rows=trace.n_rows, seconds=time.perf_counter() - trace.started)
    return status, {**answer_headers, **_trace_headers(trace)}, answer


def _answer(
    address: Address,
    body: bytes,
    headers: Mapping[str, str],
    snapshot: Snapshot,
    log: PredictionLog,
    grant: Grant | None,
    clock: Callable[[], float],
    trace: _Trace,
) -> Answer:
    at = clock()
    grant = grant or authorise(headers, snapshot, now=at)
    endpoint = trace.endpoint = endpoint_at(address, grant, snapshot)
    opened = wire.open_body(body, headers)
    variant = trace.variant = endpoint.choose(opened.unit_id)
    model = _model(variant, snapshot)
    rows = opened.rows(model.inputs)
    trace.n_rows = len(rows)
    scores = _scores(model, rows, wishes.of(opened.params))
    if _is_logged(endpoint.log, trace.id):
        record = _record(trace, endpoint, variant, rows, scores, unit_id=opened.unit_id, model=model, at=at)
        log.append(record, durable=endpoint.log.mode == "durable")
    ids = records.prediction_ids(trace.id, len(rows))
    answer = wire.answer(scores, prediction_ids=ids, params=opened.params)
    return 200, {"Content-Type": "application/json"}, answer


def _trace(headers: Mapping[str, str]) -> _Trace:
    """A client's X-Request-Id is taken over when it is plain and short; prediction ids are always ours."""
    own = records.new_id()
    given = headers.get("x-request-id", "")
    usable = 0 < len(given) <= MAX_REQUEST_ID and REQUEST_ID_CHARACTERS.issuperset(given)
    return _Trace(id=own, request_id=given if usable else own, started=time.perf_counter())


def _model(variant: Variant, snapshot: Snapshot) -> Scorer:
    model = snapshot.models.get(variant.model.version_id)
    if model is None:
        handle = variant.model
        raise Unavailable(f"Version {handle.version} of “{handle.name}” is not loaded; try again later.")
    return model


def _scores(model: Scorer, rows: list[dict[str, Any]], wish: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return model.score(rows, **wish)
    except MlregistryError:
        raise
    except MemoryError:
        raise Unavailable("There is not enough memory for this request; send fewer rows.") from None
    except Exception as error:
        logger.warning("a model refused %d rows", len(rows), exc_info=True)
        raise blame.explain(model, rows) from error


def _is_logged(policy: LogPolicy, record_id: str) -> bool:
    """The last 32 bits of a record's id are random: they decide the sample."""
    return policy.mode != "off" and int(record_id[-8:], 16) < policy.sample * 2**32


def _record(
    trace: _Trace,
    endpoint: Endpoint,
    variant: Variant,
    rows: list[dict[str, Any]],
    scores: Mapping[str, Any],
    *,
    unit_id: str | None,
    model: Scorer,
    at: float,
) -> records.Record:
    names = [str(item.name) for item in model.inputs]
    inputs = [{name: row.get(name) for name in names} for row in rows] if endpoint.log.inputs else None
    return records.Record(
        id=trace.id,
        at=at,
        team_id=endpoint.team_id,
        endpoint_id=endpoint.id,
        variant=variant.key,
        version_id=variant.model.version_id,
        request_id=trace.request_id,
        unit_id=unit_id,
        n_rows=len(rows),
        seconds=time.perf_counter() - trace.started,
        inputs=inputs,
        predictions=scores["predictions"],
        probabilities=scores.get("probabilities"),
    )


def _trace_headers(trace: _Trace) -> dict[str, str]:
    headers = {"X-Request-Id": trace.request_id}
    if trace.variant is not None:
        headers["X-Variant"] = quote(trace.variant.key, safe=" ")
        headers["X-Model-Version"] = str(trace.variant.model.version)
    return headers


def _key(trace: _Trace, status: int) -> Key:
    variant = trace.variant
    endpoint_id = trace.endpoint.id if trace.endpoint else 0
    return Key(
        endpoint_id, variant.key if variant else "", variant.model.version_id if variant else 0, status
    )
