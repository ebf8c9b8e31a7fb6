"""MLflow's routes that read runs: search, one run, histories of metrics, datasets. The hot reads."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

import msgspec

from experiments.queries import histories, input_datasets
from experiments.queries import search as queries
from mlregistry.accounts.models import Role
from mlregistry.errors import Invalid, NotFound

from . import ids
from .fields import Field, integer, text, texts
from .ids import present
from .route import Answer, Call, Route

PLACE = "2.0/mlflow/"
MOST_EXPERIMENTS = 20


def search(call: Call) -> Answer:
    given = call.given
    wanted = queries.Wanted(ids.view(given["run_view_type"]), given["filter"], tuple(given["order_by"] or ()))
    found = queries.page(
        _scope(call), wanted, max_results=given["max_results"], page_token=given["page_token"]
    )
    runs = [msgspec.Raw(text) for text in queries.documents(found.rows).values()]
    return present(runs=runs, next_page_token=found.next_page_token)


def get(call: Call) -> Answer:
    run_id = ids.run_uuid(call.given["run_id"])
    found = queries.documents([run_id], team_id=call.by.team.pk)
    if not found:
        raise NotFound(f"Run with id={run_id.hex} not found", field="run_id")
    return {"run": msgspec.Raw(found[run_id])}


def history(call: Call) -> Answer:
    given = call.given
    run_id = ids.run_uuid(given["run_id"])
    found = histories.history(
        call.by.team.pk,
        run_id,
        given["metric_key"],
        max_results=given["max_results"],
        page_token=given["page_token"],
    )
    if found is None:
        raise NotFound(f"Run with id={run_id.hex} not found", field="run_id")
    return _metrics(found.points) | present(next_page_token=found.next_page_token)


def bulk_history(call: Call) -> Answer:
    given = call.given
    if not given["run_id"]:
        raise Invalid("GetMetricHistoryBulk request must specify at least one run_id.", field="run_id")
    if len(given["run_id"]) > histories.MOST_RUNS:
        raise Invalid(
            f"GetMetricHistoryBulk request cannot specify more than {histories.MOST_RUNS} run_ids."
            f" Received {len(given['run_id'])} run_ids.",
            field="run_id",
        )
    if not given["metric_key"]:
        raise Invalid("GetMetricHistoryBulk request must specify a metric_key.", field="metric_key")
    runs = _runs(given["run_id"])
    points = histories.bulk(call.by.team.pk, runs, given["metric_key"], max_results=given["max_results"])
    return _metrics(points) or {"metrics": []}


def interval_history(call: Call) -> Answer:
    given = call.given
    if len(given["run_ids"]) > histories.MOST_RUNS:
        raise Invalid(
            f"GetMetricHistoryBulkInterval request must specify at most {histories.MOST_RUNS} run_ids."
            f" Received {len(given['run_ids'])} run_ids.",
            field="run_ids",
        )
    if not 1 <= given["max_results"] <= histories.MOST_SAMPLES:
        raise Invalid(f"max_results must be between 1 and {histories.MOST_SAMPLES}.", field="max_results")
    runs = _runs(given["run_ids"])
    steps = _steps(given["start_step"], given["end_step"])
    return _metrics(
        histories.samples(call.by.team.pk, runs, given["metric_key"], most=given["max_results"], steps=steps)
    )


def search_datasets(call: Call) -> Answer:
    wanted = call.given["experiment_ids"] or ()
    if not wanted:
        raise Invalid(
            "SearchDatasets request must specify at least one experiment_id.", field="experiment_ids"
        )
    if len(wanted) > MOST_EXPERIMENTS:
        raise Invalid(
            f"SearchDatasets request cannot specify more than {MOST_EXPERIMENTS} experiment_ids."
            f" Received {len(wanted)}.",
            field="experiment_ids",
        )
    return present(dataset_summaries=input_datasets.summaries(_scope(call)))


def _scope(call: Call) -> queries.Scope:
    texts = call.given["experiment_ids"] or ()
    numbers = [ids.experiment_number(one) for one in texts if one != ids.DEFAULT]
    return queries.scope(
        call.by.team.pk, [one for one in numbers if one is not None], default=ids.DEFAULT in texts
    )


def _runs(given: Sequence[str]) -> list[uuid.UUID]:
    """The runs' keys; those that no run can have are left out."""
    found = []
    for one in dict.fromkeys(given):
        try:
            found.append(ids.run_uuid(one))
        except NotFound:
            continue
    return found


def _steps(start: int | None, end: int | None) -> tuple[int, int] | None:
    if start is None and end is None:
        return None
    if start is None or end is None:
        raise Invalid(
            "If either start step or end step are specified, both must be specified.", field="start_step"
        )
    if start > end:
        raise Invalid(
            f"end_step must be greater than start_step. Found start_step={start} and end_step={end}.",
            field="end_step",
        )
    return start, end


def _metrics(points: bytes) -> dict[str, object]:
    return {"metrics": msgspec.Raw(points)} if points else {}


RUN = text("run_id", required=True, other="run_uuid")
KEY = text("metric_key", required=True)
EXPERIMENTS = texts("experiment_ids")
SEARCH = (
    EXPERIMENTS,
    text("filter"),
    Field("run_view_type", lambda value, _: int(value) if str(value) in ("0", "1", "2", "3") else value),
    integer("max_results", default=1000),
    texts("order_by"),
    text("page_token"),
)
INTERVAL = (
    texts("run_ids", required=True),
    KEY,
    integer("start_step"),
    integer("end_step"),
    integer("max_results", default=histories.MOST_SAMPLES),
)
ROUTES = (
    Route("POST", PLACE + "runs/search", search, Role.VIEWER, SEARCH),
    Route("GET", PLACE + "runs/get", get, Role.VIEWER, (RUN,)),
    Route(
        "GET", PLACE + "metrics/get-history", history, Role.VIEWER,
        (RUN, KEY, integer("max_results"), text("page_token")),
    ),
    Route(
        "GET", PLACE + "metrics/get-history-bulk", bulk_history, Role.VIEWER,
        (texts("run_id"), text("metric_key"), integer("max_results", default=histories.MOST_BULK_POINTS)),
    ),
    Route("GET", PLACE + "metrics/get-history-bulk-interval", interval_history, Role.VIEWER, INTERVAL),
    Route("POST", PLACE + "experiments/search-datasets", search_datasets, Role.VIEWER, (EXPERIMENTS,)),
)  # fmt: skip
