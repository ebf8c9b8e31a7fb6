"""What the operator grants a team beside what its owners set."""

import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [('jobs', '0004_pause')]

    operations = [
        migrations.AddField(
            model_name='budget',
            name='most_cpu_hours',
            field=models.FloatField(blank=True, help_text='granted by the operator', null=True, validators=[django.core.validators.MinValueValidator(0)]),
        ),
        migrations.AddField(
            model_name='budget',
            name='most_money',
            field=models.FloatField(blank=True, help_text='granted by the operator', null=True, validators=[django.core.validators.MinValueValidator(0)]),
        ),
        migrations.AddConstraint(
            model_name='budget',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('most_money', None), ('most_money__gte', 0), _connector='OR'), models.Q(('most_cpu_hours', None), ('most_cpu_hours__gte', 0), _connector='OR')), name='jobs_budget_grant_not_negative'),
        ),
    ]
