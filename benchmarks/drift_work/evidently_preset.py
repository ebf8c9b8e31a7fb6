"""Evidently's preset, run by its own Python: `python evidently_preset.py <baseline> <window> <answer>`.

The answer holds the seconds of loading and of the preset, and each column's method and figure; import is not counted.
"""

import json
import sys
import time

import pandas as pd
from evidently import DataDefinition, Dataset, Report
from evidently.presets import DataDriftPreset

if __name__ == "__main__":
    started = time.perf_counter()
    frames = [pd.read_parquet(path) for path in sys.argv[1:3]]
    numbers = [name for name in frames[0] if pd.api.types.is_numeric_dtype(frames[0][name])]
    others = [name for name in frames[0] if name not in numbers]
    definition = DataDefinition(numerical_columns=numbers, categorical_columns=others)
    loaded, cpu = time.perf_counter(), time.process_time()
    sides = [Dataset.from_pandas(frame, data_definition=definition) for frame in frames]
    found = Report([DataDriftPreset()]).run(sides[1], sides[0]).dict()
    ended = time.perf_counter()
    figures = {
        metric["config"]["column"]: [metric["config"]["method"], float(metric["value"])]
        for metric in found["metrics"]
        if "column" in metric["config"]
    }
    answer = {
        "load": loaded - started,
        "check": ended - loaded,
        "cpu": time.process_time() - cpu,
        "figures": figures,
    }
    with open(sys.argv[3], "w", encoding="utf-8") as file:
        json.dump(answer, file)
