"""Who wrote a run's file: a job, or somebody who uploaded it. `register` asks before it trusts a pickle."""

from experiments.models import Artifact
from mlregistry.accounts.models import AuditEvent


def saved_by_job(artifact: Artifact) -> bool:
    """True when the newest audit line about this path was written by a worker.

    Each save leaves its line in the same transaction; as this is read after the artifact, a later upload
    cannot slip between.
    """
    newest = (
        AuditEvent.objects.filter(
            target_type="experiments.run",
            target_id=str(artifact.run_id),
            action="run.save_artifact",
            details__path=artifact.path,
        )
        .order_by("-pk")
        .values_list("via", flat=True)
        .first()
    )
    return newest == "worker"
