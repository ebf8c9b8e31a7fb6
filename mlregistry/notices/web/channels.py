"""Pages of a team's channels: all of them with a form for a new one, one with its log and its buttons."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from mlregistry.accounts.models import Role
from mlregistry.notices import access
from mlregistry.notices.actions import channels as actions
from mlregistry.notices.actions.delivering import send_test
from mlregistry.notices.models import ChannelKind, Delivery, DeliveryState
from mlregistry.notices.queries.deliveries import newest, with_counts
from mlregistry.ui.page import PageRequest, page

KINDS = [
    (ChannelKind.WEBHOOK, "signed webhook"),
    (ChannelKind.SLACK, "Slack, Mattermost or another that takes the same messages"),
    (ChannelKind.EMAIL, "e-mail"),
    (ChannelKind.INBOX, "inbox of every member"),
]


@page(change=Role.OWNER, form=True)
def channels(request: PageRequest) -> HttpResponse:
    """The list; an owner makes one here, and sees a webhook's secret in this answer alone."""
    made = None
    if request.method == "POST":
        form = request.POST
        made = actions.create_channel(
            form.get("name", ""),
            kind=form.get("kind", ""),
            url=form.get("url", ""),
            emails=_emails(form.get("emails", "")),
            by=request.actor,
        )
    context = {"channels": with_counts(access.channels(request.actor)), "kinds": KINDS, "made": made}
    return render(request, "notices/channels.html", context)


@page(change=Role.OWNER, form=True)
def channel(request: PageRequest, channel_id: int) -> HttpResponse:
    """One with its newest deliveries; an owner changes it here."""
    found = access.channel(request.actor, channel_id)
    if request.method == "POST":
        form = request.POST
        changes: dict[str, Any] = {"name": form.get("name", "")}
        if form.get("url", "").strip():
            changes["url"] = form["url"]
        if found.kind == ChannelKind.EMAIL:
            changes["emails"] = _emails(form.get("emails", ""))
        actions.update_channel(found, **changes, by=request.actor)
        messages.success(request, "The channel is saved.")
        return redirect("notices:channel", channel_id)
    return _shown(request, found)


@require_POST
@page(role=Role.OWNER)
def test(request: PageRequest, channel_id: int) -> HttpResponse:
    sent = send_test(access.channel(request.actor, channel_id), by=request.actor)
    _say(request, sent)
    return redirect("notices:channel", channel_id)


@require_POST
@page(role=Role.OWNER)
def rotate(request: PageRequest, channel_id: int) -> HttpResponse:
    """The page with the new secret, which no other answer holds."""
    made = actions.rotate_secret(access.channel(request.actor, channel_id), by=request.actor)
    return _shown(request, made.channel, made)


@require_POST
@page(role=Role.OWNER)
def switch(request: PageRequest, channel_id: int) -> HttpResponse:
    found = access.channel(request.actor, channel_id)
    actions.update_channel(found, is_active=not found.is_active, by=request.actor)
    messages.success(request, f"The channel is switched {'on' if found.is_active else 'off'}.")
    return redirect("notices:channel", channel_id)


@require_POST
@page(role=Role.OWNER)
def delete(request: PageRequest, channel_id: int) -> HttpResponse:
    found = access.channel(request.actor, channel_id)
    actions.delete_channel(found, by=request.actor)
    messages.success(request, f"The channel “{found.name}” is deleted.")
    return redirect("notices:channels")


def _shown(request: PageRequest, found: Any, made: actions.Made | None = None) -> HttpResponse:
    may_see_log = request.actor.role >= Role.EDITOR and found.goes_out
    log = newest(request.actor, of=found) if may_see_log else []
    context = {"channel": found, "deliveries": log, "made": made, "emails": "\n".join(found.emails)}
    return render(request, "notices/channel.html", context)


def _emails(text: str) -> list[str]:
    return text.replace(",", " ").replace(";", " ").split()


def _say(request: PageRequest, sent: Delivery | None) -> None:
    if sent is None:
        messages.success(request, "A test notice is in your inbox.")
    elif sent.state == DeliveryState.DELIVERED:
        messages.success(request, f"The test was taken. {sent.answer[:200]}")
    else:
        messages.error(request, f"The test failed: {sent.error}")
