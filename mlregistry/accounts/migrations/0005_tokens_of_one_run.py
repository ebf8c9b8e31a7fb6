from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0004_password_reset_requests'),
    ]

    operations = [
        migrations.AddField(
            model_name='apitoken',
            name='only_run',
            field=models.UUIDField(blank=True, editable=False, null=True),
        ),
    ]
