"""What the search finds of people; an entry of settings.FINDERS."""

from collections.abc import Iterator

from django.db.models import Q
from django.urls import reverse

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Membership, Role
from mlregistry.ui.finding import OF_A_KIND, Asked, Found


def people(by: Actor, asked: Asked) -> Iterator[Found]:
    """The team's members, by name as they sign in or as they are called."""
    if not asked.words:
        return
    rows = Membership.objects.filter(team=by.team, user__is_active=True).select_related("user")
    for word in asked.words:
        rows = rows.filter(
            Q(user__username__icontains=word)
            | Q(user__first_name__icontains=word)
            | Q(user__last_name__icontains=word)
        )
    for row in rows.order_by("user__username")[:OF_A_KIND]:
        detail = f"{row.user.get_full_name()} {Role(row.role).label}".strip()
        yield Found("person", row.user.get_username(), reverse("accounts:team"), detail)
