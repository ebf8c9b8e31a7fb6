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
TRACKING = [name for name in FILES if name.startswith("test_tracking_")]
# A client process for each part: its imports take seconds.
PARTS = {"tracking": TRACKING, "others": [name for name in FILES if name not in TRACKING]}


@pytest.mark.timeout(SCENARIO_SECONDS + 240)
@pytest.mark.parametrize("generation", GENERATIONS)
@pytest.mark.parametrize("part", PARTS)
def test_the_real_client_sees_what_mlflow_would_show(
    part: str, generation: str, tracking_server: ServerUnderTest, tmp_path: Path
) -> None:
    outcomes = run_scenarios(PARTS[part], generation, tracking_server, tmp_path)
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
