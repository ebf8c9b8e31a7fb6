"""What all rows say about the features, whatever the method: correlations, clusters, components.

Called by the study.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from mlregistry.ml.selection.association import THRESHOLD, association, clusters, leaf_order, signed
from mlregistry.ml.selection.components import Components
from mlregistry.ml.selection.fold import Fold
from mlregistry.ml.selection.ranking import sample

MOST_DRAWN = 60
MOST_COMPONENTS = 50


def correlation(whole: Fold) -> dict[str, Any]:
    """`labels` in the order of the tree, `values` between them, and the `clusters` of two or more."""
    rows = sample(len(whole.inside), whole.recipe.seed)
    close = association(whole.inside[rows], whole.groups)
    order, numbers = leaf_order(close), clusters(close)
    together = [
        [whole.features[place] for place in order if numbers[place] == number]
        for number in np.unique(numbers)
    ]
    drawn = order[:MOST_DRAWN]
    values = signed(whole.inside[rows], whole.groups)[np.ix_(drawn, drawn)]
    return {
        "threshold": THRESHOLD,
        "labels": [whole.features[place] for place in drawn],
        "values": np.round(values, 4).tolist(),
        "clusters": [names for names in together if len(names) > 1],
    }


def components(whole: Fold) -> dict[str, Any]:
    """The share of the variance per component, and how much of the first three is of which feature."""
    rows = sample(len(whole.inside), whole.recipe.seed)
    found = Components(groups=whole.groups.tolist()).fit(whole.inside[rows])
    first = found.shares_[:3]
    return {
        "ratios": np.round(found.all_ratios_[:MOST_COMPONENTS], 6).tolist(),
        "n_for_95": found.n_own_,
        "leading": [
            [[whole.features[place], round(float(shares[place]), 4)] for place in np.argsort(-shares)[:5]]
            for shares in first
        ],
    }
