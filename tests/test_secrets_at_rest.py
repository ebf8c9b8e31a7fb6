"""Secrets encrypted at rest: opened by the same key and purpose only."""

import pytest
from pytest_django import Settings

from mlregistry.errors import Conflict
from mlregistry.secrets_at_rest import seal, unseal


def test_a_sealed_secret_opens_again_and_does_not_show_the_text() -> None:
    sealed = seal("šifra 🔑", purpose="tests")
    assert unseal(sealed, purpose="tests") == "šifra 🔑"
    assert "ifra" not in sealed
    assert seal("šifra 🔑", purpose="tests") != sealed


def test_another_purpose_does_not_open_it() -> None:
    with pytest.raises(Conflict, match="enter it again"):
        unseal(seal("text", purpose="webhook secret"), purpose="data source")


def test_another_secret_key_opens_it_only_as_a_former_one(settings: Settings) -> None:
    sealed, former = seal("text", purpose="tests"), settings.SECRET_KEY
    settings.SECRET_KEY = "another"
    with pytest.raises(Conflict):
        unseal(sealed, purpose="tests")
    settings.SECRET_KEY_FALLBACKS = [former]
    assert unseal(sealed, purpose="tests") == "text"


@pytest.mark.parametrize(
    "damaged", ["", "text", "gAAAAAB☃", pytest.param(seal("text", purpose="tests")[:-3] + "AAA", id="cut")]
)
def test_what_was_damaged_does_not_open(damaged: str) -> None:
    with pytest.raises(Conflict):
        unseal(damaged, purpose="tests")
