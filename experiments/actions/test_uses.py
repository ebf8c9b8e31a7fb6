"""Record that a run's test metrics were kept. Called by whatever keeps them."""

from django.utils import timezone

from experiments.models import Run, TestUse
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Role


def record_test_use(run: Run, test_digest: str, *, target: str, by: Actor) -> None:
    """One look at these test rows of the run's dataset version; the same run again is the same look."""
    by.require(Role.EDITOR)
    if run.dataset_version_id is None:
        return
    TestUse.objects.get_or_create(
        run=run,
        test_digest=test_digest,
        defaults={
            "dataset_version_id": run.dataset_version_id,
            "target": target,
            "run_name": run.name[:500],
            "used_at": timezone.now(),
        },
    )
