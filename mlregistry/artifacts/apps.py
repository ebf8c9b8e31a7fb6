"""The artifacts app: files of any size under keys the server makes."""

from django.apps import AppConfig


class ArtifactsConfig(AppConfig):
    name = "mlregistry.artifacts"
    label = "artifacts"
