"""Curves of many runs: short ones whole, long ones through roll-ups with every extreme, windows finer, news alone."""

import math
import random
import uuid
from collections.abc import Callable, Sequence

import pytest
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from experiments.actions import curve_rollups, logging, truncation
from experiments.actions import runs as run_actions
from experiments.actions.measurements import Metric
from experiments.models import CurveRollup, Experiment, Run
from experiments.queries import metric_curves
from experiments.queries.metric_curves import Series, Wanted
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import User
from mlregistry.errors import Invalid
from mlregistry.lib import curve_blocks

from .conftest import problem_json

pytestmark = pytest.mark.django_db
Api = Callable[..., APIClient]
N = 12_000
SPIKES = {4_321: 50.0, 8_765: -50.0}


@pytest.fixture
def run(experiment: Experiment, editor: Actor) -> Run:
    return run_actions.create_run(experiment, name="long", by=editor)


def log(run: Run, steps: Sequence[int], by: Actor, *, key: str = "loss", size: int = 2_500) -> None:
    noise = random.Random(1)
    points = [
        Metric(key, SPIKES.get(step, math.exp(-step / 5_000) + noise.gauss(0, 0.01)), step, 1_000 * step)
        for step in steps
    ]
    for start in range(0, len(points), size):
        logging.log_batch(run, metrics=points[start : start + size], by=by)


def drawn(run: Run, wanted: Wanted = Wanted(), *, key: str = "loss") -> Series:  # noqa: B008  # frozen
    curve_rollups.ready([run.pk], [key])
    return metric_curves.curves([run.pk], [key], wanted).series[0]


def test_a_short_curve_comes_whole_with_nan_as_null(run: Run, editor: Actor) -> None:
    values = [0.5, math.nan, math.inf, 0.25]
    metrics = [Metric("loss", value, step, 10 * step) for step, value in enumerate(values)]
    logging.log_batch(run, metrics=metrics, by=editor)
    logging.log_batch(run, metrics=metrics[:2], by=editor)  # sent again
    found = drawn(run)
    assert (found.steps, found.times, found.values) == (
        [0, 1, 2, 3],
        [0, 10, 20, 30],
        [0.5, None, None, 0.25],
    )
    assert not CurveRollup.objects.exists()


def test_a_long_curve_is_rolled_up_once_and_keeps_its_spikes(run: Run, editor: Actor) -> None:
    log(run, range(N), editor)
    found = drawn(run, Wanted(points=300))
    assert not found.whole
    assert found.n_points == N
    assert len(found.steps) <= 300
    assert {(step, SPIKES[step]) for step in SPIKES} <= set(zip(found.steps, found.values, strict=True))
    assert found.steps[-1] == N - 1
    assert not curve_rollups.ready([run.pk], ["loss"])


