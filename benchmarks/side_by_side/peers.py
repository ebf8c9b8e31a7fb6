"""The peers of all benchmarks in environments of their own, made on first use."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

PACKAGES: Mapping[str, tuple[str, tuple[str, ...]]] = MappingProxyType(
    {
        "mlflow": ("mlflow", ("mlflow==3.17.2", "psycopg2-binary")),
        "fasttrackml": ("fml", ("fasttrackml",)),
    }
)

DATA_PACKAGES: Mapping[str, tuple[str, tuple[str, ...]]] = MappingProxyType(
    {
        "ydata": ("python", ("ydata-profiling==4.18.4", "pandas<3", "setuptools<80", "pyarrow")),
        "evidently": ("python", ("evidently==0.7.23", "pandas<3.1", "pyarrow")),
    }
)

TRAINING_PACKAGES: Mapping[str, tuple[str, tuple[str, ...]]] = MappingProxyType(
    {
        "implicit": ("python", ("implicit==0.7.3", "threadpoolctl")),
        "flaml": ("python", ("flaml[automl]==2.7.0",)),
    }
)

SERVING_PACKAGES: Mapping[str, tuple[str, tuple[str, ...]]] = MappingProxyType(
    {
        "mlflow-serving": ("mlflow", ("mlflow==3.17.2", "scikit-learn==1.9.1")),
        "mlserver": (
            "mlserver",
            ("mlserver==1.7.1", "mlserver-sklearn==1.7.1", "scikit-learn==1.9.1", "setuptools<80"),
        ),
        "bentoml": ("bentoml", ("bentoml==1.4.40", "scikit-learn==1.9.1", "pandas")),
    }
)


def program(name: str, folder: Path) -> str:
    """The path of the peer's command; installs it when it is not there yet."""
    command, packages = {**PACKAGES, **DATA_PACKAGES, **TRAINING_PACKAGES, **SERVING_PACKAGES}[name]
    environment = folder / name
    done = environment / ".installed"
    if not done.exists():
        print(f"Installing {' '.join(packages)} into {environment} …", file=sys.stderr, flush=True)
        subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
        pip = [str(environment / "bin" / "python"), "-m", "pip", "install", "--quiet"]
        subprocess.run([*pip, "--disable-pip-version-check", *packages], check=True, stdout=sys.stderr)
        done.touch()
    return str(environment / "bin" / command)
