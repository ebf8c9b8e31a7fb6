"""All pages of the server from its URL table, each with the address of a real object.

The benchmark of the pages asks them, a test counts their queries, and another looks at them in a browser.
"""

import re
from collections.abc import Iterator, Mapping
from operator import attrgetter
from typing import Any
from urllib.parse import quote

from django.db.models import Model
from django.urls import URLPattern, URLResolver, get_resolver

from experiments.models import (
    Artifact,
    Dataset,
    DatasetVersion,
    DataSource,
    Experiment,
    LoggedModel,
    Problem,
    QualityAlert,
    Recipe,
    Run,
    RunRule,
    RunView,
    SelectionStudy,
    Study,
    Trainer,
    TrainingSchedule,
)
from mlregistry.accounts.models import ApiToken, Invitation, Membership, Team, UserSession
from mlregistry.discussions.models import Comment, WriteUp, WriteUpVersion
from mlregistry.jobs.models import Job
from mlregistry.notices.models import Channel, Delivery, InboxEntry
from models_app.models import ModelFile, ModelVersion, Optimisation, PromotionRequest, RegisteredModel
from serving.models import (
    AbTest,
    AlertRule,
    Batch,
    Endpoint,
    EndpointReport,
    Improvement,
    LoadTest,
    Retraining,
    Shadow,
)

PARAMETER = re.compile(r"<[^>]+>")
NO_PAGES = ("api/", "admin/", "v2", "ajax-api/", "static/", "logout/", "password-reset/<", "invitations/<")
NO_PAGE_ENDS = ("/health", "/ping")
# By the address up to its last parameter: which rows, how they belong to the team, and what stands for each parameter:
# an attribute of the row, or a word in quotes.
THINGS: Mapping[str, tuple[type[Model], str, tuple[str, ...]]] = {
    "problems/*": (Problem, "team", ("pk",)),
    "start/*/*": (Problem, "team", ("pk", "'train")),
    "recipes/*": (Recipe, "team", ("pk",)),
    "training-schedules/*": (TrainingSchedule, "problem__team", ("pk",)),
    "datasets/*": (Dataset, "team", ("pk",)),
    "datasets/*/versions/*": (DatasetVersion, "dataset__team", ("dataset_id", "number")),
    "datasets/*/sources/*": (DataSource, "team", ("dataset_id", "pk")),
    "datasets/*/sources/new/*": (Dataset, "team", ("pk", "'url")),
    "datasets/*/alerts/*": (QualityAlert, "team", ("dataset_id", "pk")),
    "experiments/*": (Experiment, "team", ("pk",)),
    "runs/*": (Run, "experiment__team", ("pk",)),
    "runs/*/artifacts/*": (Artifact, "run__experiment__team", ("run_id", "pk")),
    "run-rules/*": (RunRule, "team", ("pk",)),
    "run-views/*": (RunView, "experiment__team", ("pk",)),
    "logged-models/*": (LoggedModel, "experiment__team", ("model_id",)),
    "logged-models/*/files/*": (Artifact, "logged_model__experiment__team", ("logged_model.model_id", "pk")),
    "selections/*": (SelectionStudy, "team", ("pk",)),
    "studies/*": (Study, "team", ("pk",)),
    "trainers/*": (Trainer, "team", ("pk",)),
    "models/*": (RegisteredModel, "team", ("name",)),
    "models/*/versions/*": (ModelVersion, "model__team", ("model.name", "number")),
    "models/*/versions/*/files/*": (
        ModelFile, "version__model__team", ("version.model.name", "version.number", "format")
    ),
    "models/*/versions/*/optimisations/*": (
        Optimisation, "version__model__team", ("version.model.name", "version.number", "pk")
    ),
    "promotions/*": (PromotionRequest, "model__team", ("pk",)),
    "endpoints/*": (Endpoint, "team", ("name",)),
    "endpoints/*/shadows/*": (Shadow, "endpoint__team", ("endpoint.name", "name")),
    "ab-tests/*": (AbTest, "endpoint__team", ("pk",)),
    "alert-rules/*": (AlertRule, "endpoint__team", ("pk",)),
    "batches/*": (Batch, "endpoint__team", ("pk",)),
    "reports/*": (EndpointReport, "endpoint__team", ("pk",)),
    "improvements/*": (Improvement, "endpoint__team", ("pk",)),
    "load-tests/*": (LoadTest, "endpoint__team", ("pk",)),
    "retrainings/*": (Retraining, "endpoint__team", ("pk",)),
    "jobs/*": (Job, "team", ("pk",)),
    "channels/*": (Channel, "team", ("pk",)),
    "deliveries/*": (Delivery, "channel__team", ("pk",)),
    "inbox/*": (InboxEntry, "team", ("pk",)),
    "comments/*": (Comment, "team", ("pk",)),
    "discussions/*/*": (Experiment, "team", ("'experiment", "pk")),
    "lineage/*/*": (Endpoint, "team", ("'endpoint", "name")),
    "who-sees/*/*": (Run, "experiment__team", ("'run", "pk")),
    "writeups/*": (WriteUp, "team", ("pk",)),
    "writeups/*/versions/*": (WriteUpVersion, "writeup__team", ("writeup_id", "number")),
    "team/members/*": (Membership, "team", ("user.username",)),
    "team/invitations/*": (Invitation, "team", ("pk",)),
    "tokens/*": (ApiToken, "team", ("pk",)),
    "profile/sessions/*": (UserSession, "user__memberships__team", ("pk",)),
}  # fmt: skip


def routes() -> list[str]:
    """Of all pages, forms and buttons; those that answer no GET are told by their answers."""
    found = set(_walked(get_resolver().url_patterns))
    return sorted(
        route for route in found if not route.startswith(NO_PAGES) and not route.endswith(NO_PAGE_ENDS)
    )


def objects(team: Team) -> dict[str, list[str]]:
    """What stands for the parameters of each kind of address: the first row of the team."""
    found = {}
    for place, (model, owner, names) in THINGS.items():
        first = model._default_manager.filter(**{owner: team}).order_by("pk").first()
        if first is not None:
            found[place] = [_word(first, name) for name in names]
    return found


def address(route: str, known: Mapping[str, list[str]]) -> str | None:
    """None where nothing of the kind is there."""
    if "<" not in route:
        return f"/{route}"
    words = known.get(PARAMETER.sub("*", route[: route.rindex(">") + 1]))
    if words is None:
        return None
    left = iter(words)
    return "/" + PARAMETER.sub(lambda found: quote(next(left), safe=""), route)


def _word(row: Any, name: str) -> str:
    """`name` is a path of attributes, or a word after a quote."""
    return name[1:] if name.startswith("'") else str(attrgetter(name)(row))


def _walked(patterns: list[Any], prefix: str = "") -> Iterator[str]:
    for entry in patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from _walked(entry.url_patterns, route)
        elif isinstance(entry, URLPattern):
            yield route
