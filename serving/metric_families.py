"""The metrics of serving and jobs that are rows of the database: one entry each. `serving.metrics` collects them.

Every process adds to the same rows, so a scrape of any of them tells of all. Queries give the labels, then the value.
"""

# ruff: noqa: S608 - the texts are put together from constants of this file

from dataclasses import dataclass
from typing import Literal

MOST_SERIES = 2_000  # of one metric: a scrape stays small, whatever was registered
TEAM_ENDPOINT = ("team", "endpoint")
ENDPOINT = "JOIN serving_endpoint e ON e.id = {0}.endpoint_id JOIN accounts_team t ON t.id = e.team_id"
VERSION = "JOIN models_app_modelversion v ON v.id = {0}.version_id JOIN models_app_registeredmodel m ON m.id = model_id"


@dataclass(frozen=True, slots=True)
class Family:
    """`name` is without the `_total` that a counter gets in the output."""

    name: str
    kind: Literal["counter", "gauge"]
    help: str
    labels: tuple[str, ...]
    query: str


def _newest_load_test(name: str, value: str, help: str) -> Family:
    """Of the newest load test of an endpoint that ended with figures."""
    return Family(
        name, "gauge", help, (*TEAM_ENDPOINT, "model", "version"),
        f"SELECT DISTINCT ON (e.id) t.slug, e.name, m.name, v.number::text, ({value})::float8"
        f" FROM serving_loadtest l {ENDPOINT.format('l')} {VERSION.format('l')}"
        f" WHERE l.histogram IS NOT NULL AND ({value}) IS NOT NULL ORDER BY e.id, l.id DESC",
    )  # fmt: skip


