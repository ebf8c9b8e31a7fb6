"""Cards of the start page: problems against their thresholds, the runs of the week, alerts of data quality."""

from typing import Any

from django.utils import timezone

from experiments import access
from experiments.queries import best_metrics, home
from experiments.web.problems import metric_title
from mlregistry.ui.cards import MAIN, SIDE, TOP, Card
from mlregistry.ui.page import PageRequest

MOST_PROBLEMS, MOST_ALERTS, DAYS = 6, 5, 7
WIDTH, HEIGHT = 100, 60
"""Of the chart's own units."""
PARTS = (("ok", ("FINISHED",)), ("wrong", ("FAILED", "KILLED")), ("live", ("RUNNING", "SCHEDULED")))


def problems(request: PageRequest) -> Card:
    rows = home.latest_problems(request.actor.team, most=MOST_PROBLEMS)
    best = best_metrics.best_of(rows)
    lines = [{"problem": row, "best": best.get(row.pk), "metric": metric_title(row)} for row in rows]
    return Card("experiments/home_problems.html", MAIN, {"lines": lines})


def week(request: PageRequest) -> Card:
    days = home.runs_by_day(request.actor.team, timezone.now(), days=DAYS)
    counts = [[sum(of.get(status, 0) for status in statuses) for _, statuses in PARTS] for _, of in days]
    totals = [sum(parts) for parts in zip(*counts, strict=True)]
    bars = [_bar(place, parts, max(map(sum, counts)) or 1) for place, parts in enumerate(counts)]
    shown = [
        {"day": day, "n": sum(parts), "parts": bar}
        for (day, _), parts, bar in zip(days, counts, bars, strict=True)
    ]
    context = {
        "days": shown,
        "n_runs": sum(totals),
        "n_ok": totals[0],
        "n_wrong": totals[1],
        "n_live": totals[2],
        "width": WIDTH,
        "height": HEIGHT,
    }
    return Card("experiments/home_week.html", SIDE, context)


def quality_alerts(request: PageRequest) -> Card | None:
    rows = list(access.open_alerts(request.actor)[:MOST_ALERTS])
    return Card("experiments/home_alerts.html", TOP, {"alerts": rows}) if rows else None


def _bar(place: int, parts: list[int], most: int) -> list[dict[str, Any]]:
    """The rectangles of one day, from the ground up."""
    step = WIDTH / DAYS
    found, top = [], float(HEIGHT)
    for (name, _), n in zip(PARTS, parts, strict=True):
        height = n / most * HEIGHT
        top -= height
        if n:
            found.append(
                {"name": name, "x": place * step + step * 0.15, "y": top, "w": step * 0.7, "h": height}
            )
    return found
