"""What people write on a version's card. Called by the API and the page."""

from django.db import transaction

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.audit import record
from mlregistry.accounts.models import Role
from mlregistry.lib.names import clean_text
from models_app.actions.promotion_reviews import settle_requests
from models_app.models import CardText, ModelVersion

LONGEST = 20_000


def write_card(
    version: ModelVersion, *, intended_use: str | None = None, limits: str | None = None, by: Actor
) -> CardText:
    """Changes what is given, in Markdown."""
    by.require(Role.EDITOR)
    given = {"intended_use": intended_use, "limits": limits}
    changes = {
        name: clean_text(text, field=name, max_length=LONGEST)
        for name, text in given.items()
        if text is not None
    }
    with transaction.atomic():
        found, _ = CardText.objects.update_or_create(
            version=version, defaults={**changes, "updated_by": by.user}
        )
        record(by, "version.card", version, fields=sorted(changes))
    settle_requests(version, by=by)
    return found
