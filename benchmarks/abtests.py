"""False alarms of A/B tests that are looked at thirty times: `python -m benchmarks.abtests`.

Simulates tests in which nothing differs, for several kinds of metric, and counts how many ever name a winner or a
loser: by the sequences of this server, and by a z test that is read at every look. Then the split that is as it should
be, and how often a true effect of the planned size is found.
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mlregistry.ml.abtests import allocation, comparisons, planning
from mlregistry.ml.abtests.moments import Arm

Array = npt.NDArray[np.float64]
N_LOOKS = 30
N_UNITS = 4000  # of each variant at the last look
FIRST = 100


@dataclass(frozen=True)
class Units:
    """Of one variant of one simulated test, in the order of their arrival."""

    totals: Array
    weights: Array
    before: Array


def rate_of(share: float) -> Callable[[np.random.Generator], Units]:
    def draw(rng: np.random.Generator) -> Units:
        values = (rng.random(N_UNITS) < share).astype(float)
        return Units(values, np.ones(N_UNITS), np.zeros(N_UNITS))

    return draw


def lognormal(rng: np.random.Generator) -> Units:
    return Units(rng.lognormal(0, 1, N_UNITS), np.ones(N_UNITS), np.zeros(N_UNITS))


def clustered(rng: np.random.Generator) -> Units:
    """One to nineteen predictions of each unit, whose rates differ: a ratio by the delta method."""
    weights = rng.integers(1, 20, N_UNITS)
    totals = rng.binomial(weights, rng.beta(4, 2, N_UNITS))
    return Units(totals.astype(float), weights.astype(float), np.zeros(N_UNITS))


def with_past(rng: np.random.Generator) -> Units:
    past = rng.normal(size=N_UNITS)
    return Units(0.7 * past + 0.71 * rng.normal(size=N_UNITS), np.ones(N_UNITS), past)


METRICS: dict[str, tuple[Callable[[np.random.Generator], Units], bool]] = {
    "rate of 50 %": (rate_of(0.5), False),
    "rate of 5 %": (rate_of(0.05), False),
    "rate of 1 %": (rate_of(0.01), False),
    "lognormal mean": (lognormal, False),
    "ratio, clustered": (clustered, False),
    "mean with CUPED": (with_past, True),
}


def arms(units: Units, looks: npt.NDArray[np.int64]) -> list[Arm]:
    """The variant's sums at each look."""
    s, m, x = units.totals, units.weights, units.before
    columns = (s, m, x, s * s, m * m, x * x, s * m, s * x, m * x)
    rows = np.stack([np.cumsum(column)[looks - 1] for column in columns], axis=1).tolist()
    return [
        Arm(int(n), s, m, x, ss, mm, xx, sm, sx, mx, int(m))
        for n, (s, m, x, ss, mm, xx, sm, sx, mx) in zip(looks, rows, strict=True)
    ]


def alarms(draw: Callable[[np.random.Generator], Units], *, cuped: bool, n_tests: int) -> tuple[float, float]:
    """Shares of tests that ever alarm: by the sequence, and by a z test at every look."""
    rng = np.random.default_rng(2026)
    looks = np.linspace(FIRST, N_UNITS, N_LOOKS).astype(np.int64)
    rules = comparisons.Rules(maximize=True, margin=0.0, alpha=0.05, horizon=2 * N_UNITS, cuped=cuped)
    n_sequence = n_z = 0
    for _ in range(n_tests):
        sides = arms(draw(rng), looks), arms(draw(rng), looks)
        before: dict[str, tuple[float, float]] = {}
        verdict, ever_z = comparisons.OPEN, False
        for control, challenger in zip(*sides, strict=True):
            look = comparisons.compare(control, {"b": challenger}, rules, before=before)[0]
            before = {"b": (look.p_wins, look.p_loses)}
            verdict = look.verdict if verdict not in (comparisons.WINS, comparisons.LOSES) else verdict
            ever_z |= look.error is not None and abs(look.improvement or 0) > 1.959964 * look.error
        n_sequence += verdict in (comparisons.WINS, comparisons.LOSES)
        n_z += ever_z
    return n_sequence / n_tests, n_z / n_tests


def split_alarms(share: float, n_tests: int) -> float:
    """The share of honest splits whose check ever falls under 0.001 in thirty looks."""
    rng = np.random.default_rng(2027)
    looks = np.linspace(FIRST, N_UNITS, N_LOOKS).astype(int)
    n_alarms = 0
    for _ in range(n_tests):
        counts = np.cumsum(rng.random(N_UNITS) < share)[looks - 1]
        n_alarms += any(
            allocation.sequential_p([int(k), int(n - k)], [share, 1 - share]) < allocation.ALARM
            for k, n in zip(counts, looks, strict=True)
        )
    return n_alarms / n_tests


def power(n_tests: int) -> tuple[int, int, float]:
    """Units planned for a fixed and for a sequential test of 50 % against 55 %, and how often the latter finds it."""
    planned = planning.plan(variance=0.25, effect=0.05, shares=(0.5, 0.5), units_per_day=1, alpha=0.05)
    n = (planned.sequential_units or 0) // 2
    rules = comparisons.Rules(maximize=True, margin=0.0, alpha=0.05, horizon=2 * n)
    rng = np.random.default_rng(2028)
    found = 0
    for control, better in zip(rng.binomial(n, 0.5, n_tests), rng.binomial(n, 0.55, n_tests), strict=True):
        sides = [Arm(n=n, s=float(k), m=n, ss=float(k), mm=n, sm=float(k)) for k in (control, better)]
        found += comparisons.compare(sides[0], {"b": sides[1]}, rules)[0].verdict == comparisons.WINS
    return planned.fixed_units, planned.sequential_units or 0, found / n_tests


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tests", type=int, default=2000, help="simulated tests of each kind")
    n_tests = parser.parse_args().tests
    print(
        f"{n_tests:,} tests in which nothing differs, {N_LOOKS} looks, up to {N_UNITS:,} units of each variant\n"
    )
    print("| metric | false alarms | a z test read at every look | seconds |\n|---|---|---|---|", flush=True)
    for name, (draw, cuped) in METRICS.items():
        began = time.perf_counter()
        sequence, naive = alarms(draw, cuped=cuped, n_tests=n_tests)
        print(f"| {name} | {sequence:.1%} | {naive:.1%} | {time.perf_counter() - began:.0f} |", flush=True)
    for share in (0.5, 0.01):
        print(
            f"| check of a split of {share:.0%} | {split_alarms(share, n_tests):.2%} (level 0.1%) | – | – |"
        )
    fixed, sequential, found = power(n_tests)
    print(
        f"\n50 % against 55 %: {fixed:,} units for a test read once, {sequential:,} for one read at any time,"
    )
    print(f"which finds the difference in {found:.1%} of tests at its last look alone.")


if __name__ == "__main__":
    main()
