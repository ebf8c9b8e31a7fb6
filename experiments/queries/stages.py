"""The first six stages of a problem, from its frame to tuned models, with their evidence; settings.PROBLEM_STAGES."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from experiments.models import Problem
from mlregistry import sql_rows
from mlregistry.ml.metrics import METRICS
from mlregistry.ui.stages import DONE, MISSING, PART, Stage, counted

from .best_metrics import Best, best_of

MOST_COUNTED = 1_000
FACTS = """
    WITH versions AS (SELECT v.id, v.dataset_id, v.number, v.created_at FROM experiments_datasetversion AS v
                      JOIN experiments_dataset AS d ON d.id = v.dataset_id WHERE d.problem_id = %(id)s
                      UNION SELECT id, dataset_id, number, created_at FROM experiments_datasetversion
                      WHERE id = (SELECT dataset_version_id FROM experiments_run WHERE problem_id = %(id)s
                                  AND dataset_version_id IS NOT NULL LIMIT 1)),
         runs AS NOT MATERIALIZED (SELECT status, is_baseline FROM experiments_run
                                   WHERE problem_id = %(id)s AND lifecycle = 'active')
    SELECT
      (SELECT count(*) FROM versions),
      (SELECT max(created_at) FROM versions),
      (SELECT dataset_id FROM versions ORDER BY id DESC LIMIT 1),
      (SELECT number FROM versions ORDER BY id DESC LIMIT 1),
      (SELECT count(*) FROM experiments_datasetprofile AS f JOIN versions ON versions.id = f.version_id
       WHERE f.finished_at IS NOT NULL),
      (SELECT count(*) FROM experiments_qualityalert WHERE problem_id = %(id)s AND closed_at IS NULL),
      (SELECT count(DISTINCT c.dataset_id) FROM experiments_datacontract AS c
       JOIN experiments_dataset AS d ON d.id = c.dataset_id WHERE d.problem_id = %(id)s),
      (SELECT count(*) FROM experiments_recipe WHERE problem_id = %(id)s),
      (SELECT count(*) FROM experiments_selectionstudy WHERE problem_id = %(id)s),
      (SELECT count(*) FROM (SELECT 1 FROM runs WHERE status = 'FINISHED' AND NOT is_baseline LIMIT %(most)s) AS few),
      (SELECT count(*) FROM (SELECT 1 FROM runs WHERE status IN ('RUNNING', 'SCHEDULED') LIMIT %(most)s) AS few),
      (SELECT id FROM experiments_experiment WHERE problem_id = %(id)s AND lifecycle = 'active' ORDER BY id DESC
       LIMIT 1),
      (SELECT count(*) FROM experiments_study WHERE problem_id = %(id)s),
      (SELECT id FROM experiments_study WHERE problem_id = %(id)s ORDER BY id DESC LIMIT 1)
