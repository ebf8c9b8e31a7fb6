"""A text with the character NUL, which the database refuses, is the client's mistake at every door."""

from collections.abc import Callable

import pytest
from django.test import Client
from rest_framework.test import APIClient

from experiments.models import Problem
from mlregistry.accounts.models import User

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", ["/models/%00/", "/endpoints/a%00b/", "/models/a%00/versions/1/"])
def test_in_the_address_of_a_page(path: str, bob: User, web: Callable[[User], Client]) -> None:
    answer = web(bob).get(path)
    assert answer.status_code == 400
    assert "NUL" in answer.content.decode()


@pytest.mark.parametrize("path", ["models/%00", "endpoints/?search=%00", "endpoints/a%00/variants"])
def test_in_the_address_of_the_api(path: str, bob: User, api: Callable[[User], APIClient]) -> None:
    answer = api(bob).put(f"/api/v1/{path}", {"variants": []}, format="json") if "variants" in path else (
        api(bob).get(f"/api/v1/{path}")
    )  # fmt: skip
    assert answer.status_code == 400
    assert "NUL" in answer.json()["detail"]


def test_in_a_form_and_in_a_body(
    bob: User, web: Callable[[User], Client], api: Callable[[User], APIClient]
) -> None:
    sent = {"name": "Ch\x00urn", "kind": "classification", "target": "y", "primary_metric": "roc_auc"}
    assert web(bob).post("/problems/new", sent).status_code == 400
    answer = api(bob).post("/api/v1/problems/", sent, format="json")
    assert answer.status_code == 400
    assert not Problem.objects.exists()
