"""Makes one report of an endpoint; named in settings.JOB_KINDS."""

from typing import Any

from django.utils import timezone

from mlregistry.errors import MlregistryError, NotFound
from mlregistry.jobs.context import JobCancelled, JobContext
from mlregistry.jobs.patience import AWAY
from serving.actions.reports import give_up, keep_document, period_of
from serving.models import EndpointReport
from serving.queries.reports import document
from serving.report_words import headline


def make_report(context: JobContext, *, report_id: int) -> dict[str, Any]:
    """Writes the report's document, once; returns its headline. What cannot be made says why on the report's row."""
    row = (
        EndpointReport.objects.select_related("endpoint__team", "endpoint__problem")
        .filter(pk=report_id)
        .first()
    )
    if row is None:
        raise NotFound("The report was deleted.")
    if row.document is not None:
        return {"headline": headline(row.document)}
    try:
        found = document(row.endpoint, row.rhythm, period_of(row), now=timezone.now(), report=context.report)
        keep_document(report_id, found)
    except (JobCancelled, *AWAY):
        raise
    except MlregistryError as error:
        give_up(report_id, error.message)
        raise
    except Exception as error:  # figures of a log may be anything
        give_up(report_id, f"It could not be made: {type(error).__name__}: {error}")
        raise
    told = headline(found)
    context.report(1.0, told)
    return {"headline": told}
