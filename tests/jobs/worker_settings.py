"""The settings of worker processes that these tests start: short intervals, kinds of their own."""

from mlregistry.jobs.engines import RQ as RQ
from mlregistry.settings import *  # noqa: F403 (a settings file extends another)

from .short_intervals import INTERVALS, KINDS

JOB_KINDS = KINDS
globals().update(INTERVALS)
