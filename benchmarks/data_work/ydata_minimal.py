"""The peer's minimal report as JSON, run by its own Python: `python ydata_minimal.py <parquet>`."""

import sys

import pandas as pd
from ydata_profiling import ProfileReport

if __name__ == "__main__":
    frame = pd.read_parquet(sys.argv[1])
    print(len(ProfileReport(frame, minimal=True, progress_bar=False).to_json()))
