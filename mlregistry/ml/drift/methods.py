"""The methods of drift, one table row each: what is compared, from where on it is drift, whose formula it is.

Called by declaring and judging; the files beside `measures` compute.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from mlregistry.errors import Invalid
from mlregistry.lib.lazily import lazily
from mlregistry.ml.drift.measures import (
    chi_square,
    hellinger,
    jensen_shannon,
    kolmogorov_smirnov,
    psi,
    total_variation,
    wasserstein,
    z_test,
)
from mlregistry.ml.drift.measures.figure import Figure

if TYPE_CHECKING:
    import scipy.special as special
else:
    special = lazily("scipy.special")

NUMERIC, CATEGORICAL = "numeric", "categorical"
BOTH = (NUMERIC, CATEGORICAL)
QUIET = 1e-3  # of quiet columns, this share may pass a threshold that rises for few rows
AT_MOST, AT_LEAST = "at_most", "at_least"


def _none(figure: Figure, n: int, m: int) -> float:
    return 0.0


def _chi_square_noise(figure: Figure, n: int, m: int) -> float:
    """The 99.9th percentile of an index that is (1/n + 1/m) times chi-square where nothing drifts."""
    freedom = max(1, figure.n_bins - 1)
    return float(special.chdtri(freedom, QUIET)) * (1 / n + 1 / m)


def _root_noise(figure: Figure, n: int, m: int) -> float:
    """Of distances whose square is about an eighth of the index: Jensen–Shannon's and Hellinger's."""
    return math.sqrt(_chi_square_noise(figure, n, m) / 8)


def _variation_noise(figure: Figure, n: int, m: int) -> float:
    """Half the sum of differences is at most half the root of the index times its bins (Cauchy and Schwarz)."""
    return 0.5 * math.sqrt(_chi_square_noise(figure, n, m))


def _area_noise(figure: Figure, n: int, m: int) -> float:
    """In deviations: 3.5 is over the 99.9th percentile of normal, uniform, exponential and log-normal values."""
    return 3.5 * math.sqrt(1 / n + 1 / m)


@dataclass(frozen=True)
class Method:
    """Tests are drift where p is at most the threshold, distances where the statistic is at least it.

    `noise` is what a quiet column rarely passes at these sizes: the default threshold is never below it.
    """

    name: str
    title: str
    kinds: tuple[str, ...]
    function: Callable[[Any], Figure]
    default: float
    source: str
    is_test: bool = False
    noise: Callable[[Figure, int, int], float] = _none
    most: float = math.inf  # no threshold above it makes sense

    @property
    def direction(self) -> str:
        return AT_MOST if self.is_test else AT_LEAST

    def threshold(self, figure: Figure, n_reference: int, n_current: int) -> float:
        """The default one for these sizes."""
        return max(self.default, self.noise(figure, n_reference, n_current))


def _table(*rows: Method) -> Mapping[str, Method]:
    return MappingProxyType({row.name: row for row in rows})


METHODS = _table(
    Method(
        "psi", "Population stability index, deciles of the baseline", BOTH, psi.deciles, 0.1,
        "Yurdakul and Naranjo 2020", noise=_chi_square_noise,
    ),
    Method(
        "psi_equal_width", "Population stability index, bins of equal width", BOTH, psi.equal_widths, 0.1,
        "Evidently 0.7, psi", noise=_chi_square_noise,
    ),
    Method(
        "ks", "Kolmogorov–Smirnov test", (NUMERIC,), kolmogorov_smirnov.test, 0.05,
        "Hodges 1958; scipy, ks_2samp", is_test=True, most=1.0,
    ),
    Method(
        "wasserstein", "Wasserstein distance in deviations of the baseline", (NUMERIC,), wasserstein.normed, 0.1,
        "Vallender 1974; Evidently 0.7, wasserstein", noise=_area_noise,
    ),
    Method(
        "jensen_shannon", "Jensen–Shannon distance", BOTH, jensen_shannon.distance, 0.1,
        "Lin 1991; Evidently 0.7, jensenshannon", noise=_root_noise, most=math.sqrt(math.log(2)),
    ),
    Method(
        "hellinger", "Hellinger distance", BOTH, hellinger.distance, 0.1,
        "Hellinger 1909", noise=_root_noise, most=1.0,
    ),
    Method(
        "total_variation", "Total variation distance", BOTH, total_variation.distance, 0.1,
        "Levin, Peres and Wilmer 2009", noise=_variation_noise, most=1.0,
    ),
    Method(
        "chi_square", "Chi-square test of homogeneity", BOTH, chi_square.homogeneity, 0.05,
        "Pearson 1900; Cochran 1954", is_test=True, most=1.0,
    ),
    Method(
        "chi_square_fit", "Chi-square test of fit to the baseline", BOTH, chi_square.fit, 0.05,
        "Pearson 1900; Evidently 0.7, chisquare", is_test=True, most=1.0,
    ),
    Method(
        "z_test", "z-test of the first value's share", BOTH, z_test.first_value, 0.05,
        "Pearson 1900; Evidently 0.7, z", is_test=True, most=1.0,
    ),
)  # fmt: skip


def method(name: str, kind: str, field: str) -> Method:
    """The method for columns of that kind, or Invalid that lists those there are."""
    found = METHODS.get(name)
    if found is None or kind not in found.kinds:
        known = ", ".join(row.name for row in METHODS.values() if kind in row.kinds)
        raise Invalid(
            f"{field}: '{name[:50]}' is no drift method for {kind} columns; choose one of: {known}.",
            field=field,
        )
    return found
