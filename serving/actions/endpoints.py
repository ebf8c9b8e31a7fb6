"""Endpoints: create, change what stands behind them, delete. Each change raises the routing epoch."""

import re
import secrets
from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

from django.db import IntegrityError, transaction

from experiments.models import Problem
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.audit import record
from mlregistry.accounts.models import Role
from mlregistry.errors import Conflict, Invalid
from mlregistry.lib.names import clean_text
from models_app.actions.versions import check_servable
from models_app.models import ModelVersion, VersionState
from serving.actions import log_policies
from serving.actions.endpoint_moves import note_variants
from serving.actions.routing import raise_epoch
from serving.hotpath.split import Layout, reweigh
from serving.models import AbTest, AbTestState, Endpoint, Variant

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
VARIANT_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,59}")
LOG_MODES = ("durable", "best-effort", "off")
MOST_VARIANTS = 20
LONGEST_REASON = 500


class VariantSpec(TypedDict):
    """One variant as a caller wants it; `weight` in per cent with at most two decimals."""

    name: str
    version: ModelVersion
    weight: float


def create_endpoint(
    name: str,
    *,
    variants: Sequence[VariantSpec],
    description: str = "",
    problem: Problem | None = None,
    log_mode: str = "durable",
    by: Actor,
) -> Endpoint:
    """An endpoint that answers from now on. `problem` is by default that of the first variant's run."""
    by.require(Role.EDITOR)
    if not NAME.fullmatch(name):
        message = (
            "An endpoint's name is made of letters, digits, dots, hyphens and underscores (at most 100)."
        )
        raise Invalid(message, field="name")
    _check_log_mode(log_mode)
    layout = checked_layout(variants, by=by)
    problem = _checked_problem(problem or _problem_of(variants[0]["version"]), by)
    try:
        with transaction.atomic():
            endpoint = Endpoint.objects.create(
                team=by.team,
                name=name,
                description=description,
                problem=problem,
                salt=secrets.token_hex(16),
                layout=layout.to_json(),
                log_mode=log_mode,
                created_by=by.user,
            )
            _write_variants(endpoint, variants)
            record(by, "endpoint.create", endpoint, variants=_plain(variants))
            note_variants(endpoint, _standing(variants), why="The endpoint was made.", by=by)
            raise_epoch()
    except IntegrityError as error:
        raise Conflict(f"There is already an endpoint “{name}” in {by.team.name}.", field="name") from error
    return endpoint


def set_variants(
    endpoint: Endpoint,
    variants: Sequence[VariantSpec],
    *,
    test: AbTest | None = None,
    why: str = "",
    by: Actor,
) -> Endpoint:
    """Swaps versions and weights as a whole: a request sees the old set or the new one, never a mixture.

    Units move only from variants that shrink to variants that grow. While a test runs, it alone (`test`) may change
    them: Conflict otherwise. `why` stays in the history.
    """
    by.require(Role.EDITOR)
    checked_layout(variants, by=by)
    with transaction.atomic():
        endpoint = Endpoint.objects.select_for_update(of=("self",)).select_related("team").get(pk=endpoint.pk)
        _refuse_while_tested(endpoint, test)
        previous = Layout.from_json(endpoint.layout) if endpoint.layout else None
        endpoint.layout = checked_layout(variants, previous=previous, by=by).to_json()
        endpoint.save(update_fields=["layout", "updated_at"])
        _write_variants(endpoint, variants)
        record(by, "endpoint.set_variants", endpoint, variants=_plain(variants), why=why)
        note_variants(endpoint, _standing(variants), why=why, by=by)
        raise_epoch()
    return endpoint


def change_split(
    endpoint: Endpoint, variants: Sequence[VariantSpec], *, reason: str = "", by: Actor
) -> Endpoint:
    """`set_variants` by a person, whose words stay in the history and the audit trail."""
    reason = clean_text(reason.strip(), field="reason", max_length=LONGEST_REASON)
    return set_variants(endpoint, variants, why=reason, by=by)


def update_endpoint(
    endpoint: Endpoint,
    *,
    description: str | None = None,
    problem: Problem | None = None,
    log_mode: str | None = None,
    log: Mapping[str, Any] | None = None,
    by: Actor,
) -> Endpoint:
    """Changes what is given; the name stays, for clients rely on it. `log` has what `log_policies.checked` takes."""
    by.require(Role.EDITOR)
    if log_mode is not None:
        _check_log_mode(log_mode)
    if log_mode == "off":
        _refuse_while_tested(endpoint, None)
    wanted: dict[str, Any] = {
        "description": description, "problem": _checked_problem(problem, by), "log_mode": log_mode,
    }  # fmt: skip
    changes = {field: value for field, value in wanted.items() if value is not None}
    changes |= log_policies.checked(endpoint, log or {})
    with transaction.atomic():
        for field, value in changes.items():
            setattr(endpoint, field, value)
        endpoint.save(update_fields=[*changes, "updated_at"])
        record(by, "endpoint.update", endpoint, fields=sorted(changes))
        raise_epoch()
    return endpoint


