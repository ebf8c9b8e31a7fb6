"""The stages “Serve” and “Monitor and retrain” of a problem; an entry of settings.PROBLEM_STAGES."""

from __future__ import annotations

from dataclasses import dataclass

from experiments.models import Problem
from mlregistry import sql_rows
from mlregistry.ui.stages import DONE, MISSING, PART, Stage, counted

MOST_COUNTED = 1_000
FACTS = """
    WITH own AS (SELECT id, name FROM serving_endpoint WHERE problem_id = %(id)s)
    SELECT (SELECT count(*) FROM own),
           (SELECT name FROM own ORDER BY id DESC LIMIT 1),
           (SELECT count(*) FROM serving_variant WHERE endpoint_id IN (SELECT id FROM own)),
           (SELECT count(*) FROM serving_abtest WHERE endpoint_id IN (SELECT id FROM own) AND state = 'RUNNING'),
           (SELECT coalesce(sum(n_requests), 0) FROM serving_answercount WHERE endpoint_id IN (SELECT id FROM own)
            AND hour >= now() - interval '7 days'),
           (SELECT count(*) FROM serving_driftwatch WHERE endpoint_id IN (SELECT id FROM own) AND enabled),
           (SELECT count(*) FROM serving_alertrule WHERE endpoint_id IN (SELECT id FROM own) AND is_active),
           (SELECT count(*) FROM serving_alertrule WHERE endpoint_id IN (SELECT id FROM own) AND is_active
            AND state = 'firing'),
           (SELECT count(*) FROM serving_retrainingpolicy WHERE endpoint_id IN (SELECT id FROM own)),
           (SELECT count(*) FROM (SELECT 1 FROM serving_feedback WHERE endpoint_id IN (SELECT id FROM own)
            LIMIT %(most)s) AS counted),
           EXISTS (SELECT 1 FROM models_app_registeredmodel WHERE problem_id = %(id)s AND last_number > 0)
"""


@dataclass(frozen=True)
class Facts:
    n_endpoints: int
    endpoint: str | None
    n_variants: int
    n_tests: int
    n_requests: int
    n_watches: int
    n_rules: int
    n_firing: int
    n_policies: int
    n_truths: int
    registered: bool


def stages(problem: Problem) -> list[Stage]:
    """One statement."""
    values = {"id": problem.pk, "most": MOST_COUNTED + 1}
    facts = Facts(*sql_rows.fetched(FACTS, values)[0])
    return [_serve(problem, facts), _monitor(facts)]


def _serve(problem: Problem, facts: Facts) -> Stage:
    told = [counted(facts.n_endpoints, "endpoint"), counted(facts.n_variants, "variant")]
    told += [f"{counted(facts.n_tests, 'A/B test')} running"] if facts.n_tests else []
    told += [f"{counted(int(facts.n_requests), 'request')} in 7 days"] if facts.n_requests else []
    args = (facts.endpoint,) if facts.endpoint else ()
    return Stage(
        "Serve and A/B test", DONE if facts.n_endpoints else MISSING,
        ", ".join(told) if facts.n_endpoints else "no endpoint yet", "serving:endpoint" if args else "", args,
        "Serve it", "serving:endpoint-create" if facts.registered else "", (), (("problem", str(problem.pk)),),
        why="Behind a name that stays, all traffic or a share.",
    )  # fmt: skip


def _monitor(facts: Facts) -> Stage:
    told = [f"{facts.n_firing} alert{'' if facts.n_firing == 1 else 's'} firing"] if facts.n_firing else []
    told += ["drift watched"] if facts.n_watches else []
    told += ["retrains itself"] if facts.n_policies else []
    told += [counted(facts.n_truths, "truth", most=MOST_COUNTED)] if facts.n_truths else []
    watched = bool(facts.n_watches or facts.n_rules or facts.n_policies)
    state = (
        MISSING if not watched and not facts.n_truths else DONE if watched and not facts.n_firing else PART
    )
    args = (facts.endpoint,) if facts.endpoint else ()
    deed = (
        ("See the alerts", "serving:endpoint-alerts")
        if facts.n_firing
        else ("Let it retrain", "serving:retraining")
    )
    return Stage(
        "Monitor and retrain", state, ", ".join(told) or ("nothing watched yet" if args else "needs an endpoint"),
        "serving:monitoring" if args else "", args, deed[0] if args else "", deed[1] if args else "", args,
        why="What was true later, drift and alerts; a challenger that must beat the champion.",
    )  # fmt: skip
