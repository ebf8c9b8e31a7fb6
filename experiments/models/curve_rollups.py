"""Long histories of metrics in short: blocks with the extremes of so many points, so that a chart opens at once.

Written by actions.curve_rollups and read by queries.metric_curves; what is not in it yet lies in the chunks.
"""

from django.db import models

from .measurements import UNCHECKED


class CurveRollup(models.Model):
    """The points of one metric up to `until_change`; `blocks` as lib.curve_blocks packs them."""

    pk = models.CompositePrimaryKey("run_id", "key")
    run = models.ForeignKey(
        "experiments.Run", on_delete=models.CASCADE, related_name="curve_rollups", **UNCHECKED
    )
    key = models.CharField(max_length=250)
    until_change = models.BigIntegerField(help_text="the run's count of changes up to which points are in it")
    points_per_block = models.PositiveIntegerField()
    blocks = models.BinaryField()
