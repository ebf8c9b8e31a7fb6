"""What a trained run came from, and which run it repeats."""

from django.db import models


class Provenance(models.Model):
    """`spec` is the problem as it was; `facts` are seed, data, digests and the environment of the training."""

    run = models.OneToOneField(
        "experiments.Run", primary_key=True, on_delete=models.CASCADE, related_name="provenance"
    )
    spec = models.JSONField()
    facts = models.JSONField(default=dict, help_text="empty until the run has been trained")
    again_of = models.ForeignKey(
        "experiments.Run",
        null=True,
        on_delete=models.SET_NULL,
        related_name="repetitions",
        help_text="the run that this one repeats",
    )

    def __str__(self) -> str:
        return f"Provenance of {self.run_id}"
