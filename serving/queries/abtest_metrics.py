"""The metrics that an A/B test may decide by: one figure of each prediction and what turned out to be true.

One row each; the statements of `abtest_units` put the SQL in, the forms and the API offer the names.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from mlregistry.errors import Invalid
from mlregistry.ml.signature import kind_of
from models_app.models import ModelVersion
from serving.models import Endpoint


@dataclass(frozen=True)
class LiveMetric:
    """`maximize` None: whoever declares it says; `is_rate`: each prediction is 0 or 1.

    `sql` is over output, truth and version_id, with the parameters `outcome` and `places`; NULL leaves the
    prediction out.
    """

    name: str
    title: str
    kinds: tuple[str, ...]
    maximize: bool | None
    is_rate: bool
    sql: str


NUMBERS = "jsonb_typeof(output->'prediction') = 'number' AND jsonb_typeof(truth) = 'number'"
GAP = "(output->>'prediction')::float8 - (truth #>> '{}')::float8"
SURE = "(output->'probabilities'->>((%(places)s::jsonb->version_id::text->>(truth::text))::int))::float8"
METRICS = {
    metric.name: metric
    for metric in (
        LiveMetric(
            "accuracy", "share of right answers", ("classification",), True, True,
            "CASE WHEN output->'prediction' = truth THEN 1 ELSE 0 END",
        ),
        LiveMetric(
            "log_loss", "log loss of the probabilities", ("classification",), False, False,
            f"-ln(CASE WHEN {SURE} < 1e-15 THEN 1e-15 ELSE {SURE} END)",
        ),
        LiveMetric(
            "absolute_error", "absolute error", ("regression",), False, False,
            f"CASE WHEN {NUMBERS} THEN abs({GAP}) END",
        ),
        LiveMetric(
            "squared_error", "squared error", ("regression",), False, False,
            f"CASE WHEN {NUMBERS} THEN ({GAP}) ^ 2 END",
        ),
        LiveMetric(
            "hit_rate", "share of items taken that were shown", ("recommendation",), True, True,
            "CASE WHEN jsonb_typeof(output->'prediction') = 'array' THEN (EXISTS (SELECT FROM"
            " jsonb_array_elements(output->'prediction') e WHERE e->>'item' = truth #>> '{}'))::int END",
        ),
        LiveMetric(
            "outcome", "what turned out to be true", ("classification", "regression"), None, False,
            "CASE WHEN %(outcome)s::jsonb IS NOT NULL THEN (truth = %(outcome)s::jsonb)::int::float8"
            " WHEN jsonb_typeof(truth) = 'number' THEN (truth #>> '{}')::float8 END",
        ),
    )
}  # fmt: skip


def of_endpoint(endpoint: Endpoint) -> list[LiveMetric]:
    """Those that suit the kind of the endpoint's versions."""
    kinds = {kind_of(variant.version.served_signature) for variant in endpoint.variants.all()}
    return [metric for metric in METRICS.values() if kinds and kinds <= set(metric.kinds)]


def classes_of(endpoint: Endpoint) -> list[Any]:
    """All classes that a variant may answer; empty for a regression."""
    found: dict[Any, None] = {}
    for variant in endpoint.variants.all():
        found.update(dict.fromkeys(variant.version.served_signature.get("classes") or ()))
    return list(found)


def checked(endpoint: Endpoint, name: str, outcome: Any) -> LiveMetric:
    """The metric of that name, if this endpoint's predictions have it."""
    offered = {metric.name: metric for metric in of_endpoint(endpoint)}
    if name not in offered:
        known = ", ".join(offered) or "none: its predictions are not measured by feedback"
        raise Invalid(f"The metric must be one of those of this endpoint: {known}.", field="metric")
    classes = classes_of(endpoint)
    if outcome is not None and not classes:
        raise Invalid(
            "The predictions of this endpoint are numbers; there is no class to count.", field="outcome"
        )
    if name == "outcome" and classes and outcome not in classes:
        listed = ", ".join(map(str, classes[:20]))
        raise Invalid(f"Say which class the metric counts (outcome): {listed}.", field="outcome")
    return offered[name]


def outcome_of(endpoint: Endpoint, text: str) -> Any:
    """The class that a form or a query means by this text; None for an empty one."""
    if not text:
        return None
    return next((value for value in classes_of(endpoint) if str(value) == text), text)


def is_rate(metric: LiveMetric, outcome: Any) -> bool:
    return metric.is_rate or outcome is not None


def places(endpoint: Endpoint) -> str:
    """By version of the endpoint and class (as JSON), the place of the class's probability."""
    versions = ModelVersion.objects.filter(variants__endpoint=endpoint)
    found = {
        str(version.pk): {
            json.dumps(value, ensure_ascii=False): place
            for place, value in enumerate(version.served_signature.get("classes") or ())
        }
        for version in versions
    }
    return json.dumps(found, ensure_ascii=False)
