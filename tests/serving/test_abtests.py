"""A/B tests on a real endpoint: what is declared stays, looks find what differs, the split is watched, one wins."""

import math
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import AuditEvent, User
from mlregistry.errors import Conflict, Forbidden, Invalid
from models_app.models import Alias, ModelVersion
from serving import live_routing
from serving.actions.abtest_declarations import Declaration
from serving.actions.abtest_looks import tend
from serving.actions.abtests import promote, start_test, stop_test
from serving.actions.endpoints import set_variants, update_endpoint
from serving.actions.feedback import record_feedback
from serving.models import AbTest, AbTestState, Endpoint, Prediction
from serving.queries import abtest_metrics, abtest_plans, abtest_units, abtests, routing
from tests.serving.answering import answered, logged
from tests.serving.conftest import ROW, two_variants

ActorOf = Callable[..., Actor]
BASE = Declaration(
    "Is the new one better?",
    "champion",
    metric="accuracy",
    horizon=2000,
    weights={"champion": 50, "challenger": 50},
)


def look(test: AbTest, *, minutes: float = 10) -> AbTest:
    assert tend(timezone.now() + timedelta(minutes=minutes)) == 1
    return AbTest.objects.get(pk=test.pk)


def test_the_declared_split_is_live_and_written_down(endpoint: Endpoint, by: Actor) -> None:
    before = routing.epoch()
    test = start_test(endpoint, replace(BASE, margin=0.01, effect=0.05, alias="champion"), by=by)
    assert routing.epoch() > before
    assert {v.name: float(v.weight) for v in endpoint.variants.all()} == {"champion": 50, "challenger": 50}
    assert [step.weights for step in test.steps.all()] == [{"champion": 50, "challenger": 50}]
    line = AuditEvent.objects.get(action="ab_test.start")
    assert line.details["metric"] == "accuracy"
    assert line.details["margin"] == 0.01


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"mode": "guess"}, "mode"),
        ({"control": "nobody"}, "control"),
        ({"metric": "rmse"}, "metric"),
        ({"metric": "absolute_error"}, "metric"),
        ({"metric": "outcome"}, "outcome"),
        ({"metric": "accuracy", "maximize": False}, "maximize"),
        ({"margin": float("nan")}, "margin"),
        ({"alpha": 0.5}, "alpha"),
        ({"margin": 0.1, "effect": 0.05}, "effect"),
        ({"horizon": 3}, "horizon"),
        ({"cuped_days": 91}, "cuped_days"),
        ({"weights": {"champion": 100, "challenger": 0}}, "weights"),
        ({"weights": {"champion": 50, "challenger": 40}}, "weights"),
        ({"weights": {"champion": 50, "nobody": 50}}, "weights"),
        ({"alias": "a b"}, "alias"),
        ({"mode": "canary"}, "guardrails"),
        ({"mode": "canary", "guardrails": {"taste": 1.0}}, "guardrails"),
        ({"mode": "canary", "guardrails": {"error_rate": 2.0}}, "error_rate"),
        ({"mode": "canary", "guardrails": {"p99_seconds": 0.123}}, "p99_seconds"),
        ({"mode": "canary", "guardrails": {"error_rate": 0.1}, "steps": (5.0, 1.0, 100.0)}, "steps"),
        ({"mode": "canary", "guardrails": {"error_rate": 0.1}, "steps": (5.0, 50.0)}, "steps"),
        ({"mode": "bandit", "floor": 60.0}, "floor"),
        ({"mode": "bandit", "every_seconds": 5}, "every_seconds"),
    ],
)
def test_a_wrong_declaration_names_its_field_and_starts_nothing(
    wrong: dict[str, object], field: str, endpoint: Endpoint, by: Actor
) -> None:
    before = routing.epoch()
    with pytest.raises(Invalid) as raised:
        start_test(endpoint, replace(BASE, **wrong), by=by)  # type: ignore[arg-type]  # fields of many types
    assert raised.value.field == field
    assert not AbTest.objects.exists()
    assert routing.epoch() == before


