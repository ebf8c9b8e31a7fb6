"""`make bench`: the estimators on two real tables, then the small comparison with MLflow and FastTrackML.

Arguments that are not known here go to `benchmarks.tracking` instead of its `--small`.
"""

import argparse
import subprocess
import sys

from benchmarks import quality


def main() -> None:
    parser = argparse.ArgumentParser(description="Run the benchmarks and print their tables.")
    parser.add_argument(
        "--data", default="../shared/data", help="folder with telco_churn.csv and california_housing.csv"
    )
    options, rest = parser.parse_known_args()
    quality.run(options.data)
    # A process of its own: load clients start from it, and shall not carry scikit-learn along.
    print(flush=True)
    sys.exit(subprocess.run([sys.executable, "-m", "benchmarks.tracking", *(rest or ["--small"])]).returncode)


if __name__ == "__main__":
    main()
