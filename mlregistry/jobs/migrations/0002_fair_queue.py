import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0004_password_reset_requests'),
        ('jobs', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='TeamLoad',
            fields=[
                ('team', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to='accounts.team')),
                ('cpu_seconds', models.FloatField(default=0.0)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
        migrations.AddField(
            model_name='job',
            name='priority',
            field=models.SmallIntegerField(choices=[(-1, 'low'), (0, 'normal'), (1, 'high')], default=0),
        ),
        migrations.AddField(
            model_name='job',
            name='queued_at',
            field=models.DateTimeField(default=django.utils.timezone.now),
        ),
        migrations.AddField(
            model_name='job',
            name='n_nudges',
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AlterField(
            model_name='job',
            name='queue',
            field=models.CharField(default='cpu', max_length=50),
        ),
        migrations.RunSQL(
            "UPDATE jobs_job SET queue = 'cpu', nudged_at = NULL, queued_at = created_at"
            " WHERE queue = 'default' AND state IN ('QUEUED', 'RUNNING')",
            "UPDATE jobs_job SET queue = 'default', nudged_at = NULL WHERE state IN ('QUEUED', 'RUNNING')",
        ),
        migrations.AddConstraint(
            model_name='job',
            constraint=models.CheckConstraint(condition=models.Q(('priority__in', [-1, 0, 1])), name='jobs_job_priority'),
        ),
    ]
