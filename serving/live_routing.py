"""Routing as this process knows it, and the predictions answered with it. Both prediction doors call this.

The web processes run its thread (`start`); other processes look at the database once per call (`refresh`).
"""

import gc
import logging
import os
import select
import socket
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection

from mlregistry.accounts.actor import Actor
from serving import load_marks
from serving.actions import workers
from serving.actions.counts import add_counts
from serving.actions.logcounts import Amounts, add_log_counts
from serving.actions.process_loads import add_load
from serving.actions.rescoring import add_rescored
from serving.actions.routing import CHANNEL
from serving.hotpath.admission import Admission
from serving.hotpath.counters import Counters, Key, Tally
from serving.hotpath.live import Failure, Live
from serving.hotpath.log import PredictionLog
from serving.hotpath.models import ModelCache
from serving.hotpath.predict import Means, predict
from serving.hotpath.protocols import SCORING, Answer, Wording
from serving.hotpath.snapshot import Address, Grant, Snapshot
from serving.load_books import LoadBooks
from serving.model_files import make_whole
from serving.process_meter import ProcessMeter
from serving.queries import routing
from serving.shipping import run_until, ship_folder

logger = logging.getLogger(__name__)
POLL_SECONDS = 1.0
# Who may not, or finds nothing, may be known to the database and not yet (or no longer) to this process.
FOR_THE_DATABASE = frozenset({401, 403, 404})
REBUILD_SECONDS = 30.0  # so that a change made behind the actions' back is found, too
FIRST_SECONDS = 30.0
REPORT_SECONDS = 5.0
RESCORE_SECONDS = 10.0  # a native model keeps the interpreter for some milliseconds, and requests wait for it