def test_one_test_at_a_time_and_nobody_else_touches_the_split(
    endpoint: Endpoint, versions: list[ModelVersion], by: Actor
) -> None:
    test = start_test(endpoint, BASE, by=by)
    with pytest.raises(Conflict, match="Another test is running"):
        start_test(endpoint, BASE, by=by)
    with pytest.raises(Conflict, match="Stop it first"):
        set_variants(endpoint, two_variants(versions, 10, 90), by=by)
    with pytest.raises(Conflict, match="Stop it first"):
        update_endpoint(endpoint, log_mode="off", by=by)
    stop_test(test, by=by)
    set_variants(endpoint, two_variants(versions, 10, 90), by=by)
    start_test(endpoint, replace(BASE, weights=None), by=by)


def test_a_test_without_a_log_is_refused(endpoint: Endpoint, by: Actor) -> None:
    update_endpoint(endpoint, log_mode="off", by=by)
    with pytest.raises(Invalid) as raised:
        start_test(Endpoint.objects.get(pk=endpoint.pk), BASE, by=by)
    assert raised.value.field == "log_mode"


@pytest.mark.parametrize("change", [{"margin": 0.5}, {"metric": "log_loss"}, {"horizon": 77}, {"alpha": 0.2}])
def test_what_was_declared_cannot_be_changed_even_in_the_database(
    change: dict[str, object], endpoint: Endpoint, by: Actor
) -> None:
    test = start_test(endpoint, BASE, by=by)
    with pytest.raises(IntegrityError, match="cannot be changed"), transaction.atomic():
        AbTest.objects.filter(pk=test.pk).update(**change)
    AbTest.objects.filter(pk=test.pk).update(reason="this may")


def test_a_viewer_only_looks(endpoint: Endpoint, by: Actor, vera: User, actor_of: ActorOf) -> None:
    test = start_test(endpoint, BASE, by=by)
    acts: tuple[Callable[[Actor], object], ...] = (
        lambda who: start_test(endpoint, BASE, by=who),
        lambda who: stop_test(test, by=who),
        lambda who: promote(test, "challenger", by=who),
    )
    for act in acts:
        with pytest.raises(Forbidden):
            act(actor_of(vera))


def test_a_better_challenger_wins_and_is_promoted_with_its_alias(
    endpoint: Endpoint, versions: list[ModelVersion], by: Actor
) -> None:
    test = start_test(endpoint, replace(BASE, alias="champion"), by=by)
    logged(endpoint, {"champion": 0.6, "challenger": 0.75}, n=2400)
    test = look(test)
    (one,) = test.looks.get().figures["comparisons"]
    assert one["verdict"] == "wins"
    assert 0 < one["low"] < one["improvement"] < one["high"]
    rows = {row["variant"]: row for row in test.looks.get().figures["variants"]}
    assert rows["champion"]["n_units"] + rows["challenger"]["n_units"] == 2400
    assert rows["challenger"]["best"] > 0.99
    assert test.memory["fixed"]["challenger"]["name"] == "two proportions"
    promote(test, "challenger", by=by)
    assert Alias.objects.get(name="champion").version == versions[1]
    (only,) = endpoint.variants.all()
    assert (only.name, only.version, float(only.weight)) == ("champion", versions[1], 100)
    test.refresh_from_db()
    assert (test.state, test.winner) == (AbTestState.PROMOTED, "challenger")
    actions = set(AuditEvent.objects.values_list("action", flat=True))
    assert {"ab_test.start", "ab_test.promote", "alias.set", "endpoint.set_variants"} <= actions
    with pytest.raises(Conflict, match="has ended"):
        promote(test, "challenger", by=by)


