"""What load tests said of versions, held against what a model's gate asks. For gates, doors and the load tests."""

from typing import Any, NamedTuple

from mlregistry.ml.model_tests import load_policy
from models_app.models import LoadVerdict, ModelGate, ModelVersion
from models_app.queries import model_tests


class Missing(NamedTuple):
    """`failed`: it was measured and is not enough; otherwise a load test that counts is yet to come."""

    failed: bool
    reason: str


def served_digest(version: ModelVersion) -> str:
    """Tells the files and the form by which the version answers now from others."""
    return model_tests.digest([model_tests.files_digest(version), model_tests.compiled_digest(version)])


def newest(version: ModelVersion) -> LoadVerdict | None:
    return LoadVerdict.objects.filter(version=version).first()


def missing(version: ModelVersion, gate: ModelGate) -> Missing | None:
    """What the model's gate still wants of load tests; None when it wants nothing, or nothing more."""
    if gate.load_test is None:
        return None
    found = newest(version)
    if found is None:
        return Missing(
            False,
            f"{version} has no load test with a goal yet. Put it behind an endpoint and test that variant.",
        )
    if found.served != served_digest(version):
        return Missing(
            False,
            f"The load test of {version} does not count any more: other files or another form serve since then."
            " Run it again.",
        )
    reasons = [] if found.is_passed else [str(one) for one in found.reasons] or ["Its goal was missed."]
    reasons += load_policy.shortfalls(gate.load_test, found.figures)
    return Missing(True, f"{version} fails its load test. {reasons[0]}") if reasons else None


def verdict_json(found: LoadVerdict | None) -> dict[str, Any] | None:
    return None if found is None else {
        "is_passed": found.is_passed, "is_current": found.served == served_digest(found.version),
        "goal": found.goal, "figures": found.figures, "reasons": found.reasons, "at": found.at,
        "endpoint": found.endpoint_name, "load_test": found.load_test_id,
    }  # fmt: skip