def test_folding_piece_by_piece_is_like_folding_at_once(
    run: Run, editor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mlregistry.lib.curve_blocks.MOST_BLOCKS", 256)
    for start in range(0, N, 6_000):
        log(run, range(start, start + 6_000), editor)
        assert curve_rollups.tend() == 1
    row = CurveRollup.objects.get()
    blocks = curve_blocks.unpacked(row.blocks)
    assert sum(block.n for block in blocks) == N
    assert len(blocks) <= 256
    assert min(block.low for block in blocks)[0] is not None
    assert {block.low[2] for block in blocks} >= {-50.0}
    assert {block.high[2] for block in blocks} >= {50.0}


def test_steps_out_of_order_are_drawn_in_order(run: Run, editor: Actor) -> None:
    log(run, [*range(6_000, N), *range(6_000)], editor)
    found = drawn(run, Wanted(points=300))
    assert found.steps == sorted(found.steps)
    assert found.n_points == N


@pytest.mark.parametrize(("axis", "unit"), [("step", 1), ("time", 1_000)])
def test_a_window_is_answered_in_finer_points(run: Run, editor: Actor, axis: str, unit: int) -> None:
    log(run, range(N), editor, size=500)
    found = drawn(run, Wanted(points=300, axis=axis, low=4_300 * unit, high=4_399 * unit))
    assert found.steps == list(range(4_300, 4_400))
    assert found.values[21] == 50.0


def test_a_window_too_wide_to_read_point_by_point_comes_from_the_blocks(
    run: Run, editor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    log(run, range(N), editor)
    monkeypatch.setattr(metric_curves, "MOST_RAW", 100)
    found = drawn(run, Wanted(points=300, low=4_000, high=9_000))
    assert min(found.steps) >= 4_000
    assert max(found.steps) <= 9_000
    assert set(SPIKES) <= set(found.steps)


def test_only_what_is_new_comes_with_since(run: Run, editor: Actor) -> None:
    log(run, range(10), editor)
    seen = metric_curves.curves([run.pk], ["loss"], Wanted()).runs[run.pk.hex].changes
    assert metric_curves.curves([run.pk], ["loss"], Wanted(since={run.pk: seen})).series == []
    log(run, range(10, 12), editor)
    found = metric_curves.curves([run.pk], ["loss"], Wanted(since={run.pk: seen}))
    assert [one.steps for one in found.series] == [[10, 11]]
    assert found.runs[run.pk.hex].changes > seen


def test_so_much_that_is_new_is_to_be_asked_for_anew(
    run: Run, editor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    log(run, range(20), editor)
    monkeypatch.setattr(metric_curves, "MOST_NEW", 10)
    found = metric_curves.curves([run.pk], ["loss"], Wanted(since={run.pk: 0})).series[0]
    assert found.reset
    assert found.steps == []


def test_cutting_a_history_forgets_its_roll_up(run: Run, editor: Actor) -> None:
    log(run, range(N), editor)
    drawn(run)
    truncation.truncate_metrics(run, after_step=5_999, by=editor)
    assert not CurveRollup.objects.exists()
    found = drawn(run)
    assert found.n_points == 6_000
    assert max(found.steps) == 5_999


def test_many_curves_cost_the_same_queries_as_one(
    experiment: Experiment, editor: Actor, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    runs = [run_actions.create_run(experiment, by=editor) for _ in range(5)]
    for one in runs:
        for key in ("loss", "acc"):
            logging.log_batch(one, metrics=[Metric(key, 0.5, step) for step in range(3)], by=editor)
    with django_assert_num_queries(4):
        found = metric_curves.curves([one.pk for one in runs], ["loss", "acc", "none"], Wanted())
    assert len(found.series) == 10


def test_what_is_asked_for_has_limits() -> None:
    one = uuid.uuid4()
    for runs, keys, wanted, field in (
        ([], ["a"], Wanted(), "run"),
        ([one] * 201, ["a"], Wanted(), "run"),
        ([one], [], Wanted(), "key"),
        ([one] * 100, ["a"] * 5, Wanted(), "key"),
        ([one], ["a"], Wanted(points=10), "points"),
        ([one] * 100, ["a"], Wanted(points=10_000), "points"),
        ([one], ["a"], Wanted(axis="weight"), "axis"),
        ([one], ["a"], Wanted(scale="sqrt"), "scale"),
    ):
        with pytest.raises(Invalid) as caught:
            metric_curves.curves(runs, keys, wanted)
        assert caught.value.field == field


def test_curves_come_by_the_api(api: Api, vera: User, charlie: User, run: Run, editor: Actor) -> None:
    log(run, range(100), editor)
    address = f"/api/v1/metric-curves?run={run.pk.hex}&key=loss&points=30&low=10&high=19&axis=step"
    body = api(vera).get(address).json()
    assert body["series"][0]["steps"] == list(range(10, 20))
    assert body["runs"][run.pk.hex]["status"] == "RUNNING"
    assert api(charlie).get(address).status_code == 404
    client = api(vera)
    for wrong, field in (
        ("run=x&key=loss", "run"),
        (f"run={run.pk}", "key"),
        (f"run={run.pk}&key=loss&low=left", "low"),
        (f"run={run.pk}&key=loss&high=nan", "high"),
        (f"run={run.pk}&key=loss&since=-1", "since"),
        (f"run={run.pk}&key=loss&since=1&since=2", "since"),
        (f"run={run.pk}&key=loss%00", "key"),
    ):
        answer = client.get(f"/api/v1/metric-curves?{wrong}")
        assert answer.status_code == 400, wrong
        assert problem_json(answer)["field"] == field


def test_news_of_a_run_come_by_the_api_until_it_ends(
    api: Api, vera: User, charlie: User, run: Run, editor: Actor
) -> None:
    log(run, range(3), editor)
    client, address = api(vera), f"/api/v1/runs/{run.pk}/live"
    first = client.get(f"{address}?key=loss&log_after=-1").json()
    assert (first["status"], first["is_live"], first["job"], first["lines"]) == ("RUNNING", True, None, [])
    assert first["metrics"]["loss"]["step"] == 2
    assert first["series"][0]["steps"] == [0, 1, 2]
    quiet = client.get(f"{address}?key=loss&since={first['changes']}").json()
    assert (quiet["metrics"], quiet["series"]) == ({}, [])
    run_actions.finish_run(run, "FINISHED", by=editor)
    assert client.get(f"{address}?since={first['changes']}").json()["is_live"] is False
    assert api(charlie).get(address).status_code == 404
