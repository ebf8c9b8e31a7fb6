"""What a column means, with the reason, and a contract that its own version and the next one keep."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mlregistry.ml.contracts import checking, inference, parsing
from tests.ml.contracts.tables import NOW, parts, profiled

N = 60


def proposed(folder: Path, *frames: Any, now: datetime = NOW) -> inference.Proposal:
    return inference.infer(profiled(folder, *frames), parts(folder, *frames), now=now)


MEANINGS: list[tuple[str, list[Any], str]] = [
    ("x", [None] * N, "constant"),
    ("x", ["DE"] * N, "constant"),
    ("x", [True, False] * 30, "boolean"),
    ("x", ["Yes", "no"] * 30, "boolean"),
    ("x", [0, 1] * 30, "boolean"),
    ("x", [3, 4] * 30, "numeric"),
    ("x", [*np.linspace(0, 1, N)], "numeric"),
    ("customer_id", [*range(1000, 1000 + 7 * N, 7)], "identifier"),
    ("n", [*range(N)], "identifier"),
    ("userId", [i % 30 for i in range(N)], "identifier"),
    ("zip_code", [i % 4 for i in range(N)], "categorical"),
    ("x", [f"k{i}" for i in range(N)], "identifier"),
    ("x", ["a", "b", "c"] * 20, "categorical"),
    ("x", [f"the {i} quick foxes jump" for i in range(N)], "text"),
    ("x", [*pd.date_range("2024-01-01", periods=N)], "datetime"),
    ("x", [f"2024-01-{1 + i % 28:02d}" for i in range(N)], "datetime"),
]


@pytest.mark.parametrize(("name", "values", "type"), MEANINGS)
def test_each_meaning_is_guessed_with_a_reason(
    name: str, values: list[Any], type: str, tmp_path: Path
) -> None:
    frame = pd.DataFrame({name: values})
    if values[0] is None:
        frame[name] = frame[name].astype(str).where(frame[name].notna())
    proposal = proposed(tmp_path, frame)
    assert proposal.contract.columns[0].type == type
    assert proposal.reasons[name].endswith(".")


def sales(n: int, seed: int) -> pd.DataFrame:
    chance = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "order": [f"{seed * 1000 + i:05d}-{'ABC'[i % 3]}X" for i in range(n)],
            "price": chance.gamma(2, 20, n),
            "warmth": chance.normal(-5, 3, n),
            "discount_rate": np.where(chance.random(n) < 0.1, np.nan, chance.random(n)),
            "channel": chance.choice(["web", "shop"], n),
            "at": pd.Timestamp("2024-01-01") + pd.to_timedelta(chance.integers(0, 100, n), unit="D"),
        }
    )


def test_proposed_constraints_are_wide_enough_for_the_next_version(tmp_path: Path) -> None:
    proposal = proposed(tmp_path, sales(300, 1), sales(300, 2))
    rules = {rule.name: rule for rule in proposal.contract.columns}
    assert (rules["order"].unique, rules["order"].pattern) == (True, "[0-9]{5}-[A-Z]{2}")
    assert (rules["price"].min, rules["discount_rate"].min, rules["discount_rate"].max) == (0, 0, 1)
    assert (rules["warmth"].min or 0) < -14
    assert rules["discount_rate"].max_missing is not None
    assert 0.1 < rules["discount_rate"].max_missing < 0.25
    assert rules["channel"].categories == ("shop", "web")
    assert (rules["at"].earliest, rules["at"].latest) == ("2024-01-01", "now")
    assert proposal.contract.table.min_rows == 300
    assert parsing.parse(proposal.contract.to_json()) == proposal.contract
    for seed in (1, 3, 4):
        report = checking.check(proposal.contract, parts(tmp_path, sales(400, seed), stem="n"), now=NOW)
        assert report.results == (), report.results


def test_times_in_the_future_are_not_forbidden_when_they_are_there_already(tmp_path: Path) -> None:
    proposal = proposed(tmp_path, sales(50, 1), now=datetime(2024, 1, 2, tzinfo=UTC))
    assert proposal.contract.columns[-1].latest is None


def test_a_shape_that_not_every_value_has_makes_no_pattern(tmp_path: Path) -> None:
    codes = [f"{i:04d}" for i in range(60_000)]
    codes[-1] = "other"
    proposal = proposed(tmp_path, {"code": codes})
    assert proposal.contract.columns[0].pattern is None
