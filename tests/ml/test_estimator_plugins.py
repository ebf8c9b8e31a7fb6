"""Estimators that an installed package brings: a real one on sys.path, in this process and in a new one."""

import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from mlregistry.ml import estimator_plugins
from mlregistry.ml.estimator_entry import Entry, entry, number
from mlregistry.ml.estimators import CATALOGUE, make
from mlregistry.ml.search_range import Range

GOOD = """
from mlregistry.ml.estimator_entry import entry, number

def rows():
    return {"regression": [entry(
        "tweedie", "Tweedie regression", "sklearn.linear_model.TweedieRegressor", "For amounts of zero and more.",
        alpha=number(1.0, 0.0, 10.0).over(0.01, 10.0, log=True),
    )]}

def twice():
    return {"regression": [entry("ridge", "Ridge", "sklearn.linear_model.Ridge", "Again.")]}

def stranger():
    return {"astrology": [entry("stars", "Stars", "sklearn.linear_model.Ridge", "None.")]}

def broken():
    raise RuntimeError("no licence")
"""


def installed(folder: Path, name: str, function: str) -> None:
    """A package with metadata, as pip leaves it."""
    (folder / f"{name}.py").write_text(GOOD)
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[mlregistry.estimators]\n{name} = {name}:{function}\n")


def test_a_plugin_adds_its_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed(tmp_path, "tweedie_rows", "rows")
    monkeypatch.syspath_prepend(str(tmp_path))
    catalogue: dict[str, dict[str, Entry]] = {"regression": {}}
    estimator_plugins.add_to(catalogue)
    found = catalogue["regression"]["tweedie"]
    assert found.allowed["alpha"].search == Range(0.01, 10.0, log=True)
    assert type(found.make({"alpha": 0.5}, 1)).__name__ == "TweedieRegressor"


def test_a_new_process_offers_what_the_plugin_brings(tmp_path: Path) -> None:
    installed(tmp_path, "tweedie_elsewhere", "rows")
    code = (
        "from mlregistry.ml.recipes import parse; print(parse({'estimator': 'tweedie'}, kind='regression'))"
    )
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}
    said = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert "tweedie" in said.stdout


@pytest.mark.parametrize(
    ("function", "reason"), [("twice", "ridge"), ("stranger", "astrology"), ("broken", "no licence")]
)
def test_a_wrong_plugin_is_left_out_with_a_line_in_the_log(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    function: str,
    reason: str,
) -> None:
    installed(tmp_path, f"wrong_{function}", function)
    monkeypatch.syspath_prepend(str(tmp_path))
    catalogue = {"regression": dict(CATALOGUE["regression"])}
    with caplog.at_level(logging.ERROR):
        estimator_plugins.add_to(catalogue)
    assert catalogue["regression"] == CATALOGUE["regression"]
    assert reason in caplog.text


def test_every_search_range_lies_within_what_is_allowed() -> None:
    for kind, rows in CATALOGUE.items():
        for row in rows.values():
            for name, rule in row.allowed.items():
                if rule.search is None:
                    continue
                ends = rule.search.choices or (rule.search.low, rule.search.high)
                for end in ends:
                    value = int(end) if rule.whole else end
                    assert make(kind, row.name, {name: value}, seed=1) is not None
                if not rule.search.choices:
                    assert rule.search.low < rule.search.high
                    assert not rule.search.log or rule.search.low > 0


def test_a_parameter_without_a_range_stays_out_of_searches() -> None:
    row = entry("ridge", "Ridge", "sklearn.linear_model.Ridge", "", alpha=number(1.0, 0.0, 5.0))
    assert row.allowed["alpha"].search is None
