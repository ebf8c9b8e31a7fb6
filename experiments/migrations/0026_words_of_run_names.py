import django.contrib.postgres.indexes
import django.contrib.postgres.search
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """The search finds runs by the words of their names."""

    atomic = False
    dependencies = [("experiments", "0025_run_rules")]

    operations = [
        AddIndexConcurrently(
            model_name='run',
            index=django.contrib.postgres.indexes.GinIndex(django.contrib.postgres.search.SearchVector(models.Func(models.F('name'), models.Value('-_./:'), models.Value('     '), function='translate', output_field=models.TextField()), config='simple'), name='run_by_words_of_name'),
        ),
    ]
