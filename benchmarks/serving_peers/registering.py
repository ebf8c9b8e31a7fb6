"""`python -m benchmarks.serving_peers.registering <folder> …`: puts model files behind endpoints of a server.

Run with the server's environment. Each folder holds model.joblib and table.csv; its name is the endpoint's, with “-on”
and “-off” for the prediction log.
"""

# ruff: noqa: E402 - models can only be imported once Django is set up

import sys
import tempfile
import time
from pathlib import Path

import django

django.setup()

import joblib
import pandas as pd

from experiments.actions import artifacts, datasets
from experiments.actions.experiments import create_experiment
from experiments.actions.runs import create_run, finish_run
from experiments.models import DatasetVersion, Run
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import User
from mlregistry.jobs.models import LIVE, Job
from mlregistry.ml import packaging, signature
from models_app.actions.versions import register
from models_app.models import Compilation, ModelVersion
from serving.actions.endpoints import create_endpoint

COMPILE_SECONDS = 300


def main() -> None:
    by = owner()
    for folder in map(Path, sys.argv[1:]):
        version = registered(folder, by)
        await_compilation(version)
        for name, mode in (("on", "durable"), ("best-effort", "best-effort"), ("off", "off")):
            variants = [{"name": "only", "version": version, "weight": 100.0}]
            create_endpoint(f"{folder.name}-{name}", variants=variants, log_mode=mode, by=by)  # type: ignore[arg-type]  # a plain dict


def owner() -> Actor:
    """The first one, in their own team."""
    user = User.objects.select_related("default_team").get(username="owner")
    assert user.default_team is not None
    return Actor.system(user.default_team, user=user)


def registered(folder: Path, by: Actor, *, model: str = "", with_data: bool = True) -> ModelVersion:
    """As a training leaves it: the run with its data, signature and example, the model's files saved by a job."""
    frame = pd.read_csv(folder / "table.csv")
    data = _data(folder, by) if with_data else None
    inputs, classes = frame.drop(columns="y"), sorted(frame["y"].unique().tolist())
    known = signature.infer(inputs, target="y", output_type="integer", classes=classes)
    run = create_run(create_experiment(folder.name, by=by), dataset_version=data, by=by)
    example = [{name: signature.plain(value) for name, value in inputs.iloc[0].items()}]
    Run.objects.filter(pk=run.pk).update(signature=known.to_json(), input_example=example)
    with tempfile.TemporaryDirectory() as saved:
        for file in packaging.save(joblib.load(folder / "model.joblib"), Path(saved)):
            artifacts.save_artifact(run, f"model/{file.name}", Path(saved) / file.name, by=by)
    finish_run(run, "FINISHED", by=by)
    return register(Run.objects.get(pk=run.pk), model or folder.name, by=by)


def _data(folder: Path, by: Actor) -> DatasetVersion:
    dataset = datasets.create_dataset(folder.name, by=by)
    return datasets.add_version(dataset, folder / "table.csv", filename="table.csv", by=by)


def await_compilation(version: ModelVersion) -> None:
    deadline = time.monotonic() + COMPILE_SECONDS
    while Job.objects.filter(kind="models_app.compile", args__version_id=version.pk, state__in=LIVE).exists():
        if time.monotonic() > deadline:
            break
        time.sleep(0.2)
    report = Compilation.objects.get(version=version).report or {}
    print(f"{version.model.name}: served by {report.get('winner', 'the native model')}", file=sys.stderr)


if __name__ == "__main__":
    main()
