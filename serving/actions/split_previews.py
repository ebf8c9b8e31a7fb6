"""What a change of an endpoint's split would move, before it is made. For its form and the API."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Sum
from django.utils import timezone

from mlregistry.accounts.actor import Actor
from serving.actions.endpoints import VariantSpec, checked_layout
from serving.hotpath.split import N_BUCKETS, Layout, moves
from serving.models import AbTest, AbTestState, AnswerCount, Endpoint

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Move:
    """`share` is a part of all units (0 to 1); `n_a_day` are requests of the last day that it stands for."""

    source: str
    target: str
    share: float
    n_a_day: int


@dataclass(frozen=True)
class Preview:
    """`swapped` are variants that stay and get another version: (name, version now, version then)."""

    stays: float
    moved: tuple[Move, ...]
    swapped: tuple[tuple[str, str, str], ...]
    n_a_day: int
    test: str

    @property
    def changes(self) -> bool:
        return bool(self.moved or self.swapped)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def preview(endpoint: Endpoint, wanted: Sequence[VariantSpec], *, by: Actor) -> Preview:
    """Refuses what `set_variants` would refuse of versions and weights.

    Units move only from shrinking variants to growing ones; requests without a unit follow the weights.
    """
    before = Layout.from_json(endpoint.layout) if endpoint.layout else None
    after = checked_layout(wanted, previous=before, by=by)
    counts, n = moves(before or after, after), _requests(endpoint)
    found = [
        Move(source, target, n_buckets / N_BUCKETS, round(n * n_buckets / N_BUCKETS))
        for (source, target), n_buckets in counts.items()
        if source != target
    ]
    now = {one.name: one.version for one in endpoint.variants.select_related("version__model")}
    swapped = [
        (one["name"], str(now[one["name"]]), str(one["version"]))
        for one in wanted
        if one["name"] in now and now[one["name"]].pk != one["version"].pk
    ]
    stays = sum(n_buckets for (source, target), n_buckets in counts.items() if source == target) / N_BUCKETS
    return Preview(
        stays, tuple(sorted(found, key=lambda one: -one.share)), tuple(swapped), n, _test(endpoint)
    )


def _requests(endpoint: Endpoint) -> int:
    """Of the last day, by whole hours."""
    rows = AnswerCount.objects.filter(endpoint=endpoint, hour__gt=timezone.now() - DAY).exclude(variant="")
    return rows.aggregate(n=Sum("n_requests"))["n"] or 0


def _test(endpoint: Endpoint) -> str:
    """The name of a test that would refuse the change."""
    running = AbTest.objects.filter(endpoint=endpoint, state=AbTestState.RUNNING).first()
    return running.name if running else ""
