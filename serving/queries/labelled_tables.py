"""Logged rows whose truth is known, as a table of inputs and target. Called by improvement studies."""

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from mlregistry.lib.lazily import lazily
from mlregistry.sql_rows import fetched
from serving.models import Endpoint
from serving.queries.labelled_rows import PAIRS

if TYPE_CHECKING:
    import pandas as pd
else:
    pd = lazily("pandas")

MOST = 20_000
LABELLED = f"""
    SELECT input::text, truth::text FROM (
        SELECT DISTINCT ON (p.request_id, p."row") p.request_id, p."row", p.at, p.input, f.truth {PAIRS}
        ORDER BY p.request_id, p."row", f.at DESC
    ) labelled
    ORDER BY at DESC, request_id, "row" LIMIT %(most)s
"""  # noqa: S608 - constants only


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
