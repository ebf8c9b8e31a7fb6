"""One sentence that says which features to keep. Called by the study."""

from __future__ import annotations

import math
from collections.abc import Sequence

from mlregistry.ml.comparing.paired import Estimate
from mlregistry.ml.metrics import MAXIMIZE
from mlregistry.ml.selection.methods import METHODS, PCA
from mlregistry.ml.selection.results import WORSE, Advice, Row


def advise(
    reference: Row, baseline: Estimate, rows: Sequence[Row], n_features: int, *, title: str, direction: str
) -> Advice:
    """The fewest original features whose loss against all is within one standard error of the paired difference, and
    of the score with all.

    The one-standard-error rule of Breiman et al. (1984); among equally few the best mean. A row that is shown to be
    worse is never taken, however small its loss; nor does one whose folds scatter win by its scatter.
    """
    gain = 1.0 if direction == MAXIMIZE else -1.0
    if not _beats(reference.score, baseline, gain):
        return Advice(
            f"Even with all features {title} is not shown to be better than guessing"
            f" ({_plain(reference.score.mean)} against {_plain(baseline.mean)}), so no selection can be trusted."
        )
    fit = [
        row
        for row in rows
        if row.method != PCA and _most_kept(row) < n_features and _costs_nothing(row, reference)
    ]
    if not fit:
        return Advice(
            f"Keep all {n_features} features: every smaller set that was tried costs {title}"
            " more than its standard error."
        )
    best = min(fit, key=lambda row: (_most_kept(row), -gain * row.score.mean))
    return Advice(_sentence(best, reference, n_features, title), best.method, best.n_features, best.size)


def _sentence(best: Row, reference: Row, n_features: int, title: str) -> str:
    found = best.difference
    assert found is not None  # noqa: S101  # only the reference has none
    verb = "is" if best.size == 1 else "are"
    return (
        f"{best.size} of {n_features} features, chosen by {METHODS[best.method].title}, {verb} enough:"
        f" {title} {_plain(best.score.mean)} against {_plain(reference.score.mean)} with all"
        f" (gain {found.mean:+.3g}, 95 % interval {found.low:+.3g} to {found.high:+.3g})."
    )


def _most_kept(row: Row) -> int:
    """A method's own number differs from fold to fold; its score may stand for no fewer than its largest set."""
    return max(row.size, *row.n_kept)


def _costs_nothing(row: Row, reference: Row) -> bool:
    if row.difference is None or row.verdict == WORSE:
        return False
    return row.difference.mean >= -min(row.difference.error, reference.score.error)


def _beats(score: Estimate, baseline: Estimate, gain: float) -> bool:
    bound = score.low if gain > 0 else score.high
    return math.isfinite(bound) and gain * (bound - baseline.mean) > 0


def _plain(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
