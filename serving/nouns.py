"""The noun of this app that may be talked about, watched and linked. Named in settings.NOUNS."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Count
from django.urls import reverse

from mlregistry.discussions.nouns import Noun, Standing, by_name
from serving import access
from serving.models import AlertRule, AlertState, Variant

MOST_VARIANTS = 4


def _standings(rows: Sequence[Any]) -> Mapping[Any, Standing]:
    """Whether an alert fires, and what stands behind each: two queries."""
    behind: dict[Any, list[str]] = {}
    for variant in Variant.objects.filter(endpoint__in=rows).select_related("version__model"):
        text = f"{variant.version.model.name} v{variant.version.number} {float(variant.weight):g} %"
        behind.setdefault(variant.endpoint_id, []).append(text)
    firing = AlertRule.objects.filter(endpoint__in=rows, is_active=True, state=AlertState.FIRING)
    counts = dict(firing.values("endpoint").annotate(n=Count("pk")).values_list("endpoint", "n"))
    return {
        row.pk: Standing(
            "firing" if counts.get(row.pk) else "", ", ".join(behind.get(row.pk, [])[:MOST_VARIANTS])
        )
        for row in rows
    }


ENDPOINT = Noun(
    kind="endpoint", model="serving.endpoint", by_handles=by_name, handle=lambda row: str(row.name),
    rows=lambda by: access.endpoints(by).select_related("created_by"),
    address=lambda row: reverse("serving:endpoint", args=[row.name]),
    routes={
        "serving:endpoint": lambda found: str(found["name"]),
        "serving:monitoring": lambda found: str(found["name"]),
    },
    standings=_standings,
)  # fmt: skip
