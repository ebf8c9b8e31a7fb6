"""What an endpoint answered in the last minutes to days: sums of its readings. For the figures of alert rules."""

from dataclasses import dataclass
from datetime import datetime

from serving.hotpath.counters import BOUNDS
from serving.models import Endpoint, EndpointReading

SUMMED = ("n_requests", "n_errors", "n_mistakes", "n_enqueued", "n_dropped", "n_refused")


@dataclass(frozen=True)
class Traffic:
    """`seconds` is how long was watched; `histogram` counts answers below 400 by their seconds."""

    seconds: float
    n_requests: int
    n_errors: int
    n_mistakes: int
    n_enqueued: int
    n_dropped: int
    n_refused: int
    histogram: tuple[int, ...]

    @property
    def n_judged(self) -> int:
        """Answers without those that were the client's mistake."""
        return self.n_requests - self.n_mistakes


def traffic(endpoint: Endpoint, since: datetime, until: datetime) -> Traffic:
    """Of the readings that were made in that time."""
    rows = EndpointReading.objects.filter(endpoint=endpoint, at__gt=since, at__lte=until)
    sums = dict.fromkeys(SUMMED, 0)
    histogram = [0] * (len(BOUNDS) + 1)
    seconds = 0.0
    for began, at, buckets, *counts in rows.values_list("since", "at", "histogram", *SUMMED):
        seconds += (at - began).total_seconds()
        histogram = [total + n for total, n in zip(histogram, buckets, strict=True)]
        for name, n in zip(SUMMED, counts, strict=True):
            sums[name] += n
    return Traffic(seconds=seconds, histogram=tuple(histogram), **sums)


def quantile(histogram: tuple[int, ...], share: float) -> float | None:
    """Seconds below which this share of the answers came; evenly spread within a bucket, None without answers.

    What lies above the last bound is said to lie at it.
    """
    wanted = share * sum(histogram)
    passed, lower = 0.0, 0.0
    for n, upper in zip(histogram, (*BOUNDS, BOUNDS[-1]), strict=True):
        if n and passed + n >= wanted:
            return lower + (upper - lower) * (wanted - passed) / n
        passed, lower = passed + n, upper
    return None
