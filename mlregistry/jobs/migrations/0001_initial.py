"""The first tables of background work."""

import django.db.models.deletion
import django.utils.timezone
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Job',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(max_length=100)),
                ('title', models.CharField(max_length=300)),
                ('args', models.JSONField(default=dict)),
                ('queue', models.CharField(default='default', max_length=50)),
                ('state', models.CharField(choices=[('QUEUED', 'Queued'), ('RUNNING', 'Running'), ('SUCCEEDED', 'Succeeded'), ('FAILED', 'Failed'), ('CANCELLED', 'Cancelled')], default='QUEUED', max_length=10)),
                ('progress', models.FloatField(default=0.0)),
                ('message', models.CharField(blank=True, default='', max_length=500)),
                ('eta_seconds', models.FloatField(blank=True, null=True)),
                ('result', models.JSONField(blank=True, null=True)),
                ('error', models.TextField(blank=True, default='')),
                ('attempt', models.PositiveIntegerField(default=0)),
                ('n_tries', models.PositiveIntegerField(default=0)),
                ('max_attempts', models.PositiveIntegerField(default=3)),
                ('memory_mb', models.PositiveIntegerField(default=2048)),
                ('timeout_seconds', models.PositiveIntegerField(default=3600)),
                ('heartbeat_at', models.DateTimeField(blank=True, null=True)),
                ('worker', models.CharField(blank=True, default='', max_length=200)),
                ('pid', models.PositiveIntegerField(blank=True, null=True)),
                ('child_pid', models.PositiveIntegerField(blank=True, null=True)),
                ('cpu_seconds', models.FloatField(blank=True, null=True)),
                ('peak_memory_mb', models.FloatField(blank=True, null=True)),
                ('n_log_lines', models.PositiveIntegerField(default=0)),
                ('cancel_requested_at', models.DateTimeField(blank=True, null=True)),
                ('scheduled_at', models.DateTimeField(blank=True, null=True)),
                ('nudged_at', models.DateTimeField(blank=True, null=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('started_at', models.DateTimeField(blank=True, null=True)),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
                ('created_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('team', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='jobs', to='accounts.team')),
            ],
            options={
                'ordering': ['-created_at'],
            },
        ),
        migrations.CreateModel(
            name='JobLog',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('sequence', models.PositiveIntegerField()),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('text', models.TextField()),
                ('job', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='log_lines', to='jobs.job')),
            ],
            options={
                'ordering': ['job', 'sequence'],
            },
        ),
        migrations.CreateModel(
            name='Schedule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=200, unique=True)),
                ('kind', models.CharField(max_length=100)),
                ('title', models.CharField(blank=True, default='', max_length=300)),
                ('args', models.JSONField(blank=True, default=dict)),
                ('cron', models.CharField(blank=True, default='', max_length=100)),
                ('every_seconds', models.PositiveIntegerField(blank=True, null=True)),
                ('next_at', models.DateTimeField()),
                ('enabled', models.BooleanField(default=True)),
                ('last_job', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='jobs.job')),
                ('team', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.team')),
            ],
            options={
                'ordering': ['name'],
            },
        ),
        migrations.AddIndex(
            model_name='job',
            index=models.Index(fields=['team', '-created_at', 'id'], name='jobs_job_of_team'),
        ),
        migrations.AddIndex(
            model_name='job',
            index=models.Index(fields=['-created_at', 'id'], name='jobs_job_newest'),
        ),
        migrations.AddIndex(
            model_name='job',
            index=models.Index(condition=models.Q(('state__in', ('QUEUED', 'RUNNING'))), fields=['state', 'created_at'], name='jobs_job_live'),
        ),
        migrations.AddConstraint(
            model_name='job',
            constraint=models.CheckConstraint(condition=models.Q(('progress__gte', 0), ('progress__lte', 1)), name='jobs_job_progress'),
        ),
        migrations.AddConstraint(
            model_name='job',
            constraint=models.CheckConstraint(condition=models.Q(('max_attempts__gte', 1)), name='jobs_job_attempts'),
        ),
        migrations.AddConstraint(
            model_name='joblog',
            constraint=models.UniqueConstraint(fields=('job', 'sequence'), name='jobs_log_sequence'),
        ),
        migrations.AddIndex(
            model_name='schedule',
            index=models.Index(condition=models.Q(('enabled', True)), fields=['next_at'], name='jobs_schedule_due'),
        ),
        migrations.AddConstraint(
            model_name='schedule',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('cron', ''), ('every_seconds__gte', 1)), models.Q(models.Q(('cron', ''), _negated=True), ('every_seconds', None)), _connector='OR'), name='jobs_schedule_one_rhythm'),
        ),
    ]
