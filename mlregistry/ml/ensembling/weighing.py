"""Ways to weigh the members of an ensemble by their predictions for held-out rows. Called by `offering`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import optimize

from mlregistry.ml.ensembling import mixing
from mlregistry.ml.ensembling.held import outcome_of
from mlregistry.ml.ensembling.mixing import LOG, Mix
from mlregistry.ml.metrics import Outcome

Array = npt.NDArray[Any]
Loss = Callable[[Outcome], float]
MOST_VOTERS = 4
ROUNDS = 20
PATIENCE = 4
MOST_ROWS = 20_000
PENALTY = 1e-3


@dataclass(frozen=True)
class Bench:
    """The candidates' predictions for the same rows, the best first, and the loss to make small.

    `families` names each candidate's estimator.
    """

    truth: Array
    predicted: tuple[Array, ...]
    n_classes: int
    families: tuple[str, ...]
    loss: Loss
    seed: int = 0

    def at(self, rows: Array) -> Bench:
        """Some of the rows."""
        cut = tuple(one[rows] for one in self.predicted)
        return Bench(self.truth[rows], cut, self.n_classes, self.families, self.loss, self.seed)

    def mixed(self, mix: Mix) -> Array:
        if self.n_classes:
            return mixing.probabilities(self.predicted, mix)
        return mixing.numbers(self.predicted, mix)

    def score(self, predicted: Array) -> float:
        """The loss; infinite where the metric is not defined."""
        value = self.loss(outcome_of(self.truth, predicted, self.n_classes))
        return value if np.isfinite(value) else float("inf")

    def sample(self) -> Bench:
        """A seeded part, when there are more rows than weights need."""
        n = len(self.truth)
        if n <= MOST_ROWS:
            return self
        return self.at(np.sort(np.random.default_rng(self.seed).choice(n, MOST_ROWS, replace=False)))


def single(bench: Bench) -> Mix:
    """The best candidate alone."""
    losses = [bench.score(one) for one in bench.predicted]
    return _mean_of(bench, [int(np.argmin(losses))])


def vote(bench: Bench) -> Mix:
    """Soft voting: the plain mean of the best of each of the best few families, as few as serve these rows best."""
    losses = np.array([bench.score(one) for one in bench.predicted])
    firsts: dict[str, int] = {}
    for place in np.argsort(losses, kind="stable"):
        firsts.setdefault(bench.families[place], int(place))
    ordered = list(firsts.values())[:MOST_VOTERS]
    mixes = [_mean_of(bench, ordered[:n]) for n in range(min(2, len(ordered)), len(ordered) + 1)]
    return min(mixes, key=lambda mix: bench.score(bench.mixed(mix)))


def greedy(bench: Bench) -> Mix:
    """Forward selection with replacement (Caruana et al. 2004): the mean that each next member improves most.

    It begins with the best candidate and ends with the best mean on the way, so it is never worse than the best
    candidate on these rows (a sample of very many).
    """
    part = bench.sample()
    counts = np.zeros(len(part.predicted))
    counts[int(np.argmin([part.score(one) for one in part.predicted]))] = 1
    total = part.predicted[int(counts.argmax())].astype(np.float64)
    best, best_loss, since = counts.copy(), part.score(total), 0
    for n in range(2, ROUNDS + 1):
        losses = [part.score((total + one) / n) for one in part.predicted]
        place = int(np.argmin(losses))
        counts[place] += 1
        total = total + part.predicted[place]
        since += 1
        if losses[place] < best_loss:
            best, best_loss, since = counts.copy(), losses[place], 0
        if since >= PATIENCE:
            break
    return Mix(tuple((best / best.sum()).tolist()))


def stack(bench: Bench) -> Mix:
    """A linear or logistic model on the candidates' predictions, without negative weights (Breiman 1996).

    Numbers: least squares with an intercept. Classes: log-loss of the weighted log-probabilities with a bias per class.
    Both pulled a little towards equal weights, so that likes share theirs.
    """
    part = bench.sample()
    return _stacked_classes(part) if part.n_classes else _stacked_numbers(part)


def calibrate(bench: Bench, mix: Mix) -> Mix:
    """The mix with sharpness and bias that make its log-loss small (vector scaling; Guo et al. 2017)."""
    part = bench.sample()
    whole = np.log(np.clip(part.mixed(mix), mixing.EDGE, 1.0))
    found = _logistic(part, [whole], np.ones(1))
    return Mix(mix.weights, mix.combine, tuple(found[1:].tolist()), float(max(0.01, found[0])))


def _mean_of(bench: Bench, places: Sequence[int]) -> Mix:
    return Mix(tuple((one in places) / len(places) for one in range(len(bench.predicted))))


def _stacked_numbers(bench: Bench) -> Mix:
    matrix = np.column_stack(bench.predicted)
    center, middle = matrix.mean(axis=0), float(bench.truth.mean())
    scale = float(bench.truth.std()) or 1.0
    n, m = matrix.shape
    pull = np.sqrt(PENALTY * n)
    rows = np.vstack([(matrix - center) / scale, pull * np.eye(m)])
    wanted = np.concatenate([(bench.truth - middle) / scale, np.full(m, pull / m)])
    weights, _ = optimize.nnls(rows, wanted)
    weights = _cleaned(weights)
    return Mix(tuple(weights.tolist()), bias=(float(middle - center @ weights),))


def _stacked_classes(bench: Bench) -> Mix:
    logs = [np.log(np.clip(one, mixing.EDGE, 1.0)) for one in bench.predicted]
    found = _logistic(bench, logs, np.full(len(logs), 1 / len(logs)))
    weights = _cleaned(found[: len(logs)])
    return Mix(tuple(weights.tolist()), LOG, tuple(found[len(logs) :].tolist()))


def _logistic(bench: Bench, logs: Sequence[Array], start: Array) -> Array:
    """Weights (none below 0) and biases (their sum 0) that make the log-loss small."""
    stacked, n = np.stack(logs), len(bench.truth)
    hit = np.zeros((n, bench.n_classes))
    hit[np.arange(n), bench.truth.astype(int)] = 1.0
    m = len(logs)

    def objective(point: Array) -> tuple[float, Array]:
        weights, bias = point[:m], point[m:]
        chances = mixing.softmax(np.tensordot(weights, stacked, axes=1) + bias)
        loss = -np.log(np.clip((chances * hit).sum(axis=1), 1e-15, 1.0)).mean()
        wrong = (chances - hit) / n
        pulled = weights - start
        slope = np.concatenate([np.tensordot(stacked, wrong, axes=2), wrong.sum(axis=0)])
        slope += np.concatenate([2 * PENALTY * pulled, 2 * PENALTY * bias])
        return loss + PENALTY * float(pulled @ pulled + bias @ bias), slope

    bounds = [(0.0, 20.0)] * m + [(-5.0, 5.0)] * bench.n_classes
    first = np.concatenate([start, np.zeros(bench.n_classes)])
    found = optimize.minimize(objective, first, jac=True, bounds=bounds, method="L-BFGS-B")
    point: Array = np.asarray(found.x)
    point[m:] -= point[m:].mean()
    return point


def _cleaned(weights: Array) -> Array:
    """Weights too small to matter cost time in every prediction, so they become 0."""
    if not weights.sum() > 0:
        return np.full(len(weights), 1 / len(weights))
    kept = np.where(weights >= 0.02 * weights.sum(), weights, 0.0)
    found: Array = kept * (weights.sum() / kept.sum())
    return found
