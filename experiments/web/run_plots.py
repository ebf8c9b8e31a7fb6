"""Charts of many runs on the page that compares them: parallel coordinates, scatter, contour, boxes by group."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from experiments.queries import run_columns, run_groups
from experiments.queries.runs import Row
from mlregistry.errors import Invalid

MOST_AXES = 12
MOST_TICKS = 40
LOG_FROM = 100  # times from the least to the greatest


def plots(rows: Sequence[Row], query: Mapping[str, str]) -> dict[str, Any]:
    """What was chosen, or what says most: the params that differ against the main metric."""
    names = run_columns.names(rows)
    params = run_columns.differing(rows, names["param"])
    main = run_columns.main_metric(rows)
    color = query.get("color") or (f"metric:{main}" if main else "attribute:seconds")
    numeric = [column for column in params if _is_numeric(rows, column)]
    x = query.get("x") or (numeric or params or ["attribute:seconds"])[0]
    y = query.get("y") or next((column for column in numeric if column != x), color)
    charts = {
        "parallel": _parallel(rows, params, color),
        "scatter": _scatter(rows, x, y, color),
        "contour": _contour(rows, x, y, color),
    }
    columns = [*names["param"], *names["metric"], *names["tag"], *names["attribute"]]
    return {
        "charts": {name: chart for name, chart in charts.items() if chart},
        "columns": columns,
        "chosen": {"x": x, "y": y, "color": color},
    }


def grouped(rows: Sequence[Row], query: Mapping[str, str]) -> dict[str, Any]:
    """The comparison of groups and its boxes; what cannot be compared says why."""
    names = run_columns.names(rows)
    columns = [
        *run_columns.differing(rows, [*names["param"], *names["tag"], *names["attribute"]]),
    ]
    metric = query.get("metric") or run_columns.main_metric(rows)
    by = query.get("by") or _groupable(rows, columns)
    chosen = {
        "metric": metric, "by": by, "better": query.get("better", "auto"), "seed": query.get("seed", "")
    }  # fmt: skip
    context = {
        "metrics": [name.partition(":")[2] for name in names["metric"]],
        "columns": columns if by in columns or not by else [by, *columns],
        "seeds": names["param"],
        "chosen": chosen,
        "betters": run_groups.BETTER,
    }
    if not metric or not by:
        return context | {"reason": "Nothing differs between these runs by which they could be grouped."}
    try:
        found = run_groups.compare(rows, **chosen)
    except Invalid as error:
        return context | {"reason": error.message}
    series = [{"name": group.name, "values": list(group.values)} for group in found.groups]
    boxes = {
        "type": "boxes",
        "title": f"{metric} by {by.partition(':')[2]}",
        "y_title": metric,
        "series": series,
    }
    return context | {"answer": found, "boxes": boxes}


def _groupable(rows: Sequence[Row], columns: Sequence[str]) -> str:
    """A param before a tag before an attribute, of these the one with fewest groups; seeds never."""
    sizes = {
        column: len({run_columns.text(row, column) for row in rows})
        for column in columns
        if column.partition(":")[2] not in run_groups.SEED_NAMES
    }
    fitting = [column for column, n in sizes.items() if 2 <= n <= run_groups.MOST_GROUPS and n < len(rows)]
    kinds = [run_columns.PARAM, run_columns.TAG, run_columns.METRIC, run_columns.ATTRIBUTE]
    return min(
        fitting or sizes,
        key=lambda column: (kinds.index(column.partition(":")[0]), sizes[column]),
        default="",
    )


def _is_numeric(rows: Sequence[Row], column: str) -> bool:
    values = [run_columns.value(row, column) for row in rows]
    return any(value is not None for value in values) and all(
        value is None or isinstance(value, int | float) for value in values
    )


def _numbers(rows: Sequence[Row], column: str) -> list[float | None]:
    values = [run_columns.value(row, column) for row in rows]
    return [_finite(value) for value in values]


def _finite(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) and abs(value) < 1e300 else None


def _parallel(rows: Sequence[Row], params: Sequence[str], color: str) -> dict[str, Any] | None:
    """Runs that have all of it, along the params that differ and the metric that colours them."""
    if not _is_numeric(rows, color):
        return None
    axes = [column for column in params if _fits(rows, column)][: MOST_AXES - 1]
    whole = [
        row for row in rows if all(run_columns.value(row, column) is not None for column in [*axes, color])
    ]
    if not axes or len(whole) < 2:
        return None
    metric = color.partition(":")[2]
    return {
        "type": "search_parallel",
        "title": "Parallel coordinates",
        "axes": [_axis(whole, column) for column in [*axes, color]],
        "color": _numbers(whole, color),
        "reverse": run_columns.better_of(rows, metric) == "lower",
    }


def _fits(rows: Sequence[Row], column: str) -> bool:
    """Whether at least half of the runs have it, in no more words than an axis holds."""
    values = [run_columns.value(row, column) for row in rows]
    known = [value for value in values if value is not None]
    few = _is_numeric(rows, column) or len({str(value) for value in known}) <= MOST_TICKS
    return few and 2 * len(known) >= len(rows)


def _axis(rows: Sequence[Row], column: str) -> dict[str, Any]:
    label = column.partition(":")[2]
    if not _is_numeric(rows, column):
        texts = [run_columns.text(row, column) for row in rows]
        ticks = sorted(set(texts))
        return {"label": label, "values": [ticks.index(text) for text in texts], "ticks": ticks}
    values = [value or 0.0 for value in _numbers(rows, column)]
    return {
        "label": label,
        "values": values,
        "log": min(values) > 0 and max(values) >= LOG_FROM * min(values),
    }


def _scatter(rows: Sequence[Row], x: str, y: str, color: str) -> dict[str, Any]:
    return {
        "type": "runs_scatter",
        "title": f"{_title(y)} against {_title(x)}",
        "x_title": _title(x),
        "y_title": _title(y),
        "color_title": _title(color),
        "x": _drawn(rows, x),
        "y": _drawn(rows, y),
        "color": _numbers(rows, color) if _is_numeric(rows, color) else None,
        "groups": None if _is_numeric(rows, color) else [run_columns.text(row, color) for row in rows],
        "names": [row.run.name for row in rows],
        "log": _spreads(rows, x),
        "log_y": _spreads(rows, y),
    }


def _contour(rows: Sequence[Row], x: str, y: str, color: str) -> dict[str, Any] | None:
    """Only over two different columns of numbers with enough places."""
    if len({x, y, color}) < 3 or not all(_is_numeric(rows, column) for column in (x, y, color)):
        return None
    places = [
        place
        for place in zip(*(_numbers(rows, column) for column in (x, y, color)), strict=True)
        if None not in place
    ]
    if len({place[0] for place in places}) < 3 or len({place[1] for place in places}) < 3:
        return None
    xs, ys, values = (list(part) for part in zip(*places, strict=True))
    return {
        "type": "runs_contour",
        "title": f"{_title(color)} over {_title(x)} and {_title(y)}",
        "x_title": _title(x),
        "y_title": _title(y),
        "x": xs,
        "y": ys,
        "values": values,
        "color_title": _title(color),
        "log": _spreads(rows, x),
        "log_y": _spreads(rows, y),
    }


def _spreads(rows: Sequence[Row], column: str) -> bool:
    values = [value for value in _numbers(rows, column) if value is not None]
    return bool(values) and min(values) > 0 and max(values) >= LOG_FROM * min(values)


def _drawn(rows: Sequence[Row], column: str) -> list[Any]:
    return (
        _numbers(rows, column)
        if _is_numeric(rows, column)
        else [run_columns.text(row, column) for row in rows]
    )


def _title(column: str) -> str:
    return column.partition(":")[2]
