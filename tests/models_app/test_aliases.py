"""Aliases: moving, removing, and names that cannot be one."""

from collections.abc import Callable

import pytest

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import User
from mlregistry.errors import Forbidden, Invalid, NotFound
from models_app import access
from models_app.actions.aliases import delete_alias, set_alias
from models_app.actions.versions import register
from tests.models_app.trained import finished_run
from tests.models_app.with_tests import with_tests

ActorOf = Callable[..., Actor]


def test_an_alias_moves_to_another_version(bob: User, actor_of: ActorOf) -> None:
    by = actor_of(bob)
    run = finished_run(by)
    first, second = register(run, "tumour", by=by), register(run, "tumour", by=by)
    set_alias(first.model, "champion", first, by=by)
    with_tests(second)
    set_alias(first.model, "champion", second, by=by)
    assert access.version_by_alias(by, "tumour", "champion") == second
    assert second.model.aliases.count() == 1


@pytest.mark.parametrize("name", ["", "latest", "Latest", "v3", "V12", "two words", "a/b", "ä!", "x" * 256])
def test_some_names_cannot_be_an_alias(name: str, bob: User, actor_of: ActorOf) -> None:
    by = actor_of(bob)
    version = register(finished_run(by), "tumour", by=by)
    with pytest.raises(Invalid) as raised:
        set_alias(version.model, name, version, by=by)
    assert raised.value.field == "alias"


def test_an_alias_stays_within_its_model(bob: User, actor_of: ActorOf) -> None:
    by = actor_of(bob)
    run = finished_run(by)
    one, other = register(run, "one", by=by), register(run, "other", by=by)
    with pytest.raises(Invalid, match="no version of"):
        set_alias(one.model, "champion", other, by=by)


def test_an_unknown_alias_is_not_found(bob: User, actor_of: ActorOf) -> None:
    by = actor_of(bob)
    version = register(finished_run(by), "tumour", by=by)
    with pytest.raises(NotFound, match="has no alias “champion”"):
        access.version_by_alias(by, "tumour", "champion")
    with pytest.raises(NotFound):
        delete_alias(version.model, "champion", by=by)


def test_a_viewer_cannot_move_an_alias(bob: User, vera: User, actor_of: ActorOf) -> None:
    version = register(finished_run(actor_of(bob)), "tumour", by=actor_of(bob))
    with pytest.raises(Forbidden):
        set_alias(version.model, "champion", version, by=actor_of(vera))


def test_letters_of_other_alphabets_make_an_alias(bob: User, actor_of: ActorOf) -> None:
    by = actor_of(bob)
    version = register(finished_run(by), "tumour", by=by)
    assert set_alias(version.model, "königin", version, by=by).name == "königin"
