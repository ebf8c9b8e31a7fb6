"""How fast rows of the prediction log are folded: `python -m benchmarks.drift_work.record_fold <answer>`.

Rows are JSON, as the database gives them; processor seconds, decoding with them.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np

from mlregistry.ml.drift.baselines import PREDICTION, baseline_of
from mlregistry.ml.drift.folding import fold_logged, reader_of
from mlregistry.ml.drift.values import of_array

N_ROWS, N_NUMBERS, N_TEXTS, CHUNK = 40_000, 20, 10, 20_000

if __name__ == "__main__":
    rng = np.random.default_rng(0)
    names = [f"number_{n}" for n in range(N_NUMBERS)] + [f"text_{n}" for n in range(N_TEXTS)]
    n_rows = N_ROWS
    columns = [rng.normal(size=n_rows).tolist() for _ in range(N_NUMBERS)]
    columns += [rng.choice(["red", "green", "blue", "white"], n_rows).tolist() for _ in range(N_TEXTS)]
    rows = [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]
    values = {
        f"input:{name}": of_array(np.array(column)) for name, column in zip(names, columns, strict=True)
    }
    values[PREDICTION] = of_array(np.array(["no", "yes"] * 50, dtype=object))
    baseline = baseline_of(values)
    reader = reader_of(baseline)
    log = [(json.dumps(row), json.dumps({"prediction": "no"})) for row in rows]
    started = time.process_time()
    found = [fold_logged(baseline, reader, log[start : start + CHUNK]) for start in range(0, n_rows, CHUNK)]
    ended = time.process_time()
    n_values = n_rows * (len(names) + 1)
    assert sum(int(each.counts.sum()) for each in found) == n_values
    answer = {"fold": ended - started, "values": n_values}
    Path(sys.argv[1]).write_text(json.dumps(answer), encoding="utf-8")
