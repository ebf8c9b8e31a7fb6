"""Tables of background work."""

from .jobs import LIVE, Job, JobLog, Priority, State
from .loads import TeamLoad
from .schedules import Schedule

__all__ = ["LIVE", "Job", "JobLog", "Priority", "Schedule", "State", "TeamLoad"]
