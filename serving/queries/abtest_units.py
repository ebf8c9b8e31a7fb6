"""Sums over units, units seen, and counts of answers, each by variant: what the statistics of A/B tests stand on."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from mlregistry.ml.abtests.moments import Arm
from mlregistry.sql_rows import fetched
from serving.hotpath.counters import BOUNDS
from serving.models import Endpoint
from serving.queries.abtest_metrics import LiveMetric, places

# A request without a unit is a unit of its own; a prefix keeps the two apart.
UNIT = "CASE WHEN p.unit = '' THEN p.request_id::text ELSE 'unit ' || p.unit END"
# Feedback names a prediction by the server's id or by the client's; of both the later counts.
GRADED = """
    SELECT variant, version_id, unit, ({value})::float8 AS value FROM (
        SELECT p.variant, p.version_id, {unit} AS unit, p.output,
               CASE WHEN own.at IS NULL OR theirs.at > own.at THEN theirs.truth ELSE own.truth END AS truth
        FROM serving_prediction p
        LEFT JOIN serving_feedback own
          ON own.endpoint_id = p.endpoint_id AND own.request_id = p.request_id AND own."row" = p."row"
        LEFT JOIN serving_feedback theirs
          ON theirs.endpoint_id = p.endpoint_id AND theirs.request_id = p.client_request_id
         AND theirs."row" = p."row"
        WHERE p.endpoint_id = %(endpoint)s AND p.at >= %({since})s AND p.at < %({until})s
    ) answered
    WHERE truth IS NOT NULL
"""
SUMS = """
    WITH graded AS MATERIALIZED ({graded}),
    units AS (
        SELECT variant, unit, {total} AS s, {weight} AS m, count(*) AS n FROM graded
        WHERE value IS NOT NULL AND variant = ANY(%(variants)s) GROUP BY variant, unit
    ),
    past AS MATERIALIZED ({past}),
    joined AS (
        SELECT variant, s, m, n, coalesce(past.value - avg(past.value) OVER (), 0) AS x
        FROM units LEFT JOIN past USING (unit)
    )
    SELECT variant, count(*), sum(s), sum(m), sum(x), sum(s * s), sum(m * m), sum(x * x), sum(s * m), sum(s * x),
           sum(m * x), sum(n)::bigint
    FROM joined GROUP BY variant
"""
NO_PAST = "SELECT NULL::text AS unit, NULL::float8 AS value WHERE false"
PAST = "SELECT unit, avg(value) AS value FROM ({graded}) before WHERE value IS NOT NULL GROUP BY unit"
SEEN = """
    SELECT variant, count(DISTINCT {unit}) FROM serving_prediction p
    WHERE endpoint_id = %s AND at >= %s AND at < %s AND variant = ANY(%s) GROUP BY variant
"""
NULLS = """
    SELECT variant, count(*), count(*) FILTER (WHERE output->'prediction' = 'null'::jsonb)
    FROM serving_prediction WHERE endpoint_id = %s AND at >= %s AND variant = ANY(%s) GROUP BY variant
"""
ANSWERS = """
    SELECT c.variant, c.status >= 500, place, sum(bucket)::bigint
    FROM serving_answercount c CROSS JOIN LATERAL unnest(c.histogram) WITH ORDINALITY AS h (bucket, place)
    WHERE c.endpoint_id = %s AND (c.variant, c.version_id) IN
          (SELECT key, value::bigint FROM jsonb_each_text(%s::jsonb)) AND (c.status < 400 OR c.status >= 500)
    GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""
OPEN_END = timedelta(days=36_500)


@dataclass(frozen=True)
class Answers:
    """Answers of a variant without those that were the client's mistake; `slower` counts by bound of seconds."""

    n: int = 0
    n_errors: int = 0
    histogram: tuple[int, ...] = (0,) * (len(BOUNDS) + 1)

    def slower_than(self, seconds: float) -> int:
        """Answers that took longer than a bound of the histogram."""
        return sum(self.histogram[BOUNDS.index(seconds) + 1 :])

    def since(self, former: Mapping[str, Any] | None) -> "Answers":
        """What came after the counts that were kept then."""
        if not former:
            return self
        pairs = zip(self.histogram, former["histogram"], strict=True)
        return Answers(
            self.n - former["n"], self.n_errors - former["n_errors"], tuple(now - then for now, then in pairs)
        )

    def to_json(self) -> dict[str, Any]:
        return {"n": self.n, "n_errors": self.n_errors, "histogram": list(self.histogram)}


def sums(
    endpoint: Endpoint,
    metric: LiveMetric,
    variants: Sequence[str],
    *,
    outcome: Any = None,
    per_unit: bool = False,
    since: datetime,
    until: datetime | None = None,
    cuped_days: int = 0,
) -> dict[str, Arm]:
    """The arm of each variant over predictions with feedback made in that time.

    With `per_unit` each unit counts once, by the mean of its predictions; otherwise each prediction counts, and units
    are clusters of them. With `cuped_days` each unit brings its mean of so many days before.
    """
    graded = GRADED.format(value=metric.sql, unit=UNIT, since="since", until="until")
    before = GRADED.format(value=metric.sql, unit=UNIT, since="before", until="since")
    statement = SUMS.format(
        graded=graded,
        total="avg(value)" if per_unit else "sum(value)",
        weight="1::float8" if per_unit else "count(*)::float8",
        past=PAST.format(graded=before) if cuped_days else NO_PAST,
    )
    values = {
        "endpoint": endpoint.pk, "variants": list(variants), "since": since, "until": until or since + OPEN_END,
        "before": since - timedelta(days=cuped_days), "outcome": None if outcome is None else json.dumps(outcome),
        "places": places(endpoint) if metric.name == "log_loss" else "{}",
    }  # fmt: skip
    return {row[0]: _arm(row[1:]) for row in fetched(statement, values)}


def seen(
    endpoint: Endpoint, variants: Sequence[str], *, since: datetime, until: datetime | None = None
) -> dict[str, int]:
    """Distinct units that got an answer in that time, by variant."""
    end = until or since + OPEN_END
    rows = fetched(SEEN.format(unit=UNIT), [endpoint.pk, since, end, list(variants)])
    return {variant: int(n) for variant, n in rows}


def nulls(endpoint: Endpoint, variants: Sequence[str], *, since: datetime) -> dict[str, tuple[int, int]]:
    """Logged rows and those answered with nothing, by variant."""
    return {row[0]: (row[1], row[2]) for row in fetched(NULLS, [endpoint.pk, since, list(variants)])}


def answers(endpoint: Endpoint, versions: Mapping[str, int]) -> dict[str, Answers]:
    """All answers ever of these variants with these versions, up to a second ago."""
    found: dict[str, dict[bool, list[int]]] = {}
    for variant, failed, _place, n in fetched(ANSWERS, [endpoint.pk, json.dumps(versions)]):
        found.setdefault(variant, {}).setdefault(failed, []).append(int(n))
    return {variant: _answers(found.get(variant, {})) for variant in versions}


def _answers(by_failure: Mapping[bool, list[int]]) -> Answers:
    good, failed = by_failure.get(False), by_failure.get(True, [])
    n_errors = sum(failed)
    histogram = tuple(good) if good else Answers.histogram
    return Answers(sum(histogram) + n_errors, n_errors, histogram)


def _arm(row: Sequence[Any]) -> Arm:
    n, s, m, x, ss, mm, xx, sm, sx, mx, n_predictions = row
    return Arm(int(n), s, m, x, ss, mm, xx, sm, sx, mx, int(n_predictions))
