"""What docs/studies.md says is so: its space is valid, its program runs against a real server, its fields are known."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from experiments.api.studies import StudyIn
from experiments.models import Study, StudyState, TrialState
from mlregistry.accounts.actions import tokens
from mlregistry.accounts.actor import ALL_SCOPES
from mlregistry.accounts.models import User
from mlregistry.accounts.queries import actors
from mlregistry.ml.search import sampling, space

PAGE = (Path(__file__).resolve().parent.parent / "docs" / "studies.md").read_text()
BLOCKS = dict(re.findall(r"^```(\w+)\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL))


def test_the_space_on_the_page_is_valid() -> None:
    found = space.parse(json.loads(BLOCKS["space"]), kind="classification")
    assert set(found.estimators) == {"hist_gradient_boosting", "logistic_regression"}


def test_the_fields_on_the_page_are_those_of_the_api() -> None:
    rows = re.findall(r"^\| (`.+?) \|", PAGE, re.MULTILINE)
    named = set(re.findall(r"`(\w+)`", " ".join(rows)))
    assert named == set(StudyIn().fields) - {"name", "problem", "dataset_version", "experiment"}
    assert all(f"`{name}`" in PAGE for name in sampling.SAMPLERS)


@pytest.mark.django_db(transaction=True)
def test_the_program_on_the_page_runs(live_server: Any, bob: User, tmp_path: Path) -> None:
    _, secret = tokens.create_token("docs", scopes=ALL_SCOPES, by=actors.for_user(bob))
    program = tmp_path / "search.py"
    program.write_text(BLOCKS["python"])
    environment = {**os.environ, "MLREGISTRY_URL": live_server.url, "MLREGISTRY_TOKEN": secret}
    said = subprocess.run([sys.executable, str(program)], env=environment, capture_output=True, text=True)
    assert said.returncode == 0, said.stderr
    study = Study.objects.get()
    states = set(study.trials.values_list("state", flat=True))
    assert (study.state, study.trials.count()) == (StudyState.COMPLETE, 12)
    assert states <= {TrialState.COMPLETE, TrialState.PRUNED}
    assert study.best_value is not None
