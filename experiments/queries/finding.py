"""What the search finds of problems, datasets, experiments, runs and studies; entries of settings.FINDERS."""

import re
from collections.abc import Iterator
from uuid import UUID

from django.contrib.postgres.search import SearchQuery
from django.db.models import QuerySet
from django.urls import reverse

from experiments import access
from experiments.models import Lifecycle, Run
from experiments.models.runs import NAME_WORDS
from experiments.nouns import DATASET, EXPERIMENT, PROBLEM, RUN
from mlregistry.accounts.actor import Actor
from mlregistry.ui.finding import OF_A_KIND, Asked, Found, found, named

ID = re.compile(r"[0-9a-f]{4,32}")


def problems(by: Actor, asked: Asked) -> Iterator[Found]:
    for row in named(access.problems(by), asked.words).order_by("-updated_at")[:OF_A_KIND]:
        yield found(PROBLEM, row, row.kind, row.updated_at)


def datasets(by: Actor, asked: Asked) -> Iterator[Found]:
    for row in named(access.datasets(by), asked.words).order_by("-created_at")[:OF_A_KIND]:
        detail = f"{row.last_number} version{'' if row.last_number == 1 else 's'}"
        yield found(DATASET, row, detail, row.created_at)


def experiments(by: Actor, asked: Asked) -> Iterator[Found]:
    active = access.experiments(by).filter(lifecycle=Lifecycle.ACTIVE).select_related("problem")
    for row in named(active, asked.words).order_by("-updated_at")[:OF_A_KIND]:
        detail = row.problem.name if row.problem else ""
        yield found(EXPERIMENT, row, detail, row.updated_at)


def studies(by: Actor, asked: Asked) -> Iterator[Found]:
    for row in named(access.studies(by), asked.words).order_by("-pk")[:OF_A_KIND]:
        address = reverse("experiments:study", args=[row.pk])
        yield Found("study", row.name, address, row.state.lower(), row.created_at)


def runs(by: Actor, asked: Asked) -> Iterator[Found]:
    """By the beginnings of words in the name, or of the id; the newest first, which the id tells."""
    active = Run.objects.filter(
        experiment__team=by.team, experiment__lifecycle=Lifecycle.ACTIVE, lifecycle=Lifecycle.ACTIVE
    )
    rows = active.select_related("experiment").only("id", "name", "status", "started_at", "experiment__name")
    yield from (_run(row) for row in _by_name(rows, asked).order_by("-pk")[:OF_A_KIND])
    yield from (_run(row, rank=1) for row in _by_id(rows, asked))


def _by_name(rows: "QuerySet[Run]", asked: Asked) -> "QuerySet[Run]":
    if not asked.words:
        return rows
    if not asked.lexemes:
        return rows.none()
    query = " & ".join(f"'{word}':*" for word in asked.lexemes)
    return rows.alias(words=NAME_WORDS).filter(words=SearchQuery(query, config="simple", search_type="raw"))


def _by_id(rows: "QuerySet[Run]", asked: Asked) -> "QuerySet[Run]":
    text = asked.text.replace("-", "")
    if not ID.fullmatch(text):
        return rows.none()
    low, high = UUID(text.ljust(32, "0")), UUID(text.ljust(32, "f"))
    return rows.filter(pk__gte=low, pk__lte=high).order_by("-pk")[:OF_A_KIND]


def _run(row: Run, rank: int | None = None) -> Found:
    detail = f"{row.status.lower()} · {row.experiment.name}" + (f" · {row.pk.hex}" if rank else "")
    return found(RUN, row, detail, row.started_at, rank)
