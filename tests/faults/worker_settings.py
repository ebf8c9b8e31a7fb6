"""The settings of workers that these tests start and kill: short leases."""

from mlregistry.settings import *  # noqa: F403 (a settings file extends another)

JOB_HEARTBEAT_SECONDS = 0.5
JOB_LEASE_SECONDS = 4.0
JOB_REAPER_SECONDS = 0.5
JOB_RETRY_SECONDS = 0.1
