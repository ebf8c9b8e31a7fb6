"""What a page says after a deletion, with a button that takes it back where the thing is kept. Called by web doors."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest
from django.urls import reverse

from mlregistry.accounts.models import KeptDeletion

UNDO = "undo:"


def say_kept(request: HttpRequest, text: str, kept: KeptDeletion | None) -> None:
    """Of what `accounts.actions.deletions` deleted; without a button where nothing is kept."""
    if kept is None:
        messages.success(request, text)
    else:
        say_deleted(request, text, "accounts:deletion-undo", kept.pk)


def say_deleted(request: HttpRequest, text: str, restore: str, *args: Any) -> None:
    """`restore` names the route that takes a POST and brings it back."""
    messages.success(request, text, extra_tags=UNDO + reverse(restore, args=args))
