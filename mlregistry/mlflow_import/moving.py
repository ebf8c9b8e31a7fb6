"""The import itself: asks a source, calls the actions, counts both sides. Called by the command import_mlflow.

What is there already is passed over, so an import that broke off goes on where it stopped.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from experiments.actions import importing
from experiments.actions.importing import ExperimentRecord, Link, LoggedModelRecord, RunRecord
from experiments.actions.measurements import Metric
from experiments.models import Experiment, LoggedModel, ModelRole, Run
from experiments.queries import imported
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.audit import record
from mlregistry.artifacts.paths import normalise
from mlregistry.errors import Invalid, MlregistryError
from mlregistry.lib.names import clean_key

from .progress import Progress
from .registry import move_registry
from .report import Report
from .source import Elsewhere, Owner, Source, SourceFile, model_id

UNFIT = "have a name that is not allowed here"


class Stopped(Exception):
    """The operator wants it to end here."""


@dataclass
class Move:
    """One import on its way. `roots` says where each run's and logged model's files lay at the source."""

    source: Source
    by: Actor
    report: Report
    progress: Progress
    stop: Callable[[], bool]
    dry: bool = False
    places: list[tuple[ExperimentRecord, Experiment]] = field(default_factory=list)
    runs: set[uuid.UUID] = field(default_factory=set)
    models: set[uuid.UUID] = field(default_factory=set)
    links: list[Link] = field(default_factory=list)
    roots: dict[str, str] = field(default_factory=dict)


def move(
    source: Source,
    *,
    names: Collection[str] = (),
    dry: bool = False,
    progress: Progress,
    stop: Callable[[], bool] = lambda: False,
    by: Actor,
) -> Report:
    """Bring over the named experiments, or everything, the registry included. `dry` only reads and counts."""
    report = Report()
    work = Move(source, by, report, progress, stop, dry)
    try:
        _move(work, names)
    except Stopped:
        report.stopped = True
    report.notes += source.notes
    if not dry:
        report.here.update(imported.counted(work.runs, work.models, team_id=by.team.pk))
        if +report.written:
            record(by, "import.mlflow", by.team, source=source.title[:500], written=dict(+report.written))
    return report


def _move(work: Move, names: Collection[str]) -> None:
    wanted = [one for one in work.source.experiments() if not names or one.name in names]
    if unknown := set(names) - {one.name for one in wanted}:
        raise Invalid(f"The source has no experiment named {', '.join(sorted(unknown))}.")
    for one in wanted:
        work.progress.expect(work.source.n_runs(one))
    for one in wanted:
        _experiment(work, one)
    for one, experiment in work.places:
        for model in work.source.logged_models(one):
            _logged_model(work, model, experiment)
    _links(work)
    if not names:
        move_registry(work.source, work.roots, dry=work.dry, report=work.report, by=work.by)


def _experiment(work: Move, one: ExperimentRecord) -> None:
    work.report.there["experiments"] += 1
    if work.dry:
        work.places.append((one, Experiment(name=one.name)))
    else:
        try:
            experiment, written = importing.import_experiment(_fit_experiment(work, one), by=work.by)
        except MlregistryError as error:
            work.report.refused.append(f"the experiment {one.name!r}: {error}")
            return
        work.report.here["experiments"] += 1
        work.report.written["experiments"] += written
        work.places.append((one, experiment))
    for run in work.source.runs(one):
        _run(work, run, work.places[-1][1])
        if work.stop():
            raise Stopped


def _run(work: Move, given: RunRecord, experiment: Experiment) -> None:
    report = work.report
    run = replace(given, params=_fit(work, "params", given.params), tags=_fit(work, "tags", given.tags))
    if run.deleted and experiment.lifecycle == "deleted":
        run = replace(run, deleted_at=experiment.updated_at)  # so that both come back together
    n_points = 0

    def points() -> Iterator[Metric]:
        nonlocal n_points
        for point in work.source.points(given):
            n_points += 1
            yield point

    stream = _fit_points(work, points())
    written: Counter[str] = Counter()
    if not work.dry:
        try:
            written = importing.import_run(run, experiment, stream, by=work.by)
        except MlregistryError as error:
            report.refused.append(str(error))
            return
    for _ in stream:
        pass
    report.there.update(_all_of(given, n_points))
    report.there["model links"] += len(given.inputs) + len(given.outputs)
    report.written.update(_all_of(given, n_points) if written["runs"] else written)
    work.runs.add(run.id)
    work.roots[run.id.hex] = run.artifact_uri
    work.links += _links_of(run)
    _files(work, given, Run(id=run.id, experiment=experiment))
    work.progress.add(n_points)


def _all_of(run: RunRecord, n_points: int) -> dict[str, int]:
    return {
        "runs": 1,
        "params": len(run.params),
        "tags": len(run.tags),
        "points": n_points,
        "latest metrics": len(run.metric_keys),
        "dataset inputs": len(run.datasets),
    }


def _logged_model(work: Move, given: LoggedModelRecord, experiment: Experiment) -> None:
    report = work.report
    metrics = {run: points for run, points in given.metrics.items() if run in work.runs}
    if not work.dry:
        try:
            done = importing.import_logged_model(replace(given, metrics=metrics), experiment, by=work.by)
        except MlregistryError as error:
            report.refused.append(str(error))
            return
        report.written["logged models"] += done
    for run in set(given.metrics) - set(metrics):
        n = len(given.metrics[run])
        report.leave_out("model metrics", "were measured by a run that is not brought over", run.hex, n)
    report.there["logged models"] += 1
    report.there["model metrics"] += sum(map(len, given.metrics.values()))
    work.models.add(given.id)
    work.roots[f"m-{given.id.hex}"] = given.artifact_uri
    _files(work, given, LoggedModel(id=given.id, experiment=experiment))
    if work.stop():
        raise Stopped


def _files(work: Move, given: Owner, owner: Run | LoggedModel) -> None:
    """A run whose client keeps its files at a store of its own keeps them there."""
    here: set[str] | None = None
    try:
        for file in work.source.files(given):
            work.report.there["artifacts"] += 1
            work.report.there["artifact bytes"] += file.size
            if not work.dry:
                here = imported.paths(given.id) if here is None else here
                _file(work, file, owner, here)
    except Elsewhere as reason:
        work.report.notes.append(f"files {reason}")
    except (MlregistryError, OSError) as error:
        work.report.refused.append(f"the files of {given.id.hex}: {error}")


def _file(work: Move, file: SourceFile, owner: Run | LoggedModel, here: Collection[str]) -> None:
    try:
        place = normalise(file.path)
    except Invalid:
        work.report.leave_out("artifacts", UNFIT, repr(file.path[:80]))
        work.report.leave_out("artifact bytes", UNFIT, repr(file.path[:80]), file.size)
        return
    if place in here:
        return
    with work.source.fetch(file) as path:
        written = importing.import_artifact(owner, place, path, by=work.by)
    work.report.written.update({"artifacts": int(written), "artifact bytes": file.size * written})


def _links(work: Move) -> None:
    links = [link for link in work.links if link.model in work.models]
    lost = len(work.links) - len(links)
    if lost:
        work.report.leave_out("model links", "lead to a logged model that is not brought over", "", lost)
    if not work.dry:
        n_lost = importing.import_links(links, by=work.by)
        work.report.here["model links"] += len(set(links)) - n_lost
        importing.connect_parents(by=work.by)


def _links_of(run: RunRecord) -> Iterable[Link]:
    for role, given in ((ModelRole.INPUT, run.inputs), (ModelRole.OUTPUT, run.outputs)):
        for name, step in given:
            yield Link(run.id, model_id(name) or uuid.UUID(int=0), role, step)


def _fit(work: Move, noun: str, given: Mapping[str, str]) -> dict[str, str]:
    """What has a name that is allowed here; the rest is left out."""
    fit = {key: value for key, value in given.items() if _allowed(key)}
    for key in set(given) - set(fit):
        work.report.leave_out(noun, UNFIT, repr(key[:80]))
    return fit


def _fit_points(work: Move, points: Iterable[Metric]) -> Iterator[Metric]:
    known: dict[str, bool] = {}
    for point in points:
        allowed = known.get(point.key)
        if allowed is None:
            allowed = known[point.key] = _allowed(point.key)
            if not allowed:
                work.report.leave_out("latest metrics", UNFIT, repr(point.key[:80]))
        if allowed:
            yield point
        else:
            work.report.leave_out("points", UNFIT, repr(point.key[:80]))


def _fit_experiment(work: Move, one: ExperimentRecord) -> ExperimentRecord:
    return replace(one, tags={key: value for key, value in one.tags.items() if _allowed(key)})


def _allowed(key: str) -> bool:
    try:
        clean_key(key, field="key")
    except Invalid:
        return False
    return True
