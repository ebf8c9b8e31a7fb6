"""All pages of the server from its URL table, each with the address of a real object. A test of the queries uses it."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from django.db.models import Model, QuerySet
from django.urls import URLPattern, URLResolver, get_resolver

from experiments.models import (
    Artifact,
    Dataset,
    DataSource,
    Experiment,
    LoggedModel,
    Problem,
    Run,
    SelectionStudy,
    Study,
    Trainer,
)
from mlregistry.accounts.models import Team
from mlregistry.jobs.models import Job
from mlregistry.notices.models import Channel
from models_app.models import RegisteredModel
from serving.models import (
    AbTest,
    AlertRule,
    Batch,
    Endpoint,
    EndpointReport,
    Improvement,
    LoadTest,
    Retraining,
)

PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")
NO_PAGES = ("api/", "admin/", "v2", "ajax-api/", "static/", "logout/", "password-reset/<", "invitations/<")
NO_PAGE_ENDS = ("/health", "/ping")
FIXED = {"versions": "1", "files": "1"}
THINGS: Mapping[str, tuple[type[Model], str, str]] = {
    "problems": (Problem, "team", "pk"), "datasets": (Dataset, "team", "pk"),
    "sources": (DataSource, "team", "pk"), "experiments": (Experiment, "team", "pk"),
    "runs": (Run, "experiment__team", "pk"), "artifacts": (Artifact, "run__experiment__team", "pk"),
    "logged-models": (LoggedModel, "experiment__team", "model_id"),
    "selections": (SelectionStudy, "team", "pk"), "studies": (Study, "team", "pk"),
    "trainers": (Trainer, "team", "pk"), "models": (RegisteredModel, "team", "name"),
    "endpoints": (Endpoint, "team", "name"), "jobs": (Job, "team", "pk"), "channels": (Channel, "team", "pk"),
    "ab-tests": (AbTest, "endpoint__team", "pk"), "alert-rules": (AlertRule, "endpoint__team", "pk"),
    "batches": (Batch, "endpoint__team", "pk"), "reports": (EndpointReport, "endpoint__team", "pk"),
    "improvements": (Improvement, "endpoint__team", "pk"), "load-tests": (LoadTest, "endpoint__team", "pk"),
    "retrainings": (Retraining, "endpoint__team", "pk"),
}  # fmt: skip


def routes() -> list[str]:
    """Of all pages, forms and buttons; those that answer no GET are told by their answers."""
    found = set(_walked(get_resolver().url_patterns))
    return sorted(
        route for route in found if not route.startswith(NO_PAGES) and not route.endswith(NO_PAGE_ENDS)
    )


def objects(team: Team) -> dict[str, str]:
    """The first object of the team for each segment of an address that names one."""
    found = dict(FIXED)
    for segment, (model, owner, name) in THINGS.items():
        rows: QuerySet[Any] = model._default_manager.filter(**{owner: team})
        first = rows.order_by("pk").first()
        if first is not None:
            found[segment] = str(getattr(first, name))
    return found


def address(route: str, known: Mapping[str, str]) -> str | None:
    """None where nothing of the kind is there."""
    missing = False

    def value(found: re.Match[str]) -> str:
        nonlocal missing
        segment = route[: found.start()].rstrip("/").split("/")[-1]
        missing |= segment not in known
        return known.get(segment, "")

    filled = "/" + PARAMETER.sub(value, route)
    return None if missing else filled


def _walked(patterns: list[Any], prefix: str = "") -> Iterator[str]:
    for entry in patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from _walked(entry.url_patterns, route)
        elif isinstance(entry, URLPattern):
            yield route
