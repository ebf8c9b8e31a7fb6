"""The job experiments.refresh_source: fetches a source in a process of its own; named in settings.JOB_KINDS."""

from typing import Any

from experiments.actions import sources as actions
from experiments.actions import subscriptions
from experiments.models import DataSource
from experiments.sources.kinds import STREAMS
from mlregistry.accounts.actor import Actor
from mlregistry.errors import NotFound
from mlregistry.jobs.context import JobContext


def refresh(context: JobContext, *, source_id: int) -> dict[str, Any]:
    """Returns the number of the version and how it differs from the one before; nothing when there is nothing new.

    Of a stream: how many messages and rows came.
    """
    source = (
        DataSource.objects.select_related("team", "dataset__team", "created_by", "version")
        .filter(pk=source_id)
        .first()
    )
    if source is None:
        raise NotFound("The source is gone.")
    by = Actor.system(source.team, user=source.created_by)
    if source.kind in STREAMS:
        return _listened(context, source, by)
    before = source.dataset.last_number
    version = actions.refresh(source, context.report, by=by)
    if version is None or version.number <= before:
        context.report(1.0, "Nothing new")
        return {"version": None}
    context.report(1.0, f"Version {version.number} with {version.n_rows:,} rows")
    return {"version": version.number, "n_rows": version.n_rows, "diff": version.diff}


def _listened(context: JobContext, source: DataSource, by: Actor) -> dict[str, Any]:
    tally = subscriptions.listen(source, context.report, by=by)
    for problem in tally.problems:
        context.log(problem)
    context.report(1.0, f"{tally.n_messages:,} messages, {tally.n_new:,} new rows")
    return tally.to_json()
