"""The settings of worker processes that these tests start: short intervals, kinds of their own."""

import os

from mlregistry.jobs.engines import QUEUES, tasks_setting
from mlregistry.jobs.engines import RQ as RQ
from mlregistry.settings import *  # noqa: F403 (a settings file extends another)

from .short_intervals import INTERVALS, KINDS

JOB_KINDS = KINDS
PAUSABLE_JOB_KINDS = {"tests.count_up"}
TASKS = tasks_setting(TASKS_ENGINE, queues=[*QUEUES, *os.environ.get("TEST_QUEUE", "").split()])  # noqa: F405  # of the settings above
JOB_PRELOAD: list[str] = []  # these jobs need none of it, and a fork server starts in a fifth of the time
ROOT_URLCONF = __name__  # a worker answers no requests: these tests stand on no door
urlpatterns: list[object] = []
globals().update(INTERVALS)
