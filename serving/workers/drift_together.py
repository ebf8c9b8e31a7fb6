"""Can a classifier tell a window's rows from the training rows? The jobs that check drift call this.

Of the training rows a sample that is the same each time, of the window some of its newest 20,000 rows.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.queries.datasets import local_paths
from mlregistry.errors import MlregistryError
from mlregistry.lib.lazily import lazily
from mlregistry.ml import duck
from mlregistry.ml.drift.baselines import INPUT
from mlregistry.ml.drift.declaring import ASKED, EVERY, Declaration
from mlregistry.ml.drift.two_sample import MOST_COLUMNS, MOST_ROWS, two_sample
from mlregistry.ml.drift.values import label
from mlregistry.ml.profiling.codec import encoded
from mlregistry.ml.table_info import Limits
from mlregistry.sql_rows import fetched
from serving.models import DriftCheck
from serving.queries import drift
from serving.queries.drift_baselines import of_version

if TYPE_CHECKING:
    import pandas as pd
else:
    pd = lazily("pandas")

NEWEST = 20_000
MOST_TELLERS = 10
SEED = 20_242
LIMITS = Limits(memory_mb=768)
NUMBERS = ("integer", "float")
# Ids of requests end in random bits: their order is that of a shuffled deck, and the same each time.
ROWS = """
    SELECT input::text FROM (
        SELECT request_id, "row", input FROM serving_prediction
        WHERE endpoint_id = %s AND version_id = %s AND at >= %s AND at < %s AND input <> '{}'::jsonb
        ORDER BY at DESC LIMIT %s
    ) newest ORDER BY right(request_id::text, 12), "row" LIMIT %s
"""


def told_apart(check: DriftCheck) -> dict[str, Any]:
    """The test's answer, or why there is none; empty where it is not wanted."""
    declared = drift.declaration(check.endpoint)
    if declared.two_sample != EVERY and not (check.exact and declared.two_sample == ASKED):
        return {}
    try:
        return _tested(check, declared)
    except MlregistryError as error:
        return {"error": error.message}


def _tested(check: DriftCheck, declared: Declaration) -> dict[str, Any]:
    row = of_version(check.version)
    if row is None or row.dataset_version is None:
        return {"error": "The training data were deleted."}
    inputs = {str(one["name"]): str(one["type"]) for one in check.version.served_signature["inputs"]}
    chosen = [name for name in inputs if declared.watches(INPUT + name)][:MOST_COLUMNS]
    with local_paths(row.dataset_version) as paths:
        before = _sampled(paths, chosen)
    now = _newest(check, chosen)
    types = {name: inputs[name] for name in before if name in inputs}
    found = encoded(two_sample(_typed(before, types), _typed(now, types), alpha=declared.alpha, seed=SEED))
    return {**found, "columns": found["columns"][:MOST_TELLERS]}


def _sampled(paths: Sequence[Path], names: Sequence[str]) -> "pd.DataFrame":
    with duck.connect(duck.folders(paths), LIMITS) as connection:
        table = duck.scan(paths)
        known = {row[0] for row in connection.execute(f"DESCRIBE SELECT * FROM {table}").fetchall()}  # noqa: S608  # duck quotes paths
        columns = ", ".join(duck.name(name) for name in names if name in known)
        if not columns:
            return pd.DataFrame()
        sql = f"SELECT {columns} FROM {table} USING SAMPLE reservoir({MOST_ROWS} ROWS) REPEATABLE ({SEED})"  # noqa: S608  # and names
        return connection.execute(sql).df()


def _newest(check: DriftCheck, names: Sequence[str]) -> "pd.DataFrame":
    values = [check.endpoint_id, check.version_id, check.since, check.until, NEWEST, MOST_ROWS]
    rows = [json.loads(given) for (given,) in fetched(ROWS, values)]
    return pd.DataFrame({name: [row.get(name) for row in rows] for name in names}, dtype=object)


def _typed(frame: "pd.DataFrame", types: Mapping[str, str]) -> dict[str, Any]:
    """Both sides alike: numbers as floats, all others as the text by which categories are called."""
    found: dict[str, Any] = {}
    for name, kind in types.items():
        if kind in NUMBERS:
            found[name] = pd.to_numeric(frame[name], errors="coerce").astype(float)
        else:
            found[name] = frame[name].map(label, na_action="ignore").astype(object)
    return found
