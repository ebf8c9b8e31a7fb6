"""The Hellinger distance of shares: 0 for equal ones, 1 for sides that share no bin. Hellinger (1909)."""

from __future__ import annotations

import math
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
    apart = np.sqrt(shares.reference) - np.sqrt(shares.current)
    return Figure(math.sqrt(min(1.0, float((apart * apart).sum()) / 2)), n_bins=shares.n_bins)
