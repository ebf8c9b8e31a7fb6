"""Processor and memory of the serving processes over time: all together, for whatever endpoint they worked."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from mlregistry.sql_rows import fetched

# Of a process the mean and the most within each step; of all processes of a step the sum.
LOADS = """
    SELECT extract(epoch FROM step)::bigint, sum(cpu), sum(memory)::bigint, count(*) FROM (
        SELECT date_bin(%(step)s, at, 'epoch') AS step, name,
               sum(cpu_seconds) / %(seconds)s AS cpu, max(memory_bytes) * least(1, sum(seconds) / %(seconds)s) AS memory
        FROM serving_processload WHERE at >= %(since)s AND at < %(until)s GROUP BY 1, 2
    ) AS one GROUP BY 1 ORDER BY 1
"""


@dataclass(frozen=True)
class Load:
    """`cores` is processor seconds a second; `memory_bytes` counts a process for the share of the step it lived."""

    at: int  # seconds since 1970
    cores: float
    memory_bytes: int
    n_processes: int


def over_time(since: datetime, until: datetime, step: timedelta) -> list[Load]:
    """Whole steps of five minutes or more; the last one may be under way, and is then left out."""
    seconds = step.total_seconds()
    values = {"since": since, "until": until, "step": step, "seconds": seconds}
    rows = [
        Load(int(at), float(cores), int(memory), int(n)) for at, cores, memory, n in fetched(LOADS, values)
    ]
    return [row for row in rows if row.at + seconds <= until.timestamp()]
