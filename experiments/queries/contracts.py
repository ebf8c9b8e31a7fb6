"""Reads of contracts: the one that holds, how a version stands to it, and why it may not be trained on."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from experiments.models import (
    CheckState,
    ContractCheck,
    DataContract,
    Dataset,
    DatasetVersion,
    VersionComparison,
)
from mlregistry.errors import Conflict, NotFound
from mlregistry.jobs.models import Job
from mlregistry.ml.contracts import parsing
from mlregistry.ml.contracts.document import Contract

UNCHECKED = "unchecked"
NO_CONTRACT = "no contract"
MOST_REASONS = 10


@dataclass(frozen=True)
class Standing:
    """How a version stands to the contract that holds; `reasons` say why it may not be trained on."""

    state: str
    check: ContractCheck | None = None
    reasons: tuple[str, ...] = ()

    @property
    def is_overridden(self) -> bool:
        return self.check is not None and self.check.overridden_at is not None

    @property
    def blocks(self) -> bool:
        return bool(self.reasons) and not self.is_overridden

    @property
    def badge(self) -> str:
        return "overridden" if self.is_overridden else self.state


def current(dataset: Dataset) -> DataContract | None:
    """The edition that holds."""
    return DataContract.objects.filter(dataset=dataset).order_by("-number").first()


def edition(dataset: Dataset, number: int | None = None) -> DataContract:
    """One edition, the one that holds by default."""
    rows = DataContract.objects.filter(dataset=dataset).select_related("created_by")
    found = (rows.filter(number=number) if number is not None else rows.order_by("-number")).first()
    if found is None:
        raise NotFound(f"The dataset {dataset.name!r} has no contract {number or 'yet'}.")
    return found


def document(dataset: Dataset) -> Contract:
    """The contract that holds, or an empty one."""
    row = current(dataset)
    return parsing.parse(row.document) if row else Contract()


def standing(version: DatasetVersion) -> Standing:
    """Of one version."""
    return standings(version.dataset, [version])[version.pk]


def standings(dataset: Dataset, versions: Iterable[DatasetVersion]) -> dict[int, Standing]:
    """By the versions' row ids, read with two queries."""
    contract = current(dataset)
    rows = list(versions)
    if contract is None:
        return {version.pk: Standing(NO_CONTRACT) for version in rows}
    checks = {
        check.version_id: check
        for check in ContractCheck.objects.filter(contract=contract, version__in=rows).select_related(
            "job", "overridden_by", "contract"
        )
    }
    return {version.pk: _standing(version, checks.get(version.pk), contract) for version in rows}


def _standing(version: DatasetVersion, check: ContractCheck | None, contract: DataContract) -> Standing:
    if check is None:
        text = f"v{version.number} has not been checked against contract {contract.number}; check it first."
        return Standing(UNCHECKED, None, (text,))
    state = state_of(check)
    if state == CheckState.PENDING:
        text = (
            f"v{version.number} is still being checked against contract {contract.number}; wait for the job."
        )
        return Standing(state, check, (text,))
    if state == CheckState.ERROR:
        reason = (
            check.job.error.strip().splitlines()[-1][:300] if check.job and check.job.error else "it was lost"
        )
        text = f"v{version.number} could not be checked against contract {contract.number}: {reason}"
        return Standing(state, check, (text,))
    return Standing(state, check, _reasons(check.report) if state == CheckState.FAILED else ())


def state_of(row: ContractCheck | VersionComparison) -> str:
    """The state; a check whose job has ended without a result is an error."""
    if row.state == CheckState.PENDING and not _is_live(row.job):
        return CheckState.ERROR
    return row.state


def _is_live(job: Job | None) -> bool:
    return job is not None and job.is_live


def _reasons(report: dict[str, Any] | None) -> tuple[str, ...]:
    results = (report or {}).get("results", [])
    failed = [result["message"] for result in results if result["severity"] == CheckState.FAILED]
    return tuple(failed[:MOST_REASONS]) or ("The version breaks its contract.",)


def refuse_marked(version: DatasetVersion) -> None:
    """Conflict with the reasons when the version may not be trained on."""
    found = standing(version)
    if not found.blocks:
        return
    lead = found.reasons[0]
    if found.state == CheckState.FAILED:
        lead = f"{version} breaks its contract, so it is not trained on until an owner allows it: {lead}"
    raise Conflict(lead, field="dataset_version", details=list(found.reasons))
