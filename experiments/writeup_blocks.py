"""The live blocks of write-ups that show runs: a table, curves, a metric, a comparison. For settings.WRITEUP_BLOCKS."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.urls import reverse

from experiments import access
from experiments.models import Experiment, LatestMetric, Param, Run
from experiments.nouns import RUN
from experiments.queries import runs as queries
from mlregistry.accounts.actor import Actor
from mlregistry.discussions.blocks import Block, Cell, Drawn, Field
from mlregistry.errors import Invalid, NotFound
from mlregistry.ui.templatetags.pages import figure, words

MOST_ROWS, MOST_RUNS, MOST_METRICS, MOST_KEYS = 50, 10, 8, 60
POINTS = 400
RUN_FIELD = Field("run", "Run", "the run's id, as in its address", is_required=True)
RUNS_FIELD = Field("runs", "Runs", f"ids of 1 to {MOST_RUNS} runs, with blanks between", is_required=True)


def _runs_table(by: Actor, values: Mapping[str, str]) -> Drawn:
    experiment = access.experiment(by, _number(values["experiment"], "experiment"))
    limit = _number(values.get("limit") or "10", "limit")
    if not 1 <= limit <= MOST_ROWS:
        raise Invalid(f"limit lies between 1 and {MOST_ROWS}.", field="limit")
    metric = values.get("metric") or _main_metric(experiment)
    rows = queries.leaderboard(experiment, metric=metric or None, limit=limit)
    more = _names(values.get("show", ""), MOST_METRICS, "show")
    columns = [("Run", False), ("State", False), *((words(name), True) for name in [metric, *more] if name)]
    return Drawn(
        title=f"{experiment.name}: the best {len(rows)} runs"
        if metric
        else f"{experiment.name}: the newest runs",
        address=reverse("experiments:experiment", args=[experiment.pk]),
        columns=columns,
        rows=[
            [
                Cell(row.run.name or row.run.pk.hex[:8], _address(row.run)),
                Cell(str(row.run.status).lower()),
                *(Cell(figure(_shown(row, name)), is_number=True) for name in [metric, *more] if name),
            ]
            for row in rows
        ],
    )


def _shown(row: queries.Row, name: str) -> Any:
    """A metric, or a param of this name."""
    return row.metrics[name] if name in row.metrics else _readable(row.params.get(name, ""))


def _main_metric(experiment: Experiment) -> str:
    if experiment.problem is None:
        return ""
    return queries.score_key(experiment.problem, queries.metric_keys(experiment))


def _curve(by: Actor, values: Mapping[str, str]) -> Drawn:
    runs, metric = _runs(by, values["runs"]), values["metric"]
    series = []
    for run in runs:
        points = [(point.step, point.value) for point in queries.history(run, metric, max_points=POINTS)]
        if points:
            series.append({"name": run.name, "x": [x for x, _ in points], "y": [y for _, y in points]})
    if not series:
        raise NotFound(f"None of these runs logged “{metric}”.", field="metric")
    missing = len(runs) - len(series)
    chart = {
        "type": "lines", "title": metric, "x_title": "Step", "y_title": metric, "series": series, "markers": False,
    }  # fmt: skip
    note = f"{missing} of the runs did not log it." if missing else ""
    return Drawn(
        title=words(metric), address=_address(runs[0]) if len(runs) == 1 else "", note=note, chart=chart
    )


def _metric(by: Actor, values: Mapping[str, str]) -> Drawn:
    run = access.run(by, values["run"])
    metric = values.get("metric", "")
    if not metric:
        return Drawn(
            run.name, _address(run), figures=[("main metric", RUN.standings([run])[run.pk].figure or "–")]
        )
    found = LatestMetric.objects.filter(run=run, key=metric).first()
    if found is None:
        raise NotFound(f"The run did not log “{metric}”.", field="metric")
    figures = [(words(metric), figure(found.number))]
    if found.minimum is not None and found.minimum != found.maximum:
        figures += [("least", figure(found.minimum)), ("greatest", figure(found.maximum))]
    return Drawn(title=run.name, address=_address(run), figures=figures)


def _comparison(by: Actor, values: Mapping[str, str]) -> Drawn:
    """Metrics and params that differ, those asked for or all up to 60: three queries."""
    runs = _runs(by, values["runs"])
    ids = [run.pk for run in runs]
    wanted = _names(values.get("metrics", ""), MOST_KEYS, "metrics")
    metrics = LatestMetric.objects.filter(run__in=ids)
    params = Param.objects.filter(run__in=ids)
    if wanted:
        metrics, params = metrics.filter(key__in=wanted), params.filter(key__in=wanted)
    table: dict[str, dict[Any, str]] = {}
    for metric in metrics.order_by("key")[: MOST_KEYS * MOST_RUNS * 4]:
        table.setdefault(metric.key, {})[metric.run_id] = figure(metric.number)
    for param in params.order_by("key")[: MOST_KEYS * MOST_RUNS * 4]:
        table.setdefault(param.key, {})[param.run_id] = _readable(param.value)
    differing = [key for key, row in table.items() if wanted or len({row.get(pk) for pk in ids}) > 1]
    query = "&".join(f"run={run.pk}" for run in runs)
    return Drawn(
        title=f"{len(runs)} runs side by side",
        address=f"{reverse('experiments:compare')}?{query}" if len(runs) > 1 else _address(runs[0]),
        note="" if differing else "These runs do not differ in what they logged.",
        columns=[("Logged", False), *((run.name, True) for run in runs)],
        rows=[
            [Cell(words(key)), *(_side(table[key].get(pk)) for pk in ids)] for key in differing[:MOST_KEYS]
        ],
    )


def _side(value: str | None) -> Cell:
    return Cell("–" if value is None else value, is_number=True)


def _readable(param: str) -> str:
    """A number to four digits, any other text to its first 120 characters."""
    try:
        return figure(float(param))
    except ValueError:
        return param[:120]


def _runs(by: Actor, text: str) -> list[Run]:
    ids = _names(text, MOST_RUNS, "runs")
    found = RUN.by_handles(RUN.rows(by), ids)
    if missing := [name for name in ids if name not in found]:
        raise NotFound(f"There is no run {missing[0][:60]} in {by.team.name}.", field="runs")
    return [found[name] for name in ids]


def _names(text: str, most: int, field: str) -> Sequence[str]:
    names = list(dict.fromkeys(text.replace(",", " ").split()))
    if len(names) > most:
        raise Invalid(f"{field} names at most {most}.", field=field)
    return names


def _number(text: str, field: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise Invalid(f"{field} is a whole number, not “{text[:60]}”.", field=field)
    return int(text)


def _address(run: Run) -> str:
    return reverse("experiments:run", args=[run.pk])


RUNS_TABLE = Block(
    "runs-table", "Table of runs",
    (
        Field("experiment", "Experiment", "its number, as in its address", is_required=True, example="1"),
        Field("metric", "Ordered by", "a metric; the problem's own when empty"),
        Field("show", "Shown too", f"up to {MOST_METRICS} more metrics or params, with blanks between"),
        Field("limit", "How many", f"1 to {MOST_ROWS}", example="10"),
    ),
    _runs_table,
)  # fmt: skip
CURVE = Block(
    "curve", "Curve of a metric",
    (RUNS_FIELD, Field("metric", "Metric", "a metric that is logged step by step", is_required=True, example="loss")),
    _curve,
)  # fmt: skip
METRIC = Block(
    "metric", "One metric of a run",
    (RUN_FIELD, Field("metric", "Metric", "the run's main one when empty")),
    _metric,
)  # fmt: skip
COMPARISON = Block(
    "comparison", "Runs side by side",
    (RUNS_FIELD, Field("metrics", "Rows", "metrics and params; all that differ when empty")),
    _comparison,
)  # fmt: skip
