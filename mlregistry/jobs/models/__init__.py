"""Tables of background work."""

from .budgets import Budget
from .jobs import LIVE, Job, JobLog, Priority, State
from .loads import TeamLoad
from .samples import JobSamples
from .schedules import Schedule
from .workers import WorkerProcess

__all__ = [
    "LIVE", "Budget", "Job", "JobLog", "JobSamples", "Priority", "Schedule", "State", "TeamLoad", "WorkerProcess",
]  # fmt: skip
