"""Set a dataset's contract, have versions checked, let one pass all the same. Called by every door."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.utils import timezone

from experiments.models import (
    CheckState,
    ContractCheck,
    DataContract,
    Dataset,
    DatasetVersion,
    VersionComparison,
)
from experiments.queries import contracts as queries
from experiments.queries import datasets as dataset_queries
from experiments.queries import profiles as profile_queries
from mlregistry.accounts import audit
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Role
from mlregistry.errors import Conflict, Invalid
from mlregistry.jobs.models import Job
from mlregistry.jobs.queue import enqueue
from mlregistry.lib.names import clean_text
from mlregistry.ml.contracts import inference, parsing

from . import alerts
from .profiles import memory_mb, profile_at_hand

CHECKED_AGAIN = 10
SHORTEST_REASON = 10


def set_contract(dataset: Dataset, document: Any, *, by: Actor) -> DataContract:
    """A new edition, unless it says the same; the newest ten versions are checked against it."""
    by.require(Role.EDITOR)
    contract = parsing.parse(document)
    with transaction.atomic():
        locked = Dataset.objects.select_for_update().get(pk=dataset.pk)
        holds = queries.current(locked)
        if holds is not None and parsing.parse(holds.document) == contract:
            return holds
        row = DataContract.objects.create(
            dataset=locked,
            number=holds.number + 1 if holds else 1,
            document=contract.to_json(),
            created_by=by.user,
        )
        audit.record(by, "dataset.set_contract", dataset, number=row.number, n_columns=len(contract.columns))
        request_checks(locked.versions.order_by("-number")[:CHECKED_AGAIN], by=by)
    return row


def propose(version: DatasetVersion, *, by: Actor) -> inference.Proposal:
    """A contract that this version keeps, with the reasons for the types; nothing is stored."""
    by.require(Role.EDITOR)
    if profile_queries.is_running(version):
        raise Conflict(
            f"The profile of v{version.number} is being made; suggestions follow from it. Try again soon."
        )
    profile = profile_at_hand(version)
    with dataset_queries.local_paths(version) as parts:
        return inference.infer(profile, parts, now=timezone.now())


def arrived(version: DatasetVersion, *, by: Actor) -> Job | None:
    """Called for each new version, in its transaction: checked if there is anything to hold it to."""
    if version.number == 1 and queries.current(version.dataset) is None:
        return None
    return _request(version, by)


def request_checks(versions: Iterable[DatasetVersion], *, by: Actor) -> list[Job]:
    """A job for each version, which checks it against the contract that holds and compares it."""
    by.require(Role.EDITOR)
    with transaction.atomic():
        return [_request(version, by) for version in versions]


def _request(version: DatasetVersion, by: Actor) -> Job:
    job = enqueue(
        "experiments.check_version",
        args={"version_id": version.pk},
        team=by.team,
        title=f"Check {version}",
        memory_mb=max(2048, memory_mb(version)),
        timeout_seconds=1800,
        by=by,
    )
    pending = {"state": CheckState.PENDING, "job": job, "finished_at": None}
    contract = queries.current(version.dataset)
    if contract is not None:
        ContractCheck.objects.update_or_create(version=version, contract=contract, defaults=pending)
    earlier = version.dataset.versions.filter(number__lt=version.number).order_by("-number").first()
    if earlier is not None:
        VersionComparison.objects.update_or_create(version=version, defaults={**pending, "earlier": earlier})
    return job


def override(version: DatasetVersion, reason: str, *, by: Actor) -> ContractCheck:
    """Let a version be trained on although it breaks the contract that holds; the reason stays on it."""
    by.require(Role.OWNER)
    text = clean_text(reason, field="reason", max_length=2000).strip()
    if len(text) < SHORTEST_REASON:
        raise Invalid(f"Give a reason of at least {SHORTEST_REASON} characters.", field="reason")
    with transaction.atomic():
        found = queries.standing(version)
        if found.check is None or found.state not in (CheckState.FAILED, CheckState.ERROR):
            raise Conflict(f"{version} is not marked: there is nothing to override.", field="version")
        check = ContractCheck.objects.select_for_update().get(pk=found.check.pk)
        check.override_reason, check.overridden_by, check.overridden_at = text, by.user, timezone.now()
        check.save(update_fields=["override_reason", "overridden_by", "overridden_at"])
        audit.record(by, "dataset.override", version, reason=text, reasons=list(found.reasons))
        alerts.close_all(version.dataset, "contract", by=by)
    return check
