"""Tables of background work."""

from .jobs import LIVE, Job, JobLog, State
from .schedules import Schedule

__all__ = ["LIVE", "Job", "JobLog", "Schedule", "State"]
