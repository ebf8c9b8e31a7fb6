"""What the search finds of models and their versions; entries of settings.FINDERS."""

import re
from collections.abc import Iterator

from django.db.models import Q

from mlregistry.accounts.actor import Actor
from mlregistry.ui.finding import OF_A_KIND, Asked, Found, found, named
from models_app import access
from models_app.nouns import MODEL, VERSION

NUMBER = re.compile(r"v?(\d{1,9})")


def models(by: Actor, asked: Asked) -> Iterator[Found]:
    for row in named(access.models(by), asked.words).order_by("-updated_at")[:OF_A_KIND]:
        detail = f"{row.last_number} version{'' if row.last_number == 1 else 's'}"
        yield found(MODEL, row, detail, row.updated_at)


def versions(by: Actor, asked: Asked) -> Iterator[Found]:
    """“churn 3”, “churn v3” or “churn champion”: each word is in the model's name, its number or an alias."""
    if not asked.words:
        return
    rows = access.versions(by).select_related(None).select_related("model").prefetch_related("aliases")
    for word in asked.words:
        number = NUMBER.fullmatch(word)
        one = Q(model__name__icontains=word) | Q(aliases__name__istartswith=word)
        rows = rows.filter(one | Q(number=int(number[1])) if number else one)
    for row in rows.distinct().order_by("-pk")[:OF_A_KIND]:
        names = ", ".join(alias.name for alias in row.aliases.all())
        yield found(VERSION, row, names, row.created_at)
