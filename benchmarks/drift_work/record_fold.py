"""How fast records of the prediction log are folded: `python -m benchmarks.drift_work.record_fold <answer>`.

Records are encoded as the log has them; processor seconds, decoding apart.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np

from mlregistry.ml.drift.baselines import PREDICTION, baseline_of
from mlregistry.ml.drift.folding import fold_records
from mlregistry.ml.drift.values import of_array
from serving.hotpath import records

N_RECORDS, ROWS_EACH, N_NUMBERS, N_TEXTS = 20_000, 2, 20, 10

if __name__ == "__main__":
    rng = np.random.default_rng(0)
    names = [f"number_{n}" for n in range(N_NUMBERS)] + [f"text_{n}" for n in range(N_TEXTS)]
    n_rows = N_RECORDS * ROWS_EACH
    columns = [rng.normal(size=n_rows).tolist() for _ in range(N_NUMBERS)]
    columns += [rng.choice(["red", "green", "blue", "white"], n_rows).tolist() for _ in range(N_TEXTS)]
    rows = [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]
    values = {
        f"input:{name}": of_array(np.array(column)) for name, column in zip(names, columns, strict=True)
    }
    values[PREDICTION] = of_array(np.array(["no", "yes"] * 50, dtype=object))
    baseline = baseline_of(values)
    log = [
        records.encode(
            records.Record(
                records.new_id(), 3600.0 + place, 1, 1, "champion", 5, "", None, ROWS_EACH, 0.001,
                rows[place * ROWS_EACH : (place + 1) * ROWS_EACH], ["no", "yes"],
            )
        )
        for place in range(N_RECORDS)
    ]  # fmt: skip
    started = time.process_time()
    decoded = [records.decode(line) for line in log]
    between = time.process_time()
    found = fold_records(decoded, {5: baseline})
    ended = time.process_time()
    n_values = n_rows * (len(names) + 1)
    assert sum(int(each.counts.sum()) for each in found.values()) == n_values
    answer = {"decode": between - started, "fold": ended - between, "values": n_values, "hours": len(found)}
    Path(sys.argv[1]).write_text(json.dumps(answer), encoding="utf-8")
