"""The population stability index, between the reference's deciles or of equal width.

Yurdakul and Naranjo, "Statistical properties of the population stability index" (2020): without drift it is
(1/n + 1/m) times chi-square of the bins less one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlregistry.lib.lazily import lazily
from mlregistry.ml.drift.measures.figure import Figure
from mlregistry.ml.drift.shares import Shares, in_deciles, in_equal_widths
from mlregistry.ml.drift.sides import Compared

if TYPE_CHECKING:
    import numpy as np
else:
    np = lazily("numpy")


def deciles(compared: Compared) -> Figure:
    return _measured(in_deciles(compared))


def equal_widths(compared: Compared) -> Figure:
    """As Evidently's `psi`."""
    return _measured(in_equal_widths(compared))


def _measured(shares: Shares) -> Figure:
    reference, current = shares.without_zeros
    index = float(((reference - current) * np.log(reference / current)).sum())
    return Figure(index, n_bins=shares.n_bins)
