"""The total variation distance: the share of rows that would have to move to another bin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlregistry.lib.lazily import lazily
from mlregistry.ml.drift.measures.figure import Figure
from mlregistry.ml.drift.shares import in_equal_widths
from mlregistry.ml.drift.sides import Compared

if TYPE_CHECKING:
    import numpy as np
else:
    np = lazily("numpy")


def distance(compared: Compared) -> Figure:
    shares = in_equal_widths(compared)
    return Figure(float(np.abs(shares.reference - shares.current).sum()) / 2, n_bins=shares.n_bins)
