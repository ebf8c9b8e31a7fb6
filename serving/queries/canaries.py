"""How a canary keeps its guardrails, from counts of answers, the prediction log and feedback. For its ticks."""

from datetime import datetime

from mlregistry.ml.abtests import guardrails
from mlregistry.ml.abtests.guardrails import Reading
from mlregistry.ml.abtests.ramps import Move, next_move
from serving.models import AbTest, AbTestStep
from serving.queries import abtest_units
from serving.queries.abtest_units import Answers
from serving.queries.abtests import arms_of

SLOW_SHARE = 0.01  # the 99th percentile lies below a bound when fewer than one in a hundred are slower


def canary_of(test: AbTest) -> str:
    return test.challengers[0]


def readings(test: AbTest, first: AbTestStep, now: datetime) -> list[Reading]:
    """One per declared guardrail, over all answers since the start; together they are wrong once in twenty."""
    limits, name = test.options["guardrails"], canary_of(test)
    alpha = guardrails.ALPHA / max(len(limits), 1)
    answers = _answers(test, first)
    found = []
    if "error_rate" in limits:
        limit = limits["error_rate"]
        found.append(guardrails.rate("error rate", answers.n_errors, answers.n, limit=limit, alpha=alpha))
    if "p99_seconds" in limits:
        seconds = limits["p99_seconds"]
        slow, n = answers.slower_than(seconds), answers.n - answers.n_errors
        title = f"share slower than {1000 * seconds:g} ms"
        found.append(guardrails.rate(title, slow, n, limit=SLOW_SHARE, alpha=alpha))
    if "null_rate" in limits:
        n, nulls = abtest_units.nulls(test.endpoint, [name], since=test.started_at).get(name, (0, 0))
        found.append(guardrails.rate("null rate", nulls, n, limit=limits["null_rate"], alpha=alpha))
    if "metric_fall" in limits:
        arms = arms_of(test, now)
        title = f"fall of {test.metric.replace('_', ' ')}"
        found.append(
            guardrails.fall(
                title,
                arms[test.control],
                arms[name],
                limit=limits["metric_fall"],
                maximize=test.maximize,
                horizon=test.horizon,
                alpha=alpha,
            )
        )
    return found


def move(test: AbTest, step: AbTestStep, found: list[Reading], now: datetime) -> Move:
    """What these readings and the time and traffic of the step allow."""
    return next_move(
        found,
        step=step.number,
        n_steps=len(test.options["steps"]),
        seconds=(now - step.started_at).total_seconds(),
        dwell_seconds=test.options["dwell_seconds"],
        n_requests=_answers(test, step).n,
        fewest_requests=test.options["fewest_requests"],
    )


def _answers(test: AbTest, step: AbTestStep) -> Answers:
    """The canary's answers since the step began."""
    name = canary_of(test)
    now = abtest_units.answers(test.endpoint, test.versions)[name]
    return now.since(step.counts.get(name))
