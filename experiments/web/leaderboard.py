"""Arranges the families of queries.families for the page: the primary metric, columns beside it, bars, indents."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from experiments.models import Experiment
from experiments.queries import families, run_columns, standing
from experiments.queries import runs as queries
from mlregistry.ml.metrics import METRICS

MOST_COLUMNS = 6
MOST_UNFOLDED = 60
MACHINE = "system/"
NOWHERE = standing.Standing()


@dataclass(frozen=True)
class Line:
    """One row of the board; `bar` runs from 0 at the baseline (or the worst) to 1 at the best.

    `below` is the best score among the children shown, for a parent that has none of its own.
    """

    row: queries.Row
    others: list[float | None]
    bar: float
    depth: int
    above: str
    n_children: int
    n_shown: int
    below: float | None
    standing: standing.Standing


def of_experiment(experiment: Experiment) -> dict[str, Any]:
    """`lines` best first, `columns` beside the primary metric, its key and direction."""
    n_runs = queries.metric_keys(experiment)
    key, maximize = _goal(experiment, n_runs)
    columns = _columns(experiment, n_runs, key)
    members = families.board(experiment, key, columns, maximize=maximize)
    start, best, has_baseline = _ends([member.row for member in members], maximize)
    below = _below(members, maximize)
    standings = standing.of_rows([member.row for member in members], key)
    lines = [
        Line(
            member.row,
            [member.row.metrics.get(name) for name in columns],
            _bar(member.row.score, start, best),
            member.depth,
            " ".join(str(pk) for pk in member.above),
            member.n_children,
            member.n_shown,
            below.get(member.row.run.pk) if member.row.score is None else None,
            standings.get(member.row.run.pk, NOWHERE),
        )
        for member in members
    ]
    return {
        "lines": lines,
        "columns": columns,
        "primary": key,
        "has_baseline": has_baseline,
        "maximize": maximize,
        "best": next((line.row.run.pk for line in lines if line.row.is_best), None),
        "has_ties": any(line.standing.like_best for line in lines),
        "has_reach": any(line.standing.reach for line in lines),
        "has_families": any(line.depth for line in lines),
        "is_folded": sum(line.depth > 0 for line in lines) > MOST_UNFOLDED,
    }


def _goal(experiment: Experiment, n_runs: dict[str, int]) -> tuple[str, bool]:
    """The metric that ranks, and whether it is maximized: the problem's, else what the names of the metrics tell."""
    problem = experiment.problem
    if problem:
        return queries.score_key(problem, n_runs), problem.direction == "maximize"
    most = max(n_runs.values(), default=0)
    key = max(sorted(n_runs), key=lambda name: _worth(name, n_runs[name], most), default="")
    return key, run_columns.sound_of(key) != "lower"


def _worth(name: str, n_runs: int, most: int) -> tuple[bool, bool, bool, bool, bool, int]:
    """What speaks for a metric, the weightiest first.

    It is the model's and not the machine's, its direction is known, about as many runs as any have it, it is of
    held-out rows, a score rather than a loss, and then the number of runs.
    """
    sound = run_columns.sound_of(name)
    held_out = name.lower().startswith(run_columns.HELD_OUT)
    return not name.startswith(MACHINE), bool(sound), 2 * n_runs > most, held_out, sound == "higher", n_runs


def _ends(rows: list[queries.Row], maximize: bool) -> tuple[float, float, bool]:
    """Where the bars begin and end, and whether they begin at a baseline."""
    scores = sorted((row.score for row in rows if row.score is not None), reverse=maximize)
    baseline = next((row.score for row in rows if row.run.is_baseline and row.score is not None), None)
    if not scores:
        return 0.0, 0.0, False
    return scores[-1] if baseline is None else baseline, scores[0], baseline is not None


def _below(members: list[families.Member], maximize: bool) -> dict[UUID, float]:
    """The best score of those below each run."""
    found: dict[UUID, float] = {}
    best = max if maximize else min
    for member in members:
        score = member.row.score
        if score is not None:
            found |= {pk: best(found.get(pk, score), score) for pk in member.above}
    return found


def _columns(experiment: Experiment, n_runs: dict[str, int], key: str) -> list[str]:
    """Of a problem, the other metrics of the same rows and the cross-validated primary one; else those of most runs."""
    problem = experiment.problem
    if problem is None:
        ours = [name for name in n_runs if name != key and not name.startswith(MACHINE)]
        return sorted(ours, key=lambda name: (-n_runs[name], name))[:MOST_COLUMNS]
    part = key.partition("_")[0]
    wanted = [
        f"cv_{problem.primary_metric}_mean",
        *(f"{part}_{name}" for name in METRICS.get(problem.kind, {})),
    ]
    return [name for name in wanted if name in n_runs and name != key][:MOST_COLUMNS]


def _bar(score: float | None, start: float, best: float) -> float:
    if score is None or best == start:
        return 0.0
    return max(0.0, min(1.0, (score - start) / (best - start)))
