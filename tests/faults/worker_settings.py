"""The settings of workers that these tests start and kill: leases that tests let run out, little loaded before."""

from mlregistry.settings import *  # noqa: F403 (a settings file extends another)
from mlregistry.settings import INSTALLED_APPS as PRODUCT_APPS

INSTALLED_APPS = [*PRODUCT_APPS, "tests.faults.halting.HaltingConfig"]
JOB_HEARTBEAT_SECONDS = 0.3
JOB_LEASE_SECONDS = 30.0
JOB_REAPER_SECONDS = 0.5
JOB_RETRY_SECONDS = 0.1
JOB_WORKER_POLL_SECONDS = 0.3
