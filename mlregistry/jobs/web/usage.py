"""The page of what a team's jobs use and cost, for its owners: months, kinds, people, the budget, a CSV file."""

import csv
from io import StringIO
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from mlregistry.accounts.models import Role
from mlregistry.jobs import spending
from mlregistry.jobs.actions import budgets
from mlregistry.jobs.queries import usage as queries
from mlregistry.jobs.templatetags import budgets as budgets_words
from mlregistry.ui.page import PageRequest, number, page

MOST_KINDS = 5


@require_http_methods(["GET", "POST"])
@page(role=Role.OWNER, form=True)
def usage(request: PageRequest) -> HttpResponse:
    if request.method == "POST":
        money, hours = (number(request.POST.get(name), name) for name in ("money", "cpu_hours"))
        budgets.set_budget(money=money, cpu_hours=hours, by=request.actor)
        messages.success(request, "The budget is saved." if money or hours else "There is no budget now.")
        return redirect("jobs:usage")
    start = queries.parsed_month(request.GET.get("month", ""))
    rows = queries.rows(request.actor.team, start)
    months = queries.months_back()
    history = queries.rows(request.actor.team, months[0], spending.after_month(months[-1]))
    context = {
        "month": f"{start:%Y-%m}",
        "title": f"{start:%B %Y}",
        "months": [(f"{month:%Y-%m}", f"{month:%B %Y}") for month in reversed(months)],
        "kinds": queries.by(rows, "kind"),
        "people": queries.by(rows, "person"),
        "total": next(iter(queries.by(rows, "team")), None),
        "standing": spending.standing(request.actor.team),
        "prices": settings.PRICES,
        "chart": _chart(history, [f"{month:%Y-%m}" for month in months]) if history else None,
    }
    return render(request, "jobs/usage.html", context)


@require_GET
@page(role=Role.OWNER)
def download(request: PageRequest) -> HttpResponse:
    """The year up to this month as a CSV file, a row per month, kind and person."""
    months = queries.months_back()
    text = StringIO()
    csv.writer(text).writerows(
        queries.lines(queries.rows(request.actor.team, months[0], spending.after_month(months[-1])))
    )
    answer = HttpResponse(text.getvalue(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="usage-{request.actor.team.slug}.csv"'
    return answer


def _chart(rows: list[dict[str, Any]], months: list[str]) -> dict[str, Any]:
    """Bars of months, a colour per kind; the smaller kinds together. Cost where there are prices, else hours."""
    column = "cost" if settings.PRICES.are_set else "cpu_hours"
    kinds = [row["kind"] for row in queries.by(rows, "kind")]
    named = kinds if len(kinds) <= MOST_KINDS + 1 else kinds[:MOST_KINDS]
    sums = {kind: dict.fromkeys(months, 0.0) for kind in (*named, *(["others"] if named != kinds else []))}
    for row in rows:
        sums[row["kind"] if row["kind"] in sums else "others"][row["month"]] += row[column]
    return {
        "type": "stacks",
        "y_title": f"Cost, {settings.PRICES.currency}" if column == "cost" else "Processor hours",
        "labels": months,
        "series": [
            {"name": budgets_words.work(kind), "values": [round(value, 6) for value in values.values()]}
            for kind, values in sums.items()
        ],
    }
