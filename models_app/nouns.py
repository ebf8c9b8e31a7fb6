"""The nouns of this app that may be talked about, watched and linked. Named in settings.NOUNS."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse

from experiments.templatetags.metric_words import metric
from mlregistry.discussions.nouns import Found, Noun, Standing, by_name
from mlregistry.ui.templatetags.pages import figure
from models_app import access
from models_app.models import Alias, ModelVersion

PARTS = ("test_{}", "validation_{}", "cv_{}_mean", "{}")


def _by_places(rows: QuerySet[Any], handles: Sequence[str]) -> Found:
    """Handles are name/number."""
    wanted = Q(pk=None)
    for handle in handles:
        name, _, number = handle.rpartition("/")
        if name and number.isascii() and number.isdigit() and int(number[:12]) <= access.LARGEST:
            wanted |= Q(model__name=name, number=int(number[:12]))
    return {_place(row): row for row in rows.filter(wanted)}


def _place(version: ModelVersion) -> str:
    return f"{version.model.name}/{version.number}"


def _model_standings(rows: Sequence[Any]) -> Mapping[Any, Standing]:
    aliases: dict[Any, list[str]] = {}
    for alias in Alias.objects.filter(model__in=rows).select_related("version").order_by("name"):
        aliases.setdefault(alias.model_id, []).append(f"{alias.name} → v{alias.version.number}")
    return {
        row.pk: Standing(figure=", ".join(aliases.get(row.pk, [])[:3]) or f"{row.last_number} versions")
        for row in rows
    }


def _version_standings(rows: Sequence[Any]) -> Mapping[Any, Standing]:
    return {row.pk: Standing(str(row.state), _main_figure(row)) for row in rows}


def _main_figure(version: ModelVersion) -> str:
    """The primary metric of the problem among those that the version was registered with."""
    problem = version.model.problem
    for part in PARTS if problem else ():
        name = part.format(problem.primary_metric) if problem else ""
        value = version.metrics.get(name)
        if isinstance(value, int | float):
            return f"{metric(name)} {figure(value)}"
    return ""


MODEL = Noun(
    kind="model", model="models_app.registeredmodel", by_handles=by_name, handle=lambda row: str(row.name),
    rows=lambda by: access.models(by).select_related("created_by", "problem"),
    address=lambda row: reverse("models_app:model", args=[row.name]),
    routes={"models_app:model": lambda found: str(found["name"])},
    standings=_model_standings,
)  # fmt: skip
VERSION = Noun(
    kind="version", model="models_app.modelversion", by_handles=_by_places, handle=_place,
    rows=lambda by: access.versions(by).select_related("model__problem", "created_by"),
    address=lambda row: reverse("models_app:version", args=[row.model.name, row.number]),
    routes={
        "models_app:version": lambda found: f"{found['name']}/{found['number']}",
        "models_app:card": lambda found: f"{found['name']}/{found['number']}",
    },
    standings=_version_standings,
)  # fmt: skip
