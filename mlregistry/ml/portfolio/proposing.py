"""The sampler of "Just train it": a family by how good it was, then a point near its best or by TPE within it.

Called by ml.search.sampling; the starting points are trials of their own that wait before any proposal.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from mlregistry.ml.portfolio.families import DUMMY
from mlregistry.ml.search import ranges
from mlregistry.ml.search.space import ESTIMATOR, Space
from mlregistry.ml.search_range import Range

if TYPE_CHECKING:
    from mlregistry.ml.search.sampling import Past

COMPLETE = "COMPLETE"
ODDS = 0.5  # each next best family is taken half as often as the one before
MOST_FAMILIES = 4
LEAST_FOR_TPE = 6
NEAREST = 3
WIDEST, NARROWEST = 0.25, 0.06
Within = Callable[[Space, Sequence["Past"]], dict[str, Any]]


def propose(
    space: Space, past: Sequence[Past], *, seed: int, direction: str, within: Within
) -> dict[str, Any]:
    """Params for the next trial. `within` proposes from a space of one family by that family's own past."""
    chance = np.random.default_rng(seed)
    sign = 1.0 if direction == "minimize" else -1.0
    done = [one for one in past if one.state == COMPLETE and one.values]
    done.sort(key=lambda one: sign * one.values[0])
    family = _family(space, done, chance)
    own = Space({family: space.estimators[family]}, space.fixed, space.common)
    near = [one for one in done if _estimator(space, one.params) == family]
    if len(near) >= LEAST_FOR_TPE and chance.random() < 0.5:
        told = [_inside(one) for one in past if _estimator(space, one.params) == family]
        found = within(own, told)
    else:
        found = _beside(own, family, near, chance)
    return {ESTIMATOR: family, **found} if len(space.estimators) > 1 else found


def _family(space: Space, done: Sequence[Past], chance: np.random.Generator) -> str:
    """By chance, the better the likelier, among the families that have something to search."""
    ranked = dict.fromkeys(_estimator(space, one.params) for one in done)
    searched = [name for name in ranked if name != DUMMY and space.dimensions(name)]
    if not searched:
        searched = [name for name in space.estimators if name != DUMMY and space.dimensions(name)]
    searched = searched[:MOST_FAMILIES]
    odds = np.array([ODDS**place for place in range(len(searched))])
    return searched[int(chance.choice(len(searched), p=odds / odds.sum()))]


def _beside(space: Space, family: str, near: Sequence[Past], chance: np.random.Generator) -> dict[str, Any]:
    """One of the family's best with some of its params moved, the less the more was tried."""
    wanted = space.dimensions(family)
    if not near:
        return {name: ranges.pick(found, float(chance.random())) for name, found in wanted.items()}
    middle = near[int(chance.integers(min(NEAREST, len(near))))].params
    width = max(NARROWEST, WIDEST / math.sqrt(1 + len(near) / 5))
    moved = chance.random(len(wanted)) < max(0.5, 1 / len(wanted))
    if not moved.any():
        moved[int(chance.integers(len(wanted)))] = True
    return {
        name: _moved(found, middle[name], width, chance) if moves else middle[name]
        for (name, found), moves in zip(wanted.items(), moved, strict=True)
    }


def _moved(found: Range, value: Any, width: float, chance: np.random.Generator) -> Any:
    if found.choices:
        return ranges.pick(found, float(chance.random()))
    share = (value - found.low) / (found.high - found.low)
    if found.log:
        share = math.log(value / found.low) / math.log(found.high / found.low)
    moved = share + width * float(chance.standard_normal())
    return ranges.pick(found, min(0.999999, max(0.0, moved)))


def _estimator(space: Space, params: dict[str, Any]) -> str:
    return str(params.get(ESTIMATOR) or next(iter(space.estimators)))


def _inside(one: Past) -> Past:
    """The same trial as a space of its own family sees it."""
    params = {name: value for name, value in one.params.items() if name != ESTIMATOR}
    return type(one)(one.state, params, one.values, one.intermediate)
