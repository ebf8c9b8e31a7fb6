from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models.expressions import CombinedExpression


class Migration(migrations.Migration):
    """Runs are ordered and filtered by how long they took."""

    atomic = False
    dependencies = [("experiments", "0028_runs")]

    operations = [
        AddIndexConcurrently(
            model_name="run",
            index=models.Index(
                models.F("experiment"),
                models.F("lifecycle"),
                models.Func(
                    models.Value("epoch"),
                    CombinedExpression(models.F("ended_at"), "-", models.F("started_at")),
                    function="date_part",
                    output_field=models.FloatField(),
                ),
                condition=models.Q(("ended_at__isnull", False)),
                name="run_by_duration",
            ),
        ),
    ]
