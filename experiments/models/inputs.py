"""What runs read and made: datasets as clients describe them, and logged models as inputs or outputs."""

from django.db import models

from .experiments import Experiment
from .logged_models import LoggedModel
from .runs import Run


class InputDataset(models.Model):
    """A dataset that a client named in an experiment; its bytes need not be here."""

    experiment = models.ForeignKey(
        Experiment, on_delete=models.CASCADE, related_name="input_datasets", db_index=False
    )
    name = models.CharField(max_length=500)
    digest = models.CharField(max_length=36)
    source_type = models.CharField(max_length=36)
    source = models.TextField()
    schema = models.TextField(blank=True)
    profile = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["experiment", "name", "digest"], name="input_dataset_once_per_experiment"
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.digest}"


class RunInput(models.Model):
    """A run read a dataset; `tags` say as what (mlflow.data.context)."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="inputs", db_index=False)
    dataset = models.ForeignKey(InputDataset, on_delete=models.CASCADE, related_name="run_inputs")
    tags = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "dataset"], name="run_input_once")]

    def __str__(self) -> str:
        return f"{self.run_id} {self.dataset_id}"


class ModelRole(models.TextChoices):
    """How a run used a logged model."""

    INPUT = "input", "input"
    OUTPUT = "output", "output"


class RunModel(models.Model):
    """A run read or made a logged model, at a step."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="model_links", db_index=False)
    logged_model = models.ForeignKey(LoggedModel, on_delete=models.CASCADE, related_name="run_links")
    role = models.CharField(max_length=6, choices=ModelRole.choices)
    step = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["run", "role", "logged_model", "step"], name="run_model_link_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.run_id} {self.role} {self.logged_model_id}"
