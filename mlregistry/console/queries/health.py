"""Whether the parts of the server answer, each with a sentence that says what to do. The console shows them."""

import os
import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import django
from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from mlregistry import __version__, env
from mlregistry.lib.lazily import lazily

from .overview import Overview

if TYPE_CHECKING:
    import redis
else:
    redis = lazily("redis")

LEAST_FREE_SHARE = 0.05
SLOW_MILLISECONDS = 250


@dataclass(frozen=True)
class Check:
    """`state` is ok, warning or error."""

    name: str
    state: str
    text: str


def checks(overview: Overview) -> list[Check]:
    """All of them, in the order in which to look."""
    return [
        _database(),
        _migrations(),
        _store(),
        _disk(),
        *_broker(),
        _workers(overview),
        _scheduler(overview),
        _mail(),
    ]


def versions() -> list[tuple[str, str]]:
    """What an operator reads out when asking for help."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        postgres = str(cursor.fetchone()[0])
    return [
        ("mlregistry", __version__),
        ("Python", sys.version.split()[0]),
        ("Django", django.get_version()),
        ("PostgreSQL", postgres + (" (embedded)" if env.database_url() is None else "")),
        ("Job engine", settings.TASKS_ENGINE),
    ]


def _database() -> Check:
    started = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    milliseconds = 1000 * (time.perf_counter() - started)
    state = "ok" if milliseconds < SLOW_MILLISECONDS else "warning"
    return Check("Database", state, f"answers in {milliseconds:.1f} ms")


def _migrations() -> Check:
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        return Check(
            "Tables", "error", f"{len(missing)} migrations are missing: restart, or run manage.py migrate"
        )
    return Check("Tables", "ok", "all migrations are applied")


def _store() -> Check:
    stores: Any = settings.STORAGES
    place = stores["artifacts"]["OPTIONS"]
    if "location" not in place or "bucket_name" in place:
        return Check("Artifact store", "ok", f"bucket {place.get('bucket_name')}")
    folder = place["location"]
    if os.path.isdir(folder) and not os.access(folder, os.W_OK):
        return Check("Artifact store", "error", "its folder cannot be written: nothing can be uploaded")
    return Check("Artifact store", "ok", "a folder that can be written")


def _disk() -> Check:
    usage = shutil.disk_usage(settings.MLREGISTRY_HOME)
    share = usage.free / max(usage.total, 1)
    text = f"{usage.free / 1e9:,.1f} GB free, {100 * share:.0f} %"
    if share < LEAST_FREE_SHARE:
        return Check("Disk", "error", f"{text}: empty the trash, or give the home more room")
    return Check("Disk", "ok", text)


def _broker() -> list[Check]:
    """Only engines that have one: the default's queue lies in the database."""
    if settings.TASKS_ENGINE == "db":
        return []
    url = env.text("REDIS_URL" if settings.TASKS_ENGINE == "rq" else "CELERY_BROKER_URL")
    url = url or "redis://127.0.0.1:6379/0"
    if not url.startswith("redis"):
        return [Check("Broker", "ok", "not asked: jobs that wait too long above tell")]
    return [_asked(lambda: redis.Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1).ping())]


def _asked(ping: Callable[[], object]) -> Check:
    try:
        ping()
    except redis.RedisError as error:
        return Check("Broker", "error", f"Redis does not answer ({type(error).__name__}): jobs wait")
    return Check("Broker", "ok", "Redis answers")


def _workers(overview: Overview) -> Check:
    n = overview.workers_alive
    if not n:
        text = "none gives a sign of life: jobs wait. Start one with manage.py worker"
        return Check("Workers", "error" if overview.n_waiting else "warning", text)
    return Check("Workers", "ok", f"{n} process{'' if n == 1 else 'es'} alive")


def _scheduler(overview: Overview) -> Check:
    if not overview.schedulers_alive:
        text = "none gives a sign of life: nothing is scheduled. Start manage.py scheduler"
        return Check("Scheduler", "error", text)
    return Check("Scheduler", "ok", "alive")


def _mail() -> Check:
    if not settings.EMAIL_HOST:
        return Check("E-mail", "warning", "not set up: messages go to the log. Set MLREGISTRY_EMAIL_HOST")
    return Check("E-mail", "ok", f"through {settings.EMAIL_HOST}")
