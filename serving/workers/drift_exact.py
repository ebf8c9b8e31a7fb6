"""A window's inputs against the training rows, row by row and without counters. The job serving.check_drift calls."""

import tempfile
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction

from experiments.queries.datasets import local_paths
from mlregistry.errors import Invalid
from mlregistry.ml.drift import judging, tables
from mlregistry.ml.drift.baselines import INPUT
from mlregistry.ml.drift.logged_rows import Chosen, open_lines
from mlregistry.ml.drift.parquet_rows import open_table
from mlregistry.ml.drift.report import DriftReport
from serving.models import DriftCheck
from serving.queries import drift
from serving.queries.drift import Window
from serving.queries.drift_baselines import of_version

MOST_ROWS = 5_000_000
# Most of the work is to write numbers as text, which the planner does not know: rows are shared out all the same.
IN_PARALLEL = "SET LOCAL parallel_setup_cost = 0; SET LOCAL parallel_tuple_cost = 0"
# JSON of the database holds neither of the two characters, so that no line is quoted.
COPY = """
    COPY (
        SELECT input::text FROM serving_prediction
        WHERE endpoint_id = {endpoint:d} AND version_id = {version:d} AND input <> '{{}}'::jsonb
          AND at >= '{since}' AND at < '{until}' LIMIT {most:d}
    ) TO STDOUT (FORMAT csv, DELIMITER e'\\x02', QUOTE e'\\x01')
"""


def exact_report(check: DriftCheck) -> DriftReport:
    """Of up to five million rows; answers and truths are compared from their counters, as ever."""
    found = drift.report(check.endpoint, check.version, Window(check.since, check.until))
    row = of_version(check.version)
    if row is None or row.dataset_version is None:
        raise Invalid("The training data were deleted, so only counters can be compared.")
    inputs = {str(one["name"]): str(one["type"]) for one in check.version.served_signature["inputs"]}
    shown = {name: kind for name, kind in inputs.items() if found.column(INPUT + name) is not None}
    declared = drift.declaration(check.endpoint)
    with (
        tempfile.TemporaryDirectory(prefix="drift-", dir=settings.FILE_UPLOAD_TEMP_DIR) as folder,
        local_paths(row.dataset_version) as paths,
        open_table(paths) as before,
    ):
        lines = Path(folder) / "window.ndjson"
        _copy(check, lines)
        with open_lines(lines, shown) as now:
            sides = [Chosen(side, list(shown), INPUT) for side in (before, now)]
            exact = tables.compare(sides[0], sides[1], declared)
    others = [column for column in found.columns if not column.name.startswith(INPUT)]
    return judging.summed(
        [*exact.columns, *others],
        n_reference=exact.n_reference,
        n_current=exact.n_current,
        declaration=declared,
    )


def _copy(check: DriftCheck, target: Path) -> None:
    """COPY takes no parameters: numbers and times of our own are written into it."""
    sql = COPY.format(
        endpoint=check.endpoint_id, version=check.version_id, since=check.since.isoformat(),
        until=check.until.isoformat(), most=MOST_ROWS,
    )  # fmt: skip
    with target.open("wb") as file, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(IN_PARALLEL)
        cursor.copy_expert(sql, file)
