"""Proposes the params of the next trial from what earlier trials found. Keeps no state: called with rows each time.

The same space, seed, number and past give the same proposal, whichever process asks.
"""

from __future__ import annotations

import hashlib
import math
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from mlregistry.errors import Invalid
from mlregistry.lib.lazily import lazily
from mlregistry.ml.search import gaussian, ranges
from mlregistry.ml.search.space import ESTIMATOR, Space
from mlregistry.ml.search_range import Range

if TYPE_CHECKING:
    import optuna
    from scipy.stats import qmc

    from mlregistry.ml.portfolio import proposing
else:
    proposing = lazily("mlregistry.ml.portfolio.proposing")
    optuna, qmc = lazily("optuna"), lazily("scipy.stats.qmc")

RUNNING, COMPLETE, PRUNED = "RUNNING", "COMPLETE", "PRUNED"
POPULATION = 20
PORTFOLIO = "portfolio"
STARTUP = 10


@dataclass(frozen=True)
class Past:
    """What one earlier trial tells; a running one only where it looks, so that others look elsewhere."""

    state: str
    params: dict[str, Any]
    values: tuple[float, ...] = ()
    intermediate: dict[int, float] = field(default_factory=dict)
    system_attrs: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Proposal:
    """`system_attrs` belongs to the sampler: kept with the trial and handed back in the past of later ones."""

    params: dict[str, Any]
    system_attrs: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Sampler:
    """`make` gives Optuna's sampler for a seed, None for one of our own, by the trial's number or by the past."""

    name: str
    title: str
    description: str
    make: Callable[[int], optuna.samplers.BaseSampler] | None
    several_objectives: bool = True
    learns: bool = True


def propose(
    space: Space,
    sampler: str,
    *,
    seed: int,
    number: int,
    directions: Sequence[str],
    past: Sequence[Past] = (),
) -> Proposal:
    """Params for the trial of this number (from 0); `past` is in the order of the trials' numbers."""
    chosen = SAMPLERS[sampler]
    if sampler == "gp":
        return Proposal(_by_process(space, seed, number, directions[0], past))
    if sampler == PORTFOLIO:
        return Proposal(_of_portfolio(space, seed, number, directions, past))
    if chosen.make is None:
        return Proposal(BY_NUMBER[sampler](space, seed, number))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        study = _study(chosen.make(mixed(seed, number)), directions)
    if chosen.learns:
        _tell(study, space, past, len(directions))
    trial = study.ask()
    params = _suggest(trial, space)
    return Proposal(params, dict(study._storage.get_trial_system_attrs(trial._trial_id)))


def _of_portfolio(
    space: Space, seed: int, number: int, directions: Sequence[str], past: Sequence[Past]
) -> dict[str, Any]:
    def within(family: Space, told: Sequence[Past]) -> dict[str, Any]:
        found = propose(family, "tpe", seed=seed, number=number, directions=directions, past=told)
        return found.params

    if not space.estimators:  # of code that asks and tells: there are no families
        return within(space, past)
    return proposing.propose(space, past, seed=mixed(seed, number), direction=directions[0], within=within)


def check_sampler(name: str, *, n_objectives: int) -> Sampler:
    """The sampler, or Invalid when it is unknown, not installed, or made for one objective only."""
    found = SAMPLERS.get(name)
    if found is None:
        raise Invalid(f"The sampler is one of: {', '.join(SAMPLERS)}.", field="sampler")
    if n_objectives > 1 and not found.several_objectives:
        raise Invalid(f"{found.title} searches for one objective; take tpe or nsga2.", field="sampler")
    return found


