"""Pages of the delivery log of all channels, and its button to send again."""

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from mlregistry.accounts.models import Role
from mlregistry.notices import access
from mlregistry.notices.actions import delivering
from mlregistry.notices.models import DeliveryState
from mlregistry.notices.queries.deliveries import newest
from mlregistry.ui.page import PageRequest, origin, page


@require_GET
@page(role=Role.EDITOR)
def deliveries(request: PageRequest) -> HttpResponse:
    """The newest hundred, of one state or all."""
    state = request.GET.get("state", "")
    context = {
        "deliveries": newest(request.actor, state=state),
        "states": DeliveryState.values,
        "state": state,
    }
    return render(request, "notices/deliveries.html", context)


@require_POST
@page(role=Role.EDITOR)
def replay(request: PageRequest, delivery_id: int) -> HttpResponse:
    made = delivering.replay(access.delivery(request.actor, delivery_id), by=request.actor)
    messages.success(request, f"It is sent again through “{made.channel.name}”.")
    return HttpResponseRedirect(origin(request))
