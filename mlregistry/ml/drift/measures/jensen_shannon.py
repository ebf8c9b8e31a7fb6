"""The Jensen–Shannon distance: the square root of the divergence in natural logarithms, at most √ln 2 = 0.8326.

Lin, "Divergence measures based on the Shannon entropy" (1991); Endres and Schindelin (2003) for the root.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from mlregistry.lib.lazily import lazily
from mlregistry.ml.drift.measures.figure import Figure
from mlregistry.ml.drift.shares import in_equal_widths
from mlregistry.ml.drift.sides import Compared

if TYPE_CHECKING:
    import scipy.special as special
else:
    special = lazily("scipy.special")


def distance(compared: Compared) -> Figure:
    shares = in_equal_widths(compared)
    middle = (shares.reference + shares.current) / 2
    left, right = special.rel_entr(shares.reference, middle), special.rel_entr(shares.current, middle)
    return Figure(math.sqrt(max(0.0, float(left.sum() + right.sum())) / 2), n_bins=shares.n_bins)