def test_a_challenger_that_has_not_won_needs_an_owner_and_a_reason(
    endpoint: Endpoint, by: Actor, alice: User, actor_of: ActorOf
) -> None:
    test = start_test(endpoint, BASE, by=by)
    logged(endpoint, {"champion": 0.7, "challenger": 0.7}, n=400)
    with pytest.raises(Conflict, match="has not been shown to be better"):
        promote(test, "challenger", by=by)
    with pytest.raises(Forbidden, match="Only an owner"):
        promote(test, "challenger", why="it is cheaper", by=by)
    with pytest.raises(Invalid, match="Only a challenger"):
        promote(test, "champion", by=by)
    promote(test, "challenger", why="it is cheaper", by=actor_of(alice))
    assert AuditEvent.objects.get(action="ab_test.promote").details["reason"] == "it is cheaper"


def test_a_split_that_is_off_blocks_promotion_even_for_an_owner(
    endpoint: Endpoint, by: Actor, alice: User, actor_of: ActorOf
) -> None:
    test = start_test(endpoint, BASE, by=by)
    logged(endpoint, {"champion": 0.6, "challenger": 0.8}, n=3000)
    lost = Prediction.objects.filter(variant="champion").order_by("pk")[:700].values("pk")
    Prediction.objects.filter(pk__in=list(lost.values_list("pk", flat=True))).delete()
    test = look(test)
    assert test.looks.get().figures["split"]["alarm"]
    for who in (by, actor_of(alice)):
        with pytest.raises(Conflict, match="sample ratio mismatch"):
            promote(test, "challenger", why="I want it", by=who)
    logged(endpoint, {"champion": 0.6, "challenger": 0.8}, n=3000, unit="later", seed=2)
    assert look(test, minutes=20).memory["split_alarm"]  # it does not go away by waiting


def test_a_stopped_test_keeps_its_weights_or_sends_all_back(endpoint: Endpoint, by: Actor) -> None:
    stop_test(start_test(endpoint, BASE, by=by), reason="enough", by=by)
    assert {float(v.weight) for v in endpoint.variants.all()} == {50}
    test = stop_test(start_test(endpoint, BASE, by=by), back=True, by=by)
    assert {v.name: float(v.weight) for v in endpoint.variants.all()} == {"champion": 100, "challenger": 0}
    assert test.steps.count() == 2


def test_p_values_only_fall_and_a_won_test_stays_won(endpoint: Endpoint, by: Actor) -> None:
    test = start_test(endpoint, BASE, by=by)
    logged(endpoint, {"champion": 0.5, "challenger": 0.75}, n=800)
    test = look(test)
    first = test.memory["p"]["challenger"][0]
    assert first < 0.05
    logged(endpoint, {"champion": 0.9, "challenger": 0.6}, n=400, unit="later")
    test = look(test, minutes=20)
    assert test.memory["p"]["challenger"][0] <= first
    assert test.looks.count() == 2


def test_predictions_of_a_unit_are_a_cluster(endpoint: Endpoint, by: Actor) -> None:
    start_test(endpoint, BASE, by=by)
    logged(endpoint, {"champion": 0.7, "challenger": 0.7}, n=200, n_each=4)
    now = timezone.now()
    since = now - timedelta(hours=1)
    metric = abtest_metrics.METRICS["accuracy"]
    found = abtest_units.sums(endpoint, metric, ["champion", "challenger"], since=since)
    assert sum(arm.n for arm in found.values()) == 200
    assert sum(arm.m for arm in found.values()) == 800
    each = abtest_units.sums(endpoint, metric, ["champion", "challenger"], per_unit=True, since=since)
    assert sum(arm.m for arm in each.values()) == 200
    assert each["champion"].value == pytest.approx(found["champion"].value)


def test_requests_without_a_unit_are_units_of_their_own(endpoint: Endpoint, by: Actor) -> None:
    start_test(endpoint, BASE, by=by)
    logged(endpoint, {"champion": 0.7, "challenger": 0.7}, n=100, n_each=2)
    Prediction.objects.update(unit="")
    seen = abtest_units.seen(endpoint, ["champion", "challenger"], since=timezone.now() - timedelta(hours=1))
    assert sum(seen.values()) == 200


