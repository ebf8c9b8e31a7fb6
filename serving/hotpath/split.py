"""The sticky split: which variant answers a unit, and how buckets move when weights change.

The predictor asks `bucket_of` and `Layout.owner`; the serving actions ask `shares`, `reweigh`
and, before a change, `moves`.
"""

from __future__ import annotations

import math
import secrets
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from hashlib import blake2b
from typing import Any

from mlregistry.errors import Invalid

N_BUCKETS = 10_000


@dataclass(frozen=True, slots=True)
class Layout:
    """Who owns each of the 10,000 buckets, as segments.

    Segment i ends before bucket `bounds[i]` (cumulative weights) and belongs to the variant `owners[i]`.
    A new endpoint has one segment per variant; ramps may cut them into more.
    """

    bounds: tuple[int, ...]
    owners: tuple[str, ...]

    def __post_init__(self) -> None:
        rising = all(low < high for low, high in zip((0, *self.bounds), self.bounds, strict=False))
        if not rising or len(self.bounds) != len(self.owners) or self.bounds[-1:] != (N_BUCKETS,):
            raise Invalid(f"A bucket layout must cover 0 to {N_BUCKETS} in rising steps.", field="layout")

    def owner(self, bucket: int) -> str:
        """The variant that owns a bucket (0 to 9,999)."""
        return self.owners[bisect_right(self.bounds, bucket)]

    def shares(self) -> dict[str, int]:
        """Buckets per variant, in order of first appearance."""
        counts: dict[str, int] = {}
        for low, high, owner in zip((0, *self.bounds), self.bounds, self.owners, strict=False):
            counts[owner] = counts.get(owner, 0) + high - low
        return counts

    def to_json(self) -> dict[str, Any]:
        return {"bounds": list(self.bounds), "owners": list(self.owners)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Layout:
        return cls(bounds=tuple(data["bounds"]), owners=tuple(data["owners"]))


def bucket_of(unit_id: str | None, salt: str) -> int:
    """The bucket of a unit, the same in every process; without a unit id a random one for this request.

    Reducing 64 bits modulo 10,000 favours no bucket by more than 6e-16.
    """
    if unit_id is None:
        return secrets.randbelow(N_BUCKETS)
    digest = blake2b(f"{salt}\x00{unit_id}".encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big") % N_BUCKETS


def shares(weights: Mapping[str, float]) -> dict[str, int]:
    """Percent per variant → buckets per variant. Weights are 0 to 100 in steps of 0.01 and sum to 100."""
    if not weights:
        raise Invalid("An endpoint needs at least one variant.", field="weights")
    counts = {name: _share(name, weight) for name, weight in weights.items()}
    if sum(counts.values()) != N_BUCKETS:
        total = sum(counts.values()) / 100
        raise Invalid(f"The weights must sum to 100; these sum to {total:g}.", field="weights")
    return counts


def _share(name: str, weight: float) -> int:
    if isinstance(weight, bool) or not math.isfinite(weight) or not 0 <= weight <= 100:
        raise Invalid(f"The weight of “{name}” must lie between 0 and 100.", field="weights")
    # A weight that came through a float or a Decimal is read as the decimal that a person typed.
    hundredths = Fraction(str(weight)) * 100
    if hundredths.denominator != 1:
        raise Invalid(f"The weight of “{name}” may have at most two decimals.", field="weights")
    return int(hundredths)


def reweigh(weights: Mapping[str, float], *, previous: Layout | None = None) -> Layout:
    """The layout for new weights, in which buckets move only from shrinking variants to growing ones.

    A variant whose weight rose keeps every unit it had, one whose weight fell gains none, one whose weight
    stayed keeps exactly its units. The first variant of `weights` (the champion) gives and takes at its upper
    end, the others at their lower end, so two variants always lie as [champion | challenger], however often
    the weights move back and forth.
    """
    wanted = shares(weights)
    owners = _expand(previous) if previous else [""] * N_BUCKETS
    champion = next(iter(wanted))
    free = _release(owners, wanted, champion)
    # Growing variants are filled from the upper end; the champion comes last and takes the lowest.
    for name in [*reversed([name for name in wanted if name != champion]), champion]:
        missing = wanted[name] - owners.count(name)
        for _ in range(max(missing, 0)):
            owners[free.pop()] = name
    return _compress(owners)


def moves(before: Layout, after: Layout) -> dict[tuple[str, str], int]:
    """Buckets by who owns them before and after; those that stay lie under the same name twice."""
    counts: dict[tuple[str, str], int] = {}
    low = 0
    for high in sorted({*before.bounds, *after.bounds}):
        pair = before.owner(low), after.owner(low)
        counts[pair] = counts.get(pair, 0) + high - low
        low = high
    return counts


def _release(owners: list[str], wanted: Mapping[str, int], champion: str) -> list[int]:
    """Frees the buckets that variants have above their new share; returns all free buckets, rising."""
    held: dict[str, list[int]] = {}
    for bucket, owner in enumerate(owners):
        held.setdefault(owner, []).append(bucket)
    free: list[int] = []
    for name, buckets in held.items():
        keep = wanted.get(name, 0)
        surplus = buckets[keep:] if name == champion else buckets[: len(buckets) - keep]
        free += surplus if len(buckets) > keep else []
    for bucket in free:
        owners[bucket] = ""
    return sorted(free)


def _expand(layout: Layout) -> list[str]:
    owners: list[str] = []
    for low, high, owner in zip((0, *layout.bounds), layout.bounds, layout.owners, strict=False):
        owners += [owner] * (high - low)
    return owners


def _compress(owners: list[str]) -> Layout:
    bounds: list[int] = []
    names: list[str] = []
    for bucket, owner in enumerate(owners):
        if names and names[-1] == owner:
            bounds[-1] = bucket + 1
        else:
            bounds.append(bucket + 1)
            names.append(owner)
    return Layout(bounds=tuple(bounds), owners=tuple(names))
