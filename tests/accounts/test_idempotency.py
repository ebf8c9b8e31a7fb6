"""Idempotency keys: the same create answered once, whatever the client repeats."""

from collections.abc import Callable
from datetime import timedelta
from threading import Thread

import pytest
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from mlregistry.accounts.models import ApiToken, IdempotencyKey, Team, User

Api = Callable[..., APIClient]
TEAMS = "/api/v1/teams/"


def found(client: APIClient, name: str, key: str) -> tuple[int, dict[str, object]]:
    answer = client.post(TEAMS, {"name": name}, format="json", HTTP_IDEMPOTENCY_KEY=key)
    return answer.status_code, answer.json()


def test_a_repetition_gets_the_first_answer(alice: User, api: Api) -> None:
    client = api(alice)
    first = found(client, "New", "k1")
    again = client.post(TEAMS, {"name": "New"}, format="json", HTTP_IDEMPOTENCY_KEY="k1")
    assert first == (201, again.json())
    assert (again.status_code, again["Idempotency-Replayed"]) == (201, "true")
    assert Team.objects.filter(name="New").count() == 1


def test_the_same_key_for_something_else_is_a_conflict(alice: User, api: Api) -> None:
    client = api(alice)
    found(client, "New", "k1")
    status, body = found(client, "Other", "k1")
    assert status == 409
    assert "new key" in str(body["detail"])
    assert not Team.objects.filter(name="Other").exists()


def test_keys_belong_to_their_user(alice: User, bob: User, api: Api) -> None:
    assert found(api(alice), "New", "k1")[1]["slug"] != found(api(bob), "New", "k1")[1]["slug"]


def test_a_refused_create_may_be_tried_again_with_its_key(alice: User, api: Api) -> None:
    client = api(alice)
    assert found(client, "", "k1")[0] == 400
    assert found(client, "New", "k1")[0] == 201


def test_a_key_is_forgotten_after_a_day(alice: User, api: Api) -> None:
    client = api(alice)
    found(client, "New", "k1")
    IdempotencyKey.objects.update(created_at=timezone.now() - timedelta(hours=25))
    assert found(client, "Other", "k1")[0] == 201


@pytest.mark.parametrize("key", ["", "x" * 201, "a\tb", "é"])
def test_a_key_that_cannot_be_kept_is_refused(alice: User, api: Api, key: str) -> None:
    assert found(api(alice), "New", key)[0] == 400
    assert not Team.objects.filter(name="New").exists()


def test_the_secret_of_a_token_is_not_kept(alice: User, api: Api) -> None:
    client = api(alice)
    wanted = {"name": "ci", "scopes": ["read"]}
    first = client.post("/api/v1/tokens/", wanted, format="json", HTTP_IDEMPOTENCY_KEY="k1").json()
    again = client.post("/api/v1/tokens/", wanted, format="json", HTTP_IDEMPOTENCY_KEY="k1").json()
    assert again == {**first, "secret": None}
    assert first["secret"] not in str(list(IdempotencyKey.objects.values()))
    assert ApiToken.objects.filter(name="ci").count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_at_once_create_one(alice: User, api: Api) -> None:
    answers: list[tuple[int, dict[str, object]]] = []
    clients = [api(alice) for _ in range(4)]

    def create(client: APIClient) -> None:
        try:
            answers.append(found(client, "New", "k1"))
        finally:
            connection.close()

    threads = [Thread(target=create, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [status for status, _ in answers] == [201] * 4
    assert all(body == answers[0][1] for _, body in answers)
    assert Team.objects.filter(name="New").count() == 1
