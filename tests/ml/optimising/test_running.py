"""A whole optimisation: what is made, measured side by side, and what stands against the rest."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlregistry.ml.metrics import Outcome
from mlregistry.ml.optimising import footprint, frontier, making, measuring, running
from mlregistry.ml.optimising.running import FAILED, MADE, SKIPPED, Found
from mlregistry.ml.optimising.subject import Made, Subject
from mlregistry.ml.optimising.wish import Wish
from tests.ml.optimising.subjects import COSTS, frame, setting, silent, subject


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Found:
    wish = Wish(("thin", "cut", "quantise", "compress", "threshold"), tolerance=0.02, costs=COSTS)
    one = subject("random_forest", wish=wish, n_estimators=12)
    folder = tmp_path_factory.mktemp("optimised")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(measuring, "SECONDS", 0.05)
        return running.run(one, setting(one), frame(), folder, silent, lambda name: None)


def test_each_method_has_a_line_and_each_candidate_its_figures(found: Found) -> None:
    outcomes = {line.method: line.outcome for line in found.lines}
    assert outcomes == {
        "thin": MADE,
        "cut": SKIPPED,
        "quantise": SKIPPED,
        "compress": MADE,
        "threshold": MADE,
    }
    for figures in [found.before, *(line.figures for line in found.lines if line.outcome == MADE)]:
        assert figures["size"] > 0
        assert figures["memory_mb"] is not None
        assert figures["load_seconds"] > 0
        assert 0 < figures["one_seconds"] <= figures["native_one_seconds"]
        assert figures["cpu_one"] > 0
        assert figures["before"] == found.before["value"]
    assert found.before["difference"] == 0


def test_a_smaller_forest_is_smaller_and_the_compressed_one_equal(found: Found) -> None:
    lines = {line.method: line.figures for line in found.lines}
    assert lines["thin"]["size"] < found.before["size"]
    assert lines["thin"]["low"] <= lines["thin"]["difference"] <= lines["thin"]["high"]
    assert (lines["compress"]["apart"], lines["compress"]["changed"]) == (0, 0)
    assert (lines["compress"]["difference"], lines["compress"]["holds"]) == (0, "yes")
    assert lines["compress"]["size"] < found.before["size"]


def test_a_threshold_changes_decisions_and_what_they_cost(found: Found) -> None:
    figures = next(line.figures for line in found.lines if line.method == "threshold")
    assert figures["apart"] == 0
    assert figures["changed"] > 0
    decisions = figures["decisions"]
    assert decisions["value"] < decisions["before"]
    assert decisions["low"] <= decisions["difference"] <= decisions["high"]


def test_a_method_that_breaks_leaves_the_others_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: Subject) -> Iterator[Made]:
        raise ValueError("no such luck")

    monkeypatch.setitem(making.MAKERS, "thin", broken)
    one = subject("random_forest", wish=Wish(("thin",)), n_estimators=12)
    lines = running._tried(one, setting(one), silent)
    assert [(line.outcome, line.reason) for line in lines] == [(FAILED, "ValueError: no such luck")]


def test_a_file_that_is_no_model_has_no_footprint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "model.joblib"
    path.write_bytes(b"nothing")
    assert footprint._loaded(str(path)) == footprint.NOTHING
    monkeypatch.setattr(footprint, "MOST_SECONDS", 0.001)
    assert footprint.measured([path, path]) == [footprint.NOTHING] * 2


def test_differences_of_answers_are_counted_by_row() -> None:
    truth = np.array([0, 1, 1])
    before = Outcome(truth, np.array([0, 1, 0]), np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]]), 2)
    after = Outcome(truth, np.array([0, 1, 1]), np.array([[0.9, 0.1], [0.2, 0.8], [0.4, 0.6]]), 2)
    assert measuring.apart(before, after) == {"changed": pytest.approx(1 / 3), "apart": pytest.approx(0.2)}
    numbers = [Outcome(np.zeros(2), np.array([1.0, 2.0])), Outcome(np.zeros(2), np.array([1.0, 2.5]))]
    assert measuring.apart(*numbers) == {"changed": 0.5, "apart": 0.5}


@pytest.mark.parametrize(
    ("difference", "low", "high", "sign", "word"),
    [(-0.001, -0.004, 0.002, 1, "yes"), (-0.001, -0.02, 0.02, 1, "perhaps"), (-0.01, -0.02, 0.0, 1, "no"),
     (0.01, 0.0, 0.02, -1, "no"), (0.001, -0.01, 0.004, -1, "yes")],
)  # fmt: skip
def test_whether_a_candidate_holds_is_told_by_its_interval(
    difference: float, low: float, high: float, sign: float, word: str
) -> None:
    figures = {"difference": difference, "low": low, "high": high}
    assert measuring._holds(figures, sign, 0.005) == word


def test_the_frontier_holds_what_no_other_beats_in_both() -> None:
    points: list[dict[str, Any]] = [
        {"name": "as it is", "value": 0.9, "one_ms": 10.0, "first": True},
        {"name": "small", "value": 0.89, "one_ms": 1.0},
        {"name": "worse", "value": 0.88, "one_ms": 2.0},
        {"name": "unknown", "value": None, "one_ms": 0.1},
    ]
    plots = frontier.plots(points, metric="ROC-AUC", direction="maximize", cost_unit="EUR")
    assert list(plots) == ["one_ms"]
    assert [(one["name"], one["best"]) for one in plots["one_ms"]["points"]] == [
        ("as it is", True), ("small", True), ("worse", False)
    ]  # fmt: skip
