"""`python -m mlregistry.supervisor.web`: loads the application once, then forks the web processes, which share it.

The supervisor starts it beside PostgreSQL and the preparation, and it opens the port after both. One more process ships
the prediction log, so that this takes no time of those that answer.
"""

import argparse
import gc
import logging
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable
from importlib import import_module
from typing import Any

import django
from django.conf import settings
from django.db import connections
from django.urls import reverse
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server import Server

from mlregistry import env
from mlregistry.lib import processors
from mlregistry.supervisor import gate
from mlregistry.supervisor.leash import leashed

DOORS = ("mlregistry.mlflow_api.door", "serving.fast_door")
# What pages measure and compare with, pandas and SciPy among it: the first of each process would wait a second or two.
LIBRARIES = ("sklearn.metrics",)
KILL_SECONDS = 4  # for a worker that does not stop; the supervisor waits a second longer
SPARE_THREADS = 64  # to refuse in, and for pages that wait for a connection
SHIPPER_NICE = 10
COLLECTED_AT = (10_000, 20, 20)  # the rows of one large request are 10,000 objects, and none of them a cycle
SHIPPED_AT = (200_000, 20, 20)  # the same of what is shipped at once
SWITCH_SECONDS = (
    0.001  # so long a prediction waits for a page that is being made; Python's own 5 ms are its whole goal
)


def main() -> None:
    options = _options()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mlregistry.settings")
    _load()
    gate.wait(env.home(), gate.PREPARED)
    application = import_module("mlregistry.wsgi").application  # reads the list of static files
    _settle()
    multiprocessing.set_start_method("fork", force=True)
    multiprocessing.Process(
        target=_ship, args=(leashed(signal.SIGTERM),), name="shipper", daemon=True
    ).start()
    place = multiprocessing.Value("i", 0)
    _server(options).serve(target_loader=lambda: _begin(application, place), wrap_loader=False)


def _load() -> None:
    """Every view, what they calculate with and both doors; neither the database nor a thread may be touched yet."""
    django.setup()
    for name in (*DOORS, *LIBRARIES):
        import_module(name)
    reverse("health")  # the table of URLs with all that it names


def _settle() -> None:
    """What is in memory now is left alone by the collector, so that the workers' pages stay shared."""
    connections.close_all()
    gc.collect()
    gc.freeze()


def _begin(application: Callable[..., Any], place: Any) -> Callable[..., Any]:
    """In a new worker: the models behind endpoints are loaded at once, not at the first prediction.

    `place` is a number that all workers share; each takes the next processor by it.
    """
    with place.get_lock():
        own, place.value = place.value, place.value + 1
    tune(own)
    import_module("serving.live_routing").here().start(wait=False)
    return application


def tune(place: int) -> None:
    """Sets up the interpreter of a web process for many short requests; `place` is its number among them."""
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.set_threshold(*COLLECTED_AT)
    if not settings.WEB_SPREAD:
        processors.keep_to_one(place)


def _ship(leash: Callable[[], None]) -> None:
    """The process that ships the prediction log and counts it for drift, behind all others in line."""
    leash()
    os.nice(SHIPPER_NICE)
    gc.set_threshold(*SHIPPED_AT)
    shipping = import_module("serving.shipping")
    shipping.run_alone_until(threading.Event(), shipping.log_folder())


def _server(options: argparse.Namespace) -> Any:
    """With threads for full queues of predictions, which need no database; `lent_connections` holds back the rest."""
    many = "allows spawning up to"  # granian's word of caution about so many threads
    logging.getLogger("_granian").addFilter(lambda record: many not in record.getMessage())
    return Server(
        "mlregistry.wsgi:application",
        address=options.host,
        port=options.port,
        interface=Interfaces.WSGI,
        workers=options.workers,
        blocking_threads=options.threads + 2 * settings.PREDICTION_QUEUE + SPARE_THREADS,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(),
        websockets=False,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
        workers_kill_timeout=KILL_SECONDS,
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="mlregistry.supervisor.web")
    parser.add_argument("--host", required=True)
    for name in ("port", "workers", "threads"):
        parser.add_argument(f"--{name}", type=int, required=True)
    return parser.parse_args()


if __name__ == "__main__":
    main()
