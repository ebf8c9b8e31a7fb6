"""What became of an endpoint's logged rows, and where its log policy stands. For API, pages and /metrics."""

from typing import Any

from django.db.models import Sum

from serving.models import Endpoint, LogCount

NAMES = ("n_enqueued", "n_written", "n_dropped", "n_refused")


def log_counts(endpoint: Endpoint) -> dict[str, int]:
    """Rows: enqueued = written + dropped + waiting; `n_refused` are requests that found the queue full.

    Counts of a process reach the database once a second, what it wrote is counted as it is written: for that
    second `n_waiting` can be too small by what was answered in it, and is never less than 0.
    """
    sums = LogCount.objects.filter(endpoint=endpoint).aggregate(**{name: Sum(name) for name in NAMES})
    found = {name: int(sums[name] or 0) for name in NAMES}
    found["n_enqueued"] = max(found["n_enqueued"], found["n_written"] + found["n_dropped"])
    found["n_waiting"] = found["n_enqueued"] - found["n_written"] - found["n_dropped"]
    return found


def log_json(endpoint: Endpoint) -> dict[str, Any]:
    """The policy and the counts."""
    return {
        "mode": endpoint.log_mode,
        "sample": endpoint.log_sample,
        "redact": endpoint.log_redact,
        "retention_days": endpoint.log_retention_days,
        "counts": log_counts(endpoint),
    }
