"""Named tables and their immutable versions."""

from django.conf import settings
from django.db import models


class Dataset(models.Model):
    """A named table of a team; its contents are its versions."""

    team = models.ForeignKey("accounts.Team", on_delete=models.CASCADE, related_name="datasets")
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    problem = models.ForeignKey(
        "experiments.Problem", null=True, blank=True, on_delete=models.SET_NULL, related_name="datasets"
    )
    last_number = models.PositiveIntegerField(default=0)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["team", "name"], name="dataset_name_once_per_team")]

    def __str__(self) -> str:
        return self.name


class DatasetVersion(models.Model):
    """Immutable content: a manifest of parts, and the schema read from them.

    The digest is that of the uploaded file, or of the manifest when no single file makes the whole.
    """

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    filename = models.CharField(max_length=255)
    format = models.CharField(max_length=20)
    n_rows = models.BigIntegerField()
    n_columns = models.PositiveIntegerField()
    columns = models.JSONField()
    notes = models.JSONField(
        default=list, help_text="what was changed on reading, such as blanks that count as missing"
    )
    original = models.ForeignKey(
        "artifacts.StoredFile",
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="the file as it came: the whole of an upload, the new rows of an append, nothing of a query",
    )
    diff = models.JSONField(null=True, help_text="against the version before: rows and columns")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["dataset", "number"], name="dataset_version_number_once"),
            models.UniqueConstraint(fields=["dataset", "digest"], name="dataset_content_once"),
        ]

    def __str__(self) -> str:
        return f"{self.dataset} v{self.number}"


class DatasetPart(models.Model):
    """One immutable Parquet file of a version; versions that share rows share the file."""

    version = models.ForeignKey(DatasetVersion, on_delete=models.CASCADE, related_name="parts")
    place = models.PositiveIntegerField()
    file = models.ForeignKey("artifacts.StoredFile", on_delete=models.PROTECT, related_name="+")
    n_rows = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["version", "place"], name="dataset_part_place_once")]

    def __str__(self) -> str:
        return f"{self.version} part {self.place}"
