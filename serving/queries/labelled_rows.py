"""Logged rows whose truth is known, as a table of inputs and target. Called by jobs."""

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from mlregistry.lib.lazily import lazily
from mlregistry.sql_rows import fetched
from serving.models import Endpoint

if TYPE_CHECKING:
    import pandas as pd
else:
    pd = lazily("pandas")

MOST = 20_000
LABELLED = """
    SELECT p.input::text, f.truth::text
    FROM serving_feedback f
    CROSS JOIN LATERAL (
        SELECT input, at FROM serving_prediction
        WHERE request_id = f.request_id AND "row" = f."row" AND endpoint_id = f.endpoint_id
        UNION ALL
        SELECT input, at FROM serving_prediction
        WHERE client_request_id = f.request_id AND "row" = f."row" AND endpoint_id = f.endpoint_id
    ) p
    WHERE f.endpoint_id = %(endpoint)s AND p.at >= %(since)s AND p.at < %(until)s
    ORDER BY p.at DESC
    LIMIT %(most)s
"""


def labelled_rows(
    endpoint: Endpoint, target: str, *, since: datetime, until: datetime
) -> "pd.DataFrame | None":
    """The newest 20,000 predictions of that time with their truths in the column `target`; None without any.

    Columns that the log drops or hashes are left out, so that nobody takes them for what was sent.
    """
    values = {"endpoint": endpoint.pk, "since": since, "until": until, "most": MOST}
    rows: list[dict[str, Any]] = []
    for sent, truth in fetched(LABELLED, values):
        row = json.loads(sent)
        if isinstance(row, dict):
            rows.append({**row, target: json.loads(truth)})
    if not rows:
        return None
    hidden = [name for name in endpoint.log_redact if name != target]
    return pd.DataFrame(rows).drop(columns=hidden, errors="ignore")
