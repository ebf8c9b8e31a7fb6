"""Endpoints: what may stand behind them, and that a swap under load fails no request."""

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import User
from mlregistry.errors import Conflict, Forbidden, Invalid
from models_app.actions.models import delete_model
from models_app.actions.versions import delete_version, register
from models_app.models import ModelVersion
from serving import live_routing
from serving.actions.endpoints import create_endpoint, delete_endpoint, set_variants, update_endpoint
from serving.hotpath.snapshot import Address, Grant
from serving.models import Endpoint
from serving.queries import routing
from tests.models_app.trained import FEATURES, finished_run, fitted
from tests.serving.conftest import ROW, two_variants

ActorOf = Callable[..., Actor]
BODY = json.dumps({"dataframe_records": [ROW]}).encode()


def test_an_endpoint_takes_the_problem_of_its_first_version(
    endpoint: Endpoint, versions: list[ModelVersion]
) -> None:
    assert versions[0].run is not None
    assert endpoint.problem == versions[0].run.problem
    assert {v.name: float(v.weight) for v in endpoint.variants.all()} == {"champion": 90, "challenger": 10}
    assert endpoint.layout["bounds"] == [9000, 10000]


@pytest.mark.parametrize("weights", [(90, 20), (50, 49.99), (0, 0), (-10, 110), (33.333, 66.667)])
def test_weights_must_be_per_cent_that_sum_to_100(
    weights: tuple[float, float], endpoint: Endpoint, versions: list[ModelVersion], by: Actor
) -> None:
    before = routing.epoch()
    with pytest.raises(Invalid) as raised:
        set_variants(endpoint, two_variants(versions, *weights), by=by)
    assert raised.value.field == "weights"
    assert routing.epoch() == before
    assert [float(v.weight) for v in endpoint.variants.all()] == [90, 10]


def test_variants_need_names_of_their_own(versions: list[ModelVersion], by: Actor) -> None:
    specs = two_variants(versions, 50, 50)
    specs[1]["name"] = "champion"
    with pytest.raises(Invalid, match="Two variants are named “champion”"):
        create_endpoint("tumour", variants=specs, by=by)


def test_variants_of_other_columns_are_refused_and_say_which(versions: list[ModelVersion], by: Actor) -> None:
    fewer = register(finished_run(by, model=fitted(features=FEATURES[:3])), "small", by=by)
    with pytest.raises(Invalid) as raised:
        create_endpoint("tumour", variants=two_variants([versions[0], fewer], 50, 50), by=by)
    assert raised.value.details == ["small v1 does not know the column “worst concavity” of tumour v1"]
    other = register(finished_run(by, model=fitted("regression")), "other", by=by)
    with pytest.raises(Invalid, match="do not fit together"):
        create_endpoint("tumour", variants=two_variants([versions[0], other], 50, 50), by=by)


@pytest.mark.parametrize("name", ["", "a b", "a/b", ".hidden", "ä", "x" * 101])
def test_an_endpoint_needs_a_name_for_addresses(name: str, versions: list[ModelVersion], by: Actor) -> None:
    with pytest.raises(Invalid) as raised:
        create_endpoint(name, variants=two_variants(versions, 90, 10), by=by)
    assert raised.value.field == "name"


def test_a_taken_name_is_a_conflict(endpoint: Endpoint, versions: list[ModelVersion], by: Actor) -> None:
    with pytest.raises(Conflict, match="already an endpoint"):
        create_endpoint("tumour", variants=two_variants(versions, 90, 10), by=by)


def test_another_team_cannot_serve_a_version(
    versions: list[ModelVersion], charlie: User, actor_of: ActorOf
) -> None:
    with pytest.raises(Invalid, match="another team"):
        create_endpoint("theft", variants=two_variants(versions, 90, 10), by=actor_of(charlie))


def test_a_viewer_cannot_change_routing(
    endpoint: Endpoint, versions: list[ModelVersion], vera: User, actor_of: ActorOf
) -> None:
    for act in (
        lambda by: set_variants(endpoint, two_variants(versions, 10, 90), by=by),
        lambda by: update_endpoint(endpoint, log_mode="off", by=by),
        lambda by: delete_endpoint(endpoint, by=by),
    ):
        with pytest.raises(Forbidden):
            act(actor_of(vera))


def test_a_served_version_cannot_be_deleted(
    endpoint: Endpoint, versions: list[ModelVersion], by: Actor
) -> None:
    with pytest.raises(Conflict, match="in use by tumour/champion"):
        delete_version(versions[0], by=by)
    with pytest.raises(Conflict, match="in use by"):
        delete_model(versions[0].model, by=by)
    delete_endpoint(endpoint, by=by)
    delete_version(versions[0], by=by)
    assert not ModelVersion.objects.filter(pk=versions[0].pk).exists()


def test_a_ramp_moves_units_only_to_the_growing_variant(
    endpoint: Endpoint, versions: list[ModelVersion], by: Actor
) -> None:
    def owners() -> list[str]:
        found = routing.build().endpoints["lab", "tumour"]
        return [found.choose(f"unit {n}").key for n in range(2000)]

    before = owners()
    set_variants(endpoint, two_variants(versions, 70, 30), by=by)
    after = owners()
    assert {(a, b) for a, b in zip(before, after, strict=True) if a != b} == {("champion", "challenger")}


def test_each_change_raises_the_epoch(endpoint: Endpoint, versions: list[ModelVersion], by: Actor) -> None:
    seen = [routing.epoch()]
    set_variants(endpoint, two_variants(versions, 50, 50), by=by)
    seen.append(routing.epoch())
    update_endpoint(endpoint, log_mode="off", by=by)
    seen.append(routing.epoch())
    delete_endpoint(endpoint, by=by)
    seen.append(routing.epoch())
    assert seen == sorted(set(seen))


@pytest.mark.django_db(transaction=True)
def test_a_swap_under_load_fails_no_request(
    endpoint: Endpoint, versions: list[ModelVersion], by: Actor
) -> None:
    routing_here = live_routing.here()
    routing_here.start(wait=True)
    grant = Grant(by.team.pk, frozenset({"lab"}), "lab", frozenset({"predict"}))
    stopping, answers = threading.Event(), []

    def ask(number: int) -> None:
        headers = {"x-unit-id": f"unit {number}"}
        while not stopping.is_set():
            status, extra, body = routing_here.answer(Address("lab", "tumour"), BODY, headers, grant=grant)
            answers.append((status, extra.get("X-Variant"), body))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    sets: list[Any] = [
        two_variants(versions, 90, 10),
        two_variants(versions[::-1], 10, 90),
        [{"name": "only", "version": versions[1], "weight": 100}],
    ]
    for number in range(40):
        set_variants(endpoint, sets[number % 3], by=by)
    stopping.set()
    for thread in threads:
        thread.join(30)
    connection.close()
    assert len(answers) > 100
    assert [answer for answer in answers if answer[0] != 200] == []
    assert len({variant for _, variant, _ in answers}) > 1
