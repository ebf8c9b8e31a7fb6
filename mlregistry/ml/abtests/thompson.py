"""Weights of a bandit: each variant's share is the probability that it is the best, and never under the floor."""

from __future__ import annotations

from collections.abc import Mapping

from mlregistry.errors import Invalid

HUNDREDTHS = 10_000


def weights(best: Mapping[str, float], *, floor: float) -> dict[str, float]:
    """Per cent with two decimals that sum to 100, from the probabilities to be best (Thompson 1933).

    `floor` is the least per cent of any variant, so that each goes on being measured; what is above the floors is
    shared out by the probabilities.
    """
    free = HUNDREDTHS - round(floor * 100) * len(best)
    if free < 0:
        raise Invalid(
            f"A floor of {floor:g} % for {len(best)} variants is more than all traffic.", field="floor"
        )
    total = sum(best.values()) or 1.0
    exact = {name: round(floor * 100) + free * chance / total for name, chance in best.items()}
    whole = {name: int(share) for name, share in exact.items()}
    left = HUNDREDTHS - sum(whole.values())
    for name in sorted(exact, key=lambda one: whole[one] - exact[one])[:left]:
        whole[name] += 1
    return {name: share / 100 for name, share in whole.items()}
