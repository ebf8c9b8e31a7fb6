"""Ask for profiles of dataset versions, and keep what the job has made. Called by every door and the worker."""

import gzip
import io
import time
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from experiments.models import Dataset, DatasetProfile, DatasetVersion, Depth
from experiments.queries import profiles as queries
from experiments.queries.datasets import local_paths
from mlregistry.accounts import audit
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Role
from mlregistry.artifacts import store
from mlregistry.artifacts.models import StoredFile
from mlregistry.errors import Invalid
from mlregistry.jobs.queue import enqueue
from mlregistry.lib.lazily import lazily
from mlregistry.ml.profiling.document import Profile

if TYPE_CHECKING:
    from mlregistry.ml.profiling import building
else:
    building = lazily("mlregistry.ml.profiling.building")

LARGEST_IN_ROW = 200_000
LEAST_MEMORY_MB = 1536
BYTES_PER_ROW = 48  # of the column in hand: its values, as they are read and as they are sorted, and hashes
FILE_TYPE = "application/gzip"
WAIT_SECONDS = 0.5
Report = Callable[[float, str], None]


def start_profile(
    version: DatasetVersion, *, depth: str = Depth.QUICK, target: str | None = None, by: Actor
) -> DatasetProfile:
    """The profile, with a job under way unless it is there already; no target is the problem's, if it fits."""
    by.require(Role.EDITOR)
    if depth not in Depth.values:
        raise Invalid(f"The depth is one of {', '.join(Depth.values)}.", field="depth")
    target = _target(version, target)
    with transaction.atomic():
        wanted = {"version": version, "target": target, "depth": depth}
        DatasetProfile.objects.get_or_create(**wanted, defaults={"created_by": by.user})
        profile = DatasetProfile.objects.select_for_update(of=("self",)).select_related("job").get(**wanted)
        if profile.state == "failed":
            _enqueue(profile, by)
            audit.record(by, "dataset.profile", version, depth=depth, predicts=target)
    return profile


def keep_profile(profile: DatasetProfile, made: Profile) -> None:
    """The document of a finished job; called inside the transaction that holds the job's row."""
    body = made.to_bytes()
    if DatasetProfile.objects.filter(pk=profile.pk, finished_at__isnull=False).exists():
        return
    profile.n_alerts = dict(Counter(alert.severity for alert in made.alerts))
    profile.finished_at = timezone.now()
    if len(body) <= LARGEST_IN_ROW:
        profile.data = made.to_json()
        profile.save(update_fields=["data", "n_alerts", "finished_at"])
        return
    packed = io.BytesIO(gzip.compress(body, compresslevel=5, mtime=0))
    with store.saving(profile.version.dataset.team, packed, content_type=FILE_TYPE) as stored:
        profile.file = stored
        profile.save(update_fields=["file", "n_alerts", "finished_at"])


def profile_at_hand(version: DatasetVersion, *, report: Report = lambda share, text: None) -> Profile:
    """The stored one; one that a worker is making is waited for, and where there is none it is made here and kept."""
    while (row := queries.chosen(version)) is None or row.state != "ready":
        if not queries.is_running(version):
            return _made_here(version, report)
        report(0.0, "Waiting for the profile")
        time.sleep(WAIT_SECONDS)
    return queries.document(row)


def _made_here(version: DatasetVersion, report: Report) -> Profile:
    wanted: dict[str, Any] = {"version": version, "target": _target(version, None), "depth": Depth.QUICK}
    with local_paths(version) as parts:
        made = building.profile(parts, target=wanted["target"] or None, report=report)
    with transaction.atomic():
        DatasetProfile.objects.get_or_create(**wanted)
        keep_profile(DatasetProfile.objects.select_for_update(of=("self",)).get(**wanted), made)
    return made


def profile_files(dataset: Dataset) -> list[StoredFile]:
    """The files of all its profiles: what goes when the dataset goes."""
    rows = DatasetProfile.objects.filter(version__dataset=dataset, file__isnull=False).select_related("file")
    return [row.file for row in rows if row.file is not None]


def _target(version: DatasetVersion, wanted: str | None) -> str:
    columns = {column["name"] for column in version.columns}
    if wanted and wanted not in columns:
        raise Invalid(f"The table has no column '{wanted[:200]}' to predict.", field="target")
    if wanted is not None:
        return wanted
    problem = version.dataset.problem
    return problem.target if problem is not None and problem.target in columns else ""


def memory_mb(version: DatasetVersion) -> int:
    """What a job that makes a profile may use."""
    return LEAST_MEMORY_MB + version.n_rows * BYTES_PER_ROW // 1024 // 1024


def _enqueue(profile: DatasetProfile, by: Actor) -> None:
    version = profile.version
    profile.job = enqueue(
        "experiments.profile",
        args={"profile_id": profile.pk},
        team=by.team,
        title=f"{profile.depth.capitalize()} profile of {version}",
        memory_mb=memory_mb(version),
        by=by,
    )
    profile.save(update_fields=["job"])
