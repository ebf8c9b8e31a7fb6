"""Runs of model tests as their job leaves them, for tests of what follows from them."""

from typing import Any

from mlregistry.accounts.actor import Actor
from mlregistry.ml.model_tests.result import Result, failed, passed
from models_app.actions.model_tests import keep_results
from models_app.models import ModelTestRun, ModelVersion
from models_app.queries import model_tests as queries


def with_tests(version: ModelVersion, *, against: str = "", severity: str = "blocks") -> ModelTestRun:
    """All is well, but for the check named `against`."""
    facts: dict[str, Any] = {
        "files_digest": queries.files_digest(version),
        "compiled_digest": queries.compiled_digest(version),
        "policy_digest": queries.policy_digest(queries.gate_of(version)),
    }
    lines = [_line("finite_answers", passed("All answers are finite.", 0, 0))]
    if against:
        lines.append({**_line(against, failed("It is not. Mend it.", 2, 1)), "severity": severity})
    n_failed = 1 if against else 0
    facts["counts"] = {"passed": 1, "failed": n_failed, "broke": 0, "warnings": 0, "skipped": 0}
    run = ModelTestRun.objects.create(version=version)
    return keep_results(run, lines, facts=facts, by=Actor.system(version.model.team))


def _line(name: str, result: Result) -> dict[str, object]:
    return {
        "name": name, "title": name.replace("_", " ").capitalize(), "group": "Checks", "about": "",
        "severity": "blocks",
        **result.to_json(), "seconds": 0.0,
    }  # fmt: skip