def mixed(seed: int, number: int) -> int:
    """A seed of 32 bits for one trial: neighbours share nothing."""
    digest = hashlib.blake2b(f"{seed}:{number}".encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big")


def _study(sampler: optuna.samplers.BaseSampler, directions: Sequence[str]) -> optuna.Study:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return optuna.create_study(
        sampler=sampler, directions=[optuna.study.StudyDirection[one.upper()] for one in directions]
    )


def _tell(study: optuna.Study, space: Space, past: Sequence[Past], n_values: int) -> None:
    """The past goes into the storage as it is: it was checked when it was written."""
    distributions = {name: _distribution(found) for name, found in space.all_dimensions.items()}
    known = _known()
    states = {name: optuna.trial.TrialState[name] for name in (RUNNING, COMPLETE, PRUNED)}
    for number, one in enumerate(past):
        if not set(one.params) <= set(distributions) or (
            one.state == COMPLETE and len(one.values) != n_values
        ):
            continue
        made = known(
            number=number,
            trial_id=number,
            state=states[one.state],
            value=None,
            values=list(one.values) if one.state == COMPLETE else None,
            datetime_start=None,
            datetime_complete=None,
            params=one.params,
            distributions={name: distributions[name] for name in one.params},
            user_attrs={},
            system_attrs=one.system_attrs,
            intermediate_values=one.intermediate,
        )
        study._storage.create_new_trial(study._study_id, template_trial=made)


@cache
def _known() -> Any:
    """A trial that is not copied on its way into the storage: nobody changes it, and copies cost more than the rest."""

    class Known(optuna.trial.FrozenTrial):
        def __deepcopy__(self, memo: dict[int, Any]) -> Any:
            return self

    return Known


def _suggest(trial: optuna.Trial, space: Space) -> dict[str, Any]:
    params: dict[str, Any] = {}
    if len(space.estimators) > 1:
        params[ESTIMATOR] = trial.suggest_categorical(ESTIMATOR, list(space.estimators))
    estimator = params.get(ESTIMATOR) or next(iter(space.estimators), None)
    for name, found in space.dimensions(estimator).items():
        params[name] = trial._suggest(name, _distribution(found))
    return params


def _distribution(found: Range) -> optuna.distributions.BaseDistribution:
    kinds = optuna.distributions
    if found.choices:
        return kinds.CategoricalDistribution(found.choices)
    if found.whole:
        step = int(found.step or 1)
        high = int(found.low) + (int(found.high) - int(found.low)) // step * step
        return kinds.IntDistribution(int(found.low), high, log=found.log, step=step)
    high_end = found.high if found.step is None else ranges.levels(found)[-1]
    return kinds.FloatDistribution(found.low, high_end, log=found.log, step=found.step)


def _grid(space: Space, seed: int, number: int) -> dict[str, Any]:
    """The point of this number in a seeded order: a budget below the grid's size still sees all of its parts."""
    size = space.cardinality
    if number >= size:
        raise Invalid(f"The grid has {size:,} points, and all were tried.", field="sampler")
    start = mixed(seed, 0) % size
    stride = _coprime(max(1, round(size * 0.618)), size)
    return _point(space, (start + number * stride) % size)


def _coprime(wanted: int, size: int) -> int:
    while math.gcd(wanted, size) != 1:
        wanted += 1
    return wanted


def _point(space: Space, place: int) -> dict[str, Any]:
    """The grid's point at this place: a mixed-radix number over the levels, estimator after estimator."""
    for estimator in space.estimators or {"": {}}:
        wanted = space.dimensions(estimator or None)
        size = math.prod(ranges.n_levels(found) for found in wanted.values())
        if place < size:
            break
        place -= size
    params: dict[str, Any] = {ESTIMATOR: estimator} if len(space.estimators) > 1 else {}
    for name, found in wanted.items():
        place, digit = divmod(place, ranges.n_levels(found))
        params[name] = ranges.levels(found)[digit]
    return params


def _qmc(space: Space, seed: int, number: int) -> dict[str, Any]:
    """Point `number` of a scrambled Sobol sequence (Sobol 1967; Owen 1998), one coordinate per range."""
    dimensions = space.all_dimensions
    sequence = qmc.Sobol(len(dimensions), scramble=True, rng=mixed(seed, 0))
    if number:
        sequence.fast_forward(number)
    shares = dict(zip(dimensions, sequence.random(1)[0].tolist(), strict=True))
    params: dict[str, Any] = {}
    if ESTIMATOR in dimensions:
        params[ESTIMATOR] = ranges.pick(dimensions[ESTIMATOR], shares[ESTIMATOR])
    estimator = params.get(ESTIMATOR) or next(iter(space.estimators), None)
    wanted = space.dimensions(estimator)
    return params | {name: ranges.pick(found, shares[name]) for name, found in wanted.items()}


def _by_process(space: Space, seed: int, number: int, direction: str, past: Sequence[Past]) -> dict[str, Any]:
    """By the Gaussian process once ten trials have told something, before that evenly spread."""
    names = set(space.all_dimensions)
    usable = [one for one in past if set(one.params) <= names]
    told = [(one.params, value) for one in usable if (value := _value(one)) is not None]
    if len(told) < STARTUP:
        return _qmc(space, seed, number)
    running = [one.params for one in usable if one.state == RUNNING]
    return gaussian.propose(
        space, mixed(seed, number), told=told, running=running, maximize=direction == "maximize"
    )


def _value(one: Past) -> float | None:
    """What a complete trial scored, or a pruned one when it was stopped."""
    if one.state == COMPLETE and len(one.values) == 1:
        return one.values[0]
    if one.state == PRUNED and one.intermediate:
        return one.intermediate[max(one.intermediate)]
    return None


def _table(rows: Iterable[Sampler]) -> dict[str, Sampler]:
    return {row.name: row for row in rows}


BY_NUMBER: dict[str, Callable[[Space, int, int], dict[str, Any]]] = {"grid": _grid, "qmc": _qmc}
SAMPLERS = _table(
    (
        Sampler(
            "tpe",
            "TPE",
            "Looks where good trials lie denser than bad ones; a good choice for most searches.",
            lambda seed: optuna.samplers.TPESampler(
                seed=seed, n_startup_trials=STARTUP, multivariate=True, group=True, constant_liar=True
            ),
        ),
        Sampler(
            "random",
            "Random",
            "Each trial by chance; a fair yardstick.",
            lambda seed: optuna.samplers.RandomSampler(seed=seed),
            learns=False,
        ),
        Sampler("grid", "Grid", "Every combination; ranges without steps are cut into five levels.", None),
        Sampler("qmc", "Quasi-random", "A Sobol sequence: covers the space more evenly than chance.", None),
        Sampler(
            "cmaes",
            "CMA-ES",
            "Evolves numeric ranges together; choices are drawn by chance.",
            lambda seed: optuna.samplers.CmaEsSampler(seed=seed, warn_independent_sampling=False),
            several_objectives=False,
        ),
        Sampler(
            "gp",
            "Gaussian process",
            "A model of the score over the space, asked where a trial promises most; for few and costly trials.",
            None,
            several_objectives=False,
        ),
        Sampler(
            PORTFOLIO,
            "Portfolio",
            "The better families of estimators more often, near their best points and by TPE.",
            None,
            several_objectives=False,
        ),
        Sampler(
            "nsga2",
            "NSGA-II",
            "Breeds trials along the front of several objectives.",
            lambda seed: optuna.samplers.NSGAIISampler(seed=seed, population_size=POPULATION),
        ),
    )
)
