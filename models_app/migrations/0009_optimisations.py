"""Optimisations of versions, and what each of their methods came to."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("experiments", "0024_trainers"),
        ("jobs", "0006_heads_of_lines"),
        ("models_app", "0008_load_verdicts"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Optimisation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("wish", models.JSONField(default=dict, help_text="methods, tolerance, costs, n_members")),
                ("metric", models.CharField(max_length=60)),
                ("direction", models.CharField(max_length=10)),
                ("before", models.JSONField(default=dict)),
                ("notes", models.JSONField(default=list)),
                ("n_test", models.PositiveIntegerField(default=0)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "job",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="jobs.job",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="optimisations",
                        to="models_app.modelversion",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="OptimisedCandidate",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("place", models.PositiveSmallIntegerField()),
                ("method", models.CharField(max_length=20)),
                ("title", models.CharField(max_length=200)),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("made", "made"),
                            ("skipped", "does not apply"),
                            ("failed", "came to nothing"),
                        ],
                        max_length=10,
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=500)),
                ("changes", models.TextField(blank=True, help_text="how it differs from the version")),
                (
                    "is_recipe",
                    models.BooleanField(default=False, help_text="a recipe of its own trains it again"),
                ),
                ("figures", models.JSONField(default=dict)),
                ("facts", models.JSONField(default=dict)),
                ("chart", models.JSONField(blank=True, null=True)),
                ("notes", models.JSONField(default=list)),
                (
                    "optimisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="candidates",
                        to="models_app.optimisation",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="experiments.run",
                    ),
                ),
                (
                    "version",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="optimised_as",
                        to="models_app.modelversion",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="optimisation",
            index=models.Index(fields=["version", "-id"], name="optimisation_newest"),
        ),
        migrations.AddConstraint(
            model_name="optimisedcandidate",
            constraint=models.UniqueConstraint(
                fields=("optimisation", "place"), name="optimised_candidate_once"
            ),
        ),
    ]
