"""Traffic for tests of A/B tests: predictions through a real endpoint, and rows of the log with their feedback."""

import json
import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np
from django.utils import timezone

from mlregistry.accounts.actor import Actor
from serving import live_routing
from serving.hotpath.split import Layout, bucket_of
from serving.models import Endpoint, Feedback, Prediction
from serving.shipping import log_folder, ship_folder


def answered(by: Actor, endpoint: str, row: dict[str, Any], units: Sequence[str]) -> list[tuple[str, str]]:
    """Asks once for each unit; returns prediction ids with the variant that answered, all of it in the log."""
    found = []
    for unit in units:
        body = json.dumps({"dataframe_records": [row], "unit_id": unit}).encode()
        status, headers, answer = live_routing.predict_as(
            by, endpoint, body, {"content-type": "application/json"}
        )
        assert status == 200, answer
        found.append((json.loads(answer)["prediction_ids"][0], headers["X-Variant"]))
    routing = live_routing.here()
    routing.log.close()
    routing.flush_counts()
    ship_folder(log_folder())
    return found


def logged(
    endpoint: Endpoint,
    right: dict[str, float],
    *,
    n: int,
    seed: int = 1,
    at: datetime | None = None,
    unit: str = "unit",
    n_each: int = 1,
) -> None:
    """n units as the endpoint's layout splits them, each with `n_each` predictions and feedback on them; `right` is the
    share of right answers by variant."""
    endpoint = Endpoint.objects.get(pk=endpoint.pk)
    layout = Layout.from_json(endpoint.layout)
    versions = dict(endpoint.variants.values_list("name", "version_id"))
    rng = np.random.default_rng(seed)
    at = at or timezone.now()
    predictions, feedback = [], []
    for number in range(n):
        name = f"{unit} {number}"
        variant = layout.owner(bucket_of(name, endpoint.salt))
        for _ in range(n_each):
            request = uuid.uuid4()
            truth = 1 if rng.random() < right[variant] else 0
            predictions.append(
                Prediction(
                    request_id=request, endpoint=endpoint, variant=variant, version_id=versions[variant],
                    unit=name, at=at, latency_seconds=0.001, input={},
                    output={"prediction": 1, "probabilities": [0.25, 0.75]},
                )
            )  # fmt: skip
            feedback.append(Feedback(endpoint=endpoint, request_id=request, truth=truth))
    Prediction.objects.bulk_create(predictions)
    Feedback.objects.bulk_create(feedback)
