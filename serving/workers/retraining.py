"""The jobs of retraining: serving.assemble_retraining joins the rows and starts the training, compare_retraining lets
champion and challenger answer the rows that were held out."""

import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings

from experiments.queries.datasets import local_paths, table_info
from mlregistry.artifacts import store
from mlregistry.errors import Invalid, MlregistryError, NotFound
from mlregistry.jobs.context import JobContext
from mlregistry.ml import labelled_tables, tables
from mlregistry.ml.comparing import fresh_rows
from mlregistry.ml.labelled_tables import Joined, Wanted
from serving.actions import retraining_data
from serving.actions.retraining_data import Assembled
from serving.models import Retraining
from serving.queries import labelled_rows
from serving.queries.retraining import LINKS
from serving.workers.fresh_answers import outcomes

MOST_HELD_OUT = 10_000


def assemble(context: JobContext, *, retraining_id: int, now: str) -> dict[str, Any]:
    """Returns the counts of rows; too few labelled ones are no failure: the attempt then says so and ends."""
    row = _row(retraining_id)
    if row.dataset_version is None:
        until = datetime.fromisoformat(now)
        with tempfile.TemporaryDirectory(prefix="retrain-", dir=settings.FILE_UPLOAD_TEMP_DIR) as name:
            _assembled(context, row, Path(name), until)
        row = _row(retraining_id)
    if row.dataset_version is not None:
        context.report(0.9, "Starting the training")
        retraining_data.start_training(row)
    return dict(row.data)


def compare(context: JobContext, *, retraining_id: int) -> dict[str, Any]:
    """Returns the comparison."""
    row = _row(retraining_id)
    problem = row.endpoint.problem
    if row.held_out is None or row.champion is None or row.challenger is None or problem is None:
        raise Invalid("The held-out rows, a version or the problem was deleted.")
    with store.local_path(row.held_out) as path:
        rows = list(labelled_rows.read_lines(path))
    context.report(0.1, f"Asking both about {len(rows):,} rows")
    try:
        before, after = outcomes(row.champion, row.challenger, problem.kind, rows, context.report)
        context.report(0.8, "Comparing")
        found = fresh_rows.compare(problem.kind, problem.primary_metric, before, after)
    except MlregistryError as error:
        retraining_data.refuse(row, "comparing", error.message)
        return {"refused": error.message}
    retraining_data.keep_comparison(row, found)
    context.report(1.0, f"{found.improvement:+.4g}")
    return found.to_json()


def _assembled(context: JobContext, row: Retraining, folder: Path, until: datetime) -> None:
    since = until - timedelta(days=row.wants("window_days"))
    context.report(0.05, "Reading the log")
    lines = folder / "labelled.ndjson"
    labelled_rows.write_lines(row.endpoint, since, until, lines, most=row.wants("most_rows"))
    n_lines, n_held_out = _parted(lines, folder, row.wants("held_out_share"))
    if n_lines < row.wants("least_labels"):
        text = f"{n_lines:,} labelled rows since {since:%-d %b %Y}; {row.wants('least_labels'):,} are needed."
        retraining_data.refuse(row, "assembling", text)
        return
    context.report(0.3, f"Joining {n_lines:,} labelled rows")
    joined = _joined(row, folder)
    data = {
        "n_original": joined.n_original, "n_labelled": joined.n_labelled, "n_held_out": n_held_out,
        "n_unreadable": joined.n_unreadable, "since": since.isoformat(), "until": until.isoformat(),
        "original_digest": row.original_version.digest if row.original_version else "",
    }  # fmt: skip
    context.report(0.7, "Storing them")
    table = folder / "table.parquet"
    notes = [f"{joined.n_original:,} rows of {row.original_version}", f"{joined.n_labelled:,} logged rows"]
    assembled = Assembled(table, tables.describe(table, notes=notes), folder / "held_out.ndjson", data)
    retraining_data.keep_data(row, assembled)


def _parted(lines: Path, folder: Path, share: float) -> tuple[int, int]:
    """The newest lines to compare on, the others to learn from; how many there are and how many are held out."""
    with lines.open("rb") as file:
        n_lines = sum(1 for _ in file)
    n_held_out = min(MOST_HELD_OUT, round(n_lines * share))
    with (
        lines.open("rb") as file,
        (folder / "held_out.ndjson").open("wb") as held,
        (folder / "learned.ndjson").open("wb") as learned,
    ):
        for place, line in enumerate(file):
            (held if place < n_held_out else learned).write(line)
    return n_lines, n_held_out


def _joined(row: Retraining, folder: Path) -> Joined:
    original, problem = row.original_version, row.endpoint.problem
    if original is None or problem is None:
        raise Invalid("The dataset version that the champion was trained on, or the problem, was deleted.")
    recipe = retraining_data.recipe_of(row)
    wanted = Wanted(
        table_info(original).columns, problem.target, row.wants("most_rows"),
        with_original=row.wants("with_original"), order=str((recipe.get("split") or {}).get("order") or ""),
    )  # fmt: skip
    with local_paths(original) as paths:
        return labelled_tables.join(paths, folder / "learned.ndjson", folder / "table.parquet", wanted)


def _row(retraining_id: int) -> Retraining:
    row = Retraining.objects.select_related(*LINKS).filter(pk=retraining_id, ended_at=None).first()
    if row is None:
        raise NotFound("The retraining has ended.")
    return row
