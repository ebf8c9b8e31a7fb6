"""Which requests are written down and how: the sample, the redaction, the record. `predict` calls it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mlregistry.ml.plain_rows import PlainRows
from serving.hotpath import records, redaction
from serving.hotpath.snapshot import Endpoint, LogPolicy, Scorer, Variant
from serving.hotpath.split import N_BUCKETS, bucket_of

NOTHING: Any = ()


def is_in_sample(endpoint: Endpoint, record_id: str, unit_id: str | None) -> bool:
    """A unit is in it with all its requests or with none; without one the id of the record decides.

    The last 32 bits of a record's id are random. A unit's place among 10,000 does not depend on its variant.
    """
    sample = endpoint.log.sample
    if unit_id is not None:
        return bucket_of(unit_id, f"log {endpoint.salt}") < sample * N_BUCKETS
    return int(record_id[-8:], 16) < sample * 2**32


def record_of(
    endpoint: Endpoint,
    variant: Variant,
    rows: Sequence[dict[str, Any]],
    scores: Mapping[str, Any],
    *,
    id: str,
    request_id: str,
    unit_id: str | None,
    n_rows: int,
    model: Scorer,
    at: float,
    seconds: float,
) -> records.Record:
    """What is kept of an answered request; redacted columns are gone from here on."""
    policy = endpoint.log
    if policy.redact:
        unit_id = redaction.unit(unit_id, policy.redact, policy.key)
    inputs, columns, cells, numbers, whole = None, NOTHING, NOTHING, b"", b""  # names may be shared
    if policy.inputs and isinstance(rows, PlainRows) and (not policy.redact or _is_open(policy, rows.names)):
        names = rows.names
        columns = names.shared if type(names) is records.Columns else names
        cells, numbers, whole = rows.kept()
    elif policy.inputs:
        inputs = _kept(policy, rows, model)
    # In the order of its fields: many names cost as much as the rest of it.
    return records.Record(
        id, at, endpoint.team_id, endpoint.id, variant.key, variant.model.version_id, request_id, unit_id, n_rows,
        seconds, inputs, scores["predictions"], scores.get("probabilities"), columns, cells,
        numbers, whole,
    )  # fmt: skip


def _is_open(policy: LogPolicy, names: Sequence[str]) -> bool:
    """Whether no rule is about one of these columns."""
    return policy.redact.keys().isdisjoint(names)


def _kept(policy: LogPolicy, rows: Sequence[dict[str, Any]], model: Scorer) -> list[dict[str, Any]]:
    """Of each column of the signature what the rules leave."""
    names = [str(item.name) for item in model.inputs]
    given = [{name: row.get(name) for name in names} for row in rows]
    return redaction.rows(given, policy.redact, policy.key)
