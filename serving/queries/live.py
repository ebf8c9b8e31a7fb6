"""How an endpoint's variants do: counts, latency, errors, metrics over the feedback. For API and pages."""

import json
from collections import defaultdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from mlregistry.lib.lazily import lazily
from mlregistry.ml.metrics import Outcome, class_numbers, measure
from mlregistry.ml.recommendation import feedback
from mlregistry.ml.signature import kind_of
from mlregistry.sql_rows import fetched
from models_app.models import ModelVersion
from serving.models import Endpoint, Prediction
from serving.queries.traffic import quantile
from serving.queries.truths import predictions_of

if TYPE_CHECKING:
    import numpy as np
else:
    np = lazily("numpy")

MOST_FEEDBACK = 20_000
COUNTS = """
    SELECT variant, version_id, sum(n_rows) FILTER (WHERE status < 400)::bigint,
           sum(n_requests) FILTER (WHERE status >= 500)::bigint
    FROM serving_answercount
    WHERE endpoint_id = %(endpoint)s AND hour >= %(hour)s AND variant <> ''
    GROUP BY variant, version_id
"""
HISTOGRAMS = """
    SELECT variant, version_id, array_agg(n ORDER BY place) FROM (
        SELECT variant, version_id, place, sum(bucket)::bigint AS n
        FROM serving_answercount c CROSS JOIN LATERAL unnest(c.histogram) WITH ORDINALITY AS h (bucket, place)
        WHERE endpoint_id = %(endpoint)s AND hour >= %(hour)s AND variant <> '' AND status < 400
        GROUP BY variant, version_id, place
    ) AS summed GROUP BY variant, version_id
"""
JOINED = f"""
    SELECT p.variant, p.version_id, p.output::text, f.truth::text
    FROM (SELECT endpoint_id, request_id, "row", truth FROM serving_feedback
          WHERE endpoint_id = %(endpoint)s AND at >= %(since)s ORDER BY at DESC LIMIT %(most)s) f
    {predictions_of("f", "variant", "version_id", "output", "at")}
    WHERE p.at >= %(since)s
"""  # noqa: S608 - constants only
Key = tuple[str, int]


def variant_statistics(endpoint: Endpoint, *, since: datetime | None = None) -> list[dict[str, Any]]:
    """One row per variant and version that stands behind the endpoint or has answered since then.

    `n_predictions` are rows answered and `share` their part of all (0 to 1), latencies are seconds of a request,
    `n_errors` counts answers of 5xx, all three since the beginning of the hour in which `since` lies; `metrics` are
    those of the problem's kind over the newest 20,000 rows with feedback. The log is not read but for these rows.
    """
    start = since or datetime.fromtimestamp(0, UTC)
    values = {"endpoint": endpoint.pk, "since": start, "most": MOST_FEEDBACK}
    values["hour"] = start.replace(minute=0, second=0, microsecond=0)
    counts = {(row[0], row[1]): (row[2] or 0, row[3] or 0) for row in fetched(COUNTS, values)}
    histograms = {(row[0], row[1]): tuple(map(int, row[2])) for row in fetched(HISTOGRAMS, values)}
    truths = _truths(values)
    current = {(v.name, v.version_id): v for v in endpoint.variants.select_related("version__model")}
    keys: list[Key] = [*current, *sorted({*counts, *truths} - {*current})]
    versions = ModelVersion.objects.select_related("model").in_bulk([version_id for _, version_id in keys])
    n_all = sum(row[0] for row in counts.values())
    metric = live_metric_of(endpoint)
    found = []
    for key in keys:
        n, n_errors = counts.get(key, (0, 0))
        p50, p95 = (quantile(histograms.get(key, ()), share) for share in (0.5, 0.95))
        version = versions.get(key[1])
        metrics = metrics_of(version, truths.get(key, [])) if version else {}
        found.append({
            "variant": key[0], "current": key in current,
            "weight": float(current[key].weight) if key in current else 0.0,
            "model": version.model.name if version else None, "version": version.number if version else None,
            "n_predictions": n, "share": n / n_all if n_all else 0.0,
            "p50_seconds": p50, "p95_seconds": p95, "n_errors": n_errors,
            "n_feedback": len(truths.get(key, [])), "metrics": metrics,
            "primary_metric": metric, "primary_value": metrics.get(metric) if metric else None,
        })  # fmt: skip
    return found


def live_metric_of(endpoint: Endpoint) -> str | None:
    """What the page shows: the problem's metric, and of recommendations, whose feedback is one item, the hit rate."""
    if endpoint.problem is None:
        return None
    return "hit_rate" if endpoint.problem.kind == "recommendation" else endpoint.problem.primary_metric


def latest_predictions(endpoint: Endpoint, *, limit: int = 50) -> list[Prediction]:
    """The newest logged rows, for the endpoint's page."""
    rows = Prediction.objects.filter(endpoint=endpoint).select_related("version__model")
    return list(rows.order_by("-at")[:limit])


def _truths(values: dict[str, Any]) -> dict[Key, list[tuple[Any, Any]]]:
    found: dict[Key, list[tuple[Any, Any]]] = defaultdict(list)
    for variant, version_id, output, truth in fetched(JOINED, values):
        found[variant, version_id].append((json.loads(output), json.loads(truth)))
    return dict(found)


def metrics_of(version: ModelVersion, pairs: list[tuple[Any, Any]]) -> dict[str, float]:
    """Metrics over (output, truth) pairs; a truth that is no class of this version is left out."""
    classes = list(version.served_signature.get("classes") or ())
    if classes:
        pairs = [
            (output, truth) for output, truth in pairs if truth in classes and output["prediction"] in classes
        ]
    if not pairs:
        return {}
    truth = np.array([truth for _, truth in pairs])
    predicted = np.array([output["prediction"] for output, _ in pairs])
    kind = kind_of(version.served_signature)
    if kind == "recommendation":
        return feedback.measured(pairs)
    if kind == "clustering":
        return {}
    if not classes:
        return measure("regression", Outcome(truth.astype(float), predicted.astype(float)))
    sure = all(output.get("probabilities") is not None for output, _ in pairs)
    outcome = Outcome(
        class_numbers(truth, classes),
        class_numbers(predicted, classes),
        np.array([output["probabilities"] for output, _ in pairs], dtype=float) if sure else None,
        len(classes),
    )
    return measure("classification", outcome)
