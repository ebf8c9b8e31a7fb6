"""Holds a version to the contract and to the version before, stores both and alerts. Called by the worker."""

from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.utils import timezone

from experiments.models import CheckState, ContractCheck, DatasetVersion, VersionComparison
from experiments.queries import contracts as queries
from experiments.queries.datasets import local_paths
from mlregistry.accounts.actor import Actor
from mlregistry.ml.contracts import checking, comparing, parsing

from . import alerts
from .profiles import profile_at_hand

Report = Callable[[float, str], None]


def check_version(version: DatasetVersion, *, report: Report) -> dict[str, str]:
    """The states of both, "" for what there is nothing to hold it to."""
    by = Actor.system(version.dataset.team)
    return {
        "contract": _check(version, by, lambda share, text: report(0.5 * share, text)),
        "comparison": _compare(version, by, lambda share, text: report(0.5 + 0.5 * share, text)),
    }


def _check(version: DatasetVersion, by: Actor, report: Report) -> str:
    contract = queries.current(version.dataset)
    if contract is None:
        return ""
    with local_paths(version) as parts:
        found = checking.check(
            parsing.parse(contract.document), parts, now=timezone.now(), report=report
        ).to_json()
    with transaction.atomic():
        row, _ = ContractCheck.objects.update_or_create(
            version=version, contract=contract, defaults=_finished(found)
        )
        if not _is_newest(version):
            return str(row.state)
        if row.state == CheckState.FAILED and row.overridden_at is None:
            n_failed, first = found["n_failed"], found["results"][0]["message"]
            text = f"v{version.number} breaks contract {contract.number} in {n_failed:,} checks. {first}"
            alerts.raise_alert(version, "contract", text, by=by)
        else:
            alerts.close_all(version.dataset, "contract", by=None)
    return str(row.state)


def _compare(version: DatasetVersion, by: Actor, report: Report) -> str:
    earlier = _versions(version).filter(number__lt=version.number).order_by("-number").first()
    if earlier is None:
        return ""
    before = profile_at_hand(earlier, report=lambda share, text: report(0.5 * share, text))
    after = profile_at_hand(version, report=lambda share, text: report(0.5 + 0.5 * share, text))
    found = comparing.compare(queries.document(version.dataset), before, after).to_json(bins=False)
    with transaction.atomic():
        row, _ = VersionComparison.objects.update_or_create(
            version=version, defaults={**_finished(found), "earlier": earlier}
        )
        if not _is_newest(version):
            return str(row.state)
        if row.state == CheckState.FAILED:
            first = found["changes"][0]["message"]
            text = f"v{version.number} differs from v{earlier.number} more than it may. {first}"
            alerts.raise_alert(version, "comparison", text, by=by)
        else:
            alerts.close_all(version.dataset, "comparison", by=None)
    return str(row.state)


def _finished(found: dict[str, Any]) -> dict[str, Any]:
    return {"state": found["state"], "report": found, "finished_at": timezone.now()}


def _is_newest(version: DatasetVersion) -> bool:
    """Alerts are about the newest version: what a later one has mended is no news."""
    return not _versions(version).filter(number__gt=version.number).exists()


def _versions(version: DatasetVersion) -> Any:
    return DatasetVersion.objects.filter(dataset=version.dataset_id).select_related("dataset__team")
