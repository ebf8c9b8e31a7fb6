"""Canaries and bandits: up by themselves, back when a guardrail breaks, more traffic for what does better."""

from datetime import timedelta

import pytest
from django.utils import timezone

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import AuditEvent
from mlregistry.errors import Conflict
from models_app.models import Alias, ModelVersion
from serving import live_routing
from serving.actions.abtest_declarations import Declaration
from serving.actions.abtest_looks import tend
from serving.actions.abtests import promote, start_test
from serving.actions.counts import add_counts
from serving.hotpath.counters import BOUNDS, Key, Tally
from serving.hotpath.split import Layout, bucket_of
from serving.models import AbTest, AbTestState, Endpoint, Prediction
from tests.serving.answering import answered, logged
from tests.serving.conftest import ROW

CANARY = Declaration(
    "Bring in version 2", "champion", mode="canary", guardrails={"error_rate": 0.05}, fewest_requests=100,
    dwell_seconds=600, alias="champion",
)  # fmt: skip
BANDIT = Declaration(
    "Which is better?", "champion", mode="bandit", metric="accuracy", floor=10.0, every_seconds=600
)


def counted(
    endpoint: Endpoint, *, n: int, n_errors: int = 0, n_slow: int = 0, variant: str = "challenger"
) -> None:
    """Answers as web processes count them."""
    version_id = endpoint.variants.get(name=variant).version_id

    def tally(count: int, slow: int) -> Tally:
        histogram = [0] * (len(BOUNDS) + 1)
        histogram[2], histogram[-3] = count - slow, slow
        return Tally(n_requests=count, n_rows=count, seconds=0.01, histogram=histogram)

    good = {Key(endpoint.pk, variant, version_id, 200): tally(n - n_errors, n_slow)}
    bad = {Key(endpoint.pk, variant, version_id, 500): tally(n_errors, 0)} if n_errors else {}
    mistakes = {Key(endpoint.pk, variant, version_id, 400): tally(50, 0)}
    add_counts(good | bad | mistakes)


def after(test: AbTest, minutes: float) -> AbTest:
    tend(timezone.now() + timedelta(minutes=minutes))
    return AbTest.objects.get(pk=test.pk)


def share(endpoint: Endpoint) -> float:
    return float(endpoint.variants.get(name="challenger").weight)


def test_a_canary_goes_up_by_itself_and_takes_the_place_of_the_champion(
    endpoint: Endpoint, versions: list[ModelVersion], by: Actor
) -> None:
    test = start_test(endpoint, CANARY, by=by)
    seen, minutes = [share(endpoint)], 0.0
    for _ in range(4):
        counted(endpoint, n=300)
        minutes += 11
        test = after(test, minutes)
        seen.append(share(endpoint))
    assert seen == [1, 5, 25, 50, 100]
    counted(endpoint, n=300)
    test = after(test, minutes + 11)
    assert (test.state, test.winner) == (AbTestState.PROMOTED, "challenger")
    (only,) = endpoint.variants.all()
    assert (only.name, only.version, float(only.weight)) == ("champion", versions[1], 100)
    assert Alias.objects.get(name="champion").version == versions[1]
    assert AuditEvent.objects.filter(action="ab_test.step").count() == 5
    assert AuditEvent.objects.get(action="ab_test.promote").user is None


def test_a_canary_waits_for_time_and_for_traffic_and_for_proof(endpoint: Endpoint, by: Actor) -> None:
    test = start_test(endpoint, CANARY, by=by)
    counted(endpoint, n=300)
    assert share(endpoint) == 1
    test = after(test, 5)
    assert "of this step are left" in test.memory["newest"]["move"]["reason"]
    test = after(test, 11)
    assert share(endpoint) == 5
    test = after(test, 23)  # no requests in this step
    assert (share(endpoint), test.state) == (5, AbTestState.RUNNING)
    assert test.memory["newest"]["move"]["reason"].startswith("100 requests of this step")


def test_sixty_requests_are_not_enough_data(endpoint: Endpoint, by: Actor) -> None:
    test = start_test(endpoint, replace_requests(50), by=by)
    counted(endpoint, n=60, n_errors=1)
    test = after(test, 30)
    assert share(endpoint) == 1
    assert test.memory["newest"]["move"]["reason"].startswith("not enough data")
    assert test.memory["newest"]["readings"][0]["state"] == "open"


def replace_requests(n: int) -> Declaration:
    return Declaration(**{**vars(CANARY), "fewest_requests": n})


def test_errors_send_the_canary_back_before_its_time(
    endpoint: Endpoint, versions: list[ModelVersion], by: Actor
) -> None:
    test = start_test(endpoint, CANARY, by=by)
    counted(endpoint, n=200, n_errors=60)
    test = after(test, 1)
    assert test.state == AbTestState.ROLLED_BACK
    assert test.reason.startswith("error rate is 0.3, over the limit of 0.05")
    assert {v.name: float(v.weight) for v in endpoint.variants.all()} == {"champion": 100, "challenger": 0}
    assert not Alias.objects.exists()
    assert AuditEvent.objects.get(action="ab_test.roll_back").details["reason"] == test.reason


