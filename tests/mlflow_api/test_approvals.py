"""Aliases that take approval, at the MLflow door: refused as lack of permission, which its client does not retry."""

from collections.abc import Callable

import pytest
from pytest_django import Settings

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import User
from tests.models_app.approving import champion, two_versions

from .conftest import Mlflow

pytestmark = pytest.mark.django_db
PLACE = "registered-models/alias"


def test_setting_and_deleting_are_refused_with_where_approval_is_asked_for(
    bob: User, alice: User, actor_of: Callable[..., Actor], mlflow: Callable[..., Mlflow], settings: Settings
) -> None:
    settings.MODEL_GATE = False
    two_versions(actor_of(bob), actor_of(alice))
    for client in (mlflow(bob), mlflow(alice)):
        status, body = client.post(PLACE, {"name": "tumour", "alias": "champion", "version": "2"})
        assert (status, body["error_code"]) == (403, "PERMISSION_DENIED")
        assert "moves only with the approval of a second person. Ask for it on the page" in body["message"]
        status, body = client.delete(PLACE, {"name": "tumour", "alias": "champion"})
        assert (status, body["error_code"]) == (403, "PERMISSION_DENIED")
        assert client.delete("registered-models/delete", {"name": "tumour"})[0] == 403
    assert champion() == 1
    assert mlflow(bob).post(PLACE, {"name": "tumour", "alias": "free", "version": "2"})[0] == 200
