"""What load tests said of versions, and what a gate asks of them."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("models_app", "0007_intakes_and_cards")]

    operations = [
        migrations.AddField(
            model_name="modelgate", name="load_test", field=models.JSONField(blank=True, null=True)
        ),
        migrations.CreateModel(
            name="LoadVerdict",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("is_passed", models.BooleanField()),
                ("goal", models.JSONField(default=dict)),
                ("figures", models.JSONField(default=dict)),
                ("reasons", models.JSONField(default=list, help_text="why the goal was missed")),
                ("served", models.CharField(max_length=64)),
                ("endpoint_name", models.CharField(max_length=100)),
                ("load_test_id", models.BigIntegerField(help_text="the load test's number, which may be gone since")),
                ("at", models.DateTimeField(auto_now=True)),
                (
                    "version",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="load_verdict",
                        to="models_app.modelversion",
                    ),
                ),
            ],
        ),
    ]
