"""Move runs to another experiment of the team, with all they logged. Called by doors.

Addresses of artifacts stay valid: the run in them counts, the experiment before it only informs.
"""

import uuid
from collections.abc import Collection

from django.db import connection, transaction

from experiments.models import Experiment, Lifecycle
from mlregistry.accounts import audit
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Role
from mlregistry.errors import Conflict, Invalid, NotFound
from mlregistry.sql_rows import fetched

MOST_RUNS = 10_000
BELOW = """
WITH RECURSIVE below AS (
    SELECT id FROM experiments_run WHERE id = ANY(%(runs)s::uuid[])
    UNION
    SELECT child.id FROM experiments_run AS child
    JOIN below ON child.parent_id = below.id
    JOIN experiments_experiment AS place ON place.id = child.experiment_id AND place.team_id = %(team)s
    WHERE child.lifecycle = 'active'
)
SELECT id FROM below LIMIT %(most)s
"""
# Locks in the order of the ids, so that two who move the same runs take turns. First the experiments, as a
# deletion does; then the runs, without a join: a run that was moved meanwhile would fall out of it.
FIND = """
SELECT run.id, run.experiment_id FROM experiments_run AS run
JOIN experiments_experiment AS place ON place.id = run.experiment_id
WHERE run.id = ANY(%(runs)s::uuid[]) AND place.team_id = %(team)s
"""
LOCK = """
SELECT id, lifecycle, experiment_id FROM experiments_run WHERE id = ANY(%(runs)s::uuid[]) ORDER BY id FOR UPDATE
"""
MOVE = """
INSERT INTO experiments_inputdataset (experiment_id, name, digest, source_type, source, schema, profile)
SELECT DISTINCT ON (old.name, old.digest)
       %(target)s, old.name, old.digest, old.source_type, old.source, old.schema, old.profile
FROM experiments_runinput AS input JOIN experiments_inputdataset AS old ON old.id = input.dataset_id
WHERE input.run_id = ANY(%(runs)s::uuid[]) AND old.experiment_id <> %(target)s
ORDER BY old.name, old.digest, old.id
ON CONFLICT (experiment_id, name, digest) DO NOTHING;
UPDATE experiments_runinput AS input SET dataset_id = new.id
FROM experiments_inputdataset AS old, experiments_inputdataset AS new
WHERE input.run_id = ANY(%(runs)s::uuid[]) AND old.id = input.dataset_id
  AND new.experiment_id = %(target)s AND new.name = old.name AND new.digest = old.digest AND new.id <> old.id;
DELETE FROM experiments_inputdataset AS old WHERE old.experiment_id = ANY(%(sources)s::bigint[])
  AND NOT EXISTS (SELECT FROM experiments_runinput AS input WHERE input.dataset_id = old.id);
UPDATE experiments_param SET experiment_id = %(target)s WHERE run_id = ANY(%(runs)s::uuid[]);
UPDATE experiments_latestmetric SET experiment_id = %(target)s WHERE run_id = ANY(%(runs)s::uuid[]);
UPDATE experiments_runtag SET experiment_id = %(target)s WHERE run_id = ANY(%(runs)s::uuid[]);
UPDATE experiments_loggedmodel SET experiment_id = %(target)s WHERE source_run_id = ANY(%(runs)s::uuid[]);
UPDATE experiments_run SET experiment_id = %(target)s, changes = changes + 1 WHERE id = ANY(%(runs)s::uuid[])
"""


def move_runs(
    runs: Collection[uuid.UUID], *, to: Experiment, with_children: bool = False, by: Actor
) -> list[uuid.UUID]:
    """All of them or none; returns those that were elsewhere. At most 10,000, their children among them.

    The logged models that a run made go with it. NotFound names a run that is not the team's, Conflict a
    deleted one.
    """
    by.require(Role.EDITOR)
    if not runs or len(runs) > MOST_RUNS:
        raise Invalid(f"Name 1 to {MOST_RUNS:,} runs.", field="runs")
    with transaction.atomic():
        wanted = _below(runs, by) if with_children else sorted(set(runs))
        _lock_places({*_places(wanted, by), to.pk}, to, by)
        places = _locked(wanted)
        moved = [run_id for run_id, place in places.items() if place != to.pk]
        if moved:
            _move(moved, sorted(set(places.values()) - {to.pk}), to)
            audit.record(
                by, "experiment.move_runs", to, n_runs=len(moved), runs=[run.hex for run in moved[:100]]
            )
    return moved


def _places(wanted: Collection[uuid.UUID], by: Actor) -> set[int]:
    """The experiments in which the runs are; NotFound names a run that is not the team's."""
    rows = fetched(FIND, {"runs": _texts(wanted), "team": by.team.pk})
    missing = set(wanted) - {run_id for run_id, _ in rows}
    if missing:
        raise NotFound(f"There is no run {min(missing).hex} in {by.team.name}.", field="runs")
    return {place for _, place in rows}


def _lock_places(keys: Collection[int], to: Experiment, by: Actor) -> None:
    """None of them can be deleted before the runs are in the target, which must be there."""
    rows = Experiment.objects.select_for_update(no_key=True).filter(pk__in=keys, team=by.team)
    found = {place.pk: place for place in rows.order_by("pk")}.get(to.pk)
    if found is None:
        raise NotFound(f"There is no experiment {to.pk} in {by.team.name}.")
    if found.lifecycle != Lifecycle.ACTIVE:
        raise Conflict(
            f"The experiment {to.pk} must be in the 'active' state. It is deleted; restore it first."
        )


def _below(runs: Collection[uuid.UUID], by: Actor) -> list[uuid.UUID]:
    found = fetched(BELOW, {"runs": _texts(runs), "team": by.team.pk, "most": MOST_RUNS + 1})
    if len(found) > MOST_RUNS:
        raise Invalid(f"With their children these are more than {MOST_RUNS:,} runs.", field="runs")
    return sorted({*runs, *(run_id for (run_id,) in found)})


def _locked(wanted: Collection[uuid.UUID]) -> dict[uuid.UUID, int]:
    """Each run with the experiment it is in; Conflict for deleted ones."""
    rows = fetched(LOCK, {"runs": _texts(wanted)})
    deleted = [run_id.hex for run_id, lifecycle, _ in rows if lifecycle != Lifecycle.ACTIVE]
    if deleted:
        raise Conflict(
            f"The run {deleted[0]} is deleted; restore it first.",
            field="runs",
            details=[f"{run_id} is deleted" for run_id in deleted[:100]],
        )
    return {run_id: place for run_id, _, place in rows}


def _move(runs: list[uuid.UUID], sources: list[int], to: Experiment) -> None:
    with connection.cursor() as cursor:
        cursor.execute(MOVE, {"runs": _texts(runs), "sources": sources, "target": to.pk})


def _texts(runs: Collection[uuid.UUID]) -> list[str]:
    return [str(run_id) for run_id in runs]
