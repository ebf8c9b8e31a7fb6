"""What serving does beside answering, in the admin: batches, feedback that waits for its prediction, the processes."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from mlregistry.jobs.actions.jobs import cancel
from mlregistry.look_only import LookOnly
from serving.models import Batch, EndpointMove, ServingWorker, UnitFeedback


@admin.register(Batch)
class BatchAdmin(LookOnly):
    list_display = ["__str__", "version", "dataset_version", "n_rows", "n_scored", "n_refused", "created_by",
                    "created_at", "finished_at"]  # fmt: skip
    list_filter = ["endpoint__team", "created_at"]
    search_fields = ["endpoint__name", "version__model__name", "save_as"]
    list_select_related = ["endpoint", "version__model", "dataset_version__dataset", "created_by"]
    date_hierarchy = "created_at"
    actions = ["cancel_batches"]

    @admin.action(description="Cancel them", permissions=["operate"])
    def cancel_batches(self, request: HttpRequest, rows: QuerySet[Batch]) -> None:
        for batch in rows.select_related("endpoint__team", "job"):
            if batch.job is None:
                self.message_user(request, f"{batch}: its job is gone.", messages.WARNING)
            else:
                self.act_on(request, batch.job, batch.endpoint.team, cancel)


@admin.register(UnitFeedback)
class UnitFeedbackAdmin(LookOnly):
    list_display = ["unit", "endpoint", "truth", "until", "received_at"]
    list_filter = ["endpoint"]
    search_fields = ["unit"]
    list_select_related = ["endpoint"]
    show_full_result_count = False


@admin.register(ServingWorker)
class ServingWorkerAdmin(LookOnly):
    list_display = ["name", "host", "pid", "epoch", "failures", "seen_at"]
    search_fields = ["name", "host"]


@admin.register(EndpointMove)
class EndpointMoveAdmin(LookOnly):
    list_display = ["at", "endpoint_name", "who", "via", "why"]
    list_filter = ["team", "via"]
    search_fields = ["endpoint_name", "who"]
