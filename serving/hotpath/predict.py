"""One prediction from request to answer. Called by the DRF view and by the thin WSGI door."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from time import perf_counter
from typing import Any
from urllib.parse import quote

import msgspec

from mlregistry.errors import MlregistryError, NotFound, Unavailable
from mlregistry.ml.plain_rows import as_dicts
from serving.hotpath import blame, records, wishes
from serving.hotpath.access import authorise, endpoint_at
from serving.hotpath.admission import Admission, Busy
from serving.hotpath.counters import Counters, Key
from serving.hotpath.log import PredictionLog
from serving.hotpath.protocols import SCORING, Answer, Served, Wording
from serving.hotpath.recording import is_in_sample, record_of
from serving.hotpath.snapshot import Address, Endpoint, Grant, ModelHandle, Scorer, Snapshot, Variant

logger = logging.getLogger(__name__)

JSON = {"Content-Type": "application/json"}
BY_VERSION = "-by-version"  # no variant can be named so: answers outside the split are counted apart
MAX_REQUEST_ID = 64
REQUEST_ID_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:")


class _Trace(msgspec.Struct):
    """What is known of a request so far, for its headers, counters and log."""

    id: str
    request_id: str
    started: float
    endpoint: Endpoint | None = None
    variant: Variant | None = None
    n_rows: int = 0


class Means(msgspec.Struct, frozen=True):
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
    own = records.new_id()
    given = headers.get("x-request-id")
    trace = _Trace(own, own if given is None else _taken_over(given, own), perf_counter())
    try:
        answer = _admitted(address, body, headers, snapshot, means, grant, trace)
        status, answer_headers = 200, JSON
    except Exception as error:
        status, answer_headers, answer = _problem(error, means, trace)
    key, named = _account(trace.endpoint, trace.variant, status)
    means.counters.add(key, n_rows=trace.n_rows, seconds=perf_counter() - trace.started)
    return status, {**answer_headers, "X-Request-Id": trace.request_id, **named}, answer


def _taken_over(given: str, own: str) -> str:
    """A client's X-Request-Id, when it is plain and short; prediction ids are always ours."""
    usable = 0 < len(given) <= MAX_REQUEST_ID and REQUEST_ID_CHARACTERS.issuperset(given)
    return given if usable else own


def _problem(error: Exception, means: Means, trace: _Trace) -> Answer:
    """Without the headers that every answer has."""
    if not isinstance(error, MlregistryError):
        logger.error("prediction %s failed", trace.request_id, exc_info=error)
        error = blame.ModelFailed("The server failed to answer; the reason is in its log.")
    elif isinstance(error, Busy):
        means.counters.refuse(trace.endpoint.id if trace.endpoint else 0)
    return means.wording.problem(error, request_id=trace.request_id)


def _admitted(
    address: Address,
    body: bytes,
    headers: Mapping[str, str],
    snapshot: Snapshot,
    means: Means,
    grant: Grant | None,
    trace: _Trace,
) -> bytes:
    """Who may ask, and whether there is room; the body is not looked at before."""
    at = means.clock()
    if grant is None:
        grant = authorise(headers, snapshot, now=at)
    endpoint = trace.endpoint = endpoint_at(address, grant, snapshot)
    means.admission.enter(endpoint.id)
    try:
        return _answer(endpoint, body, headers, snapshot, means, trace, at)
    finally:
        means.admission.leave(endpoint.id, perf_counter() - trace.started)


def _answer(
    endpoint: Endpoint,
    body: bytes,
    headers: Mapping[str, str],
    snapshot: Snapshot,
    means: Means,
    trace: _Trace,
    at: float,
) -> bytes:
    wording, policy = means.wording, endpoint.log
    opened = wording.open_body(body, headers)
    variant = trace.variant = _variant(endpoint, opened.unit_id, wording.version)
    model = snapshot.models.get(variant.model.version_id)
    if model is None:
        raise _not_loaded(variant.model)
    rows = opened.rows(model.inputs, model.decoder)
    n_rows = trace.n_rows = len(rows)
    scores = _scores(model, rows, opened.params, quiet=bool(policy.redact))
    answer = wording.answer(scores, opened, Served(trace.id, n_rows, endpoint, variant, model))
    if policy.mode != "off" and (policy.sample >= 1 or is_in_sample(endpoint, trace.id, opened.unit_id)):
        record = record_of(
            endpoint, variant, rows, scores, id=trace.id, request_id=trace.request_id, unit_id=opened.unit_id,
            n_rows=n_rows, model=model, at=at, seconds=perf_counter() - trace.started,
        )  # fmt: skip
        means.log.append(record, durable=policy.mode == "durable")
    return answer


def _variant(endpoint: Endpoint, unit_id: str | None, version: int | None) -> Variant:
    """As the split has it, or the one whose version was asked for by number."""
    if version is None:
        return endpoint.choose(unit_id)
    for variant in endpoint.variants:
        if variant.model.version == version:
            return Variant(BY_VERSION, variant.model)
    raise NotFound(f"Version {version} does not stand behind “{endpoint.name}”.")


def _not_loaded(handle: ModelHandle) -> Unavailable:
    return Unavailable(f"Version {handle.version} of “{handle.name}” is not loaded; try again later.")


def _scores(
    model: Scorer, rows: Sequence[dict[str, Any]], params: Mapping[str, Any], *, quiet: bool
) -> dict[str, Any]:
    """`quiet`: an estimator's error may quote a value that the endpoint redacts, so only its type is told."""
    try:
        return model.score(rows, **wishes.of(params)) if params else model.score(rows)
    except MlregistryError:
        raise
    except MemoryError:
        raise Unavailable("There is not enough memory for this request; send fewer rows.") from None
    except Exception as error:
        kind = type(error).__name__
        logger.warning("a model refused %d rows: %s", len(rows), kind, exc_info=not quiet)
        raise blame.explain(model, as_dicts(rows)) from error


def _account(
    endpoint: Endpoint | None, variant: Variant | None, status: int
) -> tuple[Key, Mapping[str, str]]:
    """Under what a request is counted, and the headers that name who answered it."""
    endpoint_id = endpoint.id if endpoint else 0
    if variant is None:
        return _key(endpoint_id, "", 0, status), {}
    handle = variant.model
    return _key(endpoint_id, variant.key, handle.version_id, status), _named(variant.key, handle.version)


_key = lru_cache(maxsize=4096)(Key)


@lru_cache(maxsize=1024)
def _named(key: str, version: int) -> dict[str, str]:
    return {"X-Variant": quote(key, safe=" "), "X-Model-Version": str(version)}
