"""Tokens of one run: which routes they may call, and for what. Called by the door; what is not listed is refused.

A trainer's job has such a token; it counts while that job runs.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable

from experiments.models import model_key
from experiments.queries import artifacts, trainers
from experiments.queries.artifacts import Place
from mlregistry.errors import Forbidden

from .route import Call, Route

Rule = Callable[[Call, uuid.UUID], bool]


def hold(call: Call, route: Route) -> None:
    """Forbidden unless the token is an ordinary one, or the request is about its run."""
    only = call.token.only_run if call.token is not None else None
    if only is None:
        return
    rule = RULES.get((route.method, route.path.removeprefix("2.0/mlflow/")))
    if rule is None or not rule(call, only):
        raise _refusal(only)
    if not trainers.is_worked_on(only):
        raise Forbidden("The job that this token was made for is over.")


def hold_to(call: Call, run_id: str) -> None:
    """The same for a route that reads its body itself."""
    only = call.token.only_run if call.token is not None else None
    if only is not None and run_id != only.hex:
        raise _refusal(only)


def _refusal(only: uuid.UUID) -> Forbidden:
    return Forbidden(f"This token is for the run {only.hex} alone, to log to it.")


def _of_run(call: Call, only: uuid.UUID) -> bool:
    return bool(call.given["run_id"] == only.hex)


def _read_later(call: Call, only: uuid.UUID) -> bool:
    return True


def _of_source(call: Call, only: uuid.UUID) -> bool:
    given = call.given
    return given["source_run_id"] == only.hex and trainers.lies_in(only, number=given["experiment_id"])


def _of_experiment(call: Call, only: uuid.UUID) -> bool:
    return trainers.lies_in(
        only, number=call.given.get("experiment_id"), name=call.given.get("experiment_name")
    )


def _of_model(call: Call, only: uuid.UUID) -> bool:
    return trainers.made(only, model_key(call.path["model_id"]))


def _of_path(call: Call, only: uuid.UUID) -> bool:
    return _is_inside(artifacts.place(call.by, call.path["path"]), only)


def _of_listing(call: Call, only: uuid.UUID) -> bool:
    return _is_inside(artifacts.place(call.by, call.given["path"]), only)


def _is_inside(place: Place, only: uuid.UUID) -> bool:
    if place.model_id is not None:
        return trainers.made(only, place.model_id)
    return place.run_id == only


PROXY = "2.0/mlflow-artifacts/"
RULES: dict[tuple[str, str], Rule] = {
    ("GET", "runs/get"): _of_run,
    ("POST", "runs/update"): _of_run,
    ("POST", "runs/log-metric"): _of_run,
    ("POST", "runs/log-parameter"): _of_run,
    ("POST", "runs/set-tag"): _of_run,
    ("POST", "runs/delete-tag"): _of_run,
    ("POST", "runs/log-batch"): _read_later,
    ("POST", "runs/log-inputs"): _of_run,
    ("POST", "runs/outputs"): _of_run,
    ("POST", "runs/log-model"): _of_run,
    ("GET", "metrics/get-history"): _of_run,
    ("GET", "artifacts/list"): _of_run,
    ("GET", "experiments/get"): _of_experiment,
    ("GET", "experiments/get-by-name"): _of_experiment,
    ("POST", "logged-models"): _of_source,
    ("GET", "logged-models/{model_id}"): _of_model,
    ("PATCH", "logged-models/{model_id}"): _of_model,
    ("PATCH", "logged-models/{model_id}/tags"): _of_model,
    ("POST", "logged-models/{model_id}/params"): _of_model,
    ("GET", PROXY + "artifacts/{path:path}"): _of_path,
    ("PUT", PROXY + "artifacts/{path:path}"): _of_path,
    ("GET", PROXY + "artifacts"): _of_listing,
}
