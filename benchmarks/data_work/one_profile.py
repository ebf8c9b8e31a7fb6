"""Makes one profile, in a process of its own: `python -m benchmarks.data_work.one_profile <parquet> <depth>`."""

import json
import sys
from pathlib import Path

from mlregistry.ml.profiling.building import profile

if __name__ == "__main__":
    made = profile([Path(sys.argv[1])], target="churned", depth=sys.argv[2])
    print(json.dumps(made.to_json()))