def delete_endpoint(endpoint: Endpoint, *, by: Actor) -> None:
    """Deletes the endpoint with its prediction log and feedback."""
    by.require(Role.EDITOR)
    with transaction.atomic():
        record(by, "endpoint.delete", endpoint)
        note_variants(endpoint, (), why="The endpoint was deleted.", by=by)
        endpoint.delete()
        raise_epoch()


def _refuse_while_tested(endpoint: Endpoint, test: AbTest | None) -> None:
    running = AbTest.objects.filter(endpoint=endpoint, state=AbTestState.RUNNING).first()
    if running is not None and running != test:
        raise Conflict(
            f"“{running.name}” is running on this endpoint and relies on its variants. Stop it first.",
            field="variants",
        )


def checked_layout(variants: Sequence[VariantSpec], *, previous: Layout | None = None, by: Actor) -> Layout:
    """Who would own which bucket; raises Invalid or Conflict where names, versions or weights cannot be."""
    names = [variant["name"] for variant in variants]
    if not variants or len(variants) > MOST_VARIANTS:
        raise Invalid(
            f"An endpoint has 1 to {MOST_VARIANTS} variants; {len(variants)} were given.", field="variants"
        )
    for name in names:
        if not VARIANT_NAME.fullmatch(name):
            raise Invalid(f"“{name[:60]}” cannot be the name of a variant.", field="variants")
        if names.count(name) > 1:
            raise Invalid(f"Two variants are named “{name}”.", field="variants")
    check_versions([variant["version"] for variant in variants], by)
    return reweigh({variant["name"]: variant["weight"] for variant in variants}, previous=previous)


def check_versions(versions: Sequence[ModelVersion], by: Actor) -> None:
    """Raises Invalid or Conflict unless all are the team's, ready, and suit one request."""
    for version in versions:
        if version.model.team_id != by.team.pk:
            raise Invalid(f"{version} belongs to another team.", field="variants")
        if version.state != VersionState.READY:
            raise Conflict(f"{version} is not ready: it is {version.get_state_display()}.", field="variants")
        check_servable(version)
    for other in versions[1:]:
        lines = unlike(versions[0], other)
        if lines:
            raise Invalid(f"The variants do not fit together: {lines[0]}.", field="variants", details=lines)


def unlike(first: ModelVersion, other: ModelVersion) -> list[str]:
    """Why one request does not suit both, a line each: inputs of other names, or answers of another kind."""
    mine, theirs = first.signature or {}, other.signature or {}
    wanted, given = _input_names(mine), _input_names(theirs)
    lines = [f"{other} does not know the column “{name}” of {first}" for name in wanted if name not in given]
    lines += [
        f"{other} needs the column “{name}”, which {first} does not know"
        for name in given
        if name not in wanted
    ]
    if bool(mine.get("classes")) != bool(theirs.get("classes")):
        lines.append(f"of {first} and {other} one names classes and the other gives numbers")
    return lines


def _input_names(signature: Mapping[str, Any]) -> list[str]:
    return [field["name"] for field in signature["inputs"]]


def _checked_problem(problem: Problem | None, by: Actor) -> Problem | None:
    if problem is not None and problem.team_id != by.team.pk:
        raise Invalid("The problem belongs to another team.", field="problem")
    return problem


def _problem_of(version: ModelVersion) -> Problem | None:
    run = version.run
    return (run.problem if run is not None else None) or version.model.problem


def _check_log_mode(log_mode: str) -> None:
    if log_mode not in LOG_MODES:
        raise Invalid(f"log_mode must be one of {', '.join(LOG_MODES)}.", field="log_mode")


def _write_variants(endpoint: Endpoint, variants: Sequence[VariantSpec]) -> None:
    Variant.objects.filter(endpoint=endpoint).exclude(name__in=[v["name"] for v in variants]).delete()
    rows = [
        Variant(
            endpoint=endpoint,
            name=v["name"],
            version=v["version"],
            weight=str(v["weight"]),
            position=position,
        )
        for position, v in enumerate(variants)
    ]
    Variant.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["endpoint", "name"],
        update_fields=["version", "weight", "position"],
    )


def _plain(variants: Sequence[VariantSpec]) -> list[dict[str, Any]]:
    return [{"name": v["name"], "version": str(v["version"]), "weight": float(v["weight"])} for v in variants]


def _standing(variants: Sequence[VariantSpec]) -> list[tuple[str, ModelVersion, float]]:
    return [(v["name"], v["version"], v["weight"]) for v in variants]
