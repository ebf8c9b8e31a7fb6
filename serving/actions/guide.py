"""The first steps, each one deed: sample data, training, the best registered, served. The guide calls it."""

import io
import re

from django.db import transaction

from experiments.actions.auto_trainings import just_train
from experiments.actions.datasets import add_version, create_dataset
from experiments.actions.problems import create_problem
from experiments.models import Dataset, Problem
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Role
from mlregistry.errors import Conflict, Invalid
from mlregistry.lib.sample_tables import SAMPLES
from models_app.actions.aliases import set_or_await
from models_app.actions.versions import register
from models_app.models import ModelVersion
from serving.actions.endpoints import VariantSpec, create_endpoint
from serving.models import Endpoint
from serving.queries import guide as queries

MINUTES = 1.0
ALIAS = "champion"
UNFIT = re.compile(r"[^A-Za-z0-9]+")


def start_with_sample(key: str, *, by: Actor) -> Problem:
    """The sample's problem with its table; what is there already is used."""
    by.require(Role.EDITOR)
    sample = SAMPLES.get(key)
    if sample is None:
        raise Invalid(f"There is no sample “{key[:60]}”: choose {' or '.join(SAMPLES)}.", field="sample")
    with transaction.atomic():
        problem = Problem.objects.filter(team=by.team, name=sample.title).first() or create_problem(
            sample.title, kind=sample.kind, target=sample.target, primary_metric=sample.metric,
            success_threshold=sample.threshold, goal=sample.goal, by=by,
        )  # fmt: skip
        dataset = Dataset.objects.filter(team=by.team, name=sample.title).first() or create_dataset(
            sample.title, description="Made up by this server to learn with.", problem=problem, by=by
        )
        add_version(dataset, io.BytesIO(sample.as_csv()), filename=sample.filename, by=by)
    return problem


def train(problem: Problem, *, by: Actor) -> None:
    """“Just train it” within a minute; nothing while one is under way."""
    standing = queries.standing(problem)
    if standing.version is None:
        raise Conflict("There is no data to train on yet. Bring a table first.")
    if not standing.is_training:
        just_train(problem, standing.version, minutes=MINUTES, by=by)


def register_best(problem: Problem, *, by: Actor) -> ModelVersion:
    """The model that the training chose, as champion once its tests have passed."""
    standing = queries.standing(problem)
    if standing.model_version is not None:
        return standing.model_version
    if standing.run is None:
        raise Conflict("No model is trained yet. Train first, or wait until the training has ended.")
    with transaction.atomic():
        version = register(standing.run, name_for(problem), by=by)
        set_or_await(version.model, ALIAS, version, by=by)
    return version


def serve(problem: Problem, *, by: Actor) -> Endpoint:
    """All traffic to the newest version of the problem."""
    standing = queries.standing(problem)
    if standing.endpoint is not None:
        return standing.endpoint
    if standing.model_version is None:
        raise Conflict("No model is registered yet. Register the best first.")
    taken = set(Endpoint.objects.filter(team=by.team).values_list("name", flat=True))
    name = name_for(problem)
    free = next(one for one in (name, *(f"{name}-{n}" for n in range(2, len(taken) + 3))) if one not in taken)
    variant: VariantSpec = {"name": ALIAS, "version": standing.model_version, "weight": 100.0}
    return create_endpoint(free, variants=[variant], problem=problem, by=by)


def name_for(problem: Problem) -> str:
    """“Customer churn (sample)” → customer-churn-sample"""
    return UNFIT.sub("-", problem.name).strip("-").lower()[:80] or f"problem-{problem.pk}"
