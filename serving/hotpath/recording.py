"""Which requests are written down and how: the sample, the redaction, the record. `predict` calls it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mlregistry.ml.plain_rows import PlainNumbers, PlainRows
from serving.hotpath import records, redaction
from serving.hotpath.snapshot import Endpoint, LogPolicy, Scorer, Variant
from serving.hotpath.split import N_BUCKETS, bucket_of


def is_logged(endpoint: Endpoint, record_id: str, unit_id: str | None) -> bool:
    """A unit is in the sample with all its requests or with none; without one the id of the record decides.

    The last 32 bits of a record's id are random. A unit's place among 10,000 does not depend on its variant.
    """
    policy = endpoint.log
    if policy.mode == "off":
        return False
    if policy.sample >= 1:
        return True
    if unit_id is not None:
        return bucket_of(unit_id, f"log {endpoint.salt}") < policy.sample * N_BUCKETS
    return int(record_id[-8:], 16) < policy.sample * 2**32


def record_of(
    endpoint: Endpoint,
    variant: Variant,
    rows: Sequence[dict[str, Any]],
    scores: Mapping[str, Any],
    *,
    id: str,
    request_id: str,
    unit_id: str | None,
    model: Scorer,
    at: float,
    seconds: float,
) -> records.Record:
    """What is kept of an answered request; redacted columns are gone from here on."""
    policy = endpoint.log
    return records.Record(
        id=id,
        at=at,
        team_id=endpoint.team_id,
        endpoint_id=endpoint.id,
        variant=variant.key,
        version_id=variant.model.version_id,
        request_id=request_id,
        unit_id=redaction.unit(unit_id, policy.redact, policy.key),
        n_rows=len(rows),
        seconds=seconds,
        predictions=scores["predictions"],
        probabilities=scores.get("probabilities"),
        **_kept(policy, rows, model),
    )


def _kept(policy: LogPolicy, rows: Sequence[dict[str, Any]], model: Scorer) -> dict[str, Any]:
    """The fields of a record that tell what was asked."""
    if not policy.inputs:
        return {"inputs": None}
    redact = policy.redact
    if isinstance(rows, PlainRows) and (not redact or redact.keys().isdisjoint(rows.names)):
        if isinstance(rows, PlainNumbers):
            numbers, whole = rows.to_bytes()
            return {"inputs": None, "columns": rows.names, "numbers": numbers, "whole": whole}
        return {"inputs": None, "columns": rows.names, "cells": rows.cells}
    names = [str(item.name) for item in model.inputs]
    given = [{name: row.get(name) for name in names} for row in rows]
    return {"inputs": redaction.rows(given, redact, policy.key)}