"""


@dataclass(frozen=True)
class Facts:
    n_versions: int
    newest_at: datetime | None
    dataset: int | None
    version: int | None
    n_profiles: int
    n_alerts: int
    n_contracts: int
    n_recipes: int
    n_selections: int
    n_trained: int
    n_live: int
    experiment: int | None
    n_studies: int
    study: int | None


def stages(problem: Problem) -> list[Stage]:
    """Two statements."""
    values = {"id": problem.pk, "most": MOST_COUNTED + 1}
    facts = Facts(*sql_rows.fetched(FACTS, values)[0])
    best = best_of([problem]).get(problem.pk)
    made = [_frame(problem), _data(problem, facts), _explore(facts), _prepare(problem, facts)]
    return [*made, _train(problem, facts, best), _tune(problem, facts)]


def _frame(problem: Problem) -> Stage:
    framed = problem.success_threshold is not None
    known = METRICS.get(problem.kind, {}).get(problem.primary_metric)
    evidence = f"{problem.kind}, {known.title if known else problem.primary_metric}"
    return Stage(
        "Frame", DONE if framed else PART, evidence if framed else f"{evidence}; no threshold yet",
        "experiments:problem", (problem.pk,), "Say when it is good enough", "experiments:problem-edit", (problem.pk,),
        why="A threshold of the metric tells everybody when to stop.", optional=True,
    )  # fmt: skip


def _data(problem: Problem, facts: Facts) -> Stage:
    return Stage(
        "Data", DONE if facts.n_versions else MISSING,
        f"{counted(facts.n_versions, 'version')}, newest {_ago(facts.newest_at)}" if facts.newest_at
        else "no table yet",
        "experiments:dataset" if facts.dataset else "", (facts.dataset,) if facts.dataset else (),
        "Bring a table", "experiments:dataset-create", (), (("problem", str(problem.pk)),),
        why="Upload a file, or connect a source.",
    )  # fmt: skip


def _explore(facts: Facts) -> Stage:
    alerts = counted(facts.n_alerts, "quality alert") if facts.n_alerts else ""
    contract = "held to a contract" if facts.n_contracts else ""
    seen = "profiled" if facts.n_profiles else "not looked into yet" if facts.n_versions else "needs data"
    place = (facts.dataset, facts.version) if facts.dataset else ()
    state = (PART if facts.n_alerts else DONE) if facts.n_profiles else MISSING
    return Stage(
        "Explore", state, ", ".join(filter(None, (seen, contract, alerts))),
        "experiments:profile" if place else "", place,
        "Look into the data", "experiments:profile" if place else "", place,
        why="The profile shows what is missing, skewed or suspicious before a model learns it.", optional=True,
    )  # fmt: skip


def _prepare(problem: Problem, facts: Facts) -> Stage:
    if problem.kind == "recommendation":
        return Stage("Prepare", DONE, "users, items and ratings as they are", "", optional=True)
    own = [counted(facts.n_recipes, "recipe")] if facts.n_recipes else []
    own += [counted(facts.n_selections, "selection")] if facts.n_selections else []
    usual = (
        "the usual preparation"
        if facts.n_trained
        else "needs data"
        if not facts.n_versions
        else "no recipe yet"
    )
    ready = bool(facts.n_versions)
    return Stage(
        "Prepare", DONE if own else PART if facts.n_trained else MISSING, ", ".join(own) or usual,
        "experiments:recipe" if ready else "", (problem.pk,) if ready else (), "Write a recipe",
        "experiments:recipe" if ready else "", (problem.pk,) if ready else (),
        why="Own features often bring more than another estimator.", optional=True,
    )  # fmt: skip


def _train(problem: Problem, facts: Facts, best: Best | None) -> Stage:
    told = [counted(facts.n_trained, "model", most=MOST_COUNTED)] if facts.n_trained else []
    told += [f"{counted(facts.n_live, 'run', most=MOST_COUNTED)} training"] if facts.n_live else []
    if best is not None:
        verdict = {
            True: ", good enough",
            False: f" of {problem.success_threshold or 0:.4g} wanted",
            None: "",
        }[best.meets]
        told.append(f"best {best.value:.4g}{verdict}")
    state = (
        DONE
        if facts.n_trained and not (best and best.meets is False)
        else PART
        if facts.n_trained
        else MISSING
    )
    ready = bool(facts.n_versions)
    return Stage(
        "Train and compare", state, ", ".join(told) or ("nothing trained yet" if ready else "needs data"),
        "experiments:experiment" if facts.experiment else "", (facts.experiment,) if facts.experiment else (),
        "Train again" if facts.n_trained else "Just train it", "experiments:just-train" if ready else "",
        (problem.pk,) if ready else (), why="Several estimators within the minutes you give, beside a baseline.",
    )  # fmt: skip


def _tune(problem: Problem, facts: Facts) -> Stage:
    ready = bool(facts.n_trained)
    return Stage(
        "Tune and select", DONE if facts.n_studies else MISSING,
        counted(facts.n_studies, "study", "studies") if facts.n_studies else "no search yet",
        "experiments:study" if facts.study else "", (facts.study,) if facts.study else (), "Search hyperparameters",
        "experiments:study-create" if ready else "", (problem.pk,) if ready else (),
        why="A search tries what nobody would by hand, and stops what is hopeless.", optional=True,
    )  # fmt: skip


def _ago(moment: datetime) -> str:
    days = (timezone.now() - moment).days
    return "today" if days == 0 else "yesterday" if days == 1 else f"{days:,} days ago"