class LiveRouting:
    """The snapshot in force, the prediction log and the counters of one process."""

    def __init__(self, home: Path) -> None:
        self.live = Live(ModelCache(make_whole), kept_at=home / "routing.json")
        self.log = PredictionLog(home / "predictions", syncs_each=settings.PREDICTION_LOG_SYNC)
        self.counters = Counters()
        self.admission = Admission(settings.PREDICTION_QUEUE)
        self.load_books = LoadBooks(self.log, home / "load-test-log")
        self.pid = os.getpid()
        self._lock = threading.Lock()
        self._starting = threading.Lock()
        self._ready = threading.Event()
        self._shipper: threading.Thread | None = None
        self._thread: threading.Thread | None = None
        # Asked for every request, and cheaper than the thread's own word.
        self.is_running = False
        self.is_answering = False  # runs, and the first snapshot is in force
        self._stopping = threading.Event()
        self._built_at = float("-inf")
        self._failures: list[Failure] = []
        self._settled: frozenset[int] = frozenset()
        self._reported: tuple[int, dict[str, str]] | None = None
        self._reported_at = float("-inf")
        self._meter = ProcessMeter()
        self._rescored_at = float("-inf")
        self._unsent: list[Mapping[Key, Tally]] = []
        self._unsent_log: list[Mapping[int, Amounts]] = []

    @property
    def snapshot(self) -> Snapshot:
        return self.live.current

    @property
    def name(self) -> str:
        """Of this process among those that serve."""
        return f"{socket.gethostname()[:80]} {self.log.source}"

    def start(self, *, wait: bool) -> None:
        """Runs the threads, if they do not run; with `wait` returns when predictions can be answered."""
        if not self.is_running:
            with self._starting:
                if not self.is_running:
                    self._start()
        if wait and not self._ready.is_set():
            self._ready.wait(FIRST_SECONDS)

    def _start(self) -> None:
        self._stopping = threading.Event()
        self._ready.clear()
        self.is_answering = False
        self.is_running = True
        self._thread = threading.Thread(target=self._run, args=(self._stopping,), name="routing", daemon=True)
        self._shipper = threading.Thread(
            target=run_until,
            args=(self._stopping, self.log.folder, ship_folder),
            name="shipping",
            daemon=True,
        )
        self._thread.start()
        self._shipper.start()

    def stop(self) -> None:
        """Ends the thread, writes the log and the counts; for an orderly end and for tests."""
        self._stopping.set()
        for thread in (self._thread, self._shipper):
            if thread is not None:
                thread.join(10)
        self._thread = self._shipper = None
        self.log.close()
        self.load_books.close()

    def refresh(self) -> None:
        """Brings the snapshot up to date with the database, on this thread's connection."""
        with self._lock:
            number = routing.epoch()
            stale = time.monotonic() - self._built_at > REBUILD_SECONDS
            if number == self.snapshot.epoch and not stale and not self._failures:
                return
            wanted = routing.build()
            if wanted.epoch < self.snapshot.epoch:  # the database was put back to an earlier state
                self.live.current = replace(self.snapshot, epoch=wanted.epoch)
            self._failures = self.live.offer(wanted)
            self._built_at = time.monotonic()

    def answer(
        self,
        address: Address,
        body: bytes,
        headers: Mapping[str, str],
        *,
        grant: Grant | None = None,
        wording: Wording = SCORING,
    ) -> Answer:
        """Status, headers and body; header names are lower-case."""
        books = self.load_books.of(address, headers) if load_marks.HEADER in headers else None
        log, counters = books or (self.log, self.counters)
        means = Means(log, counters, self.admission, wording)
        return predict(address, body, headers, self.live.current, means=means, grant=grant)

    def answer_at_once(
        self, address: Address, body: bytes, headers: Mapping[str, str], wording: Wording
    ) -> Answer | None:
        """The answer of a process that keeps its routing up to date; None where only the database can tell."""
        if not self.is_running:
            return None
        answer = self.answer(address, body, headers, wording=wording)
        return None if answer[0] in FOR_THE_DATABASE else answer

    def flush_counts(self) -> None:
        """Adds what was counted since the last time to the database's rows; on an error it stays here."""
        recent = self.counters.drain()
        if recent:
            self._unsent.append(recent)
        logged = self._log_amounts()
        if logged:
            self._unsent_log.append(logged)
        while self._unsent:
            add_counts(self._unsent[0])
            del self._unsent[0]
        while self._unsent_log:
            add_log_counts(self.log.source, self._unsent_log[0])
            del self._unsent_log[0]

    def _log_amounts(self) -> dict[int, Amounts]:
        found = {
            endpoint_id: Amounts(n_enqueued=one.n_enqueued, n_dropped=one.n_dropped)
            for endpoint_id, one in self.log.drain_counts().items()
        }
        for endpoint_id, n_refused in self.counters.drain_refused().items():
            found.setdefault(endpoint_id, Amounts()).n_refused = n_refused
        return found

    def report(self) -> None:
        """Tells the other processes which epoch this one answers by: at once when it changed, else now and then."""
        failures = {str(one.endpoint_id): one.message for one in self._failures}
        current = (self.snapshot.epoch, failures)
        if current == self._reported and time.monotonic() - self._reported_at < REPORT_SECONDS:
            return
        workers.report(
            self.name, host=socket.gethostname()[:100], pid=self.pid, epoch=current[0], failures=failures
        )
        add_load(self.name, self._meter.since_last())
        self._reported, self._reported_at = current, time.monotonic()

    def is_ready(self) -> bool:
        """Whether the routing is in force with every model that it needs."""
        return self._ready.is_set() and self.snapshot.version_ids() <= set(self.snapshot.models)

    def rescore(self) -> None:
        """Has some of the compiled forms' answers scored again natively, and counts what differed."""
        add_rescored(self.live.models.samples.rescore())

    def _rescore_now_and_then(self) -> None:
        if time.monotonic() - self._rescored_at >= RESCORE_SECONDS:
            self.rescore()
            self._rescored_at = time.monotonic()

    def _run(self, stopping: threading.Event) -> None:
        try:
            self._refresh_first()
            self._settle()
            self._ready.set()
            self.is_answering = True
            while not stopping.is_set():
                self._round(stopping)
        finally:
            if stopping is self._stopping:
                self.is_running = self.is_answering = False
            self._ready.set()
            with suppress(DatabaseError):
                workers.forget(self.name)
            connection.close()

    def _settle(self) -> None:
        """Models that are loaded are left alone by the collector, whose rounds every request would wait for."""
        models = self.snapshot.version_ids()
        if models != self._settled:
            gc.collect()
            gc.freeze()
            self._settled = models

    def _refresh_first(self) -> None:
        """Without the database the snapshot that was kept is put in force."""
        try:
            self.refresh()
        except DatabaseError as error:
            connection.close()
            recovered = self.live.recover()
            logger.warning(
                "No database; kept routing %s: %s", "in force" if recovered else "is missing", error
            )

    def _round(self, stopping: threading.Event) -> None:
        """Listens until something fails; then waits and connects anew. The snapshot goes on serving."""
        try:
            with connection.cursor() as cursor:
                cursor.execute(f"LISTEN {CHANNEL}")
            while not stopping.is_set():
                self.refresh()
                self._settle()
                self.report()
                self.flush_counts()
                self._rescore_now_and_then()
                self.load_books.tidy()
                _wait_for_notify(POLL_SECONDS)
        except Exception as error:
            if not isinstance(error, DatabaseError | OSError):
                logger.exception("the routing could not be brought up to date")
            else:
                logger.warning("Serving goes on with the last routing; no database: %s", str(error).strip())
            connection.close()
            stopping.wait(POLL_SECONDS)


def _wait_for_notify(seconds: float) -> None:
    """Returns at once when a message came with the answer to a former statement: no byte will come for it again."""
    raw = connection.connection
    if raw is not None and (raw.notifies or select.select([raw], [], [], seconds)[0]):
        with connection.wrap_database_errors:
            raw.poll()
        raw.notifies.clear()


_current: LiveRouting | None = None
_making = threading.Lock()


def here() -> LiveRouting:
    """This process's routing; after a fork the child makes its own, for threads and sessions stay behind."""
    global _current
    found = _current
    if found is not None:
        return found
    with _making:
        if _current is None:
            _current = LiveRouting(Path(settings.MLREGISTRY_HOME))
        return _current


def reset() -> None:
    """Forgets this process's routing; tests call it between databases."""
    global _current
    with _making:
        found, _current = _current, None
    if found is not None:
        found.stop()


def _start_anew_after_fork() -> None:
    global _current, _making
    _current, _making = None, threading.Lock()


os.register_at_fork(after_in_child=_start_anew_after_fork)


def predict_as(
    by: Actor, endpoint_name: str, body: bytes, headers: Mapping[str, str], *, wording: Wording = SCORING
) -> Answer:
    """A prediction for somebody whom the door has already authenticated and who may predict in `by.team`."""
    by.require_scope("predict")
    found = here()
    found.refresh()
    slug = by.team.slug
    grant = Grant(
        team_id=by.team.pk, teams=frozenset({slug}), default_team=slug, scopes=frozenset({"predict"})
    )
    return found.answer(Address(slug, endpoint_name), body, headers, grant=grant, wording=wording)