def test_answers_from_before_the_canary_do_not_count(endpoint: Endpoint, by: Actor) -> None:
    counted(endpoint, n=500, n_errors=400)
    test = start_test(endpoint, CANARY, by=by)
    counted(endpoint, n=300)
    assert after(test, 11).state == AbTestState.RUNNING
    assert share(endpoint) == 5


def test_slow_answers_empty_answers_and_a_falling_metric_send_it_back(endpoint: Endpoint, by: Actor) -> None:
    for guardrails, metric in (
        ({"p99_seconds": 0.25}, ""),
        ({"null_rate": 0.05}, ""),
        ({"metric_fall": 0.05}, "accuracy"),
    ):
        wanted = Declaration(
            **{**vars(CANARY), "guardrails": guardrails, "metric": metric, "steps": (50.0, 100.0)}
        )
        test = start_test(endpoint, wanted, by=by)
        counted(endpoint, n=300, n_slow=60)
        logged(endpoint, {"champion": 0.9, "challenger": 0.5}, n=600, unit=str(guardrails))
        if "null_rate" in guardrails:
            Prediction.objects.filter(variant="challenger").update(output={"prediction": None})
        test = after(test, 1)
        assert test.state == AbTestState.ROLLED_BACK, guardrails


def test_a_canary_is_not_promoted_by_hand_before_its_end(endpoint: Endpoint, by: Actor) -> None:
    test = start_test(endpoint, CANARY, by=by)
    with pytest.raises(Conflict, match="has not passed all its steps"):
        promote(test, "challenger", by=by)


def test_no_unit_that_was_with_the_canary_ever_leaves_it_on_the_way_up(endpoint: Endpoint, by: Actor) -> None:
    def with_canary() -> set[int]:
        found = Endpoint.objects.get(pk=endpoint.pk)
        layout = Layout.from_json(found.layout)
        return {n for n in range(5000) if layout.owner(bucket_of(f"unit {n}", found.salt)) == "challenger"}

    test = start_test(endpoint, CANARY, by=by)
    before, minutes = with_canary(), 0.0
    for _ in range(4):
        counted(endpoint, n=300)
        minutes += 11
        test = after(test, minutes)
        now = with_canary()
        assert before < now
        before = now
    assert len(before) == 5000


@pytest.mark.django_db(transaction=True)
def test_a_canary_on_a_real_endpoint_counts_its_own_answers(endpoint: Endpoint, by: Actor) -> None:
    wanted = Declaration(
        **{**vars(CANARY), "steps": (50.0, 100.0), "fewest_requests": 40, "dwell_seconds": 0.0,
           "guardrails": {"error_rate": 0.5}}
    )  # fmt: skip
    test = start_test(endpoint, wanted, by=by)
    live_routing.here().refresh()
    variants = [variant for _, variant in answered(by, endpoint.name, ROW, [f"unit {n}" for n in range(120)])]
    test = after(test, 1)
    assert test.memory["newest"]["readings"][0]["n"] == variants.count("challenger")
    assert share(endpoint) == 100
    assert {v for _, v in answered(by, endpoint.name, ROW, [f"unit {n}" for n in range(60)])} == {
        "challenger"
    }
    assert after(test, 3).state == AbTestState.PROMOTED
    assert {v for _, v in answered(by, endpoint.name, ROW, ["unit 1"])} == {"champion"}


def test_a_bandit_gives_more_to_what_does_better_and_never_less_than_the_floor(
    endpoint: Endpoint, by: Actor
) -> None:
    test = start_test(endpoint, BANDIT, by=by)
    assert [step.weights for step in test.steps.all()] == [{"champion": 82.0, "challenger": 18.0}]
    logged(endpoint, {"champion": 0.5, "challenger": 0.7}, n=1500)
    test = after(test, 5)
    assert share(endpoint) == 18  # not before its time
    test = after(test, 11)
    assert share(endpoint) == pytest.approx(90, abs=0.5)
    assert "chances to be best: champion 0%, challenger 100%" in test.steps.last().reason  # type: ignore[union-attr]  # there is one


def test_a_bandit_without_feedback_stays_as_it_is(endpoint: Endpoint, by: Actor) -> None:
    test = start_test(endpoint, BANDIT, by=by)
    test = after(test, 30)
    assert test.steps.count() == 1


def test_one_test_that_fails_leaves_the_others_be(
    endpoint: Endpoint, by: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    test = start_test(endpoint, BANDIT, by=by)
    AbTest.objects.filter(pk=test.pk).update(memory={"p": 5})
    assert tend(timezone.now() + timedelta(minutes=5)) == 0
    assert AbTest.objects.get(pk=test.pk).look_at > timezone.now()
