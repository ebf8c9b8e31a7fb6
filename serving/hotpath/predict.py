"""One prediction from request to answer. Called by the DRF view and by the thin WSGI door."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from mlregistry.errors import MlregistryError, NotFound, Unavailable
from mlregistry.ml.plain_rows import as_dicts
from serving.hotpath import blame, records, wishes
from serving.hotpath.access import authorise, endpoint_at
from serving.hotpath.admission import Admission, Busy
from serving.hotpath.counters import Counters, Key
from serving.hotpath.log import PredictionLog
from serving.hotpath.protocols import SCORING, Answer, Served, Wording
from serving.hotpath.recording import is_logged, record_of
from serving.hotpath.snapshot import Address, Endpoint, Grant, Scorer, Snapshot, Variant

logger = logging.getLogger(__name__)

BY_VERSION = "-by-version"  # no variant can be named so: answers outside the split are counted apart
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


@dataclass(frozen=True, slots=True)
class Means:
    """What a prediction works with: where it is logged and counted, how many may come, how it is worded."""

    log: PredictionLog
    counters: Counters
    admission: Admission
    wording: Wording = SCORING
    clock: Callable[[], float] = time.time


def predict(
    address: Address,
    body: bytes,
    headers: Mapping[str, str],
    snapshot: Snapshot,
    *,
    means: Means,
    grant: Grant | None = None,
) -> Answer:
    """Status, headers and body of the answer; never raises.

    Header names are lower-case. A door that has authenticated the request itself passes the grant; otherwise
    the token in the Authorization header counts. The clock gives seconds since 1970.
    """
    trace = _trace(headers)
    try:
        status, answer_headers, answer = _admitted(address, body, headers, snapshot, means, grant, trace)
    except MlregistryError as error:
        status, answer_headers, answer = means.wording.problem(error, request_id=trace.request_id)
        if isinstance(error, Busy):
            means.counters.refuse(trace.endpoint.id if trace.endpoint else 0)
    except Exception:
        logger.exception("prediction %s failed", trace.request_id)
        failure = blame.ModelFailed("The server failed to answer; the reason is in its log.")
        status, answer_headers, answer = means.wording.problem(failure, request_id=trace.request_id)
    seconds = time.perf_counter() - trace.started
    means.counters.add(_key(trace, status), n_rows=trace.n_rows, seconds=seconds)
    return status, {**answer_headers, **_trace_headers(trace)}, answer


def _admitted(
    address: Address,
    body: bytes,
    headers: Mapping[str, str],
    snapshot: Snapshot,
    means: Means,
    grant: Grant | None,
    trace: _Trace,
) -> Answer:
    """Who may ask, and whether there is room; the body is not looked at before."""
    at = means.clock()
    grant = grant or authorise(headers, snapshot, now=at)
    endpoint = trace.endpoint = endpoint_at(address, grant, snapshot)
    means.admission.enter(endpoint.id)
    try:
        return _answer(endpoint, body, headers, snapshot, means, trace, at)
    finally:
        means.admission.leave(endpoint.id, time.perf_counter() - trace.started)


def _answer(
    endpoint: Endpoint,
    body: bytes,
    headers: Mapping[str, str],
    snapshot: Snapshot,
    means: Means,
    trace: _Trace,
    at: float,
) -> Answer:
    opened = means.wording.open_body(body, headers)
    variant = trace.variant = _variant(endpoint, opened.unit_id, means.wording.version)
    model = _model(variant, snapshot)
    rows = opened.rows(model.inputs, model.decoder)
    trace.n_rows = len(rows)
    scores = _scores(model, rows, wishes.of(opened.params), quiet=bool(endpoint.log.redact))
    served = Served(trace.id, len(rows), endpoint, variant, model)
    answer = means.wording.answer(scores, opened, served)
    if is_logged(endpoint, trace.id, opened.unit_id):
        record = record_of(
            endpoint, variant, rows, scores, id=trace.id, request_id=trace.request_id,
            unit_id=opened.unit_id, model=model, at=at, seconds=time.perf_counter() - trace.started,
        )  # fmt: skip
        means.log.append(record, durable=endpoint.log.mode == "durable")
    return 200, {"Content-Type": "application/json"}, answer


def _variant(endpoint: Endpoint, unit_id: str | None, version: int | None) -> Variant:
    """As the split has it, or the one whose version was asked for by number."""
    if version is None:
        return endpoint.choose(unit_id)
    for variant in endpoint.variants:
        if variant.model.version == version:
            return Variant(BY_VERSION, variant.model)
    raise NotFound(f"Version {version} does not stand behind “{endpoint.name}”.")


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


def _scores(
    model: Scorer, rows: Sequence[dict[str, Any]], wish: Mapping[str, Any], *, quiet: bool
) -> dict[str, Any]:
    """`quiet`: an estimator's error may quote a value that the endpoint redacts, so only its type is told."""
    try:
        return model.score(rows, **wish)
    except MlregistryError:
        raise
    except MemoryError:
        raise Unavailable("There is not enough memory for this request; send fewer rows.") from None
    except Exception as error:
        kind = type(error).__name__
        logger.warning("a model refused %d rows: %s", len(rows), kind, exc_info=not quiet)
        raise blame.explain(model, as_dicts(rows)) from error


def _trace_headers(trace: _Trace) -> dict[str, str]:
    headers = {"X-Request-Id": trace.request_id}
    if trace.variant is not None:
        headers["X-Variant"] = _quoted(trace.variant.key)
        headers["X-Model-Version"] = str(trace.variant.model.version)
    return headers


@lru_cache(maxsize=1024)
def _quoted(key: str) -> str:
    return quote(key, safe=" ")


def _key(trace: _Trace, status: int) -> Key:
    variant = trace.variant
    endpoint_id = trace.endpoint.id if trace.endpoint else 0
    return Key(
        endpoint_id, variant.key if variant else "", variant.model.version_id if variant else 0, status
    )
