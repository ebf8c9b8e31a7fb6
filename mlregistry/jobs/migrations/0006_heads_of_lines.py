"""An index by which a claim looks at the heads of the lines alone."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models.functions import Coalesce, Greatest


class Migration(migrations.Migration):

    atomic = False
    dependencies = [('jobs', '0005_budgets_granted')]

    operations = [
        AddIndexConcurrently(
            model_name='job',
            index=models.Index(models.F('queue'), models.F('priority'), Coalesce('team_id', 0), Greatest('queued_at', 'scheduled_at'), models.F('id'), condition=models.Q(('state', 'QUEUED')), name='jobs_job_in_line'),
        ),
    ]
