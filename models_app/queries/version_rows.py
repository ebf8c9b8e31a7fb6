"""The versions of a model as its page shows them: metrics, best marked, gate, sizes, who serves them.

A fixed number of queries, however many there are.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Prefetch, QuerySet

from mlregistry.ml.metrics import MAXIMIZE
from mlregistry.ml.model_tests.blocking import is_blocking
from models_app.models import (
    Alias,
    Compilation,
    ModelGate,
    ModelTestResult,
    ModelTestRun,
    ModelVersion,
    RegisteredModel,
    Verdict,
)
from models_app.queries import version_metrics
from models_app.queries.gates import AGAINST
from models_app.queries.metric_directions import direction_of
from models_app.queries.model_tests import digest, gate_of, policy_digest

MOST = 500  # newest versions
MOST_METRICS = 6
PER_PAGE = 50
BY_NUMBER = "number"


@dataclass(frozen=True)
class Value:
    """One metric of one version; `is_best` among all that have it."""

    key: str
    value: float | None
    is_best: bool = False


@dataclass(frozen=True)
class Row:
    version: ModelVersion
    values: list[Value]
    gate: str
    n_bytes: int
    variants: list[Any]  # serving's, by the reverse of its reference


@dataclass(frozen=True)
class Table:
    """`chart` has number and value of the first chosen metric, the oldest version first."""

    rows: list[Row]
    keys: list[str]
    chosen: list[str]
    order: str
    n_versions: int
    page: int
    n_pages: int
    chart: list[tuple[int, float]]


def table_of(
    model: RegisteredModel, versions: QuerySet[ModelVersion], *, chosen: Sequence[str] = (), order: str = "",
    page: int = 1,
) -> Table:  # fmt: skip
    """By `order`: number, or a metric with the best first; a minus turns it round."""
    known = list(_light(versions)[:MOST])
    metrics = version_metrics.metrics_of(known)
    keys = version_metrics.keys_of(metrics, model.problem)
    shown = [key for key in dict.fromkeys(chosen) if key in keys][:MOST_METRICS] or keys[:3]
    ordered = _ordered(known, metrics, order, model)
    n_pages = max(1, math.ceil(len(ordered) / PER_PAGE))
    page = min(max(page, 1), n_pages)
    at = ordered[(page - 1) * PER_PAGE : page * PER_PAGE]
    best = {key: _best(metrics, key, model) for key in shown}
    first = shown[0] if shown else ""
    return Table(
        [_row(version, metrics[version.pk], shown, best, gate) for version, gate in _whole(at, model)],
        keys, shown, order or BY_NUMBER, versions.count(), page, n_pages,
        [(row.number, metrics[row.pk][first]) for row in reversed(known) if first in metrics[row.pk]],
    )  # fmt: skip


def _light(versions: QuerySet[ModelVersion]) -> QuerySet[ModelVersion]:
    return (
        versions.select_related(None)
        .only("pk", "number", "metrics", "run_id", "model_id")
        .order_by("-number")
    )


def _ordered(
    known: list[ModelVersion], metrics: dict[int, dict[str, float]], order: str, model: RegisteredModel
) -> list[ModelVersion]:
    """The newest first, unless a metric is named; versions without it come last."""
    turned, key = order.startswith("-"), order.removeprefix("-")
    if key in ("", BY_NUMBER):
        return known[::-1] if turned else known
    has = [row for row in known if key in metrics[row.pk]]
    up = direction_of(key, model.problem) == "minimize"
    has.sort(key=lambda row: metrics[row.pk][key], reverse=up == turned)
    return has + [row for row in known if key not in metrics[row.pk]]


def _best(metrics: dict[int, dict[str, float]], key: str, model: RegisteredModel) -> float | None:
    """None where one has it alone, or nobody knows which way is better."""
    values = [found[key] for found in metrics.values() if key in found]
    direction = direction_of(key, model.problem)
    if len(values) < 2 or direction is None:
        return None
    return max(values) if direction == MAXIMIZE else min(values)


def _row(
    version: ModelVersion,
    values: dict[str, float],
    shown: list[str],
    best: dict[str, float | None],
    gate: str,
) -> Row:
    return Row(
        version,
        [Value(key, values.get(key), key in values and values[key] == best[key]) for key in shown],
        gate,
        sum(one.file.size for one in version.files.all()),
        list(version.variants.all()),
    )


def _whole(page: list[ModelVersion], model: RegisteredModel) -> list[tuple[ModelVersion, str]]:
    rows = ModelVersion.objects.filter(pk__in=[row.pk for row in page]).select_related(
        "run", "created_by", "intake"
    )
    rows = rows.prefetch_related(
        "files__file", "variants__endpoint", Prefetch("aliases", Alias.objects.order_by("name"))
    )
    found = {row.pk: row for row in rows}
    states = _gates(list(found.values()), gate_of(model))
    return [(found[row.pk], states.get(row.pk, "")) for row in page if row.pk in found]


def _gates(versions: list[ModelVersion], gate: ModelGate) -> dict[int, str]:
    """The newest tests of each in a word: passed, failed, running, stale, or nothing."""
    keys = [version.pk for version in versions]
    runs = (
        ModelTestRun.objects.filter(version_id__in=keys).select_related("job").order_by("version_id", "-pk")
    )
    newest = {run.version_id: run for run in runs.distinct("version_id")}
    shas = dict(Compilation.objects.filter(version_id__in=keys).values_list("version_id", "file__sha256"))
    failed = ModelTestResult.objects.filter(run__in=list(newest.values()), outcome__in=AGAINST)
    blocked = {one.run_id for one in failed if is_blocking(one.name, one.severity, gate.blocking)}
    policy = policy_digest(gate)
    return {
        version.pk: _word(newest[version.pk], version, shas.get(version.pk) or "", policy, blocked)
        for version in versions
        if version.pk in newest
    }


def _word(run: ModelTestRun, version: ModelVersion, compiled: str, policy: str, blocked: set[int]) -> str:
    if run.verdict not in (Verdict.PASSED, Verdict.FAILED):
        return "running" if run.is_live else "stopped"
    files = digest(
        [[one.format, one.file.sha256] for one in sorted(version.files.all(), key=lambda one: one.format)]
    )
    stale = run.files_digest != files or run.policy_digest != policy
    if stale or (compiled and compiled != run.compiled_digest):
        return "stale"
    return "failed" if run.pk in blocked else "passed"
