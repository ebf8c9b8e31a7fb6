"""Starts a study on a database that is not the session's: `python -m tests.faults.own_server` prints its id."""

import io

import django
from django.core.management import call_command

django.setup()

from experiments.actions import datasets, problems, studies  # noqa: E402  # they need Django set up
from mlregistry.accounts.actor import Actor  # noqa: E402  # after Django is set up
from mlregistry.accounts.models import Team  # noqa: E402  # after Django is set up
from tests.experiments.conftest import churn_csv  # noqa: E402  # after Django is set up

SPACE = {"estimators": {"hostile": {"pause": 0.3, "C": {"low": 0.01, "high": 10.0, "log": True}}}}
PLAN = {"sampler": "random", "max_trials": 10, "n_lanes": 2}


def start() -> int:
    call_command("migrate", verbosity=0)
    by = Actor.system(Team.objects.create(name="Churn", slug="churn"))
    problem = problems.create_problem(
        "Churn", kind="classification", target="churned", primary_metric="roc_auc", by=by
    )
    dataset = datasets.create_dataset("Customers", by=by)
    version = datasets.add_version(dataset, io.BytesIO(churn_csv()), filename="customers.csv", by=by)
    study = studies.create_study(problem, version, space=SPACE, recipe={"folds": 2}, plan=PLAN, by=by)
    return int(study.pk)


if __name__ == "__main__":
    print(start())
