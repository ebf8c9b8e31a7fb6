"""The settings of the worker that delivers webhooks in tests: it tries again at once and loads little."""

from mlregistry.settings import *  # noqa: F403 (a settings file extends another)

JOB_PRELOAD: list[str] = []
JOB_RETRY_SECONDS = 0.1
JOB_WORKER_POLL_SECONDS = 0.2
