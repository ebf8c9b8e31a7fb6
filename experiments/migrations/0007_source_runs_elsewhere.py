"""Logged models keep the id of a source run that is on another server."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("experiments", "0006_count_every_change")]
    operations = [
        migrations.AddField(
            model_name="loggedmodel",
            name="source_run_key",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="of a run that is not on this server",
                max_length=32,
            ),
        ),
    ]
