"""The stage “Register and test” of a problem; an entry of settings.PROBLEM_STAGES."""

from __future__ import annotations

from experiments.models import Problem
from mlregistry import sql_rows
from mlregistry.ui.stages import DONE, MISSING, PART, Stage, counted

FACTS = """
    WITH models AS (SELECT id, name, updated_at FROM models_app_registeredmodel WHERE problem_id = %(id)s),
         versions AS (SELECT id, number FROM models_app_modelversion WHERE model_id IN (SELECT id FROM models))
    SELECT (SELECT count(*) FROM versions),
           (SELECT name FROM models ORDER BY updated_at DESC LIMIT 1),
           (SELECT number FROM models_app_alias AS alias JOIN versions ON versions.id = alias.version_id
            WHERE alias.name = 'champion' ORDER BY alias.updated_at DESC LIMIT 1),
           (SELECT verdict FROM models_app_modeltestrun AS test JOIN versions ON versions.id = test.version_id
            ORDER BY test.id DESC LIMIT 1),
           (SELECT id FROM experiments_experiment WHERE problem_id = %(id)s AND lifecycle = 'active' ORDER BY id DESC
            LIMIT 1)
"""
TESTED = {
    "passed": "tests passed",
    "failed": "tests failed",
    "running": "tests running",
    "broken": "tests could not run",
}


def stages(problem: Problem) -> list[Stage]:
    """One statement."""
    n_versions, model, champion, verdict, experiment = sql_rows.fetched(FACTS, {"id": problem.pk})[0]
    told = [counted(n_versions, "version")] if n_versions else []
    told += [f"champion v{champion}"] if champion else []
    told += [TESTED[verdict]] if verdict in TESTED else []
    state = PART if verdict in ("failed", "broken") else DONE if n_versions else MISSING
    return [
        Stage(
            "Register and test", state, ", ".join(told) or "nothing registered yet",
            "models_app:model" if model else "", (model,) if model else (),
            "See what failed" if n_versions else "Register the best",
            "models_app:model" if model else "experiments:experiment" if experiment else "",
            (model,) if model else (experiment,) if experiment else (),
            why="A failed test names the rows it is about." if n_versions else "On the page of the best run.",
        )
    ]  # fmt: skip
