"""The intervals and limits of background work; settings of the same name override them."""

from typing import Any

from django.conf import settings

from mlregistry import env

DEFAULTS: dict[str, Any] = {
    "JOB_HEARTBEAT_SECONDS": 1.0,
    "JOB_LEASE_SECONDS": 30.0,
    "JOB_REAPER_SECONDS": 5.0,
    "JOB_RENUDGE_SECONDS": 60.0,
    "JOB_RETRY_SECONDS": 5.0,
    "JOB_CANCEL_GRACE_SECONDS": 2.0,
    "JOB_WORKER_POLL_SECONDS": 1.0,
    "JOB_TURN_SECONDS": 30.0,
    "JOB_OLDEST_FIRST_SHARE": 0.1,
    "JOB_LOG_LIMIT_BYTES": 1_000_000,
    "JOB_LOG_LIMIT_LINES": 10_000,
    "JOB_LOG_LINE_BYTES": 8_000,
    "JOB_FORK_SERVER_IDLE_SECONDS": env.number("MLREGISTRY_JOBS_IDLE_SECONDS", 600),
    "JOB_PRELOAD_BESIDE": [],
    "JOB_PRELOAD": [
        "pandas",
        "sklearn.compose",
        "sklearn.ensemble",
        "sklearn.impute",
        "sklearn.linear_model",
        "sklearn.model_selection",
        "sklearn.neighbors",
        "sklearn.pipeline",
        "sklearn.svm",
    ],
}


def option(name: str) -> Any:
    return getattr(settings, name, DEFAULTS[name])


def seconds(name: str) -> float:
    return float(option(name))


def count(name: str) -> int:
    return int(option(name))
