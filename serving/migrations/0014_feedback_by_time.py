from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ('serving', '0013_watching'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='feedback',
            index=models.Index(fields=['endpoint', '-at'], name='feedback_newest'),
        ),
    ]