@pytest.mark.parametrize(
    ("metric", "outcome", "value"),
    [
        ("accuracy", None, 0.5),
        ("outcome", 1, 0.5),
        ("outcome", 0, 0.5),
        ("log_loss", None, -math.log(0.75 * 0.25) / 2),
    ],
)
def test_each_metric_is_what_its_name_says(
    metric: str, outcome: int | None, value: float, endpoint: Endpoint, by: Actor
) -> None:
    logged(endpoint, {"champion": 1.0, "challenger": 1.0}, n=40, unit="right")
    logged(endpoint, {"champion": 0.0, "challenger": 0.0}, n=40, unit="wrong")
    found = abtest_units.sums(
        endpoint, abtest_metrics.METRICS[metric], ["champion", "challenger"], outcome=outcome,
        since=timezone.now() - timedelta(hours=1),
    )  # fmt: skip
    total = sum(arm.s for arm in found.values()) / sum(arm.m for arm in found.values())
    assert total == pytest.approx(value)


def test_the_past_of_a_unit_makes_the_interval_narrower(endpoint: Endpoint, by: Actor) -> None:
    """The same units before and during the test, of which half are always right and half never."""
    ago = timezone.now() - timedelta(days=3)
    for right, unit in ((0.97, "easy"), (0.03, "hard")):
        logged(endpoint, {"champion": right, "challenger": right}, n=300, unit=unit, at=ago, n_each=4)
    test = start_test(endpoint, replace(BASE, cuped_days=7), by=by)
    for right, unit in ((0.97, "easy"), (0.03, "hard")):
        logged(endpoint, {"champion": right, "challenger": right}, n=300, unit=unit, n_each=4, seed=2)
    (one,) = look(test).looks.get().figures["comparisons"]
    assert one["reduction"] > 0.8


def test_the_planner_answers_in_days_of_the_endpoints_own_traffic(endpoint: Endpoint, by: Actor) -> None:
    assert abtest_plans.traffic(endpoint, "accuracy") is None
    logged(endpoint, {"champion": 0.8, "challenger": 0.8}, n=1000, at=timezone.now() - timedelta(days=10))
    found = abtest_plans.traffic(endpoint, "accuracy")
    assert found is not None
    assert found.units_per_day == pytest.approx(100, rel=0.01)
    planned = abtest_plans.plan(found, effect=0.05, shares=(0.5, 0.5))
    assert planned.fixed_days == pytest.approx(planned.fixed_units / 100, rel=0.01)
    test = start_test(endpoint, replace(BASE, horizon=None, effect=0.05), by=by)
    assert test.horizon == planned.sequential_units
    with pytest.raises(Invalid):
        abtest_plans.plan(found, effect=0.0, shares=(0.5, 0.5))


@pytest.mark.django_db(transaction=True)
def test_a_test_through_a_real_endpoint_from_requests_to_figures(endpoint: Endpoint, by: Actor) -> None:
    test = start_test(endpoint, BASE, by=by)
    live_routing.here().refresh()
    units = [f"customer {number}" for number in range(120)]
    asked = answered(by, endpoint.name, ROW, units)
    items = [{"prediction_id": key, "truth": number % 2} for number, (key, _) in enumerate(asked)]
    record_feedback(endpoint, items, by=by)
    figures = look(test).looks.get().figures
    rows = {row["variant"]: row for row in figures["variants"]}
    for name in ("champion", "challenger"):
        mine = [number for number, (_, variant) in enumerate(asked) if variant == name]
        assert rows[name]["n_units"] == rows[name]["n_seen"] == len(mine)
    assert figures["split"]["p"] > 0.001
    assert abtests.looks_of(test)[-1].figures == figures
