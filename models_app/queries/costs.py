"""What a version cost to train and costs to ask, by measured processor time and the operator's prices."""

import math
from typing import Any

from django.conf import settings

from experiments.models import LatestMetric, Run
from models_app.models import ModelVersion, Optimisation

PER = 1_000
SECONDS = "total_seconds"
NO_PRICE = "CPU-seconds"


def unit() -> str:
    """In what costs are told: the operator's currency, or processor seconds where no price is set."""
    return (settings.PRICES.currency or "money") if settings.PRICES.cpu_hour else NO_PRICE


def price_of(cpu_seconds: float) -> float:
    """Of processor time, in `unit`."""
    if not settings.PRICES.cpu_hour:
        return cpu_seconds
    return float(settings.PRICES.cost(cpu_seconds=cpu_seconds, gb_seconds=0.0, gpu_seconds=0.0))


def told(cost: float | None) -> str:
    """Two digits or more, without powers of ten: 0.0000072, 0.65, 12.30, 1,204."""
    if cost is None:
        return "–"
    if not math.isfinite(cost) or cost == 0:
        return "0" if cost == 0 else str(cost)
    digits = max(0, min(15, 1 - math.floor(math.log10(abs(cost)))))
    return f"{cost:,.{digits if abs(cost) < 1 else 2 if abs(cost) < 100 else 0}f}"


def prediction_cost(figures: dict[str, Any]) -> dict[str, Any] | None:
    """Of 1,000 requests with one row each, and of 1,000 rows in one request, by the processor time measured."""
    if figures.get("cpu_one") is None:
        return None
    return {
        "per_1000": price_of(PER * figures["cpu_one"]),
        "per_1000_in_one_request": price_of(PER * figures["cpu_row"]),
        "cpu_seconds_per_1000": PER * figures["cpu_one"],
        "unit": unit(),
    }


def training_cost(run: Run | None) -> dict[str, Any] | None:
    """The run's share of the processor time of its job, by how long each of the job's runs took."""
    job = run.job if run is not None else None
    if run is None or job is None or job.cpu_seconds is None:
        return None
    share = _share(run)
    seconds = share * job.cpu_seconds
    return {
        "cpu_seconds": seconds,
        "cost": price_of(seconds),
        "charged": share * job.cost,
        "share_of_job": share,
        "unit": unit(),
        "job": str(job.pk),
    }


def costs_of(version: ModelVersion) -> dict[str, Any]:
    """Of the training that made the version, and of its predictions as the newest optimisation measured them."""
    newest = Optimisation.objects.filter(version=version, finished_at__isnull=False).order_by("-pk").first()
    figures = newest.before if newest else _as_candidate(version)
    return {
        "training": training_cost(version.run),
        "predictions": prediction_cost(figures),
        "measured_by": newest.pk if newest else None,
        "price_per_cpu_hour": settings.PRICES.cpu_hour or None,
        "currency": settings.PRICES.currency,
    }


def _as_candidate(version: ModelVersion) -> dict[str, Any]:
    """A version that an optimisation made was measured there."""
    found = getattr(version, "optimised_as", None)
    return dict(found.figures) if found is not None else {}


def _share(run: Run) -> float:
    mates = list(Run.objects.filter(job=run.job_id).values_list("pk", flat=True))
    took = dict(
        LatestMetric.objects.filter(run__in=mates, key=SECONDS, is_nan=False).values_list("run_id", "value")
    )
    if run.pk not in took or not sum(took.values()) > 0:
        return 1 / max(1, len(mates))
    return float(took[run.pk]) / float(sum(took.values()))
