"""The unmodified mlflow client from PyPI against a live server, both generations; see `scenarios/`."""

from pathlib import Path

import pytest

from tests.mlflow_client.environments import (
    GENERATIONS,
    SCENARIO_SECONDS,
    SCENARIOS,
    ServerUnderTest,
    client_python,
    run_scenarios,
)

FILES = sorted(path.name for path in SCENARIOS.glob("test_*.py"))
SUBJECTS = sorted({name.split("_")[1] for name in FILES})  # one client process each: its imports take seconds


@pytest.mark.timeout(SCENARIO_SECONDS + 240)
@pytest.mark.parametrize("generation", GENERATIONS)
@pytest.mark.parametrize("subject", SUBJECTS)
def test_the_real_client_sees_what_mlflow_would_show(
    subject: str, generation: str, tracking_server: ServerUnderTest, tmp_path: Path
) -> None:
    names = [name for name in FILES if name.startswith(f"test_{subject}_")]
    outcomes = run_scenarios(names, generation, tracking_server, tmp_path)
    failed = {check: text for check, text in outcomes.items() if text}
    assert not failed, "\n\n".join(f"--- {check}\n{text}" for check, text in failed.items())


def test_a_missing_client_environment_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_MLFLOW3_PYTHON", "/nowhere/python")
    with pytest.raises(FileNotFoundError, match="make test"):
        client_python("mlflow3")


def test_a_scenario_that_cannot_run_is_a_failure_with_its_output(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="did not run"):
        run_scenarios(
            ["test_that_is_not_there.py"], "mlflow3", ServerUnderTest("http://127.0.0.1:9", ""), tmp_path
        )
