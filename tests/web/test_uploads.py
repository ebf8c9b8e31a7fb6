"""Uploads over the limit: refused with 413 and the limit named, also where the form is read before the view."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from experiments.models import Dataset
from mlregistry.accounts.models import User


@pytest.mark.django_db
def test_an_upload_over_the_limit_names_the_limit(
    web: Callable[[User], Client], bob: User, settings: Any
) -> None:
    settings.UPLOAD_LIMIT_BYTES = 1024 * 1024
    file = SimpleUploadedFile("big.csv", b"a,b\n" + b"1,2\n" * 600_000)
    signed_in = web(bob)
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = signed_in.cookies
    strict.get("/datasets/new")  # its form carries the cookie that the check wants
    answer = strict.post("/datasets/new", {"name": "Big", "file": file})
    assert answer.status_code == 413
    assert "1 MB" in answer.content.decode()
    assert not Dataset.objects.exists()
