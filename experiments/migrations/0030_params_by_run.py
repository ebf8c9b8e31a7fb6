from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models.lookups import GreaterThan, LessThanOrEqual

VALUE_BYTES = models.Func("value", function="octet_length", output_field=models.IntegerField())


class Migration(migrations.Migration):
    """All runs of an experiment are grouped by a param out of an index; the few long values have one of their own."""

    atomic = False
    dependencies = [("experiments", "0029_duration_of_runs")]

    operations = [
        AddIndexConcurrently(
            model_name="param",
            index=models.Index(
                fields=["experiment", "key", "run"],
                include=["value"],
                condition=models.Q(LessThanOrEqual(VALUE_BYTES, 200)),
                name="param_by_run",
            ),
        ),
        AddIndexConcurrently(
            model_name="param",
            index=models.Index(
                fields=["experiment", "key", "run"],
                condition=models.Q(GreaterThan(VALUE_BYTES, 200)),
                name="param_long_by_run",
            ),
        ),
    ]
