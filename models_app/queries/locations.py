"""Where the files of runs and logged models lie, as MLflow's clients address them. Called by actions.origins."""

from experiments.models import Experiment, LoggedModel, Run
from mlregistry.lib.locations import below

PROXY = "mlflow-artifacts:"


def run_root(run: Run) -> str:
    return below(_root(run.experiment), f"{run.pk.hex}/artifacts")


def logged_model_root(model: LoggedModel) -> str:
    return below(_root(model.experiment), f"models/m-{model.pk.hex}/artifacts")


def _root(experiment: Experiment) -> str:
    place = "0" if experiment.is_default else experiment.pk
    return experiment.artifact_location or f"{PROXY}/{place}"
