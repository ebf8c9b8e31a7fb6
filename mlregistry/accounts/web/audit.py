"""The page of the audit trail, with filters."""

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render

from mlregistry.accounts.models import Role
from mlregistry.accounts.queries import audit as audit_queries
from mlregistry.ui.page import PageRequest, page

N_LINES = 50
DOORS = [("", "any"), *((door, door) for door in ("web", "api", "mlflow", "admin", "worker"))]


@page(role=Role.EDITOR)
def audit(request: PageRequest) -> HttpResponse:
    """Who did what, newest first."""
    wanted = {name: request.GET.get(name, "") for name in (*audit_queries.FILTERS, "since", "until")}
    rows = audit_queries.filtered(request.actor, wanted).order_by("-at", "-pk")
    lines = Paginator(rows, N_LINES).get_page(request.GET.get("page"))
    query = request.GET.copy()
    query.pop("page", None)
    context = {"lines": lines, "wanted": wanted, "doors": DOORS, "query": query.urlencode()}
    return render(request, "accounts/audit.html", context)
