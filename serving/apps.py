"""The serving app: endpoints, predictions and feedback."""

from django.apps import AppConfig


class ServingConfig(AppConfig):
    name = "serving"

    def ready(self) -> None:
        from serving import live_metrics, metrics, prometheus  # noqa: PLC0415 - models' siblings cannot be imported earlier

        prometheus.register()
        metrics.register()
        live_metrics.register()
