"""Which packages of extras the estimators need, whether they are installed, and what is said where they are not.

The catalogue, scripts and the estimators themselves call it.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module, metadata
from importlib.util import find_spec
from typing import Any

from mlregistry.errors import Invalid

LIGHTGBM, XGBOOST = "lightgbm", "xgboost"
PACKAGES = {"lightgbm": LIGHTGBM, "lightgbm_quantiles": LIGHTGBM, "xgboost": XGBOOST}
"""By the estimator's name; the extra has the package's name."""
TITLES = {LIGHTGBM: "LightGBM", XGBOOST: "XGBoost"}
DISTRIBUTIONS = {LIGHTGBM: ("lightgbm",), XGBOOST: ("xgboost-cpu", "xgboost")}


def is_installed(package: str) -> bool:
    """Without importing it."""
    return find_spec(package) is not None


def load(package: str) -> Any:
    """The module; Invalid where it is not installed, or a library of the system that it needs is not."""
    try:
        return import_module(package)
    except ImportError as error:
        raise missing(package) from error
    except OSError as error:
        raise Invalid(
            f"The package '{package}' cannot be loaded on this server: {str(error)[:200]}."
            " It needs the system's OpenMP library (Debian and Ubuntu: apt-get install libgomp1).",
            field="estimator",
        ) from error


def missing(package: str, *, field: str = "estimator") -> Invalid:
    return Invalid(
        f"{TITLES[package]} is an extra that is not installed on this server:"
        f" pip install 'mlregistry[{package}]'.",
        field=field,
    )


def unknown(name: str, words: str, *, field: str = "estimator") -> Invalid:
    """What is said of an estimator that the catalogue lacks: which extra brings it, or else `words`."""
    package = PACKAGES.get(name)
    if package is not None and not is_installed(package):
        return missing(package, field=field)
    return Invalid(words, field=field)


def distributions(estimator: str, params: Mapping[str, Any]) -> set[str]:
    """What must be installed for an estimator, or for the members of an ensemble, by the names of the index."""
    members = params.get("members") or ()
    named = [estimator, *(str(member.get("estimator")) for member in members)]
    asked = {PACKAGES[name] for name in named if name in PACKAGES}
    return {one for package in asked for one in DISTRIBUTIONS[package] if _is_distributed(one)}


def _is_distributed(name: str) -> bool:
    try:
        return bool(metadata.version(name))
    except metadata.PackageNotFoundError:
        return False
