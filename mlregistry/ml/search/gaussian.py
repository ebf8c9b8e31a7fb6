"""Bayesian optimization by a Gaussian process: a model of the score over the space, asked where a trial promises most.

Expected improvement (Jones, Schonlau and Welch 1998) on a Matérn 5/2 kernel with one length per coordinate (Snoek,
Larochelle and Adams 2012). Called by sampling.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mlregistry.lib.lazily import lazily
from mlregistry.ml.search import ranges
from mlregistry.ml.search.space import ESTIMATOR, Space
from mlregistry.ml.search_range import Range

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import threadpoolctl
    from scipy import optimize, stats
    from sklearn import gaussian_process
    from sklearn.gaussian_process import kernels

    Array = npt.NDArray[Any]
else:
    np, threadpoolctl = lazily("numpy"), lazily("threadpoolctl")
    optimize, stats = lazily("scipy.optimize"), lazily("scipy.stats")
    gaussian_process = lazily("sklearn.gaussian_process")
    kernels = lazily("sklearn.gaussian_process.kernels")

MOST_POINTS = 200
FAR, NEAR = 1_000, 100
N_BEST = 5
MOST_STEPS = 20
SPREADS = (0.02, 0.1, 0.3)
Params = dict[str, Any]


def propose(
    space: Space,
    seed: int,
    *,
    told: Sequence[tuple[Mapping[str, Any], float]],
    running: Sequence[Mapping[str, Any]],
    maximize: bool,
) -> Params:
    """The point of greatest expected improvement among random ones and neighbours of the best.

    A trial under way counts as if it had scored the mean (Ginsbourger et al. 2010), so that others look elsewhere.
    """
    chance = np.random.default_rng(seed)
    wanted = space.all_dimensions
    told = _kept(told, maximize)
    losses = _normal([-value if maximize else value for _, value in told])
    points = np.array([encoded(wanted, params) for params, _ in told])
    best = [dict(told[place][0]) for place in np.argsort(losses, kind="stable")[:N_BEST]]
    offered = _offered(space, chance, best, [*(params for params, _ in told), *running])
    lying = [encoded(wanted, params) for params in running]
    with threadpoolctl.threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a length at its bound is no fault
        model = _model(points.shape[1], seed).fit(points, losses)
        if lying:
            model = model.set_params(kernel=model.kernel_, optimizer=None)
            model.fit(np.vstack([points, lying]), np.append(losses, np.full(len(lying), losses.mean())))
        mean, deviation = model.predict(
            np.array([encoded(wanted, params) for params in offered]), return_std=True
        )
    return offered[int(np.argmax(_improvement(mean, deviation, float(losses.min()))))]


def encoded(wanted: Mapping[str, Range], params: Mapping[str, Any]) -> list[float]:
    """Numbers from 0 to 1, choices as one coordinate each; ranges of other estimators stand in the middle."""
    found: list[float] = []
    for name, one in wanted.items():
        if one.choices:
            value = params.get(name)
            found += [
                float(name in params and value == choice and type(value) is type(choice))
                for choice in one.choices
            ]
        else:
            found.append(_share(one, params[name]) if name in params else 0.5)
    return found


def _kept(
    told: Sequence[tuple[Mapping[str, Any], float]], maximize: bool
) -> list[tuple[Mapping[str, Any], float]]:
    """Of very many the better half of the limit and the newest: the fit takes the cube of their number."""
    if len(told) <= MOST_POINTS:
        return list(told)
    newest = list(told[-MOST_POINTS // 2 :])
    earlier = sorted(told[: -len(newest)], key=lambda one: -one[1] if maximize else one[1])
    return [*earlier[: MOST_POINTS - len(newest)], *newest]


def _normal(values: Sequence[float]) -> Array:
    """Their ranks as quantiles of the normal distribution: one disastrous trial shall not flatten all others."""
    ranks = stats.rankdata(values)
    return np.asarray(stats.norm.ppf((ranks - 0.5) / len(values)))


def _model(n_coordinates: int, seed: int) -> Any:
    lengths = np.full(n_coordinates, 0.5)
    kernel = kernels.ConstantKernel(1.0, (0.1, 10.0)) * kernels.Matern(lengths, (0.05, 20.0), nu=2.5)
    noisy = kernel + kernels.WhiteKernel(0.01, (1e-4, 0.5))
    return gaussian_process.GaussianProcessRegressor(
        noisy, normalize_y=True, optimizer=_climbed, random_state=seed
    )


def _climbed(objective: Any, start: Array, bounds: Array) -> tuple[Array, float]:
    """The likeliest lengths after at most so many steps: more change proposals little."""
    found = optimize.minimize(
        objective, start, method="L-BFGS-B", jac=True, bounds=bounds, options={"maxiter": MOST_STEPS}
    )
    return found.x, float(found.fun)


def _improvement(mean: Array, deviation: Array, best: float) -> Array:
    spread = np.maximum(deviation, 1e-9)
    ahead = (best - mean) / spread
    return np.asarray(spread * (ahead * stats.norm.cdf(ahead) + stats.norm.pdf(ahead)))


def _offered(
    space: Space, chance: Any, best: Sequence[Params], taken: Sequence[Mapping[str, Any]]
) -> list[Params]:
    """Random points and neighbours of the best, without those tried; with them where a small space has no others."""
    found = [_drawn(space, chance.random) for _ in range(FAR)]
    for params in best:
        for number in range(NEAR):
            found.append(_neighbour(space, params, chance, SPREADS[number % len(SPREADS)]))
    known = {_key(params) for params in taken}
    return [params for params in found if _key(params) not in known] or found


def _drawn(space: Space, share: Callable[[], float]) -> Params:
    params: Params = {}
    estimator = next(iter(space.estimators), None)
    if len(space.estimators) > 1:
        estimator = ranges.pick(space.all_dimensions[ESTIMATOR], share())
        params[ESTIMATOR] = estimator
    return params | {name: ranges.pick(one, share()) for name, one in space.dimensions(estimator).items()}


def _neighbour(space: Space, params: Params, chance: Any, spread: float) -> Params:
    """Each number moved a little; now and then a choice of its own drawn anew, but never the estimator."""
    estimator = params.get(ESTIMATOR) or next(iter(space.estimators), None)
    changed = {ESTIMATOR: params[ESTIMATOR]} if ESTIMATOR in params else {}
    for name, one in space.dimensions(estimator).items():
        if one.choices:
            changed[name] = ranges.pick(one, chance.random()) if chance.random() < spread else params[name]
        else:
            moved = _share(one, params[name]) + spread * chance.normal()
            changed[name] = ranges.pick(one, min(0.999999, max(0.0, moved)))
    return changed


def _share(found: Range, value: float) -> float:
    """Where in the range the value lies, 0 to 1."""
    low, high = found.low, found.high
    if found.log:
        low, high, value = math.log(low), math.log(high), math.log(value)
    return (value - low) / (high - low)


def _key(params: Mapping[str, Any]) -> str:
    return repr(sorted((name, type(value).__name__, value) for name, value in params.items()))
