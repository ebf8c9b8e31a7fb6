"""`python -m benchmarks.prediction_path`: what a prediction costs in process besides its model, and what overload does.

The model answers at once (30 numbers in, two probabilities out), so the figures are the path's own: authorisation,
routing, parsing, log record, answer. Processor time, so that a busy machine disturbs little.
"""

import json
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from statistics import median
from types import SimpleNamespace
from typing import Any

from serving.hotpath.admission import Admission
from serving.hotpath.counters import Counters
from serving.hotpath.decoding import Decoder
from serving.hotpath.inference import Inference
from serving.hotpath.log import PredictionLog
from serving.hotpath.predict import Means, predict
from serving.hotpath.protocols import SCORING
from serving.hotpath.snapshot import (
    Address,
    Endpoint,
    Grant,
    LogPolicy,
    ModelHandle,
    Snapshot,
    Variant,
    snapshot_of,
    token_digest,
    with_models,
)
from serving.hotpath.split import reweigh

NAMES = [f"x{number}" for number in range(30)]
ROW = {name: 0.5 + number for number, name in enumerate(NAMES)}
HEADERS = {"authorization": "Bearer benchmark", "content-type": "application/json", "x-unit-id": "unit 7"}
HANDLE = ModelHandle(1, "m", 1, "classification", "", {}, {"inputs": [], "classes": ["N", "Y"]})
REQUESTS, ROUNDS = 2_000, 7
ANSWER_SECONDS, OVERLOAD_SECONDS, AT_ONCE = 0.01, 3.0, 6


class Model:
    """Answers at once, or one request at a time for as long as a hundredth of a second."""

    inputs = tuple(SimpleNamespace(name=name, type="float") for name in NAMES)
    decoder: Decoder | None = None
    example: list[dict[str, Any]] = []

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds
        self.lock = threading.Lock()

    def score(self, rows: Sequence[dict[str, Any]], **wish: Any) -> dict[str, Any]:
        if self.seconds:
            with self.lock:
                time.sleep(self.seconds)
        return {
            "predictions": ["Y"] * len(rows),
            "classes": ["N", "Y"],
            "probabilities": [[0.25, 0.75]] * len(rows),
        }


def main() -> None:
    costs()
    overload()


def costs() -> None:
    records = json.dumps({"dataframe_records": [ROW]}).encode()
    instances = json.dumps({"instances": [list(ROW.values())]}).encode()
    csv = (",".join(NAMES) + "\n" + ",".join(map(str, ROW.values()))).encode()
    tensors = [{"name": n, "shape": [1], "datatype": "FP64", "data": [v]} for n, v in ROW.items()]
    matrix = [{"name": "x", "shape": [1, 30], "datatype": "FP64", "data": list(ROW.values())}]
    off, best = LogPolicy("off"), LogPolicy("best_effort")
    redacted = replace(best, redact={"x1": "hash", "x2": "drop", "unit_id": "hash"}, key="ab" * 32)
    lines: list[tuple[str, LogPolicy, bytes, Any, dict[str, str]]] = [
        ("instances, log off", off, instances, SCORING, {}),
        ("instances, best-effort log", best, instances, SCORING, {}),
        ("instances, durable log", LogPolicy("durable"), instances, SCORING, {}),
        ("instances, best-effort log, three rules", redacted, instances, SCORING, {}),
        ("records, best-effort log", best, records, SCORING, {}),
        ("CSV, best-effort log", best, csv, SCORING, {"content-type": "text/csv"}),
        ("Open Inference, one matrix", best, json.dumps({"inputs": matrix}).encode(), Inference(), {}),
        ("Open Inference, 30 tensors", best, json.dumps({"inputs": tensors}).encode(), Inference(), {}),
    ]
    print("| request of one row | µs of processor time |\n|---|--:|")
    for name, policy, body, wording, headers in lines:
        print(f"| {name} | {_cost(policy, body, wording, headers):.0f} |", flush=True)


def _cost(policy: LogPolicy, body: bytes, wording: Any, headers: dict[str, str]) -> float:
    """The least of some rounds, in microseconds."""
    with tempfile.TemporaryDirectory() as folder:
        means = Means(PredictionLog(Path(folder)), Counters(), Admission(64), wording)
        snapshot = _snapshot(policy, Model())
        found = min(
            _round(lambda: _ask(snapshot, body, {**HEADERS, **headers}, means)) for _ in range(ROUNDS)
        )
        means.log.close()
    return found


def _round(ask: Callable[[], int]) -> float:
    began = time.process_time()
    for _ in range(REQUESTS):
        if ask() != 200:
            raise SystemExit("A request of the benchmark was refused.")
    return (time.process_time() - began) / REQUESTS * 1e6


def overload() -> None:
    """Closed loops: as many as fit, then three times as many, who come back a hundredth of a second after a refusal."""
    print("\n| clients | answered a second | refused a second | median ms of an answer | of a refusal |")
    print("|--:|--:|--:|--:|--:|")
    for n_clients in (AT_ONCE, 3 * AT_ONCE):
        answered, refused = _load(n_clients)
        rates = [len(times) / OVERLOAD_SECONDS for times in (answered, refused)]
        middles = [f"{median(times) * 1000:.2f}" if times else "–" for times in (answered, refused)]
        print(f"| {n_clients} | {rates[0]:.1f} | {rates[1]:.1f} | {middles[0]} | {middles[1]} |", flush=True)


def _load(n_clients: int) -> tuple[list[float], list[float]]:
    took: dict[int, list[float]] = {200: [], 503: []}
    body = json.dumps({"instances": [list(ROW.values())]}).encode()
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(n_clients) as pool:
        means = Means(PredictionLog(Path(folder)), Counters(), Admission(AT_ONCE))
        snapshot, until = _snapshot(LogPolicy(), Model(ANSWER_SECONDS)), time.monotonic() + OVERLOAD_SECONDS

        def client() -> None:
            while time.monotonic() < until:
                began = time.perf_counter()
                status = _ask(snapshot, body, HEADERS, means)
                took[status].append(time.perf_counter() - began)
                if status == 503:
                    time.sleep(ANSWER_SECONDS)

        for future in [pool.submit(client) for _ in range(n_clients)]:
            future.result()
        means.log.close()
    return took[200], took[503]


def _snapshot(policy: LogPolicy, model: Model) -> Snapshot:
    endpoint = Endpoint(1, 1, "lab", "e", "s", (Variant("only", HANDLE),), reweigh({"only": 100}), policy)
    grant = Grant(1, frozenset({"lab"}), "lab", frozenset({"predict"}))
    return with_models(snapshot_of([endpoint], {token_digest("benchmark"): grant}, epoch=1), {1: model})


def _ask(snapshot: Snapshot, body: bytes, headers: dict[str, str], means: Means) -> int:
    return predict(Address(None, "e"), body, headers, snapshot, means=means)[0]


if __name__ == "__main__":
    main()
