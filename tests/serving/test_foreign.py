"""A version from outside behind an endpoint: its closed form answers, and nothing else of it is loaded."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

from mlregistry.accounts.actor import Actor
from mlregistry.jobs.inline import run_here
from mlregistry.jobs.models import Job, State
from models_app.actions import intakes
from models_app.models import Intake
from serving import live_routing
from serving.actions.endpoints import create_endpoint
from serving.hotpath.models import LoadedModel
from tests.models_app import foreign
from tests.serving.damage import damaged

pytestmark = pytest.mark.django_db
HEADERS = {"content-type": "application/json"}


def asked(by: Actor, rows: list[dict[str, Any]]) -> tuple[int, Any]:
    body = json.dumps({"dataframe_records": rows}).encode()
    status, _, answer = live_routing.predict_as(by, "foreign", body, HEADERS)
    return status, json.loads(answer)


def test_an_uploaded_model_answers_as_it_does_at_home_by_its_closed_form_alone(by: Actor) -> None:
    body = foreign.written(foreign.pipeline(), "a.skops")
    version = intakes.upload("foreign", io.BytesIO(body), "a.skops", by=by)
    assert run_here(Job.objects.get(kind=intakes.JOB)).state == State.SUCCEEDED
    version.refresh_from_db()
    create_endpoint("foreign", variants=[{"name": "only", "version": version, "weight": 100}], by=by)
    frame, _ = foreign.table()
    rows = frame.head(20).to_dict("records")
    status, answer = asked(by, [{str(name): value for name, value in row.items()} for row in rows])
    assert status == 200
    assert answer["predictions"] == foreign.pipeline().predict(frame.head(20)).tolist()
    assert answer["probabilities"] == foreign.pipeline().predict_proba(frame.head(20)).tolist()
    (model,) = live_routing.here().snapshot.models.values()
    assert isinstance(model, LoadedModel)
    assert model.pipeline is None
    assert asked(by, [{"age": "old", "plan": "gold"}])[0] == 400
    assert asked(by, [{"age": 1e300, "plan": "gold"}])[0] == 400
    with damaged(Path(str(model.handle.folder)) / model.handle.file["name"], model.handle.file["sha256"]):
        live_routing.reset()
        status, answer = asked(by, [{"age": 30.0, "plan": "gold"}])
    assert status == 503
    assert "is not loaded" in answer["detail"]
    assert Intake.objects.get().state == "accepted"
