"""A page of a list says of each row what the row's own address says, and makes one serializer for all of them."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient
from rest_framework.utils.encoders import JSONEncoder

from experiments.actions.experiments import create_experiment
from experiments.actions.runs import create_run
from experiments.api.serializers import RunOut
from experiments.models import Run
from experiments.queries import runs as run_queries
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import User


def test_every_row_of_a_page_is_as_its_serializer_alone_has_it(
    bob: User,
    actor_of: Callable[..., Actor],
    api: Callable[[User], APIClient],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    by = actor_of(bob)
    experiment = create_experiment("trees", by=by)
    for n in range(3):
        create_run(experiment, name=f"run {n}", by=by)
    rows = run_queries.with_measurements(Run.objects.order_by("-started_at", "pk"))
    expected = {str(row.pk): json.loads(json.dumps(RunOut(row).data, cls=JSONEncoder)) for row in rows}
    made: list[RunOut] = []
    get_fields = RunOut.get_fields

    def counted(serializer: RunOut) -> dict[str, Any]:
        made.append(serializer)
        return get_fields(serializer)

    monkeypatch.setattr(RunOut, "get_fields", counted)
    found = api(bob).get(f"/api/v1/experiments/{experiment.pk}/runs").json()["results"]
    assert {row["id"]: row for row in found} == expected
    assert len(expected) == 3
    assert len(made) == 1
