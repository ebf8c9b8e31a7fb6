"""The job artifacts.sweep and its schedule: frees what no row refers to and what broken uploads left behind."""

from mlregistry.jobs import schedule
from mlregistry.jobs.context import JobContext

from . import multipart, store

KIND = "artifacts.sweep"
EVERY_SECONDS = 6 * 60 * 60


def ensure_schedule() -> None:
    """Called by `manage.py prepare`."""
    schedule.keep(KIND, KIND, title="Free unused files", every_seconds=EVERY_SECONDS)


def sweep(context: JobContext) -> dict[str, int]:
    """Returns how many files and how many leftovers of uploads went."""
    n_files, n_leftovers = store.delete_unreferenced(), multipart.sweep()
    context.report(1.0, f"{n_files} files and {n_leftovers} broken uploads removed")
    return {"n_files": n_files, "n_leftovers": n_leftovers}
