"""Signs of life of the processes that do the background work."""

import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('jobs', '0006_heads_of_lines'),
    ]

    operations = [
        migrations.CreateModel(
            name='WorkerProcess',
            fields=[
                ('name', models.CharField(max_length=200, primary_key=True, serialize=False)),
                ('engine', models.CharField(max_length=20)),
                ('queues', models.JSONField(default=list)),
                ('n_slots', models.PositiveIntegerField(default=1)),
                ('version', models.CharField(max_length=40)),
                ('started_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('beat_at', models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={'verbose_name_plural': 'worker processes'},
        ),
    ]
