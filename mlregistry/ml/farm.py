"""A Dask cluster as a place for independent pieces of work: futures with retries, and joblib's parallel parts.

Called by supervised.farming. A worker that is killed costs what it was doing, which is done again elsewhere; what goes
wrong with the cluster itself is FarmLost, a sentence.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from dataclasses import dataclass
from typing import Any

from joblib import parallel_config
from joblib.parallel import ParallelBackendBase

from mlregistry.lib.lazily import lazily
from mlregistry.ml.farm_place import Place

distributed = lazily("distributed")
ANSWER_SECONDS = 10.0
LOST_SECONDS = 20.0
LOOK_SECONDS = 1.0
RETRIES = 3
LARGE_BYTES = 100_000
SAME = ("scikit-learn", "numpy", "scipy", "pandas")  # other versions may give other figures


class FarmLost(Exception):
    """The cluster does not answer, has no worker, or gave up a piece of work."""


@contextlib.contextmanager
def connected(place: Place) -> Iterator[Farm]:
    """The cluster, whose workers have what this process has. Raises FarmLost."""
    try:
        client = _client(place)
    except ImportError as error:
        raise FarmLost("the extra dask is not installed") from error
    except (OSError, TimeoutError, ValueError) as error:
        raise FarmLost(f"its scheduler {place.scheduler} does not answer") from error
    try:
        farm = Farm(client)
        farm.check()
        yield farm
    finally:
        with contextlib.suppress(Exception):
            client.close(timeout=LOOK_SECONDS)


def _client(place: Place) -> Any:
    security = None
    if place.authority:
        security = distributed.Security(
            tls_ca_file=place.authority,
            tls_client_cert=place.certificate,
            tls_client_key=place.key,
            require_encryption=True,
        )
    return distributed.Client(
        place.scheduler, security=security, timeout=ANSWER_SECONDS, set_as_default=False
    )


class Farm:
    """Pieces of work go out as futures; large tables are sent to every worker once."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.out: set[Any] = set()
        self.sent: dict[int, tuple[Any, Any]] = {}

    def check(self) -> None:
        """FarmLost without a worker, or with one whose libraries are of other versions."""
        with _lost():
            self.client.wait_for_workers(1, timeout=ANSWER_SECONDS)
            for worker, found in self.client.run(versions).items():
                for name, ours in versions().items():
                    if found[name] != ours:
                        raise FarmLost(f"its worker {worker} has {name} {found[name]}, not {ours}")

    def recovers(self) -> bool:
        """Whether a worker is left; large tables are then sent anew, as their holder may be gone."""
        self.sent.clear()
        try:
            self.check()
        except FarmLost:
            return False
        return True

    def each(self, function: Callable[..., Any], calls: Sequence[tuple[Any, ...]]) -> Iterator[Any]:
        """The results in order, as they come; all calls are under way at once."""
        with _lost(), self._watched():
            futures = [self.submit(function, *call) for call in calls]
            for future in futures:
                yield future.result()
                self.out.discard(future)

    @contextlib.contextmanager
    def members(self) -> Iterator[None]:
        """Here what an estimator does in parallel, such as growing the trees of a forest, is done on the cluster."""
        with _lost(), self._watched(), parallel_config(backend=OnFarm(self), n_jobs=-1):
            yield

    def submit(self, function: Callable[..., Any], *given: Any) -> Any:
        arguments = [self._sent(value) for value in given]
        future = self.client.submit(function, *arguments, retries=RETRIES, pure=False)
        self.out.add(future)
        return future

    def _sent(self, value: Any) -> Any:
        """Small values go along with the call."""
        size = getattr(value, "nbytes", None)
        if size is None:
            size = LARGE_BYTES if getattr(value, "is_large", False) else 0
        if size < LARGE_BYTES:
            return value
        if id(value) not in self.sent:
            patience = max(ANSWER_SECONDS, LOST_SECONDS)
            future = self.client.scatter(value, broadcast=True, hash=False, timeout=patience)
            self.sent[id(value)] = (value, future)
        return self.sent[id(value)][1]

    @contextlib.contextmanager
    def _watched(self) -> Iterator[None]:
        """Give up what is under way when no worker is left for a while."""
        ended = threading.Event()
        thread = threading.Thread(target=self._watch, args=(ended,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            with contextlib.suppress(Exception):
                self.client.cancel(list(self.out))
            self.out.clear()

    def _watch(self, ended: threading.Event) -> None:
        seen = time.monotonic()
        while not ended.wait(LOOK_SECONDS):
            with contextlib.suppress(Exception):
                if self.client.status == "running" and self.client.nthreads():
                    seen = time.monotonic()
            if time.monotonic() - seen > LOST_SECONDS:
                with contextlib.suppress(Exception):
                    self.client.cancel(list(self.out), force=True)


class OnFarm(ParallelBackendBase):  # type: ignore[misc]  # joblib has no types
    """joblib's way to a Farm: each batch is a future, so that a killed worker costs only what it was doing."""

    supports_retrieve_callback = True

    def __init__(self, farm: Farm) -> None:
        super().__init__(nesting_level=0)
        self.farm = farm

    def effective_n_jobs(self, n_jobs: int | None) -> int:
        n_threads: int = sum(self.farm.client.nthreads().values())
        return max(2, n_threads)

    def submit(self, func: Any, callback: Callable[[Any], None] | None = None) -> Any:
        """The large arguments of a batch are passed beside it, as what every worker has."""
        tables: dict[int, Any] = {}
        calls = [
            (function, [_place(value, tables) for value in given], _placed(options, tables))
            for function, given, options in func.items
        ]
        future = self.farm.submit(run_batch, calls, list(tables), *tables.values())
        if callback is not None:
            future.add_done_callback(callback)
        return future

    def retrieve_result_callback(self, out: Any) -> Any:
        return out.result()

    def abort_everything(self, ensure_ready: bool = True) -> None:
        self.farm.client.cancel(list(self.farm.out))


@dataclass(frozen=True)
class Table:
    """Stands in a batch for a large argument."""

    number: int


def run_batch(
    calls: list[tuple[Any, list[Any], dict[str, Any]]], numbers: list[int], *tables: Any
) -> list[Any]:
    """On the worker: the results of the calls, as joblib's own batches give them."""
    known = dict(zip(numbers, tables, strict=True))

    def found(value: Any) -> Any:
        return known[value.number] if isinstance(value, Table) else value

    return [
        function(*map(found, given), **{name: found(value) for name, value in options.items()})
        for function, given, options in calls
    ]


def versions() -> dict[str, str]:
    return {name: importlib.metadata.version(name) for name in SAME}


def _place(value: Any, tables: dict[int, Any]) -> Any:
    if getattr(value, "nbytes", 0) < LARGE_BYTES:
        return value
    tables[id(value)] = value
    return Table(id(value))


def _placed(options: dict[str, Any], tables: dict[int, Any]) -> dict[str, Any]:
    return {name: _place(value, tables) for name, value in options.items()}


@contextlib.contextmanager
def _lost() -> Iterator[None]:
    """What the cluster itself raises, as FarmLost; what the work raises passes."""
    try:
        yield
    except (CancelledError, TimeoutError, OSError) as error:
        raise FarmLost("its workers or its scheduler went away") from error
    except FarmLost:
        raise
    except Exception as error:
        if type(error).__module__.startswith("distributed"):
            raise FarmLost(f"it gave up: {type(error).__name__}") from error
        raise
