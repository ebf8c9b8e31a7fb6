"""The button of the delivery log that sends an event of the registry again."""

import uuid

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_POST

from mlregistry.accounts.models import Role
from mlregistry.ui.page import PageRequest, origin, page
from models_app import access
from models_app.actions.webhooks import replay as send_again


@require_POST
@page(role=Role.OWNER)
def replay(request: PageRequest, delivery_id: uuid.UUID) -> HttpResponse:
    made = send_again(access.webhook_delivery(request.actor, delivery_id), by=request.actor)
    messages.success(request, f"It is sent again to “{made.webhook.name}”.")
    return HttpResponseRedirect(origin(request))
