"""The methods at work: their functions by name. Called by the job."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from mlregistry.ml.optimising import blending
from mlregistry.ml.optimising.compressing import compress
from mlregistry.ml.optimising.cutting import cut
from mlregistry.ml.optimising.distilling import distil
from mlregistry.ml.optimising.pruning import prune
from mlregistry.ml.optimising.quantising import quantise
from mlregistry.ml.optimising.replacing import replace_model
from mlregistry.ml.optimising.subject import Made, Subject
from mlregistry.ml.optimising.thinning import thin
from mlregistry.ml.optimising.thresholds import tune

MAKERS: dict[str, Callable[[Subject], Iterator[Made]]] = {
    "prune": prune, "thin": thin, "cut": cut, "replace": replace_model, "distil": distil, "quantise": quantise,
    "compress": compress, "threshold": tune, "vote": blending.vote, "weigh": blending.weigh,
    "stack": blending.stack,
}  # fmt: skip
"""Each raises Invalid with the reason where it finds nothing within the tolerance."""
