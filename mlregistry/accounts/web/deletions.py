"""The button “Undo” of things that have no page of the deleted: brings back what the person deleted."""

import uuid

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_POST

from mlregistry.accounts.actions import deletions
from mlregistry.accounts.models import Role
from mlregistry.ui.page import PageRequest, origin, page


@require_POST
@page(role=Role.VIEWER)
def undo(request: PageRequest, deletion_id: uuid.UUID) -> HttpResponse:
    found = deletions.undo(deletion_id, by=request.actor)
    messages.success(request, f"The {found.noun} “{found.name}” is back.")
    return HttpResponseRedirect(origin(request))
