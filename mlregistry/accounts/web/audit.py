"""The page of the audit trail with its filters, and the same lines as CSV."""

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any
from urllib.parse import urlencode

from django.apps import apps
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from mlregistry.accounts import access
from mlregistry.accounts.models import AuditEvent, Role
from mlregistry.accounts.queries import audit as audit_queries
from mlregistry.accounts.queries import audit_sentences as sentences
from mlregistry.ui.page import PageRequest, page

N_LINES = 50
MOST_PEOPLE = 300
MOST_CSV_LINES = 100_000
COLUMNS = ("at", "person", "sentence", "action", "kind", "id", "name", "through", "address", "details")
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would take for a formula


@dataclass(frozen=True)
class Line:
    """A line of the trail as the page shows it."""

    event: AuditEvent
    predicate: str
    changes: list[sentences.Change]
    kind: str
    door: str


@require_GET
@page(role=Role.EDITOR)
def audit(request: PageRequest) -> HttpResponse:
    """Who did what, newest first."""
    wanted = _wanted(request)
    found = audit_queries.one_page(
        request.actor, wanted, size=N_LINES, token=request.GET.get("older", "")[:5_000]
    )
    chosen = {name: value for name, value in wanted.items() if value}
    context = {
        "lines": [_line(event) for event in found.lines],
        "wanted": wanted,
        "n_chosen": len(chosen),
        "query": urlencode(chosen),
        "older": urlencode({**chosen, "older": found.older}) if found.older else "",
        "is_first": "older" not in request.GET,
        "most_csv_lines": MOST_CSV_LINES,
        **_choices(request),
    }
    return render(request, "accounts/audit.html", context)


@require_GET
@page(role=Role.EDITOR)
def lines(request: PageRequest) -> HttpResponseBase:
    """The lines that match, as CSV; read and sent in batches."""
    batches = audit_queries.batches(request.actor, _wanted(request), most=MOST_CSV_LINES)
    first = next(batches, [])  # what is wrong with a filter is told before the file begins
    name = f"audit-{request.actor.team.slug}-{timezone.now():%Y-%m-%d}.csv"
    return StreamingHttpResponse(
        _csv(first, batches),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
    )


def _wanted(request: PageRequest) -> dict[str, str]:
    return {name: request.GET.get(name, "").strip() for name in (*audit_queries.FILTERS, "since", "until")}


def _choices(request: PageRequest) -> dict[str, Any]:
    """What the filters offer."""
    actions = audit_queries.actions_of(request.actor)
    nouns = sorted({action.partition(".")[0] for action in actions})
    everything = [(f"{noun}.", f"{noun.replace('_', ' ')}: anything") for noun in nouns]
    people = access.members(request.actor).order_by("user__username")
    return {
        "actions": [
            ("", "any"),
            *sorted(everything + [(code, sentences.action_words(code)) for code in actions]),
        ],
        "kinds": [("", "any"), *((kind, _kind_words(kind)) for kind in audit_queries.kinds())],
        "people": people.values_list("user__username", flat=True)[:MOST_PEOPLE],
        "doors": [("", "any"), *sentences.DOORS.items()],
    }


def _line(event: AuditEvent) -> Line:
    return Line(
        event,
        sentences.predicate(event),
        sentences.changes(event),
        _kind_words(event.target_type),
        sentences.DOORS.get(event.via, event.via),
    )


def _kind_words(kind: str) -> str:
    """experiments.datasetversion → dataset version; a kind that is gone keeps its code."""
    try:
        return str(apps.get_model(kind)._meta.verbose_name)
    except (LookupError, ValueError):
        return kind


def _csv(first: list[AuditEvent], batches: Iterator[list[AuditEvent]]) -> Iterator[str]:
    echo: Any = csv.writer(_Echo())
    yield "\ufeff" + echo.writerow(COLUMNS)  # the mark by which spreadsheets know UTF-8
    for batch in chain([first], batches):
        yield "".join(echo.writerow(_cells(event)) for event in batch)


def _cells(event: AuditEvent) -> list[str]:
    person = event.user.get_username() if event.user else ""
    cells = [
        event.at.isoformat(), person, sentences.sentence(event), event.action, event.target_type, event.target_id,
        event.target_name, event.via, event.address or "", json.dumps(event.details, ensure_ascii=False, default=str),
    ]  # fmt: skip
    return [f"'{cell}" if cell.startswith(FORMULA) else cell for cell in cells]


class _Echo:
    """Hands a written row back instead of keeping it."""

    def write(self, text: str) -> str:
        return text
