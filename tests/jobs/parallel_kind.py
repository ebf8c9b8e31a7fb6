"""The job function that needs joblib: apart from the others, whose processes then start without it."""

import os

from joblib import Parallel, delayed

from mlregistry.jobs.context import JobContext


def work_in_parallel(context: JobContext) -> dict[str, bool]:
    """Whether the work was done by other processes; a process that may start none does it itself, silently."""
    pids = Parallel(n_jobs=2)(delayed(os.getpid)() for _ in range(4))
    return {"apart": os.getpid() not in pids}
