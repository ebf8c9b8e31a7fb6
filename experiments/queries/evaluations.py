"""A run's evaluation on test rows. Called by the API and the run's page."""

from experiments.models import Evaluation, Run


def of_run(run: Run) -> Evaluation | None:
    """With its run and the job that draws the explanation; None when it was not measured on test rows of ours."""
    return Evaluation.objects.select_related("run", "job").filter(run=run).first()
