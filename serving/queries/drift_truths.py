"""The truths that came for a window's predictions, for the drift of the target. Called by queries.drift."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from mlregistry.ml.drift.baselines import TRUTH, Baseline
from mlregistry.ml.drift.counters import Counters
from mlregistry.ml.drift.folding import fold_columns
from mlregistry.sql_rows import fetched
from models_app.models import ModelVersion
from serving.models import Endpoint, Feedback

MOST = 20_000  # of the newest predictions of the window
# Feedback names a prediction by the server's id or by the id that the client gave its request. It may be sent again,
# so truths are read as they are now and not counted on the way.
TRUTHS = """
    WITH p AS MATERIALIZED (
        SELECT request_id, client_request_id, "row" FROM serving_prediction
        WHERE endpoint_id = %(endpoint)s AND version_id = %(version)s AND at >= %(since)s AND at < %(until)s
        ORDER BY at DESC LIMIT %(most)s
    )
    SELECT f.truth::text FROM p JOIN serving_feedback f
      ON f.endpoint_id = %(endpoint)s AND f.request_id = p.request_id AND f."row" = p."row"
    UNION ALL
    SELECT f.truth::text FROM p JOIN serving_feedback f
      ON f.endpoint_id = %(endpoint)s AND f.request_id = p.client_request_id AND f."row" = p."row"
"""


def counted_truths(
    endpoint: Endpoint, version: ModelVersion, baseline: Baseline, since: datetime, until: datetime
) -> Counters | None:
    """Of the newest 20,000 predictions of the window; None where no truth is known or none is watched."""
    names = [column.name for column in baseline.columns if column.name.startswith(TRUTH)]
    if not names or not Feedback.objects.filter(endpoint=endpoint).exists():
        return None
    values = {
        "endpoint": endpoint.pk, "version": version.pk, "since": since, "until": until, "most": MOST,
    }  # fmt: skip
    truths: Sequence[Any] = [json.loads(text) for (text,) in fetched(TRUTHS, values)]
    return fold_columns(baseline, {names[0]: truths}, n_rows=0) if truths else None
