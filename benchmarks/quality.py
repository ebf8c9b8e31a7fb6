"""How good and how fast the estimators of the catalogue are on two real tables, with default params and one seed."""

import tempfile
import time
from pathlib import Path
from types import MappingProxyType

from mlregistry.errors import MlregistryError
from mlregistry.ml import recipes, tables, training
from mlregistry.ml.estimators import CATALOGUE
from mlregistry.ml.problems import ProblemSpec

TABLES = MappingProxyType(
    {
        "telco_churn.csv": ("classification", "Churn", "roc_auc", "maximize"),
        "california_housing.csv": ("regression", "median_house_value", "rmse", "minimize"),
    }
)


def run(data: str) -> None:
    """Prints a table per file that lies in `data`; says so when one is missing."""
    for filename, problem in TABLES.items():
        source = Path(data) / filename
        if source.exists():
            _compare(source, *problem)
        else:
            print(f"{source} is not there; left out.")


def _compare(source: Path, kind: str, target: str, metric: str, direction: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        parquet = Path(folder) / "table.parquet"
        started = time.perf_counter()
        info = tables.convert(source, source.name, parquet)
        print(f"\n{source.name}: {info.n_rows:,} rows checked in {time.perf_counter() - started:.1f} s")
        frame = tables.load(parquet)
    spec = ProblemSpec(
        kind=kind,
        features=(),
        target=target,
        primary_metric=metric,
        direction=direction,
        success_threshold=None,
    )
    print(f"| estimator | test {metric} | seconds |\n|---|---:|---:|")
    for name in CATALOGUE[kind]:
        started = time.perf_counter()
        try:
            result = training.train(spec, recipes.parse({"estimator": name}), frame, lambda *_: None)
            figure = f"{result.metrics[f'test_{metric}']:,.4f}"
        except MlregistryError as error:
            figure = str(error)
        print(f"| {name} | {figure} | {time.perf_counter() - started:.1f} |", flush=True)
