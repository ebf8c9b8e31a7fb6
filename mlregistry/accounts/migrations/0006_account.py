"""Sessions as people see them, roles that follow a provider's groups, and an index for each filter of the audit trail."""

import django.db.models.deletion
from django.conf import settings
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

BY_NAME = (
    "CREATE INDEX CONCURRENTLY IF NOT EXISTS audit_by_name "
    "ON accounts_auditevent (team_id, upper(target_name) text_pattern_ops)"
)


class Migration(migrations.Migration):

    atomic = False
    dependencies = [('accounts', '0005_tokens_of_one_run')]

    operations = [
        migrations.CreateModel(
            name='ProviderGrant',
            fields=[
                ('membership', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='provider_grant', serialize=False, to='accounts.membership')),
                ('group', models.CharField(max_length=200)),
                ('granted_at', models.DateTimeField(auto_now=True)),
            ],
        ),
        migrations.CreateModel(
            name='UserSession',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('session_key', models.CharField(max_length=40, unique=True)),
                ('address', models.GenericIPAddressField(null=True)),
                ('user_agent', models.CharField(max_length=300)),
                ('signed_in_at', models.DateTimeField(auto_now_add=True)),
                ('seen_at', models.DateTimeField()),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='sessions_seen', to=settings.AUTH_USER_MODEL)),
            ],
            options={'indexes': [models.Index(fields=['seen_at'], name='user_session_by_seen')]},
        ),
        migrations.AddField(
            model_name='user',
            name='time_zone',
            field=models.CharField(blank=True, default='', max_length=64),
        ),
        migrations.AddField(
            model_name='auditevent',
            name='address',
            field=models.GenericIPAddressField(null=True),
        ),
        AddIndexConcurrently(
            model_name='auditevent',
            index=models.Index(fields=['team', 'user', '-at'], name='audit_by_user'),
        ),
        AddIndexConcurrently(
            model_name='auditevent',
            index=models.Index(fields=['team', 'action', 'at'], name='audit_by_action', opclasses=['int8_ops', 'varchar_pattern_ops', 'timestamptz_ops']),
        ),
        AddIndexConcurrently(
            model_name='auditevent',
            index=models.Index(condition=models.Q(('address__isnull', False)), fields=['team', 'address', '-at'], name='audit_by_address'),
        ),
        migrations.RunSQL(BY_NAME, "DROP INDEX CONCURRENTLY IF EXISTS audit_by_name"),
    ]
