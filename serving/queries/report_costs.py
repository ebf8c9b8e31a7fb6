"""What an endpoint cost in a period: processor seconds of answering and of its jobs, at the operator's prices.

For reports. Prices are settings.PRICES; a price of processors from elsewhere takes its place in `_price` alone.
"""

from dataclasses import asdict, dataclass
from typing import Any

from django.conf import settings
from django.db.models import Count, F, Q, QuerySet, Sum

from mlregistry.jobs.models import Job
from serving.models import Batch, DriftCheck, Endpoint, Improvement, LoadTest
from serving.report_periods import Period

HOUR = 3600.0
MOST_KINDS = 20


@dataclass(frozen=True)
class Costs:
    """`answering_seconds` is the time answers took, an upper bound of their processor time; `jobs` by kind, the
    dearest first. `money` is None where the operator sets no price."""

    answering_seconds: float
    job_cpu_seconds: float
    jobs: list[dict[str, Any]]
    money: float | None
    currency: str

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def of_period(endpoint: Endpoint, of: Period, answering_seconds: float) -> Costs:
    """Jobs that began in the period; `answering_seconds` are those of its traffic."""
    rows = (
        _jobs(endpoint, of).values("kind").annotate(n=Count("pk"), cpu=Sum("cpu_seconds"), money=Sum("cost"))
    )
    jobs: list[dict[str, Any]] = [
        {"kind": kind, "n": n, "cpu_seconds": cpu or 0.0, "money": money or 0.0}
        for kind, n, cpu, money in rows.order_by(F("cpu").desc(nulls_last=True), "kind").values_list(
            "kind", "n", "cpu", "money"
        )
    ]
    price, currency = _price()
    money = None
    if price is not None:
        money = price * answering_seconds / HOUR + sum(job["money"] for job in jobs)
    return Costs(
        answering_seconds, sum(job["cpu_seconds"] for job in jobs), jobs[:MOST_KINDS], money, currency
    )


def _price() -> tuple[float | None, str]:
    """Of an hour of a processor."""
    prices = settings.PRICES
    return (prices.cpu_hour if prices.are_set else None), prices.currency


def _jobs(endpoint: Endpoint, of: Period) -> QuerySet[Job]:
    """Those that name the endpoint, and those behind its rows."""
    mine = Q(args__endpoint_id=endpoint.pk)
    for model in (Batch, LoadTest, DriftCheck, Improvement):
        mine |= Q(pk__in=model._default_manager.filter(endpoint=endpoint).values("job_id"))
    began = Job.objects.filter(team=endpoint.team, started_at__gte=of.since, started_at__lt=of.until)
    return began.filter(mine)
