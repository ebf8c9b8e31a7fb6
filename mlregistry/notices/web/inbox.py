"""Pages of one's own inbox."""

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from mlregistry.notices import access
from mlregistry.notices.actions import inbox as actions
from mlregistry.ui.page import PageRequest, page

NEWEST = 100


@require_GET
@page()
def inbox(request: PageRequest) -> HttpResponse:
    """The newest hundred, of this team."""
    entries = access.inbox(request.actor).order_by("-at", "-pk")[:NEWEST]
    return render(request, "notices/inbox.html", {"entries": entries})


@require_GET
@page()
def entry(request: PageRequest, entry_id: int) -> HttpResponse:
    """To what it is about; it is read then."""
    found = actions.mark_read(access.inbox_entry(request.actor, entry_id), by=request.actor)
    prefix = request.path.removesuffix(request.path_info)  # of the team, when the address has it
    return HttpResponseRedirect(prefix + (found.notice.link or "/inbox/"))


@require_POST
@page()
def read_all(request: PageRequest) -> HttpResponse:
    n_read = actions.mark_all_read(request.actor)
    messages.success(request, f"{n_read} notice{'' if n_read == 1 else 's'} marked as read.")
    return redirect("notices:inbox")
