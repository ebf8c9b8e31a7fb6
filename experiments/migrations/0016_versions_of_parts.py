# A version becomes a manifest of parts; those that are there keep their one file as their one part.

import django.db.models.deletion
from django.db import migrations, models

ONE_PART = """
INSERT INTO experiments_datasetpart (version_id, place, file_id, n_rows)
SELECT id, 0, parquet_id, n_rows FROM experiments_datasetversion
"""
BACK = """
UPDATE experiments_datasetversion SET parquet_id = part.file_id
FROM experiments_datasetpart AS part WHERE part.version_id = experiments_datasetversion.id AND part.place = 0
"""


class Migration(migrations.Migration):

    dependencies = [
        ("artifacts", "0001_initial"),
        ("experiments", "0015_contracts_and_quality"),
    ]

    operations = [
        migrations.CreateModel(
            name="DatasetPart",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("place", models.PositiveIntegerField()),
                ("n_rows", models.BigIntegerField()),
                ("file", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="artifacts.storedfile")),
                ("version", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="parts", to="experiments.datasetversion")),
            ],
        ),
        migrations.AddConstraint(
            model_name="datasetpart",
            constraint=models.UniqueConstraint(fields=("version", "place"), name="dataset_part_place_once"),
        ),
        migrations.AlterField(
            model_name="datasetversion",
            name="parquet",
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="artifacts.storedfile"),
        ),
        migrations.RunSQL(f"SET CONSTRAINTS ALL IMMEDIATE; {ONE_PART}; SET CONSTRAINTS ALL IMMEDIATE", BACK),
        migrations.RemoveField(model_name="datasetversion", name="parquet"),
        migrations.AlterField(
            model_name="datasetversion",
            name="original",
            field=models.ForeignKey(
                help_text="the file as it came: the whole of an upload, the new rows of an append, nothing of a query",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="artifacts.storedfile",
            ),
        ),
        migrations.AddField(
            model_name="datasetversion",
            name="diff",
            field=models.JSONField(help_text="against the version before: rows and columns", null=True),
        ),
    ]