FAMILIES = (
    Family(
        "mlregistry_prediction_requests", "counter", "Requests for predictions, by the status of the answer.",
        (*TEAM_ENDPOINT, "variant", "version", "status"),
        "SELECT t.slug, e.name, c.variant, c.version_id::text, c.status::text, sum(c.n_requests)::float8"
        f" FROM serving_answercount c {ENDPOINT.format('c')} GROUP BY 1, 2, 3, 4, 5",
    ),
    Family(
        "mlregistry_endpoint_weight_ratio", "gauge", "Share of the traffic that a variant gets, 0 to 1.",
        (*TEAM_ENDPOINT, "variant", "model", "version"),
        "SELECT t.slug, e.name, a.name, m.name, v.number::text, (a.weight / 100)::float8 FROM serving_variant a "
        + ENDPOINT.format("a") + " " + VERSION.format("a"),
    ),
    Family(
        "mlregistry_routing_epoch", "gauge",
        "Rises with each change of endpoints, versions, weights and tokens.",
        (), "SELECT number FROM serving_routingepoch",
    ),
    Family(
        "mlregistry_serving_processes", "gauge",
        "Processes that serve, by whether they answer by the newest routing (current 1) or not yet (0).", ("current",),
        "SELECT (w.epoch >= r.number)::int::text, count(*) FROM serving_servingworker w, serving_routingepoch r"
        " WHERE w.seen_at > now() - interval '30 seconds' GROUP BY 1",
    ),
    Family(
        "mlregistry_serving_load_failures", "gauge", "Serving processes that cannot load a version behind an endpoint.",
        (), "SELECT count(*) FROM serving_servingworker WHERE failures <> '{}'::jsonb"
        " AND seen_at > now() - interval '30 seconds'",
    ),
    Family(
        "mlregistry_shadow_lag_seconds", "gauge", "How far a shadow is behind the prediction log.",
        (*TEAM_ENDPOINT, "shadow", "model", "version"),
        "SELECT t.slug, e.name, s.name, m.name, v.number::text, extract(epoch FROM now() - s.scored_until)::float8"
        f" FROM serving_shadow s {ENDPOINT.format('s')} {VERSION.format('s')}",
    ),
    Family(
        "mlregistry_shadow_failing", "gauge", "1 while rows of a shadow's newest round failed, else 0.",
        (*TEAM_ENDPOINT, "shadow", "model", "version"),
        "SELECT t.slug, e.name, s.name, m.name, v.number::text, (s.error <> '')::int FROM serving_shadow s "
        + ENDPOINT.format("s") + " " + VERSION.format("s"),
    ),
    Family(
        "mlregistry_ab_tests", "gauge", "A/B tests, canaries and bandits, by mode and state.",
        (*TEAM_ENDPOINT, "mode", "state"),
        f"SELECT t.slug, e.name, a.mode, a.state, count(*) FROM serving_abtest a {ENDPOINT.format('a')}"
        " GROUP BY 1, 2, 3, 4",
    ),
    Family(
        "mlregistry_ab_test_step", "gauge", "The step at which a running canary or bandit stands, from 0.",
        (*TEAM_ENDPOINT, "mode"),
        f"SELECT t.slug, e.name, a.mode, max(s.number) FROM serving_abtest a {ENDPOINT.format('a')}"
        " JOIN serving_abteststep s ON s.test_id = a.id WHERE a.state = 'running' GROUP BY 1, 2, 3",
    ),
    Family(
        "mlregistry_ab_test_split_alarm", "gauge", "1 while the split of a running test is not as declared, else 0.",
        (*TEAM_ENDPOINT, "mode"),
        "SELECT t.slug, e.name, a.mode, coalesce(max((a.memory->'split_alarm' NOT IN ('false', 'null', '0', '\"\"'))"
        f"::int), 0) FROM serving_abtest a {ENDPOINT.format('a')} WHERE a.state = 'running' GROUP BY 1, 2, 3",
    ),
    Family(
        "mlregistry_compiled_versions", "gauge",
        "Versions whose compiled form serves (served 1), or that went back to, or stayed with, the native model (0).",
        ("team", "served"),
        "SELECT t.slug, (c.file_id IS NOT NULL)::int::text, count(*) FROM models_app_compilation c "
        + VERSION.format("c") + " JOIN accounts_team t ON t.id = m.team_id WHERE c.report IS NOT NULL GROUP BY 1, 2",
    ),
    Family(
        "mlregistry_load_tests", "gauge", "Load tests, by verdict: passed, failed, none, or running.",
        (*TEAM_ENDPOINT, "verdict"),
        "SELECT t.slug, e.name, CASE WHEN l.ended_at IS NULL THEN 'running' WHEN l.verdict = '' THEN 'none'"
        f" ELSE l.verdict END, count(*) FROM serving_loadtest l {ENDPOINT.format('l')} GROUP BY 1, 2, 3",
    ),
    _newest_load_test(
        "mlregistry_load_test_p99_seconds", "l.figures #>> '{overall,p99}'", "p99 of the endpoint's newest load test."
    ),
    _newest_load_test(
        "mlregistry_load_test_rate", "l.figures #>> '{overall,throughput}'",
        "Right answers a second in the endpoint's newest load test.",
    ),
    Family(
        "mlregistry_drift_columns_ratio", "gauge",
        "Share of the compared columns that drifted in the newest check of a version behind an endpoint, 0 to 1.",
        (*TEAM_ENDPOINT, "model", "version"),
        "SELECT DISTINCT t.slug, e.name, m.name, v.number::text, c.n_drifted::float8 / c.n_compared"
        f" FROM serving_variant a {ENDPOINT.format('a')} {VERSION.format('a')} CROSS JOIN LATERAL ("
        " SELECT n_drifted, n_compared FROM serving_driftcheck d WHERE d.endpoint_id = e.id AND d.version_id = v.id"
        " AND d.n_compared > 0 ORDER BY d.at DESC LIMIT 1) c",
    ),
    Family(
        "mlregistry_drift_uncounted_rows", "gauge", "Logged rows that no drift counter holds yet.", TEAM_ENDPOINT,
        "SELECT t.slug, e.name, sum(cardinality(u.numbers))::float8 FROM serving_uncountedpredictions u "
        + ENDPOINT.format("u") + " GROUP BY 1, 2",
    ),
    Family(
        "mlregistry_jobs", "gauge", "Jobs by kind and state.", ("kind", "state"),
        "SELECT kind, lower(state), count(*) FROM jobs_job GROUP BY 1, 2",
    ),
    Family(
        "mlregistry_jobs_oldest_waiting_seconds", "gauge", "How long the oldest waiting job of a class has waited.",
        ("queue",),
        "SELECT queue, extract(epoch FROM clock_timestamp() - min(greatest(queued_at, scheduled_at)))::float8"
        " FROM jobs_job WHERE state = 'QUEUED' AND coalesce(scheduled_at, queued_at) <= clock_timestamp() GROUP BY 1",
    ),
)  # fmt: skip
