"""Where the files of runs and logged models lie, as MLflow's clients address them. Called by doors and models_app."""

from experiments.models import Experiment, LoggedModel, Run
from mlregistry.lib.locations import below

PROXY = "mlflow-artifacts:"
DEFAULT_ID = "0"


def experiment_id(experiment: Experiment) -> str:
    """As MLflow's clients know it."""
    return DEFAULT_ID if experiment.is_default else str(experiment.pk)


def experiment_root(experiment: Experiment) -> str:
    """Where the experiment's artifacts lie."""
    return experiment.artifact_location or f"{PROXY}/{experiment_id(experiment)}"


def run_root(run: Run) -> str:
    return below(experiment_root(run.experiment), f"{run.pk.hex}/artifacts")


def logged_model_root(model: LoggedModel) -> str:
    return below(experiment_root(model.experiment), f"models/{model.model_id}/artifacts")
